package openbadge

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/btlc/btlc/internal/jsonld"
)

// Presenter is who presents, and to whom.
type Presenter struct {
	// Holder is whose key signs: the holder that the presentation names, if it names one.
	Holder string
	// Challenge and Domain are what the verifier asked for; empty when it asked for nothing.
	Challenge string
	Domain    []string
}

// SignPresentation adds to an unsigned presentation a proof for authentication by each of the suites, EdDSARDFC and EdDSAJCS
// if none is named, and returns the whole in canonical JSON. The verification method is the key's name under the holder's id.
// Whether the credentials in it hold, their verifier will see: it is enough that they are secured.
//
// Errors: those of Sign, and ErrWrongIssuer for a presentation of another holder.
func SignPresentation(ctx context.Context, document []byte, signer Signer, created time.Time, by Presenter, suites ...Cryptosuite) ([]byte, error) {
	presentation, err := presentable(document, by.Holder)
	if err != nil {
		return nil, err
	}
	if len(suites) == 0 {
		suites = []Cryptosuite{EdDSARDFC, EdDSAJCS}
	}
	p, err := newProver(signer.Public().VerificationMethod(by.Holder), signer, created, suites)
	if err != nil {
		return nil, err
	}
	hashes := hashesOf(presentation)
	if err := hashes.preflight(suites); err != nil {
		return nil, err
	}
	proofs := make([]any, len(suites))
	for i, suite := range suites {
		options := p.options(presentation, suite)
		options["proofPurpose"] = string(Authentication)
		by.answer(options, "challenge", "domain")
		if proofs[i], err = p.prove(ctx, hashes, options); err != nil {
			return nil, err
		}
	}
	secured := maps.Clone(presentation)
	if secured["proof"] = proofs; len(proofs) == 1 {
		secured["proof"] = proofs[0]
	}
	return canonical(secured)
}

// SignVPJWT makes a vp+jwt (VC-JOSE-COSE, section 3.1.2) of a presentation whose credentials are all enveloped, as that section
// asks: a compact JWS whose payload is the presentation, with the challenge as nonce and the domain as aud when there are any.
// The kid is the verification method. Errors: those of SignPresentation.
func SignVPJWT(ctx context.Context, document []byte, signer Signer, by Presenter) (string, error) {
	presentation, err := presentable(document, by.Holder)
	if err != nil {
		return "", err
	}
	if err := without(presentation, append([]string{"nonce", "aud"}, forbiddenClaims...)...); err != nil {
		return "", err
	}
	for _, value := range jsonld.Values(presentation["verifiableCredential"]) {
		if credential, _ := value.(map[string]any); !isEnvelope(credential) {
			return "", fmt.Errorf("%w: a credential in it is not enveloped", ErrUnsignable)
		}
	}
	if err := hashesOf(presentation).preflight(nil); err != nil {
		return "", err
	}
	payload := maps.Clone(presentation)
	by.answer(payload, "nonce", "aud")
	options := (&jose.SignerOptions{}).WithType(typePresentation).WithContentType("vp")
	return compact(ctx, payload, signer, signer.Public().VerificationMethod(by.Holder), options)
}

// answer writes what the verifier asked for, by the names that it has where it is written.
func (by Presenter) answer(into map[string]any, challenge, domain string) {
	if by.Challenge != "" {
		into[challenge] = by.Challenge
	}
	switch len(by.Domain) {
	case 0:
	case 1:
		into[domain] = by.Domain[0]
	default:
		domains := make([]any, len(by.Domain))
		for i, name := range by.Domain {
			domains[i] = name
		}
		into[domain] = domains
	}
}

// presentable reads an unsigned presentation of the holder, with secured credentials (Verifiable Credentials Data Model 2.0,
// section 4.13).
func presentable(document []byte, holder string) (map[string]any, error) {
	presentation, err := parse(document)
	if err != nil {
		return nil, err
	}
	if _, signed := presentation["proof"]; signed {
		return nil, ErrAlreadySigned
	}
	if !hasType(presentation, "VerifiablePresentation") {
		return nil, fmt.Errorf("%w: not a VerifiablePresentation", ErrMalformed)
	}
	named, err := signatory(presentation, "holder", holder)
	if err != nil {
		return nil, err
	}
	if named != holder {
		return nil, fmt.Errorf("%w: it is of the holder %.200q", ErrWrongIssuer, named)
	}
	credentials := jsonld.Values(presentation["verifiableCredential"])
	if len(credentials) > maxCredentials {
		return nil, fmt.Errorf("%w: more than %d credentials", ErrUnsignable, maxCredentials)
	}
	for _, value := range credentials {
		credential, ok := value.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%w: a credential is not an object", ErrMalformed)
		}
		if _, proven := credential["proof"]; !proven && !isEnvelope(credential) {
			return nil, fmt.Errorf("%w: a credential in it is not secured", ErrUnsignable)
		}
	}
	return presentation, nil
}

// isEnvelope tells whether a credential is in an envelope, of whatever kind.
func isEnvelope(credential map[string]any) bool {
	return hasType(credential, envelopedCredential) && strings.HasPrefix(text(credential, "id"), "data:")
}
