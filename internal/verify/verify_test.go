package verify

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/btlc/btlc/internal/badge"
	"github.com/btlc/btlc/internal/openbadge"
)

const (
	ourDID = "did:web:btlc.example"
	ourID  = "https://btlc.example/credentials/0190a8a4-7c1e-7b7a-9d51-3f0c2f5d9a10"
	listAt = "https://issuer.example/status/1"
	theirs = "did:web:issuer.example"
)

var (
	since  = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	during = since.AddDate(1, 0, 0)
	until  = since.AddDate(5, 0, 0)
)

func must[T any](t testing.TB) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func keys(t testing.TB) *openbadge.Keyring {
	t.Helper()
	return must[*openbadge.Keyring](t)(openbadge.LoadOrCreateKeys(t.TempDir()))
}

func claim(id, did string, status ...openbadge.Status) openbadge.Claim {
	return openbadge.Claim{
		Metadata: openbadge.Metadata{
			ID: id, Name: "Using Data", Issuer: openbadge.Profile{ID: did, Name: "A program", URL: "https://btlc.example"}, ValidFrom: since, ValidUntil: until, Status: status,
		},
		Subject: openbadge.Subject{Hash: openbadge.IdentityHash("teacher@example.org", "salt"), Salt: "salt"},
		Achievement: openbadge.Achievement{
			ID: "https://btlc.example/achievements/using-data", Name: "Using Data", Description: "About data.", CriteriaNarrative: "Show it.",
			Alignments: []openbadge.Alignment{{TargetName: "Knowing data", TargetURL: "https://btlc.example/1"}, {TargetName: "A standard", TargetURL: "https://btlc.example/2"}},
		},
	}
}

func signed(t testing.TB, keys *openbadge.Keyring, c openbadge.Claim) string {
	t.Helper()
	unsigned := must[[]byte](t)(openbadge.Build(c))
	return string(must[[]byte](t)(openbadge.Sign(t.Context(), unsigned, keys.Active(openbadge.EdDSA), since)))
}

// forms are a credential in every form that there is.
func forms(t testing.TB, keys *openbadge.Keyring, c openbadge.Claim) map[string]string {
	t.Helper()
	unsigned := must[[]byte](t)(openbadge.Build(c))
	set := signed(t, keys, c)
	one := string(must[[]byte](t)(openbadge.Sign(t.Context(), unsigned, keys.Active(openbadge.EdDSA), since, openbadge.EdDSAJCS)))
	token := must[string](t)(openbadge.SignOpenBadgeJWT(t.Context(), unsigned, keys.Active(openbadge.ES256)))
	vc := must[string](t)(openbadge.SignVCJWT(t.Context(), unsigned, keys.Active(openbadge.ES256)))
	drawing := must[badge.Drawing](t)(badge.Draw(badge.Design{Shape: badge.Shapes()[0], Colour: badge.Colours()[0], Glyph: badge.Glyphs()[0]}))
	png, svg := must[[]byte](t)(drawing.PNG(128)), drawing.SVG("A badge", "Of a test")
	bake := func(picture []byte, credential string) string {
		return string(must[[]byte](t)(badge.Bake(picture, credential)))
	}
	return map[string]string{
		"JSON with two proofs": set, "JSON with one proof": one, "with white space": " \r\n" + set + "\n", "JWT of Open Badges": token, "vc+jwt": vc,
		"enveloped": `{"@context":["https://www.w3.org/ns/credentials/v2"],"type":"EnvelopedVerifiableCredential","id":"data:application/vc+jwt,` + vc + `"}`,
		"PNG":       bake(png, set), "PNG with a JWT": bake(png, token), "SVG": bake(svg, set), "SVG with a JWT": bake(svg, vc),
	}
}

// books are those of an issuer with one credential in that status.
func books(status, document string) func(context.Context, string) (Entry, bool, error) {
	return func(_ context.Context, id string) (Entry, bool, error) {
		return Entry{Document: document, Status: status, Since: since}, id == ourID, nil
	}
}

func ours(keys *openbadge.Keyring) Options {
	return Options{Now: during, Issuer: ourDID, Keys: openbadge.ResolveAmong(ourDID, keys.Public()), Own: books("ACTIVE", "")}
}

func document(t testing.TB, input string, options Options) Result {
	t.Helper()
	return must[Result](t)(Document(t.Context(), []byte(input), options))
}

// outcomes are the checks in short: "proof PASSED".
func outcomes(r Result) []string {
	var all []string
	for _, check := range r.Checks {
		all = append(all, string(check.Name)+" "+string(check.Outcome))
	}
	return all
}

// wants compares the worst outcome of each check that is named, and the whole: valid when nothing is named.
func wants(t testing.TB, r Result, bad ...string) {
	t.Helper()
	if r.Valid != (len(bad) == 0) {
		t.Errorf("valid: %v, checks %v", r.Valid, r.Checks)
	}
	for _, want := range bad {
		if !slices.Contains(outcomes(r), want) {
			t.Errorf("not %q: %v", want, r.Checks)
		}
	}
	if len(bad) == 0 && slices.ContainsFunc(r.Checks, func(c Check) bool { return c.Outcome == Failed || c.Detail == "" }) {
		t.Errorf("valid with %v", r.Checks)
	}
}

func TestEveryForm(t *testing.T) {
	ring := keys(t)
	for name, input := range forms(t, ring, claim(ourID, ourDID)) {
		t.Run(name, func(t *testing.T) {
			options := ours(ring)
			r := document(t, input, options)
			wants(t, r)
			if r.ID != ourID || r.Title != "Using Data" || r.IssuerID != ourDID || r.IssuerName != "A program" || !r.Ours || !r.ValidFrom.Equal(since) || !r.ValidUntil.Equal(until) ||
				!slices.Equal(r.Achievements, []string{"Knowing data", "A standard"}) {
				t.Errorf("summary %+v", r.Summary)
			}
			for _, name := range []Name{Format, Proof, Issuer, Schema, Dates, Status} {
				if !slices.ContainsFunc(r.Checks, func(c Check) bool { return c.Name == name && c.Outcome == Passed }) {
					t.Errorf("%s is not checked", name)
				}
			}
			for status, word := range map[string]string{"REVOKED": "revoked", "SUSPENDED": "suspended", "SUPERSEDED": "superseded", "EXPIRED": "expired"} {
				options.Own = books(status, "")
				r := document(t, input, options)
				wants(t, r, "proof PASSED", "status FAILED")
				if last := r.Checks[len(r.Checks)-1]; !strings.HasPrefix(last.Detail, word+" since 2026-03-01") {
					t.Errorf("%s: %s", status, last.Detail)
				}
			}
			early, late, strange := ours(ring), ours(ring), ours(keys(t))
			early.Now, late.Now = since.Add(-time.Second), until
			wants(t, document(t, input, early), "dates FAILED")
			wants(t, document(t, input, late), "dates FAILED")
			wants(t, document(t, input, strange), "issuer FAILED", "proof UNKNOWN", "status UNKNOWN")
		})
	}
}

func TestOneByteChanged(t *testing.T) {
	ring := keys(t)
	inputs := forms(t, ring, claim(ourID, ourDID))
	for _, name := range []string{"JSON with two proofs", "SVG"} {
		if r := document(t, strings.Replace(inputs[name], "About data.", "About date.", 1), ours(ring)); r.Ours {
			t.Errorf("%s: what was changed is ours", name)
		} else {
			wants(t, r, "proof FAILED", "status UNKNOWN")
		}
	}
	for _, name := range []string{"JWT of Open Badges", "vc+jwt"} {
		parts := strings.Split(inputs[name], ".")
		signature := []byte(parts[2])
		if signature[10] == 'A' {
			signature[10] = 'B'
		} else {
			signature[10] = 'A'
		}
		wants(t, document(t, parts[0]+"."+parts[1]+"."+string(signature), ours(ring)), "proof FAILED")
	}
	broken := []byte(inputs["PNG"])
	broken[len(broken)/2] ^= 1
	wants(t, document(t, string(broken), ours(ring)), "format FAILED")
}

func TestByAddress(t *testing.T) {
	ring := keys(t)
	options := ours(ring)
	options.Own = books("ACTIVE", signed(t, ring, claim(ourID, ourDID)))
	options.Fetch = func(context.Context, string) ([]byte, error) {
		t.Error("something is fetched")
		return nil, errors.New("no")
	}
	wants(t, document(t, " "+ourID+"\n", options))
	wants(t, document(t, "https://btlc.example/credentials/other", options), "format FAILED")
	wants(t, document(t, "http://169.254.169.254/latest", options), "format FAILED")
	options.Own = nil
	wants(t, document(t, ourID, options), "format FAILED")
}

// What the books cannot say is an error, not an answer.
func TestBooksThatFail(t *testing.T) {
	ring, down := keys(t), errors.New("down")
	options := ours(ring)
	options.Own = func(context.Context, string) (Entry, bool, error) { return Entry{}, false, down }
	for _, input := range []string{ourID, signed(t, ring, claim(ourID, ourDID))} {
		if _, err := Document(t.Context(), []byte(input), options); !errors.Is(err, down) {
			t.Errorf("%v", err)
		}
	}
}

// What our key signed without being on record was not issued.
func TestNotOnRecord(t *testing.T) {
	ring := keys(t)
	wants(t, document(t, signed(t, ring, claim("https://btlc.example/credentials/2", ourDID)), ours(ring)), "proof PASSED", "status FAILED")
}

func TestCompromisedKey(t *testing.T) {
	dir := t.TempDir()
	ring := must[*openbadge.Keyring](t)(openbadge.LoadOrCreateKeys(dir))
	input := signed(t, ring, claim(ourID, ourDID))
	must[*openbadge.Keyring](t)(openbadge.MarkCompromised(dir, ring.Active(openbadge.EdDSA).Public().ID, during))
	after := must[*openbadge.Keyring](t)(openbadge.LoadOrCreateKeys(dir))
	options := ours(after)
	options.Now = during.Add(time.Hour)
	wants(t, document(t, input, options), "issuer FAILED", "proof UNKNOWN")
}

// A key of its own can be an issuer, but not another one.
func TestDIDKey(t *testing.T) {
	ring := keys(t)
	did := "did:key:" + ring.Active(openbadge.EdDSA).Public().ID
	r := document(t, signed(t, ring, claim("urn:uuid:1", did)), Options{Now: during, Issuer: ourDID})
	wants(t, r)
	if r.Ours || !slices.Contains(outcomes(r), "status ABSENT") {
		t.Errorf("%+v", r)
	}
	other := strings.ReplaceAll(signed(t, ring, claim("urn:uuid:1", did)), `"issuer":{"id":"`+did, `"issuer":{"id":"`+ourDID)
	wants(t, document(t, other, ours(keys(t))), "issuer FAILED", "proof UNKNOWN")
}

func TestSchema(t *testing.T) {
	ring := keys(t)
	for name, change := range map[string]func(d, subject map[string]any){
		"@context[0]":                 func(d, _ map[string]any) { slices.Reverse(d["@context"].([]any)) },
		"@context[1]":                 func(d, _ map[string]any) { d["@context"] = d["@context"].([]any)[:1] },
		"type":                        func(d, _ map[string]any) { d["type"] = []any{"VerifiableCredential"} },
		"id":                          func(d, _ map[string]any) { d["id"] = "one" },
		"issuer":                      func(d, _ map[string]any) { d["issuer"] = "somebody" },
		"validFrom":                   func(d, _ map[string]any) { d["validFrom"] = "2026-03-01" },
		"validUntil":                  func(d, _ map[string]any) { d["validUntil"] = "9999-12-31T23:59:59-14:00" },
		"credentialSubject":           func(d, _ map[string]any) { d["credentialSubject"] = []any{} },
		"credentialSubject.type":      func(_, s map[string]any) { delete(s, "type") },
		"credentialSubject: has":      func(_, s map[string]any) { delete(s, "identifier") },
		"credentialSubject.achieveme": func(_, s map[string]any) { s["achievement"] = "https://btlc.example/1" },
		".achievement.criteria":       func(_, s map[string]any) { delete(s["achievement"].(map[string]any), "criteria") },
		".achievement.name":           func(_, s map[string]any) { s["achievement"].(map[string]any)["name"] = 7 },
	} {
		var d map[string]any
		if err := json.Unmarshal([]byte(signed(t, ring, claim(ourID, ourDID))), &d); err != nil {
			t.Fatal(err)
		}
		change(d, d["credentialSubject"].(map[string]any))
		r := document(t, string(must[[]byte](t)(json.Marshal(d))), ours(ring))
		wants(t, r, "schema FAILED")
		if i := slices.IndexFunc(r.Checks, func(c Check) bool { return c.Name == Schema }); !strings.Contains(r.Checks[i].Detail, name) {
			t.Errorf("%s: %s", name, r.Checks[i].Detail)
		}
	}
}

func TestOffline(t *testing.T) {
	ring := keys(t)
	input := signed(t, ring, claim("https://issuer.example/1", theirs, openbadge.Status{List: listAt, Purpose: "revocation", Index: 5}))
	options := Options{Now: during, Keys: openbadge.ResolveAmong(theirs, ring.Public()), WithoutStatus: true}
	r := document(t, input, options)
	wants(t, r)
	if !slices.Contains(outcomes(r), "status UNKNOWN") {
		t.Errorf("%v", r.Checks)
	}
	options.WithoutStatus = false
	wants(t, document(t, input, options), "proof PASSED", "status UNKNOWN")
	options.Keys = nil
	wants(t, document(t, input, options), "issuer UNKNOWN", "proof UNKNOWN")
}
