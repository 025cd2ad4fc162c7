package credential

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/openbadge"
)

// certified is a certificate of a course that another credential rests on.
type certified struct {
	name, title, coreSkill string
	// document is the signed credential, as it is stored.
	document string
}

// describe says in a sentence what a credential rests on.
func describe(certificates []certified) string {
	titles := make([]string, len(certificates))
	for i, c := range certificates {
		titles[i] = c.title
	}
	return "Rests on: " + strings.Join(titles, ", ") + "."
}

// sameHolder refuses certificates that name the person by another DID than the one given, empty for the hash. The record
// that nests them would be signed proof of what nobody shall learn: that a hash and a DID, or two DIDs, are of one person.
func sameHolder(did string, certificates []certified) error {
	var others []string
	for _, c := range certificates {
		said, err := read([]byte(c.document))
		if err != nil {
			return err
		}
		if said.did != did {
			others = append(others, c.name)
		}
	}
	if others == nil {
		return nil
	}
	names := strings.Join(others, ", ")
	return api.Errorf(api.StateConflict, "The certificates that this one rests on do not all name the person as it would, by the same DID or by a hash. Issue these anew first: %s.", names).With("credentials", names)
}

// learnerRecordPath, put after a credential's address, leads to its learner record.
const learnerRecordPath = "/learner-record"

// learnerRecord makes the Comprehensive Learner Record that goes with a credential, as a JWT: the certificates that it rests
// on as they were signed, each a part of what the credential certifies. The record counts as long as the credential does,
// whose status it has. The JWT is by ES256, which every wallet knows.
func (i Issuer) learnerRecord(ctx context.Context, a award, certificates []certified) (string, error) {
	claim := i.claim(a)
	record := openbadge.CLRClaim{Metadata: claim.Metadata, Subject: claim.Subject, Achievements: []openbadge.Achievement{claim.Achievement}}
	record.ID += learnerRecordPath
	record.Name += ": Learner Record"
	for _, c := range certificates {
		var signed struct {
			CredentialSubject struct{ Achievement struct{ ID string } }
		}
		if err := json.Unmarshal([]byte(c.document), &signed); err != nil {
			return "", fmt.Errorf("credential: a stored document: %w", err)
		}
		record.Credentials = append(record.Credentials, []byte(c.document))
		record.Associations = append(record.Associations, openbadge.Association{
			Type: "isPartOf", Source: signed.CredentialSubject.Achievement.ID, Target: claim.Achievement.ID,
		})
	}
	return openbadge.SignCLR(ctx, record, i.Keys.Active(openbadge.ES256))
}
