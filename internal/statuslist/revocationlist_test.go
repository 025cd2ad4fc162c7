package statuslist

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

const revocations = "https://badges.example.org/revocations"

func TestBuildRevocationList(t *testing.T) {
	document, err := BuildRevocationList(RevocationList{ID: revocations, Issuer: "did:web:badges.example.org",
		Revoked: []string{"https://badges.example.org/credentials/1"}})
	want := `{"id":"` + revocations + `","issuer":"did:web:badges.example.org",` +
		`"revokedCredential":[{"id":"https://badges.example.org/credentials/1","revoked":true}]}`
	if err != nil || string(document) != want {
		t.Errorf("%s, %v, want %s", document, err, want)
	}
	// A list of nothing is a list.
	document, err = BuildRevocationList(RevocationList{ID: revocations, Issuer: "did:web:badges.example.org"})
	want = `{"id":"` + revocations + `","issuer":"did:web:badges.example.org","revokedCredential":[]}`
	if err != nil || string(document) != want {
		t.Errorf("%s, %v, want %s", document, err, want)
	}
	for _, list := range []RevocationList{{Issuer: "did:web:a"}, {ID: revocations}, {ID: revocations, Issuer: "did:web:a", Revoked: []string{""}}} {
		if _, err := BuildRevocationList(list); !errors.Is(err, ErrMalformed) {
			t.Errorf("%v: %v", list, err)
		}
	}
}

func TestRevocationListsSurvive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := RevocationList{ID: revocations, Issuer: "did:web:badges.example.org",
			Revoked: rapid.SliceOf(rapid.StringN(1, 20, -1)).Draw(t, "revoked")}
		document, err := BuildRevocationList(list)
		if err != nil {
			t.Fatal(err)
		}
		read, err := ParseRevocationList(document)
		if err != nil || read.ID != list.ID || read.Issuer != list.Issuer || !slices.Equal(read.Revoked, list.Revoked) {
			t.Fatalf("%v, %v, want %v", read, err, list)
		}
	})
}

func TestParseRevocationListOfOthers(t *testing.T) {
	const head = `{"id":"https://a.example/1","issuer":{"id":"did:web:a.example"},`
	for document, want := range map[string][]string{
		head + `"revokedCredential":[{"id":"a"},{"id":"b","revoked":true},{"id":"c","revoked":false}]}`: {"a", "b"},
		head + `"revokedCredentials":[{"id":"a","revoked":true}]}`:                                      {"a"},
		head + `"revokedCredential":{"id":"a"}}`:                                                        {"a"},
		head + `"revokedCredential":[{"id":"a"}],"revokedCredentials":[{"id":"b"}]}`:                    {"a", "b"},
		head + `"revokedCredential":[]}`:                                                                nil,
	} {
		list, err := ParseRevocationList([]byte(document))
		if err != nil || !slices.Equal(list.Revoked, want) {
			t.Errorf("%s: %v, %v, want %v", document, list.Revoked, err, want)
		}
	}
	for _, document := range []string{
		`<html>`, `{"error":"try later"}`,
		`{"issuer":"did:web:a.example","revokedCredential":[]}`,
		head + `"revokedCredential":["a"]}`,
		head + `"revokedCredential":[{"revoked":true}]}`,
		head + `"revokedCredential":[{"id":"a","revoked":"yes"}]}`,
		head + `"revokedCredential":[{"id":"a","revoked":null}]}`,
	} {
		if list, err := ParseRevocationList([]byte(document)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v, %v", document, list, err)
		}
	}
}
