package openbadge

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/btlc/btlc/internal/jsonld"
)

// Expectation is what a verifier asks of a proof.
type Expectation struct {
	// Now is the moment at which proofs and keys must not be expired. It is required.
	Now time.Time
	// Challenge and Domain are what a presentation has to answer, when they are not empty: the same
	// challenge, and exactly these domains. A JWT has them as nonce and aud.
	Challenge string
	Domain    []string
	// OfOthers takes proofs that others embedded in a credential beside the issuer's, as witnesses do in a chain. One has
	// to be the issuer's, and all have to hold.
	OfOthers bool

	purpose Purpose
}

// maxProofs bounds the proofs of a document that is verified.
const maxProofs = 8

// Verify checks whatever secures a credential: the proofs embedded in it, or the JWT that it is, as
// such or in an EnvelopedVerifiableCredential. Each proof must be for asserting, by a key of the issuer
// that the credential names.
//
// It is stricter than vc-di-eddsa in two ways: a proof's @context must equal the document's (the
// specification would let anyone append contexts to a signed document), and the verification method
// must be the issuer's (or anyone with a key could sign in anyone's name), unless Expectation.OfOthers.
func Verify(ctx context.Context, secured []byte, resolve Resolver, want Expectation) Report {
	want.purpose = AssertionMethod
	if isToken(secured) {
		return verifyToken(ctx, string(bytes.TrimSpace(secured)), resolve, want)
	}
	document, err := parse(secured)
	if err != nil {
		return Report{fault: err}
	}
	return verifyCredential(ctx, document, resolve, want)
}

func verifyCredential(ctx context.Context, document map[string]any, resolve Resolver, want Expectation) Report {
	if token, ok, err := enveloped(document, envelopedCredential, mediaVC); err != nil {
		return Report{fault: err}
	} else if ok {
		return verifyToken(ctx, token, resolve, want)
	}
	return verifyEmbedded(ctx, document, "issuer", resolve, want)
}

// verifyEmbedded checks the proofs embedded in a document. A credential has to name the party that signs; a presentation need
// not (Verifiable Credentials Data Model 2.0, section 4.13): whoever controls the key of its first proof holds it then.
func verifyEmbedded(ctx context.Context, document map[string]any, role string, resolve Resolver, want Expectation) Report {
	report := Report{}
	form, err := canonical(document)
	if err != nil {
		return Report{fault: fmt.Errorf("%w: %w", ErrMalformed, err)}
	}
	report.Document = form
	proofs, err := proofsOf(document)
	if err != nil {
		report.fault = err
		return report
	}
	if report.Party, err = signatory(document, role, text(proofs[0], "verificationMethod")); err != nil {
		report.fault = err
		return report
	}
	own := slices.ContainsFunc(proofs, func(proof map[string]any) bool {
		return formOf(proof).Known && controls(report.Party, text(proof, "verificationMethod"))
	})
	want.OfOthers = want.OfOthers && own && want.purpose == AssertionMethod
	report.Proofs = verifyProofs(ctx, document, proofs, report.Party, resolve, want)
	return report
}

// proofsOf are the proofs of a document, which may be one alone, each as it stands.
func proofsOf(document map[string]any) ([]map[string]any, error) {
	values := jsonld.Values(document["proof"])
	switch {
	case len(values) == 0:
		return nil, ErrNoProof
	case len(values) > maxProofs:
		return nil, fmt.Errorf("%w: more than %d proofs", ErrMalformed, maxProofs)
	}
	proofs, ids := make([]map[string]any, len(values)), map[string]bool{}
	for i, value := range values {
		proof, ok := value.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%w: proof is not an object", ErrMalformed)
		}
		id := text(proof, "id")
		if id != "" && ids[id] {
			return nil, fmt.Errorf("%w: two proofs have the same id", ErrMalformed)
		}
		ids[id] = true
		proofs[i] = proof
	}
	return proofs, nil
}

// verifyProofs checks each proof by itself, then the chains that they make (vc-data-integrity, section
// 4.5).
func verifyProofs(ctx context.Context, document map[string]any, proofs []map[string]any, party string, resolve Resolver, want Expectation) []ProofReport {
	unsecured := maps.Clone(document)
	delete(unsecured, "proof")
	hashes := hashesOf(unsecured)
	reports, previous := make([]ProofReport, len(proofs)), make([][]int, len(proofs))
	for i, proof := range proofs {
		var err error
		if previous[i], err = previousOf(proof, proofs); err != nil {
			reports[i] = formOf(proof)
			reports[i].note(CheckChain, err)
			continue
		}
		signed := hashes
		if len(previous[i]) > 0 {
			// A chained proof signs the document with the proofs that it builds on.
			chained := maps.Clone(unsecured)
			matching := []any{}
			for _, j := range previous[i] {
				matching = append(matching, proofs[j])
			}
			chained["proof"] = matching
			signed = hashesOf(chained)
		}
		reports[i] = verifyProof(ctx, signed, proof, party, resolve, want)
	}
	settleChains(reports, previous)
	return reports
}

// settleChains notes of each chained proof whether all that it builds on holds, to the end of the
// chain. A failure travels one link a round, so there are at most as many rounds as proofs.
func settleChains(reports []ProofReport, previous [][]int) {
	noted := make([]bool, len(reports))
	for range reports {
		for i := range reports {
			broken := slices.ContainsFunc(previous[i], func(j int) bool { return reports[j].Err() != nil })
			if broken && !noted[i] {
				noted[i] = true
				reports[i].note(CheckChain, ErrBadChain)
			}
		}
	}
	for i := range reports {
		if len(previous[i]) > 0 && !noted[i] {
			reports[i].note(CheckChain, nil)
		}
	}
}

// previousOf are the places of the proofs that a proof builds on.
func previousOf(proof map[string]any, proofs []map[string]any) ([]int, error) {
	value, ok := proof["previousProof"]
	if !ok {
		return nil, nil
	}
	var places []int
	for _, name := range jsonld.Values(value) {
		id, _ := name.(string)
		place := slices.IndexFunc(proofs, func(p map[string]any) bool { return id != "" && text(p, "id") == id })
		if place < 0 {
			return nil, fmt.Errorf("%w: there is no proof %.100q", ErrBadChain, name)
		}
		if !slices.Contains(places, place) {
			places = append(places, place)
		}
	}
	if len(places) == 0 {
		return nil, fmt.Errorf("%w: previousProof is empty", ErrBadChain)
	}
	return places, nil
}

func formOf(proof map[string]any) ProofReport {
	form := text(proof, "cryptosuite")
	if text(proof, "type") != proofType {
		form = text(proof, "type")
	}
	known := text(proof, "type") == proofType && transform[Cryptosuite(form)] != nil
	return ProofReport{Form: form, Known: known, VerificationMethod: text(proof, "verificationMethod")}
}

// verifyProof checks one proof of a document (vc-data-integrity, section 4.4; vc-di-eddsa, sections
// 3.2.2 and 3.3.2).
func verifyProof(ctx context.Context, hashes documentHashes, proof map[string]any, party string, resolve Resolver, want Expectation) ProofReport {
	report := formOf(proof)
	if !report.Known {
		report.note(CheckForm, fmt.Errorf("%w: %.80q", ErrUnsupportedProof, report.Form))
		return report
	}
	signature, expires, err := fieldsOf(proof, &report)
	if !report.note(CheckForm, err) {
		return report
	}
	well := report.note(CheckPurpose, expect(Purpose(text(proof, "proofPurpose")) == want.purpose, ErrWrongPurpose))
	if contexts, ok := proof["@context"]; ok {
		well = report.note(CheckContext, expect(equal(contexts, hashes.document["@context"]), ErrBadSignature)) && well
	}
	well = report.note(CheckTime, expect(expires.IsZero() || want.Now.Before(expires), ErrExpired)) && well
	if want.Challenge != "" || len(want.Domain) > 0 {
		well = report.note(CheckVerifier, answers(want, proof["challenge"], proof["domain"])) && well
	}
	well = report.note(CheckController, expect(want.OfOthers || controls(party, report.VerificationMethod), ErrWrongIssuer)) && well
	key, err := keyFor(ctx, resolve, report.VerificationMethod, EdDSA, want)
	if !report.note(CheckKey, err) || !well {
		return report
	}
	config := maps.Clone(proof)
	delete(config, "proofValue")
	data, err := hashes.data(Cryptosuite(report.Form), config)
	if err == nil {
		err = expect(key.Verify(data, signature), ErrBadSignature)
	}
	report.note(CheckSignature, err)
	return report
}

// fieldsOf reads the fields of a proof that must be there, or be well formed if they are there.
func fieldsOf(proof map[string]any, report *ProofReport) (signature []byte, expires time.Time, err error) {
	if report.VerificationMethod == "" {
		return nil, expires, fmt.Errorf("%w: no verificationMethod", ErrMalformed)
	}
	if text(proof, "proofPurpose") == "" {
		return nil, expires, fmt.Errorf("%w: no proofPurpose", ErrMalformed)
	}
	for field, at := range map[string]*time.Time{"created": &report.Created, "expires": &expires} {
		if value, ok := proof[field]; ok {
			if *at, err = parseTime(value); err != nil {
				return nil, expires, fmt.Errorf("%s: %w", field, err)
			}
		}
	}
	if signature, err = decodeMultibase(text(proof, "proofValue")); err != nil {
		return nil, expires, fmt.Errorf("proofValue: %w", err)
	}
	if len(signature) != signatureSize {
		return nil, expires, fmt.Errorf("%w: proofValue is not an Ed25519 signature", ErrMalformed)
	}
	return signature, expires, nil
}

// keyFor resolves the key of a proof, which must be of the algorithm and good at the moment.
func keyFor(ctx context.Context, resolve Resolver, method string, algorithm Algorithm, want Expectation) (PublicKey, error) {
	key, err := resolve(ctx, method, want.purpose)
	switch {
	case err != nil:
		return PublicKey{}, fmt.Errorf("%.200q: %w", method, err)
	case key.key == nil:
		return PublicKey{}, fmt.Errorf("%w: %.200q", ErrUnknownKey, method)
	case key.Algorithm != algorithm:
		return PublicKey{}, fmt.Errorf("%w: %.200q is for %s, not %s", ErrKeyKind, method, key.Algorithm, algorithm)
	case !key.Revoked.IsZero() && !key.Revoked.After(want.Now):
		return PublicKey{}, fmt.Errorf("%w: %.200q since %s", ErrRevokedKey, method, key.Revoked.Format(time.RFC3339))
	case !key.Expires.IsZero() && !key.Expires.After(want.Now):
		return PublicKey{}, fmt.Errorf("%w: %.200q since %s", ErrExpired, method, key.Expires.Format(time.RFC3339))
	}
	return key, nil
}

// answers tells whether a proof was made for this verifier.
func answers(want Expectation, challenge, domain any) error {
	if want.Challenge != "" && challenge != any(want.Challenge) {
		return fmt.Errorf("%w: another challenge", ErrUnexpected)
	}
	if len(want.Domain) == 0 {
		return nil
	}
	given, wanted := map[any]bool{}, map[any]bool{}
	for _, value := range jsonld.Values(domain) {
		name, _ := value.(string)
		given[name] = true
	}
	for _, name := range want.Domain {
		wanted[name] = true
	}
	return expect(maps.Equal(given, wanted), fmt.Errorf("%w: another domain", ErrUnexpected))
}

func expect(ok bool, otherwise error) error {
	if ok {
		return nil
	}
	return otherwise
}

func equal(a, b any) bool {
	first, err := canonical(a)
	if err != nil {
		return false
	}
	second, err := canonical(b)
	return err == nil && bytes.Equal(first, second)
}
