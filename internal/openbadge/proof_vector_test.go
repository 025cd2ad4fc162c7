package openbadge

import (
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// vector is an example of Data Integrity EdDSA Cryptosuites 1.0 with its keys; the file tells its
// origin.
type vector struct {
	PublicKeyMultibase  string
	PrivateKeyMultibase string
	HashData            string
	Signed              map[string]any
}

func loadVector(t *testing.T, name string) vector {
	t.Helper()
	content, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var v vector
	if err := json.Unmarshal(content, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// inlined puts the terms of the examples' context in the place of its URL, which no credential of
// ours needs. Canonical RDF is the same with either.
func inlined(t *testing.T, signed map[string]any) map[string]any {
	t.Helper()
	contexts, ok := signed["@context"].([]any)
	if !ok || contexts[1] != "https://www.w3.org/ns/credentials/examples/v2" {
		t.Fatalf("the example has other contexts: %v", signed["@context"])
	}
	terms := map[string]any{}
	for _, term := range []string{"alumniOf", "AlumniCredential"} {
		terms[term] = "https://www.w3.org/ns/credentials/examples#" + term
	}
	inlined := maps.Clone(signed)
	inlined["@context"] = []any{contexts[0], terms}
	return inlined
}

func TestVectorsOfTheSpecification(t *testing.T) {
	for suite, file := range map[Cryptosuite]string{EdDSAJCS: "vc-di-eddsa-jcs.json", EdDSARDFC: "vc-di-eddsa-rdfc.json"} {
		t.Run(string(suite), func(t *testing.T) {
			v := loadVector(t, file)
			if suite == EdDSARDFC {
				v.Signed = inlined(t, v.Signed)
			}
			document := maps.Clone(v.Signed)
			proof := maps.Clone(document["proof"].(map[string]any))
			delete(document, "proof")
			config := maps.Clone(proof)
			delete(config, "proofValue")
			data, err := hashesOf(document).data(suite, config)
			if err != nil || hex.EncodeToString(data) != v.HashData {
				t.Fatalf("hash %x, %v, want %s", data, err, v.HashData)
			}

			secret, err := decodeMultibase(v.PrivateKeyMultibase)
			if err != nil {
				t.Fatal(err)
			}
			key, err := NewSigningKey(ed25519.NewKeyFromSeed(secret[2:])) // after the multicodec of a private key
			if err != nil || key.Public().ID != v.PublicKeyMultibase {
				t.Fatalf("public key %s, %v, want %s", key.Public().ID, err, v.PublicKeyMultibase)
			}
			signature, err := signWith(t.Context(), key, data)
			if err != nil || encodeMultibase(signature) != proof["proofValue"] {
				t.Errorf("signature %s, %v", encodeMultibase(signature), err)
			}
			at := time.Date(2023, 2, 24, 23, 36, 38, 0, time.UTC)
			method := "did:key:" + key.Public().ID
			secured, err := canonical(v.Signed)
			if err != nil {
				t.Fatal(err)
			}
			if suite == EdDSARDFC { // the other example is of contexts that are not known here
				made, err := sign(t.Context(), maps.Clone(document), method+"#"+key.Public().ID, key, at, []Cryptosuite{suite})
				if err != nil || string(made) != string(secured) {
					t.Errorf("signed %s, %v", made, err)
				}
			}

			want := Expectation{Now: at, purpose: AssertionMethod}
			report := verifyProof(t.Context(), hashesOf(document), proof, method, ResolveDIDKey, want)
			if err := report.Err(); err != nil || len(report.Checks) < 6 {
				t.Errorf("the specification's own proof: %v, %v", err, report.Checks)
			}
			// In the example the key is not the issuer's.
			if err := Verify(t.Context(), secured, ResolveDIDKey, later).Err(); !errors.Is(err, ErrWrongIssuer) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// The specification's chain: two proofs side by side, one that builds on both, and one on that.
func TestChainOfTheSpecification(t *testing.T) {
	secured := inlined(t, loadVector(t, "vc-di-eddsa-chain.json").Signed)
	// Each proof has a key of its own; what is checked here is all but whose it is.
	verify := func(change func(proofs []any)) []ProofReport {
		form, err := canonical(secured)
		if err != nil {
			t.Fatal(err)
		}
		document, err := parse(form)
		if err != nil {
			t.Fatal(err)
		}
		change(document["proof"].([]any))
		proofs, err := proofsOf(document)
		if err != nil {
			t.Fatal(err)
		}
		unsecured := maps.Clone(document)
		delete(unsecured, "proof")
		reports, previous := make([]ProofReport, len(proofs)), make([][]int, len(proofs))
		for i, proof := range proofs {
			party, _, _ := strings.Cut(text(proof, "verificationMethod"), "#")
			all := verifyProofs(t.Context(), document, proofs, party, ResolveDIDKey, Expectation{Now: created, purpose: AssertionMethod})
			reports[i] = all[i]
			reports[i].Checks = slices.DeleteFunc(reports[i].Checks, func(c Check) bool { return c.Name == CheckChain })
			previous[i], _ = previousOf(proof, proofs)
		}
		settleChains(reports, previous)
		return reports
	}
	for i, report := range verify(func([]any) {}) {
		if err := report.Err(); err != nil || !slices.Contains(report.Checks, Check{CheckSignature, nil}) {
			t.Errorf("proof %d: %v, %v", i+1, err, report.Checks)
		}
	}
	// What happens to the first proof happens to all that build on it, near and far.
	reports := verify(func(proofs []any) { proofs[0].(map[string]any)["created"] = "2023-02-24T23:36:39Z" })
	for i, want := range []error{ErrBadSignature, nil, ErrBadSignature, ErrBadChain} {
		if err := reports[i].Err(); !errors.Is(err, want) {
			t.Errorf("proof %d: got %v, want %v", i+1, err, want)
		}
	}
}
