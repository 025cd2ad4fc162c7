package credential

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/btlc/btlc/internal/openbadge"
)

// Issuer signs credentials in the program's name.
type Issuer struct {
	// BaseURL is where this server is found by the world, without a slash at the end; Name is the issuer's, for people.
	BaseURL, Name string
	// DID names the issuer in what it signs.
	DID string
	// Keys are the issuer's; the newest signs.
	Keys *openbadge.Keyring
	// SuspensionEntries has documents also name the list of suspensions. The JSON schema of Open Badges 3.0 allows one
	// status entry, so who validates by it refuses them.
	SuspensionEntries bool
	// RevocationList has the ids of revoked credentials published, for everybody, and documents name that list too.
	RevocationList bool
}

func (i Issuer) check() error {
	if i.BaseURL == "" || i.Name == "" || i.DID == "" || i.Keys == nil {
		return errors.New("credential: the issuer needs a base URL, a name, a DID and keys")
	}
	return nil
}

// award is what a signed document says of a certificate.
type award struct {
	// id is the credential's.
	id string
	// did is the one that the person gave; empty for none.
	did string
	// identity is the person's when they gave no DID, and identityType what it is, as Open Badges calls it. Salted, it
	// stands in the document as a hash: who knows the person can check it, who does not learns nothing.
	identity, identityType, salt string

	credentialType, title, description, criteria, achievementType string
	// credits is the number of graduate credits that can be had for it, earned that of those that institutions have posted.
	credits, earned int32

	framework, frameworkTitle string
	// standards are the titles of those that the framework was derived from.
	standards    []string
	competencies []awardedCompetency
	evidence     []digest
	bit          statusBit
	time         time.Time
	until        time.Time // zero for no end
}

// awardedCompetency is one that the certificate is about, and whether the person has attained it: a foundational one
// is attained by nobody.
type awardedCompetency struct {
	code, statement string
	attained        bool
}

// digest is that of a piece of evidence, and what the framework calls the place where it was put.
type digest struct{ sha256, slot, kind string }

// sign makes the document of an award with its signature, and says by which key.
func (i Issuer) sign(ctx context.Context, a award) (document, keyID string, err error) {
	key := i.Keys.Active(openbadge.EdDSA)
	signed, err := openbadge.Issue(ctx, i.claim(a), key, a.time)
	return string(signed), key.Public().ID, err
}

// subject is the person, by the DID that they gave or else by the hash. By both, who knows an address would learn the DID.
func (a award) subject() openbadge.Subject {
	if a.did != "" {
		return openbadge.Subject{ID: a.did}
	}
	return openbadge.Subject{Hash: openbadge.IdentityHash(a.identity, a.salt), Salt: a.salt, IdentityType: a.identityType}
}

func (i Issuer) claim(a award) openbadge.Claim {
	claim := openbadge.Claim{
		Metadata: openbadge.Metadata{
			ID: i.BaseURL + "/credentials/" + a.id, Name: a.title, ValidFrom: a.time, ValidUntil: a.until,
			Issuer: openbadge.Profile{ID: i.DID, Name: i.Name, URL: i.BaseURL},
			Status: i.statuses(a.bit),
		},
		Subject: a.subject(), CreditsEarned: float64(a.earned),
		Achievement: openbadge.Achievement{
			ID: i.BaseURL + "/v1/credentialTypes/" + a.credentialType, Name: a.title, Description: a.description,
			CriteriaNarrative: a.criteria, AchievementType: a.achievementType, CreditsAvailable: float64(a.credits),
		},
	}
	framework := i.BaseURL + "/v1/frameworks/" + a.framework
	achievement := &claim.Achievement
	for _, c := range a.competencies {
		item := openbadge.Alignment{
			TargetName: c.statement, TargetURL: framework + "#" + c.code,
			TargetFramework: a.frameworkTitle, TargetCode: c.code, TargetType: "ceasn:Competency",
		}
		achievement.Alignments = append(achievement.Alignments, item)
		if !c.attained {
			continue
		}
		result := achievement.ID + "#" + c.code
		achievement.ResultDescriptions = append(achievement.ResultDescriptions, openbadge.ResultDescription{
			ID: result, Name: c.statement, ResultType: "Status", Alignments: []openbadge.Alignment{item},
		})
		claim.Results = append(claim.Results, openbadge.Result{ResultDescription: result, Status: "Completed"})
	}
	for n, title := range a.standards {
		// The standards' own addresses are not known: the framework's page is where they are named.
		achievement.Alignments = append(achievement.Alignments, openbadge.Alignment{TargetName: title, TargetURL: fmt.Sprintf("%s#alignment-%d", framework, n+1)})
	}
	for _, e := range a.evidence {
		claim.Evidence = append(claim.Evidence, openbadge.Evidence{SHA256: e.sha256, Name: e.slot, Genre: e.kind})
	}
	return claim
}
