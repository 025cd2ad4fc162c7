package assessment

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/educator"
	"github.com/btlc/btlc/ent/performanceassessment"
	"github.com/btlc/btlc/ent/submission"
	pb "github.com/btlc/btlc/gen/go/btlc/assessment/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

func evidenceField(index int, field string) string {
	return fmt.Sprintf("submission.evidence[%d].%s", index, field)
}

func itemsOf(evidence []*pb.Evidence) []item {
	items := make([]item, len(evidence))
	for i, e := range evidence {
		items[i] = item{Slot: e.Slot, URI: e.Uri, Audience: e.Audience, Colleague: e.Colleague, Consents: e.ColleagueConsents}
	}
	return items
}

// withEvidence writes the evidence of a submission that has none.
func (s store) withEvidence(ctx context.Context, tx *database.Tx, row *ent.Submission, items []*pb.Evidence) (*attempt, error) {
	var violations []api.Violation
	for _, f := range draftFaults(slotsOf(row.Edges.Assessment), itemsOf(items)) {
		violations = append(violations, api.Violation{Field: evidenceField(f.Item, f.Field), Description: f.Sentence})
	}
	if violations != nil {
		return nil, api.Invalid(violations...)
	}
	if err := s.checkColleagues(ctx, tx, items); err != nil {
		return nil, err
	}
	rows := make([]*ent.EvidenceCreate, len(items))
	for i, e := range items {
		rows[i] = tx.Evidence.Create().SetSubmissionID(row.ID).SetPosition(int32(i + 1)).SetSlot(e.Slot).SetTitle(e.Title).SetURI(e.Uri).SetSha256(e.Sha256).
			SetAudience(e.Audience).SetNillableColleagueID(api.OptionalUUID(e.Colleague)).SetColleagueConsents(e.ColleagueConsents).SetCreateTime(tx.Now)
	}
	saved, err := tx.Evidence.CreateBulk(rows...).Save(ctx)
	return &attempt{row: row, evidence: saved}, err
}

// checkColleagues says which of the colleagues that evidence names are not there.
func (s store) checkColleagues(ctx context.Context, tx *database.Tx, items []*pb.Evidence) error {
	var ids []uuid.UUID
	for _, e := range items {
		if e.Colleague != "" {
			ids = append(ids, api.LastUUID(e.Colleague))
		}
	}
	if ids == nil {
		return nil
	}
	there, err := tx.Educator.Query().Where(educator.IDIn(ids...)).IDs(ctx)
	if err != nil {
		return err
	}
	missing := api.Errorf(api.ReferenceNotFound, "The evidence names a colleague who is not there.")
	for i, e := range items {
		if e.Colleague != "" && !slices.Contains(there, api.LastUUID(e.Colleague)) {
			missing.Violations = append(missing.Violations, api.Violation{Field: evidenceField(i, "colleague"), Description: "is an educator on record"})
		}
	}
	if missing.Violations == nil {
		return nil
	}
	return missing
}

// completeness says what a submission lacks, with what it refers to in the educator's other submissions.
func (s store) completeness(ctx context.Context, db *ent.Client, a *attempt) ([]slotResult, error) {
	slots := slotsOf(a.row.Edges.Assessment)
	observed, err := s.observed(ctx, db, a, slots)
	if err != nil {
		return nil, err
	}
	return checkCompleteness(slots, itemsOf(a.proto().Evidence), a.educator(), observed), nil
}

// observed are the colleagues of the educator's submissions that slots refer to, by assessment: of those handed in or
// demonstrated.
func (s store) observed(ctx context.Context, db *ent.Client, a *attempt, slots []slot) (map[string][]string, error) {
	var codes []string
	for _, sl := range slots {
		if sl.SameColleagueAs != "" {
			codes = append(codes, sl.SameColleagueAs)
		}
	}
	if codes == nil {
		return nil, nil
	}
	rows, err := db.Submission.Query().Where(submission.EducatorID(a.row.EducatorID), submission.StateIn(submitted, demonstrated), submission.HasAssessmentWith(
		performanceassessment.FrameworkID(a.row.Edges.Assessment.FrameworkID), performanceassessment.CodeIn(codes...))).WithAssessment().All(ctx)
	if err != nil {
		return nil, err
	}
	earlier, err := s.attempts(ctx, db, rows)
	if err != nil {
		return nil, err
	}
	observed := map[string][]string{}
	for _, e := range earlier {
		for _, colleague := range e.colleagues() {
			observed[e.assessment()] = append(observed[e.assessment()], api.Name("btlc/Educator", colleague))
		}
	}
	return observed, nil
}
