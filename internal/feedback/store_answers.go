package feedback

import (
	"bytes"
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/feedbackanswer"
	"github.com/btlc/btlc/internal/database"
)

// record puts down that an educator has answered in a round, and what somebody did. The round is locked. Errors: one that
// callers see, when the educator has answered before.
func (s store) record(ctx context.Context, tx *database.Tx, in *held, educator uuid.UUID, said Answer) error {
	if err := tx.FeedbackParticipation.Create().SetFeedbackRoundID(in.row.ID).SetEducatorID(educator).Exec(ctx); err != nil {
		return roundConflicts.Translate(err)
	}
	return s.mix(ctx, tx, in, said)
}

// closeRound closes a round that is locked, and mixes its answers a last time: after that they are of a transaction in which
// nobody answered.
func (s store) closeRound(ctx context.Context, tx *database.Tx, of *held, state string) error {
	row, err := of.row.Update().SetState(state).SetCloseTime(tx.Now).SetUpdateTime(tx.Now).AddVersion(1).Save(ctx)
	if err != nil {
		return err
	}
	of.row = row
	return s.mix(ctx, tx, of)
}

// mix writes all answers of a round anew, with those that are added, in the order of new random ids. The database notes of
// each row which transaction and which command wrote it, and where it lies: these are the same for all answers, or random,
// so that none of it says who of those that have answered wrote which. The round is locked.
func (s store) mix(ctx context.Context, tx *database.Tx, in *held, added ...Answer) error {
	ofRound := feedbackanswer.FeedbackRoundID(in.row.ID)
	rows, err := tx.FeedbackAnswer.Query().Where(ofRound).All(ctx)
	if err != nil {
		return err
	}
	if _, err := tx.FeedbackAnswer.Delete().Where(ofRound).Exec(ctx); err != nil {
		return err
	}
	for _, a := range added {
		rows = append(rows, rowOf(a))
	}
	for _, row := range rows {
		row.ID = uuid.New()
	}
	slices.SortFunc(rows, func(a, b *ent.FeedbackAnswer) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	creates := make([]*ent.FeedbackAnswerCreate, len(rows))
	for i, row := range rows {
		creates[i] = tx.FeedbackAnswer.Create().SetID(row.ID).SetFeedbackRoundID(in.row.ID).SetRatings(row.Ratings).SetTexts(row.Texts)
	}
	return tx.FeedbackAnswer.CreateBulk(creates...).Exec(ctx)
}

func rowOf(a Answer) *ent.FeedbackAnswer {
	row := &ent.FeedbackAnswer{Ratings: map[string]int32{}, Texts: a.Texts}
	for question, rating := range a.Ratings {
		row.Ratings[question] = int32(rating)
	}
	return row
}

// filled are rounds with their answers, whose sections and course versions are loaded: one query, however many they are.
func (s store) filled(ctx context.Context, rounds ...*held) ([]Round, error) {
	ids := make([]uuid.UUID, len(rounds))
	for i, r := range rounds {
		ids[i] = r.row.ID
	}
	rows, err := s.db.Ent().FeedbackAnswer.Query().Where(feedbackanswer.FeedbackRoundIDIn(ids...)).All(ctx)
	if err != nil {
		return nil, err
	}
	answers := map[uuid.UUID][]Answer{}
	for _, row := range rows {
		a := Answer{Ratings: map[string]int{}, Texts: row.Texts}
		for question, rating := range row.Ratings {
			a.Ratings[question] = int(rating)
		}
		answers[row.FeedbackRoundID] = append(answers[row.FeedbackRoundID], a)
	}
	out := make([]Round, len(rounds))
	for i, r := range rounds {
		of := r.row.Edges.Section
		out[i] = Round{
			Course: of.Edges.CourseVersion.CourseID, Version: int(of.Edges.CourseVersion.VersionNumber), Term: of.TermID, Moment: momentOf(r.row.Kind),
			Closed: r.row.State == "CLOSED", Minimum: int(r.row.MinimumAnswers), Questions: r.questions(), Answers: answers[r.row.ID],
		}
	}
	return out, nil
}
