package openbadge

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Cryptosuite is a way to make a Data Integrity proof (Data Integrity EdDSA Cryptosuites 1.0).
type Cryptosuite string

const (
	// EdDSARDFC signs what the document says: its canonical RDF (RDFC-1.0).
	EdDSARDFC Cryptosuite = "eddsa-rdfc-2022"
	// EdDSAJCS signs how the document is written: its canonical JSON (RFC 8785).
	EdDSAJCS Cryptosuite = "eddsa-jcs-2022"
)

const proofType = "DataIntegrityProof"

// Sign adds to an unsigned credential a proof by each of the suites, all if none is named, and returns
// the whole in canonical JSON: the same document, key, second and suites give the same bytes. One proof
// stands alone, several are a proof set in the order of the suites. The verification method is the
// key's name under the document's issuer.
//
// Whatever the suites are, the document has to be fit for all: JSON-LD that is signed without loss, of
// known contexts, without control characters, with the times of the credential whole. Errors:
// ErrMalformed and its kinds, ErrUnsignable (with the error of package jsonld), ErrAlreadySigned,
// ErrKeyKind unless the key is Ed25519, ErrUnsupportedProof, or the signer's own.
func Sign(ctx context.Context, document []byte, signer Signer, created time.Time, suites ...Cryptosuite) ([]byte, error) {
	unsecured, err := parse(document)
	if err != nil {
		return nil, err
	}
	issuer, err := issuerOf(unsecured)
	if err != nil {
		return nil, err
	}
	return sign(ctx, unsecured, signer.Public().VerificationMethod(issuer), signer, created, suites)
}

// sign creates the proofs (vc-di-eddsa, sections 3.2.1 and 3.3.1).
func sign(ctx context.Context, unsecured map[string]any, method string, signer Signer, created time.Time, suites []Cryptosuite) ([]byte, error) {
	if _, signed := unsecured["proof"]; signed {
		return nil, ErrAlreadySigned
	}
	if signer.Public().Algorithm != EdDSA {
		return nil, fmt.Errorf("%w: the proofs are of Ed25519 keys", ErrKeyKind)
	}
	if created.IsZero() {
		return nil, fmt.Errorf("%w: a proof needs the time of its creation", ErrUnsignable)
	}
	if len(suites) == 0 {
		suites = []Cryptosuite{EdDSARDFC, EdDSAJCS}
	}
	for _, suite := range suites {
		if transform[suite] == nil {
			return nil, fmt.Errorf("%w: %.80q", ErrUnsupportedProof, suite)
		}
	}
	if err := fit(unsecured); err != nil {
		return nil, err
	}
	hashes := hashesOf(unsecured)
	if _, err := hashes.of(EdDSARDFC); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnsignable, err)
	}
	proofs := []any{}
	for _, suite := range suites {
		proof := map[string]any{
			"type":               proofType,
			"cryptosuite":        string(suite),
			"created":            created.UTC().Format(time.RFC3339),
			"verificationMethod": method,
			"proofPurpose":       string(AssertionMethod),
		}
		// With canonical JSON the proof says which contexts it was made under (section 3.3.1).
		if contexts, ok := unsecured["@context"]; ok && suite == EdDSAJCS {
			proof["@context"] = contexts
		}
		data, err := hashes.data(suite, proof)
		if err != nil {
			return nil, err
		}
		signature, err := signWith(ctx, signer, data)
		if err != nil {
			return nil, err
		}
		proof["proofValue"] = encodeMultibase(signature)
		proofs = append(proofs, proof)
	}
	unsecured["proof"] = proofs
	if len(proofs) == 1 {
		unsecured["proof"] = proofs[0]
	}
	return canonical(unsecured)
}

// issuerOf is the id of a credential's issuer.
func issuerOf(credential map[string]any) (string, error) { return partyOf(credential, "issuer") }

// partyOf is the id of the issuer or holder, which is a string or an object with an id.
func partyOf(document map[string]any, role string) (string, error) {
	party := text(document, role)
	if object, ok := document[role].(map[string]any); ok {
		party = text(object, "id")
	}
	if party == "" {
		return "", fmt.Errorf("%w: no %s", ErrMalformed, role)
	}
	return party, nil
}

// text is the string at a key, empty when there is none.
func text(object map[string]any, key string) string {
	value, _ := object[key].(string)
	return value
}

// hasType tells whether a document is of a type, among others perhaps.
func hasType(document map[string]any, name string) bool {
	return slices.Contains(list(document["type"]), any(name))
}
