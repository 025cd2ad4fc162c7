package openbadge

import (
	"encoding/json"
	"errors"
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

func TestDIDDocument(t *testing.T) {
	first, second := testKey(1), testKey(2)
	document := DIDDocument(did, []PublicKey{first.PublicKey, second.PublicKey})
	var got struct {
		Context            []string `json:"@context"`
		ID                 string
		AssertionMethod    []string
		VerificationMethod []struct{ ID, Type, Controller, PublicKeyMultibase string }
	}
	if err := json.Unmarshal(document, &got); err != nil {
		t.Fatal(err)
	}
	if got.ID != did || len(got.Context) != 2 || len(got.VerificationMethod) != 2 || len(got.AssertionMethod) != 2 {
		t.Fatalf("got %s", document)
	}
	for i, key := range []SigningKey{first, second} {
		method := got.VerificationMethod[i]
		parsed, err := ParseMultikey(method.PublicKeyMultibase)
		if err != nil || !parsed.Equal(key.Key) {
			t.Errorf("key %d: got %x, %v", i, parsed, err)
		}
		if method.ID != did+"#"+key.ID || method.Type != "Multikey" || method.Controller != did ||
			got.AssertionMethod[i] != method.ID {
			t.Errorf("method %d: %+v", i, method)
		}
	}
}
