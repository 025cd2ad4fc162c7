package credential

import (
	"context"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/credential"
	"github.com/btlc/btlc/ent/credentialtype"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

// basis are the certificates that a credential of a type without a course rests on: all of a person's for courses that are
// active, in the order of their types, held against changes of their status; none for a type with a course. A learner record
// with a certificate of a compromised key would count for nothing: that one has to be issued anew first.
func (s store) basis(ctx context.Context, tx *database.Tx, educator uuid.UUID, kind *ent.CredentialType) ([]certified, error) {
	if kind.CourseID != "" {
		return nil, nil
	}
	rows, err := tx.Credential.Query().Where(credential.EducatorID(educator), credential.Status("ACTIVE"), credential.HasCredentialTypeWith(credentialtype.CourseIDNotNil())).
		WithCredentialType(func(q *ent.CredentialTypeQuery) { q.WithCourse() }).Order(ent.Asc(credential.FieldCredentialTypeID)).ForShare().All(ctx)
	if err != nil {
		return nil, err
	}
	var certificates []certified
	for _, row := range rows {
		name := api.Name("btlc/Credential", row.ID)
		if standing(row.Status, row.ExpireTime, tx.Now) != row.Status {
			continue
		}
		if s.issuer.compromised(row.KeyID) {
			return nil, api.Errorf(api.StateConflict, "%s, which this one rests on, was signed by a compromised key: issue it anew first.", name).With("credential", name)
		}
		t := row.Edges.CredentialType
		certificates = append(certificates, certified{name, t.Title, t.Edges.Course.CoreSkill, row.Document})
	}
	return certificates, nil
}
