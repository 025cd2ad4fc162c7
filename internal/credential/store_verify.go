package credential

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/credential"
	verification "github.com/btlc/btlc/internal/verify"
)

// own finds a credential, or a learner record, by its id, which is its address.
func (s store) own(ctx context.Context, id string) (entry verification.Entry, found bool, err error) {
	word, below := strings.CutPrefix(id, s.issuer.BaseURL+"/credentials/")
	word, ofRecord := strings.CutSuffix(word, learnerRecordPath)
	parsed, err := uuid.Parse(word)
	if !below || err != nil || parsed.String() != strings.ToLower(word) {
		return verification.Entry{}, false, nil // no id of ours
	}
	row, err := s.db.Ent().Credential.Query().Where(credential.ID(parsed)).
		Select(credential.FieldDocument, credential.FieldLearnerRecord, credential.FieldStatus, credential.FieldStatusTime).Only(ctx)
	if ent.IsNotFound(err) {
		return verification.Entry{}, false, nil
	} else if err != nil {
		return verification.Entry{}, false, err
	}
	document := row.Document
	if ofRecord {
		document = row.LearnerRecord
	}
	return verification.Entry{Document: document, Status: row.Status, Since: row.StatusTime}, document != "", nil
}
