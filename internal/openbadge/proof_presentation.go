package openbadge

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/btlc/btlc/internal/jsonld"
)

// The envelopes of Verifiable Credentials Data Model 2.0, section 4.13: an object whose id is a data:
// URL with a JWT in it.
const (
	envelopedCredential   = "EnvelopedVerifiableCredential"
	envelopedPresentation = "EnvelopedVerifiablePresentation"

	mediaVC = "data:application/vc+jwt,"
	mediaVP = "data:application/vp+jwt,"
)

// maxCredentials bounds the credentials of a presentation that is verified.
const maxCredentials = 32

// enveloped returns the JWT in an envelope, and whether the object is one.
func enveloped(object map[string]any, name, media string) (token string, ok bool, err error) {
	if !hasType(object, name) {
		return "", false, nil
	}
	// Its contexts have to define the envelope, and those of others may do so differently.
	if contexts := jsonld.Values(object["@context"]); len(contexts) == 0 || contexts[0] != any(contextCredentials) {
		return "", true, fmt.Errorf("%w: an envelope whose first context is not %s", ErrMalformed, contextCredentials)
	}
	token, ok = strings.CutPrefix(text(object, "id"), media)
	if !ok {
		return "", true, fmt.Errorf("%w: an envelope whose id is not %s…", ErrUnsupportedProof, media)
	}
	return token, true, nil
}

// signatory is who has to sign a document: the issuer or holder that it names. A presentation need not name
// its holder (Verifiable Credentials Data Model 2.0, section 4.13): then it is whoever controls the key.
func signatory(document map[string]any, role, method string) (string, error) {
	if _, named := document[role]; named || role != "holder" {
		return partyOf(document, role)
	}
	controller, _, _ := strings.Cut(method, "#")
	return controller, nil
}

// VerifyPresentation checks whatever secures a presentation, embedded proofs or a vp+jwt, as such or in
// an EnvelopedVerifiablePresentation, and each credential in it. The presentation's proof must be for
// authentication, by a key of the holder, and answer the challenge and domain that are expected.
func VerifyPresentation(ctx context.Context, secured []byte, resolve Resolver, want Expectation) Report {
	want.purpose = Authentication
	report := verifyHolder(ctx, secured, resolve, want)
	if report.Document == nil {
		return report
	}
	presentation, err := parse(report.Document)
	if err != nil {
		return Report{fault: err}
	}
	credentials := jsonld.Values(presentation["verifiableCredential"])
	if len(credentials) > maxCredentials {
		report.fault = fmt.Errorf("%w: more than %d credentials", ErrMalformed, maxCredentials)
		return report
	}
	inner := Expectation{Now: want.Now, OfOthers: want.OfOthers, purpose: AssertionMethod}
	for _, value := range credentials {
		credential, ok := value.(map[string]any)
		if !ok {
			report.Credentials = append(report.Credentials, Report{fault: fmt.Errorf("%w: a credential is not an object", ErrMalformed)})
			continue
		}
		report.Credentials = append(report.Credentials, verifyCredential(ctx, credential, resolve, inner))
	}
	return report
}

func verifyHolder(ctx context.Context, secured []byte, resolve Resolver, want Expectation) Report {
	if isToken(secured) {
		return verifyToken(ctx, string(bytes.TrimSpace(secured)), resolve, want)
	}
	document, err := parse(secured)
	if err != nil {
		return Report{fault: err}
	}
	if token, ok, err := enveloped(document, envelopedPresentation, mediaVP); err != nil {
		return Report{fault: err}
	} else if ok {
		return verifyToken(ctx, token, resolve, want)
	}
	if !hasType(document, "VerifiablePresentation") {
		return Report{fault: fmt.Errorf("%w: not a VerifiablePresentation", ErrMalformed)}
	}
	return verifyEmbedded(ctx, document, "holder", resolve, want)
}
