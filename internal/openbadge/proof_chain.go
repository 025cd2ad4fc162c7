package openbadge

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/internal/jsonld"
)

// AddProof adds to a credential one more proof of its issuer, which has an id, a urn:uuid that is made of
// what it signs, and returns both; the whole is in canonical JSON. With no previous proofs it stands beside
// those that there are (a proof set, vc-data-integrity, section 2.1.1). Otherwise it builds on the proofs
// with these ids, and signs them along (a proof chain, section 2.1.2; its algorithm is in section 4.3).
// Whether they hold, the caller has verified.
//
// Errors: those of Sign but for ErrAlreadySigned, and ErrBadChain for a previous proof that is not there.
func AddProof(ctx context.Context, document []byte, signer Signer, created time.Time, suite Cryptosuite, previous ...string) (secured []byte, id string, err error) {
	credential, err := parse(document)
	if err != nil {
		return nil, "", err
	}
	issuer, err := issuerOf(credential)
	if err != nil {
		return nil, "", err
	}
	p, err := newProver(signer.Public().VerificationMethod(issuer), signer, created, []Cryptosuite{suite})
	if err != nil {
		return nil, "", err
	}
	var proofs []map[string]any
	if _, signed := credential["proof"]; signed {
		if proofs, err = proofsOf(credential); err != nil {
			return nil, "", err
		}
	}
	proof := p.options(credential, suite)
	chained, err := chain(credential, proofs, proof, previous)
	if err != nil {
		return nil, "", err
	}
	hashes := hashesOf(chained)
	if err := hashes.preflight([]Cryptosuite{suite}); err != nil {
		return nil, "", err
	}
	if id, err = hashes.proofID(suite, proof); err != nil {
		return nil, "", err
	}
	proof["id"] = id
	if proof, err = p.prove(ctx, hashes, proof); err != nil {
		return nil, "", err
	}
	if len(proofs) == 0 {
		credential["proof"] = proof
	} else {
		credential["proof"] = append(jsonld.Values(credential["proof"]), proof)
	}
	if _, err := proofsOf(credential); err != nil { // one too many, or this one once more
		return nil, "", fmt.Errorf("%w: %w", ErrUnsignable, err)
	}
	secured, err = canonical(credential)
	return secured, id, err
}

// chain is what a proof signs that builds on others: the document with these alone. The proof is told
// their ids.
func chain(credential map[string]any, proofs []map[string]any, proof map[string]any, previous []string) (map[string]any, error) {
	chained := maps.Clone(credential)
	delete(chained, "proof")
	if len(previous) == 0 {
		return chained, nil
	}
	ids := make([]any, len(previous))
	for i, id := range previous {
		ids[i] = id
	}
	if proof["previousProof"] = ids; len(ids) == 1 {
		proof["previousProof"] = ids[0]
	}
	places, err := previousOf(proof, proofs)
	if err != nil {
		return nil, err
	}
	matching := make([]any, len(places))
	for i, place := range places {
		matching[i] = proofs[place]
	}
	chained["proof"] = matching
	return chained, nil
}

// proofID names a proof by what it would sign without a name.
func (h documentHashes) proofID(suite Cryptosuite, proof map[string]any) (string, error) {
	data, err := h.data(suite, proof)
	if err != nil {
		return "", err
	}
	return uuid.NewHash(sha256.New(), uuid.Nil, data, 8).URN(), nil
}
