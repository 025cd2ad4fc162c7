package openbadge

import (
	"errors"
	"regexp"
	"slices"
	"testing"
)

// addProof adds a proof or ends the test.
func addProof(t *testing.T, document []byte, key SigningKey, suite Cryptosuite, previous ...string) (secured []byte, id string) {
	t.Helper()
	secured, id, err := AddProof(t.Context(), document, key, created, suite, previous...)
	if err != nil {
		t.Fatal(err)
	}
	return secured, id
}

var urnUUID = regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func TestProofChainsVerify(t *testing.T) {
	keys := []SigningKey{testKey(1), testKey(2)}
	resolve := ResolveAmong(did, []PublicKey{keys[0].Public(), keys[1].Public()})
	for _, suites := range [][3]Cryptosuite{
		{EdDSAJCS, EdDSAJCS, EdDSAJCS}, {EdDSARDFC, EdDSARDFC, EdDSARDFC}, {EdDSARDFC, EdDSAJCS, EdDSARDFC},
	} {
		one, first := addProof(t, []byte(unsigned), keys[0], suites[0])
		two, second := addProof(t, one, keys[1], suites[1], first)
		three, third := addProof(t, two, keys[0], suites[2], first, second)
		for _, id := range []string{first, second, third} {
			if !urnUUID.MatchString(id) {
				t.Errorf("the id of a proof is %q", id)
			}
		}
		report := Verify(t.Context(), three, resolve, later)
		if err := report.Err(); err != nil || len(report.Proofs) != 3 {
			t.Fatalf("%v: %+v", err, report)
		}
		for i, proof := range report.Proofs {
			if chained := slices.Contains(proof.Checks, Check{CheckChain, nil}); chained != (i > 0) {
				t.Errorf("proof %d is checked as of a chain: %v", i, chained)
			}
		}
		if again, id := addProof(t, two, keys[0], suites[2], first, second); string(again) != string(three) || id != third {
			t.Error("another document at the second time")
		}

		// Nothing that a proof builds on may be changed or taken away; what nothing builds on may.
		broken := changed(t, three, func(d map[string]any) {
			d["proof"].([]any)[0].(map[string]any)["created"] = "2026-03-01T17:00:01Z"
		})
		for i, proof := range Verify(t.Context(), broken, resolve, later).Proofs {
			if proof.Err() == nil {
				t.Errorf("proof %d holds without the first", i)
			}
		}
		cut := changed(t, three, func(d map[string]any) { d["proof"] = d["proof"].([]any)[1:] })
		if err := Verify(t.Context(), cut, resolve, later).Err(); !errors.Is(err, ErrBadChain) {
			t.Errorf("without the first proof: %v", err)
		}
		if err := Verify(t.Context(), two, resolve, later).Err(); err != nil {
			t.Errorf("without the last proof: %v", err)
		}
	}
}

// A proof that builds on none stands beside those that there are, whichever way they were made.
func TestProofIsAddedToASet(t *testing.T) {
	document, _ := signed(t)
	resolve := ResolveAmong(did, []PublicKey{testKey(1).Public(), testKey(2).Public()})
	more, _ := addProof(t, document, testKey(2), EdDSAJCS)
	report := Verify(t.Context(), more, resolve, later)
	if err := report.Err(); err != nil || len(report.Proofs) != 3 {
		t.Errorf("%v: %+v", err, report)
	}
}

func TestAddProofRefuses(t *testing.T) {
	one, first := addProof(t, []byte(unsigned), testKey(1), EdDSAJCS)
	full := []byte(unsigned)
	for i := range maxProofs {
		full, _ = addProof(t, full, testKey(byte(i+1)), EdDSAJCS)
	}
	with := func(document []byte, key string, value any) []byte {
		return changed(t, document, func(d map[string]any) { d[key] = value })
	}
	tests := []struct {
		name     string
		document []byte
		signer   Signer
		suite    Cryptosuite
		previous []string
		want     error
	}{
		{"no document", nil, testKey(1), EdDSAJCS, nil, ErrMalformed},
		{"no issuer", with(one, "issuer", nil), testKey(1), EdDSAJCS, nil, ErrMalformed},
		{"proof that is not there", one, testKey(1), EdDSAJCS, []string{first, "urn:uuid:1"}, ErrBadChain},
		{"no name of a proof", one, testKey(1), EdDSAJCS, []string{""}, ErrBadChain},
		{"no proofs at all", []byte(unsigned), testKey(1), EdDSAJCS, []string{first}, ErrBadChain},
		{"a proof that is text", with(one, "proof", "x"), testKey(1), EdDSAJCS, nil, ErrMalformed},
		{"the same proof", one, testKey(1), EdDSAJCS, nil, ErrUnsignable},
		{"one too many", full, testKey(9), EdDSAJCS, nil, ErrUnsignable},
		{"unknown term", with(one, "extra", true), testKey(1), EdDSAJCS, []string{first}, ErrUnsignable},
		{"unknown term in the previous proof", changed(t, one, func(d map[string]any) { d["proof"].(map[string]any)["extra"] = 1 }), testKey(1), EdDSAJCS, []string{first}, ErrUnsignable},
		{"key for JOSE", one, testP256(1), EdDSAJCS, nil, ErrKeyKind},
		{"unknown suite", one, testKey(1), "eddsa-2030", nil, ErrUnsupportedProof},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, _, err := AddProof(t.Context(), test.document, test.signer, created, test.suite, test.previous...); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}
