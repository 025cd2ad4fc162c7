package verify

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/btlc/btlc/internal/jsonld"
	"github.com/btlc/btlc/internal/openbadge"
)

// Nested is the check of each credential in a learner record.
const Nested Name = "nested"

// maxNested bounds the credentials of a learner record that are verified.
const maxNested = 50

// contextCLR follows in a ClrCredential (Comprehensive Learner Record 2.0). It has a version in its name.
var contextCLR = regexp.MustCompile(`^https://purl\.imsglobal\.org/spec/clr/v2p0/context(-2\.0\.\d+)?\.json$`)

// isLearnerRecord tells whether a credential is a Comprehensive Learner Record.
func isLearnerRecord(document map[string]any) bool { return has(document, "ClrCredential") }

// checkLearnerRecord checks what CLR 2.0 requires of a ClrCredential, beyond the data model; the credentials in it are
// checked one by one.
func checkLearnerRecord(f *faults, document map[string]any) {
	f.require(!isFirst(document), "@context[0]", "is not "+contextCredentials)
	found := false
	for _, context := range jsonld.Values(document["@context"]) {
		written, _ := context.(string)
		found = found || contextCLR.MatchString(written)
	}
	f.require(found, "@context", "lacks the context of CLR 2.0")
	f.require(document["id"] != nil, "id", notURI)
	f.require(text(document, "name") != "", "name", notText)
	_, dated := document["validFrom"]
	f.require(dated, "validFrom", notTime)
	const at = "credentialSubject"
	subject, ok := document[at].(map[string]any)
	if f.require(ok, at, notObject); !ok {
		return
	}
	f.require(has(subject, "ClrSubject"), at+".type", "lacks ClrSubject")
	f.require(isURI(subject["id"]) || len(jsonld.Values(subject["identifier"])) > 0, at, "has neither id nor identifier")
	nested := len(jsonld.Values(subject["verifiableCredential"]))
	f.require(nested > 0, at+".verifiableCredential", "is empty")
	f.require(nested <= maxNested, at+".verifiableCredential", fmt.Sprintf("has more than %d", maxNested))
}

// nested verifies the credentials in a learner record, each as if it had been shown alone. A record in a record is not
// opened.
func (v *verification) nested(ctx context.Context, record []byte) error {
	var document struct {
		CredentialSubject struct{ VerifiableCredential []json.RawMessage }
	}
	if err := json.Unmarshal(record, &document); err != nil || len(document.CredentialSubject.VerifiableCredential) > maxNested {
		return nil // which the check of the schema has told
	}
	for i, secured := range document.CredentialSubject.VerifiableCredential {
		var token string
		if json.Unmarshal(secured, &token) == nil {
			secured = []byte(token)
		}
		inner := &verification{Options: v.Options, fetched: v.fetched, within: true}
		found, err := inner.credential(ctx, secured, "", openbadge.Verify(ctx, secured, inner.resolve, openbadge.Expectation{Now: v.Now, OfOthers: v.AnyKind}))
		if err != nil {
			return err
		}
		name := strings.TrimSpace(found.Title + " " + found.ID)
		if name == "" {
			name = fmt.Sprintf("credential %d", i+1)
		}
		outcome, detail := verdict(found)
		v.note(Nested, outcome, "%s: %s", name, detail)
	}
	return nil
}

// verdict is the outcome of a whole verification, as a check of another one.
func verdict(found Result) (Outcome, string) {
	if found.Valid {
		return Passed, "verified, of " + found.IssuerID
	}
	for _, outcome := range []Outcome{Failed, Unknown} {
		for _, check := range found.Checks {
			if check.Outcome == outcome {
				return outcome, string(check.Name) + ": " + check.Detail
			}
		}
	}
	return Failed, "it is not signed"
}
