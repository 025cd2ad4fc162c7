package openbadge

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Claim is what a credential says: who certifies what of whom, and since when.
type Claim struct {
	ID         string // URL of the credential
	Name       string // of the credential, for display
	IssuerID   string // DID of the issuer
	IssuerName string
	IssuerURL  string // home page of the issuer

	// SubjectHash identifies the educator without naming them, as IdentityHash makes it. Salt is
	// the salt it was made with; whoever knows the identity can then check it.
	SubjectHash string
	Salt        string
	// IdentityType is the kind of identity that was hashed, a term of Open Badges; emailAddress
	// when empty.
	IdentityType string

	Achievement Achievement
	ValidFrom   time.Time // written to the second
}

// Achievement is what was achieved.
type Achievement struct {
	ID                string // URI
	Name              string
	Description       string
	CriteriaNarrative string // what it takes to earn it; Markdown
	AchievementType   string // a term of Open Badges, or "ext:…" for one of our own; may be empty
	Alignments        []Alignment
}

// Alignment ties an achievement to a standard. Name and URL are required.
type Alignment struct {
	TargetName        string
	TargetURL         string
	TargetDescription string
	TargetFramework   string
	TargetCode        string
	TargetType        string
}

// ClaimError lists every fault of a claim, each as "field: what is wrong".
type ClaimError struct{ Faults []string }

func (e *ClaimError) Error() string {
	return "openbadge: the claim has faults: " + strings.Join(e.Faults, "; ")
}

const defaultIdentityType = "emailAddress"

var (
	identityHash = regexp.MustCompile(`^sha256\$[0-9a-f]{64}$`)
	// extension is how a term outside a vocabulary of Open Badges is written.
	extension = regexp.MustCompile(`^ext:[A-Za-z0-9._-]+$`)
)

// The vocabularies of Open Badges 3.0: AchievementType, AlignmentTargetType, IdentifierTypeEnum.
var (
	achievementTypes = strings.Fields(`Achievement ApprenticeshipCertificate Assessment Assignment
		AssociateDegree Award Badge BachelorDegree Certificate CertificateOfCompletion Certification
		CommunityService Competency Course CoCurricular Degree Diploma DoctoralDegree Fieldwork
		GeneralEducationDevelopment JourneymanCertificate LearningProgram License Membership
		ProfessionalDoctorate QualityAssuranceCredential MasterCertificate MasterDegree
		MicroCredential ResearchDoctorate SecondarySchoolDiploma`)
	targetTypes = strings.Fields(`ceasn:Competency ceterms:Credential CFItem CFRubric
		CFRubricCriterion CFRubricCriterionLevel CTDL`)
	identityTypes = strings.Fields(`name sourcedId systemId productId userName accountId
		emailAddress nationalIdentityNumber isbn issn lisSourcedId oneRosterSourcedId sisSourcedId
		ltiContextId ltiDeploymentId ltiToolId ltiPlatformId ltiUserId identifier`)
)

// IdentityHash hides an identity: "sha256$" and the hash of identity and salt (Open Badges 3.0,
// IdentityHash).
func IdentityHash(identity, salt string) string {
	sum := sha256.Sum256([]byte(identity + salt))
	return "sha256$" + hex.EncodeToString(sum[:])
}

// Build writes a claim as an unsigned OpenBadgeCredential in canonical JSON. A claim with faults is
// refused with a *ClaimError that lists them all.
func Build(claim Claim) ([]byte, error) {
	if faults := check(claim); len(faults) > 0 {
		return nil, &ClaimError{faults}
	}
	identityType := claim.IdentityType
	if identityType == "" {
		identityType = defaultIdentityType
	}
	return canonical(map[string]any{
		"@context": []any{
			"https://www.w3.org/ns/credentials/v2",
			"https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
		},
		"id":        claim.ID,
		"type":      []any{"VerifiableCredential", "OpenBadgeCredential"},
		"name":      claim.Name,
		"validFrom": claim.ValidFrom.UTC().Format(time.RFC3339),
		"issuer": map[string]any{
			"id":   claim.IssuerID,
			"type": []any{"Profile"},
			"name": claim.IssuerName,
			"url":  claim.IssuerURL,
		},
		"credentialSubject": map[string]any{
			"type": []any{"AchievementSubject"},
			"identifier": []any{map[string]any{
				"type":         "IdentityObject",
				"hashed":       true,
				"identityHash": claim.SubjectHash,
				"identityType": identityType,
				"salt":         claim.Salt,
			}},
			"achievement": achievement(claim.Achievement),
		},
	})
}

func achievement(a Achievement) map[string]any {
	object := map[string]any{
		"id":          a.ID,
		"type":        []any{"Achievement"},
		"name":        a.Name,
		"description": a.Description,
		"criteria":    map[string]any{"narrative": a.CriteriaNarrative},
	}
	set(object, "achievementType", a.AchievementType)
	var alignments []any
	for _, alignment := range a.Alignments {
		target := map[string]any{
			"type":       []any{"Alignment"},
			"targetName": alignment.TargetName,
			"targetUrl":  alignment.TargetURL,
		}
		set(target, "targetDescription", alignment.TargetDescription)
		set(target, "targetFramework", alignment.TargetFramework)
		set(target, "targetCode", alignment.TargetCode)
		set(target, "targetType", alignment.TargetType)
		alignments = append(alignments, target)
	}
	if alignments != nil {
		object["alignment"] = alignments
	}
	return object
}

// set leaves out what is empty: an absent field says "not told", an empty one says nothing well.
func set(object map[string]any, key, value string) {
	if value != "" {
		object[key] = value
	}
}

// check returns the faults of a claim. What is required is what the schema of Open Badges 3.0
// requires, and the issuer's name and page, which a person needs to see.
func check(claim Claim) []string {
	var faults []string
	require := func(ok bool, fault string) {
		if !ok {
			faults = append(faults, fault)
		}
	}
	a := claim.Achievement
	require(isURI(claim.ID), "id: must be a URL")
	require(claim.Name != "", "name: is empty")
	require(isURI(claim.IssuerID), "issuerId: must be a URI")
	require(claim.IssuerName != "", "issuerName: is empty")
	require(isURI(claim.IssuerURL), "issuerUrl: must be a URL")
	require(identityHash.MatchString(claim.SubjectHash), "subjectHash: must be sha256$ and 64 hexadecimal digits")
	// Without salt the hash of an e-mail address is found by trying addresses.
	require(claim.Salt != "", "salt: is empty")
	require(isTerm(claim.IdentityType, identityTypes), "identityType"+notTerm)
	require(!claim.ValidFrom.IsZero(), "validFrom: is empty")
	require(isURI(a.ID), "achievement.id: must be a URI")
	require(a.Name != "", "achievement.name: is empty")
	require(a.Description != "", "achievement.description: is empty")
	require(a.CriteriaNarrative != "", "achievement.criteriaNarrative: is empty")
	require(isTerm(a.AchievementType, achievementTypes), "achievement.achievementType"+notTerm)
	for _, alignment := range a.Alignments {
		require(alignment.TargetName != "", "achievement.alignments: targetName is empty")
		require(isURI(alignment.TargetURL), "achievement.alignments: targetUrl must be a URL")
		require(isTerm(alignment.TargetType, targetTypes), "achievement.alignments: targetType"+notTerm)
	}
	return faults
}

const notTerm = ": must be a term of Open Badges or begin with ext:"

// isTerm tells whether an optional value belongs to the vocabulary or extends it.
func isTerm(value string, vocabulary []string) bool {
	return value == "" || slices.Contains(vocabulary, value) || extension.MatchString(value)
}

// isURI tells whether the text is an absolute URI: a scheme and something after it.
func isURI(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.IsAbs() && (u.Host != "" || u.Opaque != "")
}
