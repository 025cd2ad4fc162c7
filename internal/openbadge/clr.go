package openbadge

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
)

// CLRClaim is what a Comprehensive Learner Record (a ClrCredential) says: which credentials a
// person has, and how their achievements hang together.
type CLRClaim struct {
	Metadata
	Subject Subject
	// Credentials are signed documents of the person, at least one. They are nested as they are:
	// their signatures go on holding.
	Credentials [][]byte
	// Achievements are those that associations speak of and that no nested credential has.
	Achievements []Achievement
	Associations []Association
	// Partial says that the issuer knows of more credentials of the person.
	Partial bool
}

// Association says how two achievements of a record hang together. Source and Target are their ids.
type Association struct {
	Type           string // a term of CLR, such as isChildOf
	Source, Target string
}

// associationTypes are the vocabulary AssociationType of CLR 2.0, which takes no extensions.
var associationTypes = strings.Fields(`exactMatchOf isChildOf isParentOf isPartOf isPeerOf
	isRelatedTo precedes replacedBy`)

// SignCLR builds a record and makes its JWT form, that of Open Badges (CLR 2.0, section 8.2; SignOpenBadgeJWT). The terms of
// a JWT need no context to be signed, and those of the nested credentials' own proofs are theirs. Errors: those of BuildCLR
// and SignOpenBadgeJWT.
func SignCLR(ctx context.Context, claim CLRClaim, signer Signer) (string, error) {
	document, err := BuildCLR(claim)
	if err != nil {
		return "", err
	}
	record, err := parse(document)
	if err != nil {
		return "", err
	}
	return signWithClaims(ctx, record, claim.Issuer.ID, signer)
}

// CLRPrefix is how every token of SignCLR begins that a key of an issuer signs: the header, which says no more than the key.
func CLRPrefix(issuer string, key PublicKey) string {
	header, err := canonical(map[string]any{"alg": string(key.Algorithm), "kid": key.URL(issuer), "typ": typeOpenBadge})
	if err != nil {
		panic(err) // three texts
	}
	return base64.RawURLEncoding.EncodeToString(header) + "."
}

// BuildCLR writes a claim as an unsigned ClrCredential in canonical JSON. A claim with faults is
// refused with a *ClaimError that lists them all. Errors: *ClaimError, ErrTooLarge, ErrTooDeep.
func BuildCLR(claim CLRClaim) ([]byte, error) {
	subject := claim.Subject.object("ClrSubject")
	setList(subject, "achievement", claim.Achievements)
	setList(subject, "association", claim.Associations)
	document := claim.Metadata.object("ClrCredential", contextCredentials, contextCLR, contextOpenBadges)
	document["issuer"] = claim.Issuer.object()
	document["credentialSubject"] = subject
	if claim.Partial {
		document["partial"] = true
	}

	var f faults
	claim.Metadata.check(&f, SchemaCLR, false)
	claim.Subject.check(&f, "credentialSubject")
	f.text(document) // before others' texts are in it
	subject["verifiableCredential"] = claim.nest(&f)
	if len(f) > 0 {
		return nil, &ClaimError{f}
	}
	content, err := canonical(document)
	if err != nil {
		return nil, err
	}
	_, err = parse(content) // with what it holds it could be more than anyone reads
	return content, err
}

// nest reads the credentials and finds the faults of what the record says about them.
func (c CLRClaim) nest(f *faults) []any {
	const subject = "credentialSubject"
	known, nested := map[string]bool{}, []any{}
	for i, achievement := range c.Achievements {
		at := item(subject+".achievement", i)
		achievement.check(f, at)
		f.require(!known[achievement.ID], at+".id", "is used twice")
		known[achievement.ID] = true
	}
	f.require(len(c.Credentials) > 0, subject+".verifiableCredential", empty)
	ids := map[string]bool{}
	for i, document := range c.Credentials {
		at := item(subject+".verifiableCredential", i)
		credential, err := parseSigned(document)
		if err != nil {
			f.require(false, at, err.Error())
			continue
		}
		id := text(credential, "id")
		f.require(id == "" || !ids[id], at+".id", "is used twice")
		ids[id] = true
		if certified, ok := credential["credentialSubject"].(map[string]any); ok {
			if achievement, ok := certified["achievement"].(map[string]any); ok {
				known[text(achievement, "id")] = true
			}
		}
		nested = append(nested, credential)
	}
	for i, association := range c.Associations {
		association.check(f, item(subject+".association", i), known)
	}
	return nested
}

// parseSigned reads a credential with an embedded proof that CLR can nest.
func parseSigned(document []byte) (map[string]any, error) {
	credential, err := parse(document)
	if err != nil {
		return nil, err
	}
	if _, err := issuerOf(credential); err != nil {
		return nil, err
	}
	contexts, _ := credential["@context"].([]any)
	types, _ := credential["type"].([]any)
	if len(contexts) == 0 || contexts[0] != contextCredentials || !slices.Contains(types, any("VerifiableCredential")) {
		return nil, fmt.Errorf("%w: not a credential of the data model 2.0", ErrMalformed)
	}
	for _, required := range []string{"credentialSubject", "validFrom"} {
		if _, ok := credential[required]; !ok {
			return nil, fmt.Errorf("%w: no %s", ErrMalformed, required)
		}
	}
	if _, ok := credential["proof"]; !ok {
		return nil, ErrNoProof
	}
	return credential, nil
}

func (a Association) object() map[string]any {
	return map[string]any{"type": "Association", "associationType": a.Type, "sourceId": a.Source, "targetId": a.Target}
}

func (a Association) check(f *faults, at string, known map[string]bool) {
	f.require(slices.Contains(associationTypes, a.Type), at+".associationType", "must be a term of CLR")
	f.require(known[a.Source], at+".sourceId", "is not an achievement of the record")
	f.require(known[a.Target], at+".targetId", "is not an achievement of the record")
	f.require(a.Source != a.Target, at+".targetId", "is the source itself")
}
