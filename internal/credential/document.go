package credential

import (
	"errors"
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
	// identity is the person's, and identityType what it is, as Open Badges calls it. Salted, it stands in the document
	// as a hash: who knows the person can check it, who does not learns nothing.
	identity, identityType, salt string

	credentialType, title, description, criteria, achievementType string

	framework, frameworkTitle string
	competencies              []alignedCompetency
	time                      time.Time
}

type alignedCompetency struct{ code, statement string }

// sign makes the document of an award with its signature, and says by which key.
func (i Issuer) sign(a award) (document, keyID string, err error) {
	claim := openbadge.Claim{
		ID: i.BaseURL + "/credentials/" + a.id, Name: a.title,
		IssuerID: i.DID, IssuerName: i.Name, IssuerURL: i.BaseURL,
		SubjectHash: openbadge.IdentityHash(a.identity, a.salt), Salt: a.salt, IdentityType: a.identityType,
		Achievement: openbadge.Achievement{
			ID: i.BaseURL + "/v1/credentialTypes/" + a.credentialType, Name: a.title, Description: a.description,
			CriteriaNarrative: a.criteria, AchievementType: a.achievementType,
		},
		ValidFrom: a.time,
	}
	for _, c := range a.competencies {
		claim.Achievement.Alignments = append(claim.Achievement.Alignments, openbadge.Alignment{
			TargetName: c.statement, TargetURL: i.BaseURL + "/v1/frameworks/" + a.framework + "#" + c.code,
			TargetFramework: a.frameworkTitle, TargetCode: c.code, TargetType: "ceasn:Competency",
		})
	}
	unsigned, err := openbadge.Build(claim)
	if err != nil {
		return "", "", err
	}
	key := i.Keys.Active()
	signed, err := openbadge.Sign(unsigned, key, a.time)
	return string(signed), key.ID, err
}
