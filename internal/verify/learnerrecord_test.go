package verify

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/btlc/btlc/internal/openbadge"
)

const recordID = "https://btlc.example/credentials/full/learner-record"

// inTheBooks are books with everything in them, each credential in its status: ACTIVE when it is not named.
func inTheBooks(statuses map[string]string) func(context.Context, string) (Entry, bool, error) {
	return func(_ context.Context, id string) (Entry, bool, error) {
		status, named := statuses[id]
		if !named {
			status = "ACTIVE"
		}
		return Entry{Status: status, Since: since}, true, nil
	}
}

func learnerRecord(t testing.TB, certificates ...string) openbadge.CLRClaim {
	t.Helper()
	c := claim(recordID, ourDID)
	record := openbadge.CLRClaim{Metadata: c.Metadata, Subject: c.Subject}
	for _, document := range certificates {
		record.Credentials = append(record.Credentials, []byte(document))
	}
	return record
}

func TestLearnerRecord(t *testing.T) {
	ring, strangers := keys(t), keys(t)
	first, second := signed(t, ring, claim("https://btlc.example/credentials/1", ourDID)), signed(t, ring, claim("https://btlc.example/credentials/2", ourDID))
	token := func(certificates ...string) string {
		return must[string](t)(openbadge.SignCLR(t.Context(), learnerRecord(t, certificates...), ring.Active(openbadge.ES256)))
	}
	options := ours(ring)
	options.Own = inTheBooks(nil)
	result := document(t, token(first, second), options)
	wants(t, result)
	nested := 0
	for _, check := range result.Checks {
		if check.Name == Nested {
			nested++
		}
	}
	if nested != 2 || !result.Ours || result.ID != recordID {
		t.Errorf("%d nested, %+v", nested, result.Summary)
	}

	wants(t, document(t, token(first, strings.Replace(second, "About data.", "About date.", 1)), options), "nested PASSED", "nested FAILED", "proof PASSED")
	wants(t, document(t, token(first, signed(t, strangers, claim("https://btlc.example/credentials/3", ourDID))), options), "nested FAILED")
	for id, bad := range map[string]string{recordID: "status FAILED", "https://btlc.example/credentials/2": "nested FAILED"} {
		options.Own = inTheBooks(map[string]string{id: "REVOKED"})
		wants(t, document(t, token(first, second), options), bad)
	}
	options.Own = inTheBooks(nil)
	options.Now = since.Add(-1)
	wants(t, document(t, token(first), options), "nested FAILED", "dates FAILED")
}

// What somebody else signs as a record has to be one.
func TestRecordsThatAreNone(t *testing.T) {
	ring := keys(t)
	certificate := signed(t, ring, claim("https://btlc.example/credentials/1", ourDID))
	written := string(must[[]byte](t)(openbadge.BuildCLR(learnerRecord(t, certificate))))
	// The signature is checked elsewhere: here it is what the record says.
	shown := func(text string) Result {
		header := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"ES256","kid":"https://btlc.example/keys/1","typ":"JWT"}`))
		options := ours(ring)
		options.Own = inTheBooks(nil)
		return document(t, header+"."+base64.RawURLEncoding.EncodeToString([]byte(text))+"."+base64.RawURLEncoding.EncodeToString(make([]byte, 64)), options)
	}
	wants(t, shown(written), "schema PASSED", "nested PASSED", "issuer FAILED")
	own := "[" + certificate + "]"
	for what, text := range map[string]string{
		"empty":              strings.Replace(written, own, "[]", 1),
		"of another subject": strings.Replace(written, "ClrSubject", "Subject", 1),
		"of nobody":          strings.Replace(written, `"identifier"`, `"identifiers"`, 1),
		"without its name":   strings.Replace(written, `"name":"Using Data"`, `"names":"Using Data"`, -1),
		"without context":    strings.Replace(written, "/clr/v2p0/context", "/clr/v3p0/context", 1),
		"of text":            strings.Replace(written, own, `"x"`, 1),
	} {
		if text == written {
			t.Fatalf("%s: nothing was changed", what)
		}
		if r := shown(text); r.Valid || what != "of text" && len(r.Checks) > 0 && !strings.Contains(strings.Join(outcomes(r), ","), "schema FAILED") {
			t.Errorf("%s: %v", what, r.Checks)
		}
	}
	inner := must[string](t)(openbadge.SignCLR(t.Context(), learnerRecord(t, certificate), ring.Active(openbadge.ES256)))
	wants(t, shown(strings.Replace(written, own, `["`+inner+`"]`, 1)), "nested UNKNOWN")
}
