package verify

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/btlc/btlc/internal/openbadge"
	"github.com/btlc/btlc/internal/statuslist"
)

// web is what others publish, by address.
type web map[string]string

func (w web) fetch(_ context.Context, address string) ([]byte, error) {
	if content, ok := w[address]; ok {
		return []byte(content), nil
	}
	return nil, errors.New("unreachable")
}

// publisher is an issuer who publishes its keys.
type publisher struct {
	keys *openbadge.Keyring
	web  web
}

func publishes(t testing.TB) publisher {
	ring := keys(t)
	return publisher{ring, web{"https://issuer.example/.well-known/did.json": string(openbadge.DIDDocument(theirs, ring.Public()))}}
}

func (p publisher) options() Options { return Options{Now: during, Issuer: ourDID, Fetch: p.web.fetch} }

// list is a status list with the bits set.
func (p publisher) list(t testing.TB, id string, purpose statuslist.Purpose, set ...int) string {
	t.Helper()
	bits := must[statuslist.Bits](t)(statuslist.New(statuslist.MinLength, set...))
	unsigned := must[[]byte](t)(statuslist.Build(statuslist.List{ID: id, Issuer: theirs, Purpose: purpose, ValidFrom: since, Bits: bits}))
	return p.sign(t, unsigned)
}

func (p publisher) sign(t testing.TB, unsigned []byte) string {
	t.Helper()
	return string(must[[]byte](t)(openbadge.Sign(t.Context(), unsigned, p.keys.Active(openbadge.EdDSA), since)))
}

func bit(list, purpose string) openbadge.Status {
	return openbadge.Status{List: list, Purpose: purpose, Index: 5}
}

func TestStatusOfOthers(t *testing.T) {
	p := publishes(t)
	const second = "https://issuer.example/status/2"
	one := signed(t, p.keys, claim("https://issuer.example/1", theirs, bit(listAt, "revocation")))
	two := signed(t, p.keys, claim("https://issuer.example/1", theirs, bit(listAt, "revocation"), bit(second, "suspension")))
	wants(t, document(t, one, p.options()), "proof PASSED", "issuer PASSED", "status UNKNOWN") // there is no list yet

	p.web[listAt], p.web[second] = p.list(t, listAt, "revocation"), p.list(t, second, "suspension")
	for _, input := range []string{one, two} {
		r := document(t, input, p.options())
		wants(t, r)
		if r.Ours {
			t.Error("it is ours")
		}
	}
	for name, c := range map[string]struct{ first, second, want string }{
		"revoked":            {p.list(t, listAt, "revocation", 5), p.web[second], "status FAILED"},
		"suspended":          {p.web[listAt], p.list(t, second, "suspension", 5), "status FAILED"},
		"neighbours":         {p.list(t, listAt, "revocation", 4, 6), p.list(t, second, "suspension", 4, 6), ""},
		"another purpose":    {p.list(t, listAt, "suspension"), p.web[second], "status UNKNOWN"},
		"another list":       {p.web[second], p.web[second], "status UNKNOWN"},
		"replayed list":      {p.list(t, second, "revocation"), p.web[second], "status UNKNOWN"},
		"not a list":         {one, p.web[second], "status UNKNOWN"},
		"not signed":         {`{"issuer":"` + theirs + `"}`, p.web[second], "status UNKNOWN"},
		"changed":            {strings.Replace(p.web[listAt], `"encodedList":"uH4s`, `"encodedList":"uH4t`, 1), p.web[second], "status UNKNOWN"},
		"no JSON":            {"<html>", p.web[second], "status UNKNOWN"},
		"of somebody else":   {publishes(t).list(t, listAt, "revocation"), p.web[second], "status UNKNOWN"},
		"second unreachable": {p.web[listAt], "", "status UNKNOWN"},
	} {
		t.Run(name, func(t *testing.T) {
			published := web{listAt: c.first, second: c.second, "https://issuer.example/.well-known/did.json": p.web["https://issuer.example/.well-known/did.json"]}
			if c.second == "" {
				delete(published, second)
			}
			options := p.options()
			options.Fetch = published.fetch
			if c.want == "" {
				wants(t, document(t, two, options))
			} else {
				wants(t, document(t, two, options), "proof PASSED", c.want)
			}
		})
	}
}

// A list of a key that vouches for itself says nothing of somebody else's credential.
func TestListOfAnotherIssuer(t *testing.T) {
	p := publishes(t)
	did := "did:key:" + p.keys.Active(openbadge.EdDSA).Public().ID
	bits := must[statuslist.Bits](t)(statuslist.New(statuslist.MinLength))
	p.web[listAt] = p.sign(t, must[[]byte](t)(statuslist.Build(statuslist.List{ID: listAt, Issuer: did, Purpose: "revocation", ValidFrom: since, Bits: bits})))
	wants(t, document(t, signed(t, p.keys, claim("https://issuer.example/1", theirs, bit(listAt, "revocation"))), p.options()), "proof PASSED", "status UNKNOWN")
}

func TestRevocationList(t *testing.T) {
	p := publishes(t)
	input := signed(t, p.keys, claim("https://issuer.example/1", theirs, openbadge.Status{List: listAt}))
	for _, c := range []struct{ issuer, revoked, want string }{
		{theirs, "https://issuer.example/2", ""}, {theirs, "https://issuer.example/1", "status FAILED"}, {ourDID, "https://issuer.example/2", "status UNKNOWN"},
	} {
		p.web[listAt] = string(must[[]byte](t)(statuslist.BuildRevocationList(statuslist.RevocationList{ID: listAt, Issuer: c.issuer, Revoked: []string{c.revoked}})))
		if r := document(t, input, p.options()); c.want == "" {
			wants(t, r)
		} else {
			wants(t, r, "proof PASSED", c.want)
		}
	}
}

// A few kilobytes that unpack to more than any list has are not unpacked to the end.
func TestBombInAList(t *testing.T) {
	p := publishes(t)
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	must[int](t)(writer.Write(make([]byte, 64<<20)))
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	var list map[string]any
	bits := must[statuslist.Bits](t)(statuslist.New(statuslist.MinLength))
	if err := json.Unmarshal(must[[]byte](t)(statuslist.Build(statuslist.List{ID: listAt, Issuer: theirs, Purpose: "revocation", ValidFrom: since, Bits: bits})), &list); err != nil {
		t.Fatal(err)
	}
	list["credentialSubject"].(map[string]any)["encodedList"] = "u" + base64.RawURLEncoding.EncodeToString(packed.Bytes())
	p.web[listAt] = p.sign(t, must[[]byte](t)(json.Marshal(list)))
	wants(t, document(t, signed(t, p.keys, claim("https://issuer.example/1", theirs, bit(listAt, "revocation"))), p.options()), "proof PASSED", "status UNKNOWN")
}

// Nothing is asked for in the name of a document whose signature does not hold, but the key that it names; and not often.
func TestFetchesAreFew(t *testing.T) {
	p := publishes(t)
	asked := map[string]int{}
	options := p.options()
	options.Fetch = func(ctx context.Context, address string) ([]byte, error) {
		asked[address]++
		return p.web.fetch(ctx, address)
	}
	input := signed(t, p.keys, claim("https://issuer.example/1", theirs, bit(listAt, "revocation")))
	wants(t, document(t, strings.Replace(input, "About", "Above", 1), options), "proof FAILED", "status UNKNOWN")
	if asked[listAt] != 0 || asked["https://issuer.example/.well-known/did.json"] != 1 || len(asked) != 1 {
		t.Errorf("asked for %v", asked)
	}
	var d map[string]any
	if err := json.Unmarshal(must[[]byte](t)(openbadge.Build(claim("https://issuer.example/1", theirs, bit(listAt, "revocation")))), &d); err != nil {
		t.Fatal(err)
	}
	entry := d["credentialStatus"]
	many := []any{}
	for range maxEntries + 1 {
		many = append(many, entry)
	}
	d["credentialStatus"] = many
	clear(asked)
	wants(t, document(t, p.sign(t, must[[]byte](t)(json.Marshal(d))), options), "proof PASSED", "status UNKNOWN")
	if asked[listAt] != 0 {
		t.Errorf("asked for %v", asked)
	}
}

func TestStatusOfAnotherKind(t *testing.T) {
	p := publishes(t)
	var d map[string]any
	if err := json.Unmarshal(must[[]byte](t)(openbadge.Build(claim("https://issuer.example/1", theirs, bit(listAt, "revocation")))), &d); err != nil {
		t.Fatal(err)
	}
	for want, status := range map[string]any{
		"status UNKNOWN": map[string]any{"id": listAt, "type": "1EdTechRevocationListOfTomorrow"},
		"status FAILED":  map[string]any{"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": "x", "statusListCredential": listAt},
	} {
		d["credentialStatus"] = status
		unsigned := must[[]byte](t)(json.Marshal(d))
		// By canonical JSON alone: there is no term for the first type.
		token := must[string](t)(signAnything(t, p, unsigned))
		wants(t, document(t, token, p.options()), "proof PASSED", want)
	}
}

// signAnything makes a vc+jwt of what the package openbadge would not sign.
func signAnything(t testing.TB, p publisher, payload []byte) (string, error) {
	key := p.keys.Active(openbadge.EdDSA)
	header := must[[]byte](t)(json.Marshal(map[string]string{"alg": "EdDSA", "typ": "vc+jwt", "kid": key.Public().VerificationMethod(theirs)}))
	input := base64.RawURLEncoding.EncodeToString(header) + "." + base64.RawURLEncoding.EncodeToString(payload)
	signature, err := key.Sign(t.Context(), []byte(input))
	return input + "." + base64.RawURLEncoding.EncodeToString(signature), err
}

// A list tells its own time: of one that is over nothing is known.
func TestListInTime(t *testing.T) {
	p := publishes(t)
	p.web[listAt] = p.list(t, listAt, "revocation")
	options := p.options()
	options.Now = since.Add(-time.Hour)
	wants(t, document(t, signed(t, p.keys, claim("https://issuer.example/1", theirs, bit(listAt, "revocation"))), options), "dates FAILED", "status UNKNOWN")
}
