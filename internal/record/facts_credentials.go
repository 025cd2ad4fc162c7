package record

import (
	"context"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/consent"
	"github.com/btlc/btlc/ent/credential"
	"github.com/btlc/btlc/ent/credentialevent"
	"github.com/btlc/btlc/internal/policy"
)

// holding is a credential with its standing at the times that are looked at.
type holding struct {
	credentialType string
	course         string // that the type is for; empty for none
	standing
}

// Holds implements policy.Facts: a suspended credential is told, but does not count. One whose time is over is not held,
// whether its status says so already or not.
func (f *facts) Holds(ctx context.Context, credentialType string) (bool, []policy.Fact, error) {
	return f.has(ctx, policy.Fact{Kind: "credential", ID: credentialType, Value: "held"}, func(h holding) bool { return h.credentialType == credentialType })
}

// Certified implements policy.Facts, as Holds does for a type: of the credentials for the course, those that count first.
func (f *facts) Certified(ctx context.Context, course string) (bool, []policy.Fact, error) {
	return f.has(ctx, policy.Fact{Kind: "certificate", ID: course, Value: "certified"}, func(h holding) bool { return course != "" && h.course == course })
}

// has looks for a credential that fits and is active; one that is suspended is told when there is no other. fact is what is
// told of an active one.
func (f *facts) has(ctx context.Context, fact policy.Fact, fits func(holding) bool) (bool, []policy.Fact, error) {
	all, err := f.credentials.get(ctx, f.readCredentials)
	if err != nil {
		return false, nil, err
	}
	var found *holding
	for _, h := range all[f.educator] {
		if fits(h) && (found == nil || found.status != "ACTIVE" && h.status == "ACTIVE") {
			found = &h
		}
	}
	if found == nil {
		return false, nil, nil
	}
	if found.status != "ACTIVE" {
		fact.Value = "suspended"
	}
	fact.OccurredAt, fact.RecordedAt = found.since, found.recorded
	return found.status == "ACTIVE", []policy.Fact{fact}, nil
}

// readCredentials reads those that stood, active or suspended, the latest issued first.
func (r *Records) readCredentials(ctx context.Context) (map[uuid.UUID][]holding, error) {
	query := r.db.Credential.Query().Where(credential.EducatorIDIn(r.people...))
	if r.present() {
		query.Where(credential.StatusIn("ACTIVE", "SUSPENDED"))
	}
	// All but the document, which is most of a row.
	rows, err := query.Order(ent.Desc(credential.FieldIssueTime, credential.FieldID)).Select(credential.FieldEducatorID, credential.FieldCredentialTypeID,
		credential.FieldStatus, credential.FieldStatusTime, credential.FieldUpdateTime, credential.FieldExpireTime).WithCredentialType().All(ctx)
	if err != nil {
		return nil, err
	}
	changed, err := r.readEvents(ctx, rows)
	if err != nil {
		return nil, err
	}
	all := map[uuid.UUID][]holding{}
	for _, row := range rows {
		history := append([]standing{{row.Status, row.StatusTime, row.UpdateTime}}, changed[row.ID]...)
		s, ok := r.standingThen(history)
		over := row.ExpireTime != nil && !r.at().Before(*row.ExpireTime)
		if ok && !over && (s.status == "ACTIVE" || s.status == "SUSPENDED") {
			all[row.EducatorID] = append(all[row.EducatorID], holding{row.CredentialTypeID, row.Edges.CredentialType.CourseID, s})
		}
	}
	return all, nil
}

// readEvents reads the standings of those credentials whose present one was not yet, the latest first.
func (r *Records) readEvents(ctx context.Context, rows []*ent.Credential) (map[uuid.UUID][]standing, error) {
	var ids []uuid.UUID
	for _, row := range rows {
		if !r.saw(row.StatusTime, row.UpdateTime) {
			ids = append(ids, row.ID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	events, err := r.db.CredentialEvent.Query().Where(credentialevent.CredentialIDIn(ids...)).Order(ent.Desc(credentialevent.FieldVersion)).All(ctx)
	changed := map[uuid.UUID][]standing{}
	for _, e := range events {
		changed[e.CredentialID] = append(changed[e.CredentialID], standing{e.Status, e.CreateTime, e.CreateTime})
	}
	return changed, err
}

// Consented implements policy.Facts.
func (f *facts) Consented(ctx context.Context, institution string) (bool, []policy.Fact, error) {
	all, err := f.consents.get(ctx, f.readConsents)
	if err != nil {
		return false, nil, err
	}
	for _, row := range all[f.educator] {
		revoked := row.RevokeTime != nil && f.saw(*row.RevokeTime, *row.RevokeTime)
		if row.InstitutionID == institution && !revoked && f.saw(row.CreateTime, row.CreateTime) {
			return true, []policy.Fact{{Kind: "consent", ID: institution, Value: "consented", OccurredAt: row.CreateTime, RecordedAt: row.CreateTime}}, nil
		}
	}
	return false, nil, nil
}

func (r *Records) readConsents(ctx context.Context) (map[uuid.UUID][]*ent.Consent, error) {
	query := r.db.Consent.Query().Where(consent.EducatorIDIn(r.people...))
	if r.present() {
		query.Where(consent.RevokeTimeIsNil())
	}
	rows, err := query.Order(ent.Desc(consent.FieldCreateTime, consent.FieldID)).All(ctx)
	return by(rows, func(row *ent.Consent) uuid.UUID { return row.EducatorID }), err
}
