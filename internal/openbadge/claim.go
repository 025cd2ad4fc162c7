package openbadge

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// Claim is what an OpenBadgeCredential says: who certifies what of whom, and since when.
type Claim struct {
	Metadata
	Subject     Subject
	Achievement Achievement
	// Results are what the subject reached of what the achievement's result descriptions describe.
	Results []Result
	// CreditsEarned is the number of credits that an institution has posted; 0 when none is known.
	CreditsEarned float64
	// ActivityStart and ActivityEnd are when the subject worked for it; zero when not told.
	ActivityStart, ActivityEnd time.Time
	Evidence                   []Evidence
}

// Metadata is what every credential says of itself, whatever it certifies.
type Metadata struct {
	ID          string // URL of the credential
	Name        string // for display
	Description string // for display; may be empty
	Issuer      Profile
	ValidFrom   time.Time   // written to the second, in UTC
	ValidUntil  time.Time   // zero for no end
	Status      []Status    // where to learn whether the credential still holds
	Schemas     []SchemaURL // the JSON schemas that the credential says it follows
}

// Subject is of whom a credential speaks: by the DID that they gave, by a hash of an identity that
// whoever knows the identity can check, or by both.
type Subject struct {
	ID string // DID; may be empty
	// Hash identifies the person without naming them, as IdentityHash makes it; may be empty. Salt
	// is the salt it was made with.
	Hash, Salt string
	// IdentityType is the kind of identity that was hashed, a term of Open Badges; emailAddress
	// when empty.
	IdentityType string
}

// ClaimError lists every fault of a claim, each as "field: what is wrong". Fields are named by
// their place in the document.
type ClaimError struct{ Faults []string }

func (e *ClaimError) Error() string {
	return "openbadge: the claim has faults: " + strings.Join(e.Faults, "; ")
}

// The contexts that give a document's terms their meaning. Their order is the standards'.
const (
	contextCredentials = "https://www.w3.org/ns/credentials/v2"
	contextCLR         = "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json"
	contextOpenBadges  = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
	// contextExtensions defines the types of 1EdTech for schemas and revocation lists.
	contextExtensions = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"
)

const defaultIdentityType = "emailAddress"

// IdentityHash hides an identity: "sha256$" and the hash of identity and salt (Open Badges 3.0,
// IdentityHash).
func IdentityHash(identity, salt string) string {
	sum := sha256.Sum256([]byte(identity + salt))
	return "sha256$" + hex.EncodeToString(sum[:])
}

// Build writes a claim as an unsigned OpenBadgeCredential in canonical JSON. A claim with faults is
// refused with a *ClaimError that lists them all.
func Build(claim Claim) ([]byte, error) {
	w, err := claim.write(make([]byte, 0, 4096))
	return w.form, err
}

// Issue is Sign of what Build writes, without writing and reading it in between. Errors: those of both.
func Issue(ctx context.Context, claim Claim, signer Signer, created time.Time, suites ...Cryptosuite) ([]byte, error) {
	buffer, _ := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	w, err := claim.write((*buffer)[:0])
	if err != nil {
		return nil, err
	}
	*buffer = w.form
	signed, err := w.sign(ctx, signer.Public().VerificationMethod(claim.Issuer.ID), signer, created, suites)
	if err == nil && len(signed) > MaxDocument {
		return nil, ErrTooLarge
	}
	return signed, err
}

// write makes the unsigned credential, whose values are those of decoded JSON, and appends it to a buffer. It is fit to be
// signed: that texts are is seen from how they are written, and times are written by us.
func (c Claim) write(buffer []byte) (written, error) {
	known := knownClaims.find(&c)
	document := c.object(known)
	var f faults
	c.check(&f, known)
	w, err := write(buffer, document)
	if err != nil || !isClear(w.form) {
		f.text(document)
	}
	if len(f) > 0 {
		return written{}, &ClaimError{f}
	}
	if err == nil && known.achievement == nil {
		knownClaims.keep(&c, len(w.form))
	}
	return w, err
}

// object is the credential, made with the parts that are known.
func (c Claim) object(known parts) map[string]any {
	document := c.Metadata.object("OpenBadgeCredential", contextCredentials, contextOpenBadges)
	document["credentialSubject"] = c.subject(known)
	if known.issuer != nil {
		document["issuer"] = known.issuer
	} else {
		document["issuer"] = c.Issuer.object()
	}
	setList(document, "evidence", c.Evidence)
	return document
}

// subject is what the credential says of the person.
func (c Claim) subject(known parts) map[string]any {
	subject := c.Subject.object("AchievementSubject")
	if known.achievement != nil {
		subject["achievement"] = known.achievement
	} else {
		subject["achievement"] = c.Achievement.object()
	}
	if known.results != nil {
		subject["result"] = known.results
	} else {
		setList(subject, "result", c.Results)
	}
	setNumber(subject, "creditsEarned", c.CreditsEarned)
	setTime(subject, "activityStartDate", c.ActivityStart)
	setTime(subject, "activityEndDate", c.ActivityEnd)
	return subject
}

// object is the credential without its issuer and its subject.
func (m Metadata) object(kind string, contexts ...any) map[string]any {
	if m.usesExtensions() {
		contexts = append(contexts, contextExtensions)
	}
	object := map[string]any{
		"@context": contexts,
		"id":       m.ID,
		"type":     []any{"VerifiableCredential", kind},
		"name":     m.Name,
	}
	set(object, "description", m.Description)
	setTime(object, "validFrom", m.ValidFrom)
	setTime(object, "validUntil", m.ValidUntil)
	setList(object, "credentialSchema", m.Schemas)
	// Open Badges 3.0 and CLR 2.0 want one status entry, as an object; the data model allows a list.
	switch len(m.Status) {
	case 0:
	case 1:
		object["credentialStatus"] = m.Status[0].object()
	default:
		setList(object, "credentialStatus", m.Status)
	}
	return object
}

func (s Subject) object(kind string) map[string]any {
	object := map[string]any{"type": []any{kind}}
	set(object, "id", s.ID)
	if s.Hash == "" {
		return object
	}
	identityType := s.IdentityType
	if identityType == "" {
		identityType = defaultIdentityType
	}
	object["identifier"] = []any{map[string]any{
		"type":         "IdentityObject",
		"hashed":       true,
		"identityHash": s.Hash,
		"identityType": identityType,
		"salt":         s.Salt,
	}}
	return object
}

// An empty value is left out: an absent field says "not told", an empty one says nothing well.

func set(object map[string]any, key, value string) {
	if value != "" {
		object[key] = value
	}
}

func setNumber(object map[string]any, key string, value float64) {
	if value != 0 {
		object[key] = value
	}
}

func setTime(object map[string]any, key string, value time.Time) {
	if !value.IsZero() {
		object[key] = value.UTC().Format(time.RFC3339)
	}
}

func setList[T interface{ object() map[string]any }](object map[string]any, key string, values []T) {
	if len(values) == 0 {
		return
	}
	object[key] = objects(values)
}

func objects[T interface{ object() map[string]any }](values []T) []any {
	list := make([]any, len(values))
	for i, value := range values {
		list[i] = value.object()
	}
	return list
}

func setStrings(object map[string]any, key string, values []string) {
	if len(values) == 0 {
		return
	}
	list := make([]any, len(values))
	for i, value := range values {
		list[i] = value
	}
	object[key] = list
}
