package openbadge

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	proofType    = "DataIntegrityProof"
	cryptosuite  = "eddsa-jcs-2022"
	proofPurpose = "assertionMethod"
)

// Sign adds a proof by the key to an unsigned document and returns the whole in canonical JSON: the
// same document, key and second give the same bytes. The verification method is the key's name
// under the document's issuer. Errors: ErrMalformed and its kinds, ErrAlreadySigned.
func Sign(document []byte, key SigningKey, created time.Time) ([]byte, error) {
	unsecured, err := parse(document)
	if err != nil {
		return nil, err
	}
	issuer, err := issuerOf(unsecured)
	if err != nil {
		return nil, err
	}
	return sign(unsecured, key.VerificationMethod(issuer), key, created)
}

// sign creates the proof (vc-di-eddsa, section 3.3.1).
func sign(unsecured map[string]any, method string, key SigningKey, created time.Time) ([]byte, error) {
	if _, signed := unsecured["proof"]; signed {
		return nil, ErrAlreadySigned
	}
	if key.sign == nil || created.IsZero() {
		return nil, errors.New("openbadge: a proof needs a key and the time of its creation")
	}
	proof := map[string]any{
		"type":               proofType,
		"cryptosuite":        cryptosuite,
		"created":            created.UTC().Format(time.RFC3339),
		"verificationMethod": method,
		"proofPurpose":       proofPurpose,
	}
	if context, ok := unsecured["@context"]; ok {
		proof["@context"] = context
	}
	hash, err := hashData(unsecured, proof)
	if err != nil {
		return nil, err
	}
	proof["proofValue"] = encodeMultibase(key.sign(hash))
	unsecured["proof"] = proof
	return canonical(unsecured)
}

// Verify tells whether a document carries one eddsa-jcs-2022 proof that is right, by a key of the
// issuer that the document names. It is stricter than vc-di-eddsa, section 3.3.2, in two ways: the
// proof's @context must equal the document's (the specification would let anyone append contexts to
// a signed document), and the verification method must be the issuer's (or anyone with a key could
// sign in anyone's name).
//
// It says nothing about revocation or validity in time. Errors: ErrMalformed and its kinds,
// ErrNoProof, ErrUnsupportedProof, ErrWrongIssuer, ErrUnknownKey, ErrBadSignature, or the
// resolver's own.
func Verify(document []byte, resolve Resolver) error {
	secured, err := parse(document)
	if err != nil {
		return err
	}
	proof, err := proofOf(secured)
	if err != nil {
		return err
	}
	issuer, err := issuerOf(secured)
	if err != nil {
		return err
	}
	controller, _, found := strings.Cut(text(proof, "verificationMethod"), "#")
	if !found || controller != issuer {
		return ErrWrongIssuer
	}
	return verifyProof(secured, proof, resolve)
}

// verifyProof checks the signature. It takes the proof out of the document.
func verifyProof(secured, proof map[string]any, resolve Resolver) error {
	signature, err := decodeMultibase(text(proof, "proofValue"))
	if err != nil {
		return fmt.Errorf("proofValue: %w", err)
	}
	if len(signature) != ed25519.SignatureSize {
		return fmt.Errorf("%w: proofValue is not an Ed25519 signature", ErrMalformed)
	}
	if context, ok := proof["@context"]; ok && !equal(context, secured["@context"]) {
		return fmt.Errorf("%w: the proof's @context differs from the document's", ErrBadSignature)
	}
	delete(secured, "proof")
	delete(proof, "proofValue")
	hash, err := hashData(secured, proof)
	if err != nil {
		return err
	}
	method := text(proof, "verificationMethod")
	key, err := resolve(method)
	switch {
	case err != nil:
		return fmt.Errorf("openbadge: resolve %.200q: %w", method, err)
	case len(key) != ed25519.PublicKeySize:
		return fmt.Errorf("%w: %.200q", ErrUnknownKey, method)
	case !ed25519.Verify(key, hash, signature):
		return ErrBadSignature
	}
	return nil
}

// proofOf returns the document's one proof if it is of the kind that this package checks.
func proofOf(secured map[string]any) (map[string]any, error) {
	value, ok := secured["proof"]
	if !ok {
		return nil, ErrNoProof
	}
	if set, ok := value.([]any); ok {
		switch len(set) {
		case 0:
			return nil, ErrNoProof
		case 1:
			value = set[0]
		default:
			return nil, fmt.Errorf("%w: more than one", ErrUnsupportedProof)
		}
	}
	proof, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%w: proof is not an object", ErrMalformed)
	}
	if text(proof, "type") != proofType || text(proof, "cryptosuite") != cryptosuite {
		return nil, fmt.Errorf("%w: not %s with %s", ErrUnsupportedProof, proofType, cryptosuite)
	}
	if text(proof, "proofPurpose") != proofPurpose {
		return nil, fmt.Errorf("%w: the purpose is not %s", ErrUnsupportedProof, proofPurpose)
	}
	// These need what is not at hand: the present moment, other proofs, what the verifier expects.
	for _, field := range []string{"expires", "previousProof", "challenge", "domain"} {
		if _, ok := proof[field]; ok {
			return nil, fmt.Errorf("%w: it has %s", ErrUnsupportedProof, field)
		}
	}
	if created, ok := proof["created"]; ok {
		created, _ := created.(string)
		if _, err := time.Parse(time.RFC3339, created); err != nil {
			return nil, fmt.Errorf("%w: proof.created is not a date and time", ErrMalformed)
		}
	}
	return proof, nil
}

// hashData is what is signed: the hash of the proof's configuration, then that of the document
// (vc-di-eddsa, section 3.3.4).
func hashData(unsecured, proofConfig map[string]any) ([]byte, error) {
	config, err := canonical(proofConfig)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	document, err := canonical(unsecured)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	configHash, documentHash := sha256.Sum256(config), sha256.Sum256(document)
	return slices.Concat(configHash[:], documentHash[:]), nil
}

// issuerOf is the id of the issuer, which is a string or an object with an id.
func issuerOf(document map[string]any) (string, error) {
	issuer, _ := document["issuer"].(string)
	if object, ok := document["issuer"].(map[string]any); ok {
		issuer = text(object, "id")
	}
	if issuer == "" {
		return "", fmt.Errorf("%w: no issuer", ErrMalformed)
	}
	return issuer, nil
}

// text is the string at a key, empty when there is none.
func text(object map[string]any, key string) string {
	value, _ := object[key].(string)
	return value
}

func equal(a, b any) bool {
	first, err := canonical(a)
	if err != nil {
		return false
	}
	second, err := canonical(b)
	return err == nil && bytes.Equal(first, second)
}
