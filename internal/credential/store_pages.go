package credential

import (
	"context"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/credential"
	"github.com/btlc/btlc/internal/badge"
)

func (s store) published(ctx context.Context, id uuid.UUID) (Published, bool, error) {
	row, err := s.db.Ent().Credential.Query().Where(credential.ID(id)).WithCredentialType().Only(ctx)
	if ent.IsNotFound(err) {
		return Published{}, false, nil
	} else if err != nil {
		return Published{}, false, err
	}
	p := Published{
		Document: []byte(row.Document), LearnerRecord: []byte(row.LearnerRecord), Status: row.Status, StatusTime: row.StatusTime, IssueTime: row.IssueTime,
		Badge: badge.Design(row.Edges.CredentialType.Badge),
	}
	if row.ExpireTime != nil {
		p.ExpireTime = *row.ExpireTime
	}
	p.expireAt(s.db.Now())
	p.Statement, err = read(p.Document)
	return p, err == nil, err
}
