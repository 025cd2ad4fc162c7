package openbadge

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestDIDWeb(t *testing.T) {
	tests := []struct{ url, want string }{
		{"https://btlc.example", "did:web:btlc.example"},
		{"https://BTLC.example/", "did:web:btlc.example"},
		{"https://btlc.example:443", "did:web:btlc.example"},
		{"https://btlc.example:8443", "did:web:btlc.example%3A8443"},
		{"https://btlc.example:8443/issuers/boston/", "did:web:btlc.example%3A8443:issuers:boston"},
		{"http://127.0.0.1:8080", "did:web:127.0.0.1%3A8080"},
		{"http://localhost:8080/x", "did:web:localhost%3A8080:x"},
		{"http://btlc.example", ""},
		{"https://10.1.2.3", ""},
		{"http://[::1]:8080", ""},
		{"https://", ""},
		{"btlc.example", ""},
		{"https://user@btlc.example", ""},
		{"https://btlc.example?x=1", ""},
		{"https://btlc.example?", ""},
		{"https://btlc.example#x", ""},
		{"https://btlc.example/a//b", ""},
		{"https://btlc.example/../b", ""},
		{"https://btlc.example/a%2Fb", ""},
		{"https://btlc.example/a:b", ""},
		{"https://bt_lc.example", ""},
		{"::", ""},
	}
	for _, test := range tests {
		got, err := DIDWeb(test.url)
		if got != test.want || (err == nil) != (test.want != "") || err != nil && !errors.Is(err, ErrBaseURL) {
			t.Errorf("%s: got %q, %v, want %q", test.url, got, err, test.want)
		}
	}
}

func TestWhereDIDsArePublished(t *testing.T) {
	for did, want := range map[string]string{
		"did:web:btlc.example":                      "https://btlc.example/.well-known/did.json",
		"did:web:btlc.example%3A8443":               "https://btlc.example:8443/.well-known/did.json",
		"did:web:btlc.example%3A8443:issuers:a_1.b": "https://btlc.example:8443/issuers/a_1.b/did.json",
		"did:web:":                       "",
		"did:web:10.1.2.3":               "",
		"did:web:btlc.example:":          "",
		"did:web:btlc.example:..:x":      "",
		"did:web:btlc.example:a%2F..":    "",
		"did:web:btlc.example/x":         "",
		"did:web:user@btlc.example":      "",
		"did:web:btlc.example%3A443":     "",
		"did:web:BTLC.example":           "",
		"did:web:btlc.example?x":         "",
		"did:web:btlc.example%3A1%3A2":   "",
		"did:example:btlc.example":       "",
		"did:web:btlc.example%3A8443@10": "",
	} {
		got, err := didWebURL(did)
		if got != want || (err == nil) != (want != "") || err != nil && !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: got %q, %v", did, got, err)
		}
	}
}

func TestKeyURL(t *testing.T) {
	key := testP256(1).Public()
	for did, want := range map[string]string{
		"did:web:btlc.example":      "https://btlc.example/keys/" + key.ID,
		"did:web:btlc.example:a":    "https://btlc.example/a/keys/" + key.ID,
		"https://btlc.example/us/1": "https://btlc.example/us/1#" + key.ID,
	} {
		if got := key.URL(did); got != want {
			t.Errorf("%s: got %s", did, got)
		}
	}
}

func TestDIDDocument(t *testing.T) {
	first, second, bad := testKey(1).Public(), testP256(1).Public(), testKey(2).Public()
	bad.Revoked = created
	document := DIDDocument(did, []PublicKey{first, second, bad})
	var got struct {
		Context            []string `json:"@context"`
		ID                 string
		AssertionMethod    []string
		VerificationMethod []struct {
			ID, Type, Controller, PublicKeyMultibase, Revoked string
			PublicKeyJwk                                      json.RawMessage
		}
	}
	if err := json.Unmarshal(document, &got); err != nil {
		t.Fatal(err)
	}
	if got.ID != did || len(got.Context) != 3 || len(got.VerificationMethod) != 3 ||
		!slices.Equal(got.AssertionMethod, []string{did + "#" + first.ID, did + "#" + second.ID}) {
		t.Fatalf("got %s", document)
	}
	for i, key := range []PublicKey{first, second, bad} {
		method := got.VerificationMethod[i]
		if method.ID != did+"#"+key.ID || method.Controller != did {
			t.Errorf("method %d: %+v", i, method)
		}
	}
	multikey, jwk, revoked := got.VerificationMethod[0], got.VerificationMethod[1], got.VerificationMethod[2]
	if multikey.Type != "Multikey" || multikey.PublicKeyMultibase != first.ID || multikey.Revoked != "" {
		t.Errorf("Ed25519: %+v", multikey)
	}
	if parsed, err := ParseJWK(jwk.PublicKeyJwk); err != nil || jwk.Type != "JsonWebKey" || !parsed.Equal(second) {
		t.Errorf("P-256: %+v, %v", jwk, err)
	}
	if revoked.Revoked != "2026-03-01T17:00:00Z" {
		t.Errorf("revoked: %+v", revoked)
	}
}

// What one server publishes, another one resolves.
func TestDIDDocumentIsResolved(t *testing.T) {
	bad := testKey(2).Public()
	bad.Revoked = created
	keys := []PublicKey{testKey(1).Public(), testP256(1).Public(), bad}
	fetched := ""
	resolve := ResolveWeb(func(_ context.Context, url string) ([]byte, error) {
		fetched = url
		return DIDDocument("did:web:btlc.example:us", keys), nil
	})
	for _, key := range keys {
		got, err := resolve(t.Context(), "did:web:btlc.example:us#"+key.ID, AssertionMethod)
		if err != nil || !got.Equal(key) || !got.Revoked.Equal(key.Revoked) || fetched != "https://btlc.example/us/did.json" {
			t.Errorf("%s: got %+v, %v, from %s", key.ID, got, err, fetched)
		}
	}
	if _, err := resolve(t.Context(), "did:web:btlc.example:us#"+keys[0].ID, Authentication); !errors.Is(err, ErrWrongPurpose) {
		t.Errorf("for another purpose: %v", err)
	}
}

func TestResolveWeb(t *testing.T) {
	key, p256 := testKey(1).Public(), testP256(1).Public()
	method := func(id, more string) string {
		return `{"id":"` + id + `","type":"Multikey","controller":"did:web:a.example","publicKeyMultibase":"` + key.ID + `"` + more + `}`
	}
	document := func(methods, assertion string) string {
		return `{"id":"did:web:a.example","verificationMethod":[` + methods + `],"assertionMethod":[` + assertion + `]}`
	}
	const name = "did:web:a.example#k"
	quoted := `"` + name + `"`
	lost := errors.New("connection lost")
	tests := []struct {
		name, method, document string
		want                   error
	}{
		{"Multikey", name, document(method(name, ""), quoted), nil},
		{"relative", name, document(method("#k", ""), `"#k"`), nil},
		{"in the relationship", name, document("", method(name, "")), nil},
		{"not in a list", name, `{"id":"did:web:a.example","verificationMethod":` + method(name, "") + `,"assertionMethod":` + quoted + `}`, nil},
		{"older type", name, document(strings.Replace(method(name, ""), "Multikey", "Ed25519VerificationKey2020", 1), quoted), nil},
		{"JsonWebKey", name, document(`{"id":"`+name+`","type":"JsonWebKey","controller":"did:web:a.example","publicKeyJwk":`+string(p256.JWK("k"))+`}`, quoted), nil},
		{"controlled identifier document", "https://a.example/us#k", strings.ReplaceAll(document(method(name, ""), quoted), "did:web:a.example", "https://a.example/us"), nil},
		{"JWK", "https://a.example/keys/1", string(key.JWK("k")), nil},
		{"JWK set", "https://a.example/keys#" + p256.ID, string(JWKS([]PublicKey{key, p256})), nil},
		{"not for asserting", name, document(method(name, ""), ""), ErrWrongPurpose},
		{"not there", name, document(method(name+"2", ""), quoted), ErrUnknownKey},
		{"there twice", name, document(method(name, "")+","+method(name, ""), quoted), ErrMalformed},
		{"too many", name, document(strings.Repeat(method(name+"2", "")+",", maxMethods)+method(name, ""), quoted), ErrMalformed},
		{"another's document", name, strings.Replace(document(method(name, ""), quoted), "did:web:a.example", "did:web:b.example", 1), ErrMalformed},
		{"another's key", name, document(strings.Replace(method(name, ""), `"controller":"did:web:a.example"`, `"controller":"did:web:b.example"`, 1), quoted), ErrWrongIssuer},
		{"unknown type", name, document(strings.Replace(method(name, ""), "Multikey", "Pencil", 1), quoted), ErrKeyKind},
		{"P-256 in the older type", name, document(strings.NewReplacer("Multikey", "Ed25519VerificationKey2020", key.ID, p256.ID).Replace(method(name, "")), quoted), ErrKeyKind},
		{"bad time", name, document(method(name, `,"revoked":"yesterday"`), quoted), ErrMalformed},
		{"no JSON", name, "<html>", ErrMalformed},
		{"too large", name, strings.Repeat(" ", maxIdentifierDocument) + "{}", ErrTooLarge},
		{"JWK set without it", "https://a.example/keys#x", string(JWKS([]PublicKey{key})), ErrUnknownKey},
		{"JWK set with it twice", "https://a.example/keys#" + key.ID, string(JWKS([]PublicKey{key, key})), ErrMalformed},
		{"JWK set without a name", "https://a.example/keys", string(JWKS([]PublicKey{key})), ErrUnknownKey},
		{"http", "http://a.example/keys/1", string(key.JWK("k")), ErrUnknownKey},
		{"other method", "did:example:1#k", "{}", ErrUnknownKey},
		{"unreachable", name, "", lost},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			resolve := ResolveFirst(ResolveAmong(did, nil), ResolveDIDKey, ResolveWeb(func(context.Context, string) ([]byte, error) {
				if test.document == "" {
					return nil, lost
				}
				return []byte(test.document), nil
			}))
			got, err := resolve(t.Context(), test.method, AssertionMethod)
			if !errors.Is(err, test.want) || err == nil && !got.Equal(key) && !got.Equal(p256) {
				t.Errorf("got %+v, %v, want %v", got, err, test.want)
			}
		})
	}
}

func TestResolveDIDKey(t *testing.T) {
	for _, key := range []PublicKey{testKey(1).Public(), testP256(1).Public()} {
		got, err := ResolveDIDKey(t.Context(), "did:key:"+key.ID+"#"+key.ID, Authentication)
		if err != nil || !got.Equal(key) {
			t.Errorf("got %+v, %v", got, err)
		}
		for _, bad := range []string{"did:key:" + key.ID, "did:key:" + key.ID + "#k", key.ID + "#" + key.ID} {
			if _, err := ResolveDIDKey(t.Context(), bad, AssertionMethod); !errors.Is(err, ErrUnknownKey) {
				t.Errorf("%s: got %v", bad, err)
			}
		}
	}
	if _, err := ResolveDIDKey(t.Context(), "did:key:z1#z1", AssertionMethod); !errors.Is(err, ErrMalformed) {
		t.Errorf("not a key: %v", err)
	}
}

func TestPublishes(t *testing.T) {
	for _, test := range []struct {
		id, method string
		want       bool
	}{
		{"did:web:a.example", "did:web:a.example#k", true},
		{"did:web:a.example", "https://a.example/keys/1", true},
		{"did:web:a.example:us", "https://a.example/us/keys/1", true},
		{"https://a.example/us", "https://a.example/us#k", true},
		{"https://a.example/us", "https://a.example/keys#k", true},
		{"did:web:a.example:us", "https://a.example/them/keys/1", false},
		{"did:web:a.example:us", "https://a.example/us/../them/keys/1", false},
		{"did:web:a.example", "https://b.example/keys/1", false},
		{"did:web:a.example", "https://a.example:8443/keys/1", false},
		{"did:web:a.example", "http://a.example/keys/1", false},
		{"did:web:a.example", "https://a.example@b.example/keys/1", false},
		{"did:web:a.example", "did:web:a.example", false},
		{"did:web:a.example", "did:web:a.example#", false},
		{"did:web:a.example", "did:web:a.example.evil#k", false},
		{"did:web:a.example?", "https://a.example/keys/1", false},
		{"did:key:z6Mk", "https://a.example/keys/1", false},
		{"urn:a.example", "https://a.example/keys/1", false},
		{"", "#k", false},
	} {
		if got := publishes(test.id, test.method); got != test.want {
			t.Errorf("%s, %s: got %t", test.id, test.method, got)
		}
	}
}

// A proof is of the very document that its issuer names: a neighbour at the same host is another issuer.
func TestControls(t *testing.T) {
	for method, want := range map[string]bool{
		"https://a.example/us#k": true, "https://a.example/us#": false, "https://a.example/us": false,
		"https://a.example/them#k": false, "https://a.example/us/1#k": false, "https://a.example/keys/1": false,
	} {
		if got := controls("https://a.example/us", method); got != want {
			t.Errorf("%s: got %t", method, got)
		}
	}
}
