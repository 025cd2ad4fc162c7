package openbadge

import (
	"crypto/sha256"
	"fmt"
	"maps"

	"github.com/btlc/btlc/internal/jsonld"
)

// transform is how a suite makes the hash of a document or of a proof's configuration: that of its canonical
// form. A suite that is not here is not known.
var transform = map[Cryptosuite]func(map[string]any) ([sha256.Size]byte, error){
	EdDSARDFC: jsonld.Hash,
	EdDSAJCS:  hashCanonical,
}

// documentHashes are the hashes of one document, each made once however many proofs need it.
type documentHashes struct {
	document map[string]any // without proofs, or with those that a chain builds on
	made     map[Cryptosuite][sha256.Size]byte
}

func hashesOf(document map[string]any) documentHashes {
	return documentHashes{document, map[Cryptosuite][sha256.Size]byte{}}
}

func (h documentHashes) of(suite Cryptosuite) ([sha256.Size]byte, error) {
	if hash, ok := h.made[suite]; ok {
		return hash, nil
	}
	hash, err := hashBy(suite, h.document)
	if err == nil {
		h.made[suite] = hash
	}
	return hash, err
}

// data is what is signed: the hash of the proof's configuration, then that of the document
// (vc-di-eddsa, sections 3.2.4 and 3.3.4). The proof comes without its value.
func (h documentHashes) data(suite Cryptosuite, proof map[string]any) ([]byte, error) {
	config := proof
	if contexts, ok := h.document["@context"]; ok && suite == EdDSARDFC {
		config = maps.Clone(proof)
		config["@context"] = contexts
	}
	configHash, err := hashBy(suite, config)
	if err != nil {
		return nil, fmt.Errorf("proof: %w", err)
	}
	documentHash, err := h.of(suite)
	if err != nil {
		return nil, err
	}
	return append(configHash[:], documentHash[:]...), nil
}

func hashBy(suite Cryptosuite, document map[string]any) ([sha256.Size]byte, error) {
	hash, err := transform[suite](document)
	if err != nil {
		return hash, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return hash, nil
}
