// Package interop_test checks package openbadge against other people's libraries, in both directions.
package interop_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/btlc/btlc/internal/jsonld"
	"github.com/btlc/btlc/internal/openbadge"
)

const issuer = "did:web:btlc.example"

const unsigned = `{
	"@context": ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
	"id": "https://btlc.example/credentials/0198",
	"type": ["VerifiableCredential", "OpenBadgeCredential"],
	"issuer": {"id": "did:web:btlc.example", "type": ["Profile"], "name": "Certificate <of> “leaders” 🦉"},
	"validFrom": "2026-03-01T17:00:00Z",
	"validUntil": "2106-03-01T17:00:00Z",
	"name": "Quotes \" and \\ slashes",
	"credentialSubject": {
		"id": "did:example:teacher",
		"type": ["AchievementSubject"],
		"creditsEarned": 3,
		"identifier": [
			{"type": "IdentityObject", "hashed": true, "identityHash": "sha256$00", "identityType": "emailAddress", "salt": "1"},
			{"type": "IdentityObject", "hashed": false, "identityHash": "x", "identityType": "name"}
		],
		"achievement": {
			"id": "https://btlc.example/achievements/using-data",
			"type": ["Achievement"],
			"achievementType": "Certificate",
			"name": "Using Data",
			"description": "First line.\nSecond line.",
			"criteria": {"narrative": "All four **assessments**."},
			"creditsAvailable": 3.5,
			"alignment": [
				{"type": ["Alignment"], "targetName": "One", "targetUrl": "https://standards.example/1"},
				{"type": ["Alignment"], "targetName": "Two", "targetUrl": "https://standards.example/2", "targetType": "ceasn:Competency"}
			]
		}
	}
}`

// handed is what this side gives to the other.
type handed struct {
	Contexts     map[string]json.RawMessage `json:"contexts"`
	DIDDocument  json.RawMessage            `json:"didDocument"`
	JWKS         json.RawMessage            `json:"jwks"`
	Keys         map[string]json.RawMessage `json:"keys"` // by URL
	Unsigned     json.RawMessage            `json:"unsigned"`
	Credentials  map[string]json.RawMessage `json:"credentials"`
	OpenBadgeJWT string                     `json:"openBadgeJWT"`
	VCJWTs       []string                   `json:"vcJWTs"`
}

// returned is what comes back.
type returned struct {
	Credentials  map[string]json.RawMessage
	Presentation json.RawMessage
	VCJWT        string
}

func must[T any](t *testing.T) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func keys(t *testing.T) (ed, p256 openbadge.SigningKey) {
	secret := make([]byte, 32)
	secret[31] = 1
	key := must[openbadge.SigningKey](t)
	private := must[*ecdsa.PrivateKey](t)(ecdsa.ParseRawPrivateKey(elliptic.P256(), secret))
	return key(openbadge.NewSigningKey(ed25519.NewKeyFromSeed(secret))), key(openbadge.NewSigningKey(private))
}

func hand(t *testing.T, ed, p256 openbadge.SigningKey) handed {
	public := []openbadge.PublicKey{ed.Public(), p256.Public()}
	h := handed{
		Contexts:    map[string]json.RawMessage{},
		DIDDocument: openbadge.DIDDocument(issuer, public),
		JWKS:        openbadge.JWKS(public),
		Keys:        map[string]json.RawMessage{p256.Public().URL(issuer): p256.Public().JWK("")},
		Unsigned:    json.RawMessage(unsigned),
		Credentials: map[string]json.RawMessage{},
	}
	for _, url := range jsonld.Contexts() {
		h.Contexts[url] = must[[]byte](t)(jsonld.Context(url))
	}
	created := time.Date(2026, 3, 1, 17, 0, 0, 0, time.UTC)
	for name, suites := range map[string][]openbadge.Cryptosuite{
		"set": nil, "eddsa-rdfc-2022": {openbadge.EdDSARDFC}, "eddsa-jcs-2022": {openbadge.EdDSAJCS},
	} {
		h.Credentials[name] = must[[]byte](t)(openbadge.Sign(t.Context(), []byte(unsigned), ed, created, suites...))
	}
	token := must[string](t)
	h.OpenBadgeJWT = token(openbadge.SignOpenBadgeJWT(t.Context(), []byte(unsigned), p256))
	h.VCJWTs = []string{
		token(openbadge.SignVCJWT(t.Context(), []byte(unsigned), p256)),
		token(openbadge.SignVCJWT(t.Context(), h.Credentials["set"], ed)),
	}
	return h
}

func TestOthersAgree(t *testing.T) {
	if _, err := os.Stat("node_modules/jose"); err != nil {
		t.Fatal("the libraries are not there: run `npm ci --prefix internal/openbadge/interop` in the root of the project")
	}
	ed, p256 := keys(t)
	in, out := filepath.Join(t.TempDir(), "in.json"), filepath.Join(t.TempDir(), "out.json")
	if err := os.WriteFile(in, must[[]byte](t)(json.Marshal(hand(t, ed, p256))), 0o600); err != nil {
		t.Fatal(err)
	}
	run := exec.CommandContext(t.Context(), "node", "--test", "--test-reporter=tap", "interop.test.mjs")
	run.Env = append(os.Environ(), "INTEROP_IN="+in, "INTEROP_OUT="+out)
	report, err := run.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, report)
	}
	// A test that is skipped passes, too.
	for _, counted := range []string{`(?m)^# pass 9$`, `(?m)^# fail 0$`, `(?m)^# skipped 0$`, `(?m)^# todo 0$`} {
		if !regexp.MustCompile(counted).Match(report) {
			t.Errorf("the report has no %s\n%s", counted, report)
		}
	}

	var back returned
	if err := json.Unmarshal(must[[]byte](t)(os.ReadFile(out)), &back); err != nil {
		t.Fatal(err)
	}
	resolve := openbadge.ResolveFirst(openbadge.ResolveAmong(issuer, []openbadge.PublicKey{ed.Public(), p256.Public()}), openbadge.ResolveDIDKey)
	want := openbadge.Expectation{Now: time.Now()}
	if len(back.Credentials) != 2 {
		t.Errorf("%d credentials came back", len(back.Credentials))
	}
	for name, credential := range back.Credentials {
		if err := openbadge.Verify(t.Context(), credential, resolve, want).Err(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, credential)
		}
	}
	if err := openbadge.Verify(t.Context(), []byte(back.VCJWT), resolve, want).Err(); err != nil {
		t.Errorf("vc+jwt: %v", err)
	}
	want.Challenge, want.Domain = "c1", []string{"verifier.example"}
	presentation := openbadge.VerifyPresentation(t.Context(), back.Presentation, resolve, want)
	if err := presentation.Err(); err != nil || len(presentation.Credentials) != 1 {
		t.Errorf("presentation: %v\n%s", err, back.Presentation)
	}
}
