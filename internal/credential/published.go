package credential

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/btlc/btlc/internal/badge"
	"github.com/btlc/btlc/internal/openbadge"
)

// Published is what everybody who has a credential's address may see of it. Who holds it is not among that.
type Published struct {
	// Document is the signed document, byte for byte.
	Document []byte
	// LearnerRecord is the record that goes with it, as a JWT; empty for a credential without one.
	LearnerRecord []byte
	Statement
	// Status is a word: ACTIVE, SUSPENDED, REVOKED, SUPERSEDED or EXPIRED; it has been so since StatusTime.
	Status     string
	StatusTime time.Time
	// IssueTime is when it was issued; ExpireTime until when it counts, zero for always.
	IssueTime, ExpireTime time.Time
	// Badge is how its badge is drawn.
	Badge badge.Design
}

// Ended says whether it counts no more, for good.
func (p Published) Ended() bool { return p.Status != "ACTIVE" && p.Status != "SUSPENDED" }

// expireAt makes EXPIRED of a status that has outlived its time and was not marked yet.
func (p *Published) expireAt(now time.Time) {
	if p.ExpireTime.IsZero() {
		return
	}
	if status := standing(p.Status, &p.ExpireTime, now); status != p.Status {
		p.Status, p.StatusTime = status, p.ExpireTime
	}
}

// Statement is what a signed document of ours says, as far as people read it.
type Statement struct {
	Title, Description, Criteria string
	// Issuer is the issuer's name.
	Issuer string
	// Competencies are the statements of those that were demonstrated.
	Competencies []string

	did                              string
	identityHash, identityType, salt string
}

// ByDID says whether the holder is known by a DID of their own, which their wallet can prove.
func (s Statement) ByDID() bool { return s.did != "" }

// ByEmail says whether the holder is known by an e-mail address, so that IssuedTo can be asked.
func (s Statement) ByEmail() bool { return s.identityType == "emailAddress" }

// IssuedTo says whether the document was issued to whom an e-mail address belongs. It takes as long for any.
func (s Statement) IssuedTo(email string) bool {
	hash := openbadge.IdentityHash(strings.ToLower(strings.TrimSpace(email)), s.salt)
	return s.ByEmail() && subtle.ConstantTimeCompare([]byte(hash), []byte(s.identityHash)) == 1
}

// read reads a document that Issuer made. Errors are of a document that it did not make.
func read(document []byte) (Statement, error) {
	var d struct {
		Name              string
		Issuer            struct{ Name string }
		CredentialSubject struct {
			ID          string
			Identifier  []struct{ IdentityHash, IdentityType, Salt string }
			Achievement struct {
				Description       string
				Criteria          struct{ Narrative string }
				ResultDescription []struct{ ID, Name string }
			}
			Result []struct{ ResultDescription, Status string }
		}
	}
	if err := json.Unmarshal(document, &d); err != nil {
		return Statement{}, fmt.Errorf("credential: a stored document: %w", err)
	}
	achievement := d.CredentialSubject.Achievement
	s := Statement{Title: d.Name, Description: achievement.Description, Criteria: achievement.Criteria.Narrative, Issuer: d.Issuer.Name, did: d.CredentialSubject.ID}
	for _, i := range d.CredentialSubject.Identifier {
		s.identityHash, s.identityType, s.salt = i.IdentityHash, i.IdentityType, i.Salt
	}
	names := map[string]string{}
	for _, described := range achievement.ResultDescription {
		names[described.ID] = described.Name
	}
	for _, result := range d.CredentialSubject.Result {
		if name := names[result.ResultDescription]; name != "" && result.Status == "Completed" {
			s.Competencies = append(s.Competencies, name)
		}
	}
	return s, nil
}
