package openbadge

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// maxToken is the largest compact JWS that is read: a document in base64url with its header and
// signature.
const maxToken = MaxDocument*4/3 + 16<<10

// joseAlgorithms are all that are accepted. "none" and symmetric keys are not.
var joseAlgorithms = []jose.SignatureAlgorithm{jose.ES256, jose.ES384, jose.ES512, jose.EdDSA}

// isToken tells a JWT from a JSON document, which begins with a brace.
func isToken(secured []byte) bool {
	text := strings.TrimLeft(string(secured[:min(len(secured), 64)]), " \t\r\n")
	return text != "" && text[0] != '{' && text[0] != '['
}

// token is a compact JWS that was taken apart and not verified.
type token struct {
	header, payload map[string]any
	kind            string // one of the types
	signed          *jose.JSONWebSignature
}

// readToken takes a compact JWS apart. Keys in its header (jwk, x5c, jku, x5u) are not looked at.
func readToken(serialized string) (token, error) {
	t := token{}
	if len(serialized) > maxToken {
		return t, ErrTooLarge
	}
	parts := strings.Split(serialized, ".")
	if len(parts) != 3 {
		return t, fmt.Errorf("%w: neither JSON nor a compact JWS", ErrMalformed)
	}
	var err error
	for _, part := range parts { // the library would take other spellings of the same bytes
		if _, err := base64.RawURLEncoding.Strict().DecodeString(part); err != nil || strings.ContainsAny(part, "\r\n") {
			return t, fmt.Errorf("%w: not base64url", ErrMalformed)
		}
	}
	if t.header, err = parsePart(parts[0]); err != nil {
		return t, fmt.Errorf("header: %w", err)
	}
	// Nothing that could be critical is understood here.
	if _, ok := t.header["crit"]; ok {
		return t, fmt.Errorf("%w: a critical header", ErrUnsupportedProof)
	}
	if t.signed, err = jose.ParseSignedCompact(serialized, joseAlgorithms); err != nil {
		var other *jose.ErrUnexpectedSignatureAlgorithm
		if errors.As(err, &other) {
			return t, fmt.Errorf("%w: the algorithm %.40q", ErrUnsupportedProof, text(t.header, "alg"))
		}
		return t, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if t.payload, err = parsePart(parts[1]); err != nil {
		return t, fmt.Errorf("payload: %w", err)
	}
	t.kind = typeOpenBadge
	if typ, ok := t.header["typ"]; ok {
		name, _ := typ.(string)
		t.kind = strings.TrimPrefix(name, "application/")
	}
	return t, nil
}

func parsePart(part string) (map[string]any, error) {
	plain, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return parse(plain)
}

// verifyToken checks a JWT: of Open Badges or VC-JOSE-COSE when a credential is wanted, of
// VC-JOSE-COSE when a presentation is.
func verifyToken(ctx context.Context, serialized string, resolve Resolver, want Expectation) Report {
	t, err := readToken(serialized)
	if err != nil {
		return Report{fault: err}
	}
	role, class := "issuer", "VerifiableCredential"
	if want.purpose == Authentication {
		role, class = "holder", "VerifiablePresentation"
	}
	report := Report{}
	document := t.document()
	if report.Document, err = canonical(document); err != nil {
		return Report{fault: fmt.Errorf("%w: %w", ErrMalformed, err)}
	}
	if report.Party, err = signatory(document, role, t.method()); err != nil {
		report.fault = err
		return report
	}
	proof := t.verify(ctx, report.Party, resolve, want)
	if !hasType(document, class) {
		proof.note(CheckForm, fmt.Errorf("%w: not a %s", ErrMalformed, class))
	}
	report.Proofs = []ProofReport{proof}
	return report
}

// document is what the token secures. The JWT of Open Badges adds claims to it, which come off again.
func (t token) document() map[string]any {
	if t.kind != typeOpenBadge {
		return t.payload
	}
	document := maps.Clone(t.payload)
	for _, name := range badgeClaims {
		delete(document, name)
	}
	return document
}

// method is the verification method that kid names. When iss says whose the key is, kid need only tell which of theirs
// (VC-JOSE-COSE, sections 4.1.2 and 4.3), and the fragment that names a key is its kid (Controlled Identifiers 1.0, section 2.2.3).
func (t token) method() string {
	kid := text(t.header, "kid")
	if t.kind == typeOpenBadge || kid == "" || strings.ContainsAny(kid, ":#/") {
		return kid
	}
	for _, claims := range []map[string]any{t.header, t.payload} {
		if iss := text(claims, "iss"); iss != "" {
			return iss + "#" + kid
		}
	}
	return kid
}

func (t token) verify(ctx context.Context, party string, resolve Resolver, want Expectation) ProofReport {
	kid := t.method()
	if strings.HasPrefix(kid, "#") {
		kid = party + kid
	}
	wanted := t.kind == typePresentation
	if want.purpose == AssertionMethod {
		wanted = t.kind == typeCredential || t.kind == typeOpenBadge
	}
	report := ProofReport{Form: t.kind, Known: true, VerificationMethod: kid}
	if !report.note(CheckForm, t.form(kid, wanted)) {
		return report
	}
	well := report.note(CheckClaims, t.claims(party))
	well = report.note(CheckTime, t.timely(want.Now, &report.Created)) && well
	if want.Challenge != "" || len(want.Domain) > 0 {
		well = report.note(CheckVerifier, answers(want, t.payload["nonce"], t.payload["aud"])) && well
	}
	well = report.note(CheckController, expect(publishes(party, kid), ErrWrongIssuer)) && well
	key, err := keyFor(ctx, resolve, kid, Algorithm(text(t.header, "alg")), want)
	if !report.note(CheckKey, err) || !well {
		return report
	}
	if _, err := t.signed.Verify(key.key); err != nil {
		report.note(CheckSignature, ErrBadSignature)
		return report
	}
	report.note(CheckSignature, nil)
	return report
}

// form checks the header.
func (t token) form(kid string, wanted bool) error {
	cty := strings.TrimPrefix(text(t.header, "cty"), "application/")
	switch _, hasContent := t.header["cty"]; {
	case !wanted:
		return fmt.Errorf("%w: a JWT of type %.40q", ErrUnsupportedProof, t.kind)
	case hasContent && cty != strings.TrimSuffix(t.kind, "+jwt"):
		return fmt.Errorf("%w: a JWT with content of type %.40q", ErrUnsupportedProof, cty)
	case kid == "":
		return fmt.Errorf("%w: the header names no key by kid", ErrMalformed)
	}
	return nil
}

// claims checks those that speak of what the document speaks of too (Open Badges 3.0, section 8.2.6;
// VC-JOSE-COSE, sections 3.1.3 and 4.1).
func (t token) claims(party string) error {
	if t.kind == typeOpenBadge {
		return t.claimsOfBadge(party)
	}
	for _, name := range forbiddenClaims {
		if _, ok := t.payload[name]; ok {
			return fmt.Errorf("%w: the claim %q", ErrClaims, name)
		}
	}
	// What a holder says of itself in sub is its own matter.
	equals := map[string]any{"iss": party, "jti": t.payload["id"]}
	if subject, ok := t.payload["credentialSubject"].(map[string]any); ok {
		equals["sub"] = subject["id"]
	}
	for name, member := range equals {
		for _, claims := range []map[string]any{t.payload, t.header} {
			if value, ok := claims[name]; ok && member != nil && !equal(value, member) {
				return fmt.Errorf("%w: %s", ErrClaims, name)
			}
		}
	}
	return nil
}

func (t token) claimsOfBadge(party string) error {
	claims, err := claimsFor(t.document(), party)
	if err != nil {
		return err
	}
	for _, name := range badgeClaims {
		value, ok := t.payload[name]
		wanted, told := claims[name]
		if ok != told || ok && !equal(value, wanted) {
			return fmt.Errorf("%w: %s", ErrClaims, name)
		}
	}
	return nil
}

// timely checks the time in which the signature is of use, and notes when it was made.
func (t token) timely(now time.Time, made *time.Time) error {
	times := map[string]time.Time{}
	for _, name := range []string{"iat", "nbf", "exp"} {
		value, ok := t.payload[name]
		if !ok {
			continue
		}
		at, err := moment(value)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		times[name] = at
	}
	*made = times["iat"]
	if exp, ok := times["exp"]; ok && !now.Before(exp) {
		return fmt.Errorf("%w: exp", ErrExpired)
	}
	if nbf, ok := times["nbf"]; ok && now.Before(nbf) {
		return fmt.Errorf("%w: nbf", ErrNotYetValid)
	}
	return nil
}
