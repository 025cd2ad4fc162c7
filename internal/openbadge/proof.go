package openbadge

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"github.com/btlc/btlc/internal/jsonld"
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

// sign adds the first proofs of a document.
func sign(ctx context.Context, unsecured map[string]any, method string, signer Signer, created time.Time, suites []Cryptosuite) ([]byte, error) {
	if _, signed := unsecured["proof"]; signed {
		return nil, ErrAlreadySigned
	}
	if err := fit(unsecured); err != nil {
		return nil, err
	}
	buffer, _ := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	w, err := write((*buffer)[:0], unsecured)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	*buffer = w.form
	return w.sign(ctx, method, signer, created, suites)
}

// sign adds the first proofs of a document that is fit. One canonical form is both signed and, with the proofs put in,
// returned.
func (w written) sign(ctx context.Context, method string, signer Signer, created time.Time, suites []Cryptosuite) ([]byte, error) {
	if len(suites) == 0 {
		suites = []Cryptosuite{EdDSARDFC, EdDSAJCS}
	}
	p, err := newProver(method, signer, created, suites)
	if err != nil {
		return nil, err
	}
	hashes := hashesOf(w.document)
	if err := hashes.lossless(suites); err != nil {
		return nil, err
	}
	hashes.made[EdDSAJCS] = sha256.Sum256(w.form)
	proofs := make([]any, len(suites))
	for i, suite := range suites {
		if proofs[i], err = p.prove(ctx, hashes, p.options(hashes.document, suite)); err != nil {
			return nil, err
		}
	}
	if len(proofs) == 1 {
		return insertMember(w.form, w.at, "proof", proofs[0])
	}
	return insertMember(w.form, w.at, "proof", proofs)
}

// preflight tells whether a document is fit for all suites. Errors: ErrUnsignable.
func (h documentHashes) preflight(suites []Cryptosuite) error {
	if err := fit(h.document); err != nil {
		return err
	}
	return h.lossless(suites)
}

// lossless tells whether a document is JSON-LD that is signed without loss, and goes through it no more often than the
// suites need that are going to sign. Errors: ErrUnsignable.
func (h documentHashes) lossless(suites []Cryptosuite) (err error) {
	if slices.Contains(suites, EdDSARDFC) {
		_, err = h.of(EdDSARDFC)
	} else {
		err = jsonld.Check(h.document)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnsignable, err)
	}
	return nil
}

// A prover makes proofs by one key at one time.
type prover struct {
	signer          Signer
	method, created string
}

// newProver checks that there can be proofs. Errors: ErrKeyKind, ErrUnsignable, ErrUnsupportedProof.
func newProver(method string, signer Signer, created time.Time, suites []Cryptosuite) (prover, error) {
	if signer.Public().Algorithm != EdDSA {
		return prover{}, fmt.Errorf("%w: the proofs are of Ed25519 keys", ErrKeyKind)
	}
	if created.IsZero() {
		return prover{}, fmt.Errorf("%w: a proof needs the time of its creation", ErrUnsignable)
	}
	for _, suite := range suites {
		if transform[suite] == nil {
			return prover{}, fmt.Errorf("%w: %.80q", ErrUnsupportedProof, suite)
		}
	}
	return prover{signer, method, created.UTC().Format(time.RFC3339)}, nil
}

// options are a proof without its value.
func (p prover) options(document map[string]any, suite Cryptosuite) map[string]any {
	options := map[string]any{
		"type":               proofType,
		"cryptosuite":        string(suite),
		"created":            p.created,
		"verificationMethod": p.method,
		"proofPurpose":       string(AssertionMethod),
	}
	// With canonical JSON the proof says which contexts it was made under (vc-di-eddsa, section 3.3.1).
	if contexts, ok := document["@context"]; ok && suite == EdDSAJCS {
		options["@context"] = contexts
	}
	return options
}

// prove makes a proof of its options by giving it its value (vc-di-eddsa, sections 3.2.1 and 3.3.1).
func (p prover) prove(ctx context.Context, hashes documentHashes, options map[string]any) (map[string]any, error) {
	data, err := hashes.data(Cryptosuite(text(options, "cryptosuite")), options)
	if err != nil {
		return nil, err
	}
	signature, err := signWith(ctx, p.signer, data)
	if err != nil {
		return nil, err
	}
	options["proofValue"] = encodeMultibase(signature)
	return options, nil
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
	return slices.Contains(jsonld.Values(document["type"]), any(name))
}
