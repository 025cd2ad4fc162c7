package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/btlc/btlc/internal/openbadge"
)

const (
	issuerOfTests = "did:web:btlc.example"
	momentOfTests = "2027-01-01T00:00:00Z"
)

// credentialOfTests is a credential as JSON and as a JWT, valid from 2026-03-01 until 2031-03-01.
func credentialOfTests(t *testing.T, keys *openbadge.Keyring) (document []byte, token string) {
	t.Helper()
	from := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	unsigned, err := openbadge.Build(openbadge.Claim{
		Metadata: openbadge.Metadata{
			ID: "https://btlc.example/credentials/1", Name: "Using Data", ValidFrom: from, ValidUntil: from.AddDate(5, 0, 0),
			Issuer: openbadge.Profile{ID: issuerOfTests, Name: "A program", URL: "https://btlc.example"},
			Status: []openbadge.Status{{List: "https://btlc.example/status/1", Purpose: "revocation", Index: 5}},
		},
		Subject:     openbadge.Subject{Hash: openbadge.IdentityHash("teacher@example.org", "salt"), Salt: "salt"},
		Achievement: openbadge.Achievement{ID: "https://btlc.example/a", Name: "Using Data", Description: "About data.", CriteriaNarrative: "Show it."},
	})
	check(t, err)
	document, err = openbadge.Sign(t.Context(), unsigned, keys.Active(openbadge.EdDSA), from)
	check(t, err)
	token, err = openbadge.SignOpenBadgeJWT(t.Context(), unsigned, keys.Active(openbadge.ES256))
	check(t, err)
	return document, token
}

func TestVerify(t *testing.T) {
	keysDir, dir := t.TempDir(), t.TempDir()
	keys, err := openbadge.LoadOrCreateKeys(keysDir)
	check(t, err)
	others, err := openbadge.LoadOrCreateKeys(t.TempDir())
	check(t, err)
	document, token := credentialOfTests(t, keys)
	_, err = openbadge.MarkCompromised(keysDir, keys.Active(openbadge.EdDSA).Public().ID, time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC))
	check(t, err)
	after, err := openbadge.LoadOrCreateKeys(keysDir)
	check(t, err)
	file := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		check(t, os.WriteFile(path, content, 0o600))
		return path
	}
	ed25519, p256 := keys.Active(openbadge.EdDSA).Public(), keys.Active(openbadge.ES256).Public()
	whole, jwt := file("credential.json", document), file("credential.jwt", []byte(token+"\n"))
	changed := file("changed.json", bytes.Replace(document, []byte("About data."), []byte("About date."), 1))
	did := file("did.json", openbadge.DIDDocument(issuerOfTests, keys.Public()))
	for _, c := range []struct {
		name      string
		arguments []string
		in        string
		err       error
		says      []string
	}{
		{name: "by a multikey", arguments: []string{whole, "--key", ed25519.ID}, says: []string{"passed   proof    eddsa-rdfc-2022 by did:web:btlc.example#z6Mk", "unknown  status   not checked", "valid: Using Data, issued by did:web:btlc.example; status not checked"}},
		{name: "by a JWK", arguments: []string{jwt, "--key", string(p256.JWK(p256.ID))}, says: []string{"a JWT of Open Badges", "valid: "}},
		{name: "by a file with a JWK", arguments: []string{jwt, "--key", file("key.json", p256.JWK(p256.ID))}, says: []string{"valid: "}},
		{name: "by a DID document", arguments: []string{whole, "--key", did}, says: []string{"valid: "}},
		{name: "a JWT by a DID document", arguments: []string{"-", "--key", did}, in: token, says: []string{"JWT by https://btlc.example/keys/zDn", "valid: "}},
		{name: "without a key", arguments: []string{whole}, err: errNotValid, says: []string{"unknown  issuer"}},
		{name: "by another key", arguments: []string{whole, "--key", others.Active(openbadge.EdDSA).Public().ID}, err: errNotValid, says: []string{"failed   proof"}},
		{name: "by a key of another kind", arguments: []string{whole, "--key", p256.ID}, err: errNotValid, says: []string{"failed   issuer"}},
		{name: "by the document of other keys", arguments: []string{whole, "--key", file("others.json", openbadge.DIDDocument(issuerOfTests, others.Public()))}, err: errNotValid, says: []string{"failed   issuer"}},
		{name: "by a revoked key", arguments: []string{whole, "--key", file("revoked.json", openbadge.DIDDocument(issuerOfTests, after.Public()))}, err: errNotValid, says: []string{"revoked key"}},
		{name: "changed", arguments: []string{changed, "--key", ed25519.ID}, err: errNotValid, says: []string{"failed   proof", "bad signature"}},
		{name: "too early", arguments: []string{whole, "--key", ed25519.ID, "--now", "2026-02-28T23:59:59Z"}, err: errNotValid, says: []string{"failed   dates    not before 2026-03-01"}},
		{name: "too late", arguments: []string{whole, "--key", ed25519.ID, "--now", "2031-03-01T00:00:00Z"}, err: errNotValid, says: []string{"failed   dates    expired on 2031-03-01"}},
		{name: "no credential", arguments: []string{"-"}, in: "hello", err: errNotValid, says: []string{"failed   format   it is neither"}},
		{name: "too large", arguments: []string{"-"}, in: strings.Repeat("a.a.a", 1_000_000), err: errNotValid, says: []string{"too large"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := verifyBy(t, c.in, append([]string{"--now", momentOfTests}, c.arguments...)...)
			if !errors.Is(err, c.err) {
				t.Errorf("got %v, want %v: %s", err, c.err, out)
			}
			for _, want := range c.says {
				if !strings.Contains(out, want) {
					t.Errorf("got %q, want %q in it", out, want)
				}
			}
		})
	}
}

func verifyBy(t *testing.T, in string, arguments ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	command := newVerify()
	command.SilenceErrors, command.SilenceUsage = true, true
	command.SetArgs(arguments)
	command.SetIn(strings.NewReader(in))
	command.SetOut(&out)
	err := command.ExecuteContext(t.Context())
	return out.String(), err
}

func TestVerifyMisused(t *testing.T) {
	for name, arguments := range map[string][]string{"no file": nil, "no time": {"-", "--now", "tomorrow"}} {
		_, err := verifyBy(t, "", arguments...)
		if _, misused := errors.AsType[usageError](err); !misused {
			t.Errorf("%s: %v", name, err)
		}
	}
	empty := filepath.Join(t.TempDir(), "empty.json")
	check(t, os.WriteFile(empty, []byte(`{"id":"did:web:btlc.example","verificationMethod":[{"id":"#a","type":"Multikey"}]}`), 0o600))
	for name, arguments := range map[string][]string{
		"a file that is not there": {filepath.Join(t.TempDir(), "none.json")}, "a key that is not there": {"-", "--key", "none.json"}, "a key that is none": {"-", "--key", `{"kty":"oct","k":"AA"}`},
		"a key that is no JSON": {"-", "--key", "{"}, "a document without keys": {"-", "--key", empty},
	} {
		if out, err := verifyBy(t, "", arguments...); err == nil || errors.Is(err, errNotValid) || out != "" {
			t.Errorf("%s: %v, %s", name, err, out)
		}
	}
}
