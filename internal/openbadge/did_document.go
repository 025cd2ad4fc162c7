package openbadge

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/btlc/btlc/internal/jsonld"
)

// Purpose is what a proof is made for, and a key may be used for: a verification relationship of
// Controlled Identifiers 1.0, section 2.3.
type Purpose string

const (
	// AssertionMethod is for what an issuer says of a subject: credentials.
	AssertionMethod Purpose = "assertionMethod"
	// Authentication is for showing who one is: presentations.
	Authentication Purpose = "authentication"
)

// DIDDocument is the document that resolves the issuer's DID, in canonical JSON: each Ed25519 key as a
// Multikey, which Data Integrity asks for, each P-256 key as a JsonWebKey, which VC-JOSE-COSE asks
// for. All may assert but the revoked ones, which stay with the time since when they are.
func DIDDocument(did string, keys []PublicKey) []byte {
	methods, assertions := []any{}, []any{}
	for _, key := range keys {
		id := key.VerificationMethod(did)
		method := map[string]any{"id": id, "controller": did}
		if key.Algorithm == ES256 {
			method["type"] = "JsonWebKey"
			method["publicKeyJwk"] = json.RawMessage(key.JWK(key.ID))
		} else {
			method["type"] = "Multikey"
			method["publicKeyMultibase"] = key.ID
		}
		if key.Revoked.IsZero() {
			assertions = append(assertions, id)
		} else {
			method["revoked"] = key.Revoked.UTC().Format(time.RFC3339)
		}
		methods = append(methods, method)
	}
	return mustCanonical(map[string]any{
		"@context": []any{
			"https://www.w3.org/ns/did/v1",
			"https://w3id.org/security/multikey/v1",
			"https://w3id.org/security/jwk/v1",
		},
		"id":                 did,
		"verificationMethod": methods,
		"assertionMethod":    assertions,
	})
}

// maxMethods bounds the verification methods of a document that is read.
const maxMethods = 256

// keyIn finds the key of a verification method in the controlled identifier document at id
// (Controlled Identifiers 1.0, section 3.3). The document must be that of the id, control the method
// itself, and allow the purpose. Errors: ErrMalformed, ErrUnknownKey, ErrWrongPurpose, ErrKeyKind.
func keyIn(document map[string]any, id, method string, purpose Purpose) (PublicKey, error) {
	if text(document, "id") != id {
		return PublicKey{}, fmt.Errorf("%w: the document at %.200q is of %.200q", ErrMalformed, id, text(document, "id"))
	}
	methods, related := jsonld.Values(document["verificationMethod"]), jsonld.Values(document[string(purpose)])
	if len(methods)+len(related) > maxMethods {
		return PublicKey{}, fmt.Errorf("%w: more than %d verification methods", ErrMalformed, maxMethods)
	}
	named := func(value any) bool {
		name, _ := value.(string)
		if object, ok := value.(map[string]any); ok {
			name = text(object, "id")
		}
		return name == method || strings.HasPrefix(name, "#") && id+name == method
	}
	// A method may stand in the relationship itself, for that purpose alone.
	var found []map[string]any
	for _, value := range slices.Concat(methods, related) {
		if object, ok := value.(map[string]any); ok && named(value) {
			found = append(found, object)
		}
	}
	switch {
	case len(found) == 0:
		return PublicKey{}, ErrUnknownKey
	case len(found) > 1:
		return PublicKey{}, fmt.Errorf("%w: %.200q is there twice", ErrMalformed, method)
	}
	key, err := methodKey(found[0])
	if err != nil {
		return PublicKey{}, err
	}
	if text(found[0], "controller") != id {
		return PublicKey{}, fmt.Errorf("%w: %.200q has another controller", ErrWrongIssuer, method)
	}
	// A revoked key is in no relationship any more: that it was revoked says more.
	if key.Revoked.IsZero() && !slices.ContainsFunc(related, named) {
		return PublicKey{}, fmt.Errorf("%w: %.200q is not for %s", ErrWrongPurpose, method, purpose)
	}
	return key, nil
}

// methodKey reads the key of a verification method: Multikey, JsonWebKey, and their forerunners
// Ed25519VerificationKey2020 and JsonWebKey2020.
func methodKey(method map[string]any) (PublicKey, error) {
	var (
		key PublicKey
		err error
	)
	switch kind := text(method, "type"); kind {
	case "Multikey", "Ed25519VerificationKey2020":
		key, err = ParseMultikey(text(method, "publicKeyMultibase"))
		if err == nil && kind != "Multikey" && key.Algorithm != EdDSA {
			err = ErrKeyKind
		}
	case "JsonWebKey", "JsonWebKey2020":
		key, err = parseJWKValue(method["publicKeyJwk"])
	default:
		err = fmt.Errorf("%w: a verification method of type %.40q", ErrKeyKind, kind)
	}
	if err != nil {
		return PublicKey{}, err
	}
	for field, end := range map[string]*time.Time{"revoked": &key.Revoked, "expires": &key.Expires} {
		if value, ok := method[field]; ok {
			if *end, err = parseTime(value); err != nil {
				return PublicKey{}, fmt.Errorf("%s: %w", field, err)
			}
		}
	}
	return key, nil
}

func parseJWKValue(value any) (PublicKey, error) {
	plain, err := json.Marshal(value)
	if err != nil {
		return PublicKey{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return ParseJWK(plain)
}
