package feedback

import (
	"context"
	"errors"

	"github.com/google/uuid"

	pb "github.com/btlc/btlc/gen/go/btlc/feedback/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

// SubmitFeedback takes what somebody thinks of the section that they take. Who it is, the caller's grant says and not the
// request. The request has no idempotency key: with one a digest of the answer would be kept beside the caller's name, and
// an answer has so few forms that the digest tells which it was.
func (s *Service) SubmitFeedback(ctx context.Context, req *pb.SubmitFeedbackRequest) (*pb.SubmitFeedbackResponse, error) {
	var as []uuid.UUID
	_, scopes := access.Reach(ctx)
	for _, scope := range scopes {
		as = append(as, api.LastUUID(scope))
	}
	who, err := s.store.takers(ctx, api.PartUUID(req.GetName(), 0), as)
	if err != nil {
		return nil, err
	}
	if err := access.Authorize(ctx, req.GetName(), scopesOf(who)...); err != nil {
		return nil, err
	}
	if len(who) != 1 {
		return nil, api.Errorf(api.PermissionDenied, "You stand for %d people who take the section; each answers alone.", len(who))
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.SubmitFeedbackResponse, error) {
		found, err := s.store.lockedRound(ctx, tx, req.GetName())
		if err != nil {
			return nil, err
		}
		if _, err := roundLife.After("feedback round", found.row.State, "submitFeedback"); err != nil {
			return nil, err
		}
		answer, err := answerOf(found.questions(), givenIn(req))
		if err != nil {
			return nil, err
		}
		if err := s.store.record(ctx, tx, found, who[0], answer); err != nil {
			return nil, err
		}
		tx.Wrote(req.GetName())
		tx.Concerns(who[0])
		return &pb.SubmitFeedbackResponse{}, nil
	})
}

// givenIn is the answers of a request as plain values.
func givenIn(req *pb.SubmitFeedbackRequest) []answered {
	given := make([]answered, len(req.GetAnswers()))
	for i, a := range req.GetAnswers() {
		given[i] = answered{question: a.GetQuestion(), rating: int(a.GetRating()), text: a.GetText()}
	}
	return given
}

// GetFeedbackResults tells what was answered in a round, once it is closed and enough people answered.
func (s *Service) GetFeedbackResults(ctx context.Context, req *pb.GetFeedbackResultsRequest) (*pb.GetFeedbackResultsResponse, error) {
	if err := s.authorizeLead(ctx, req.GetName()); err != nil {
		return nil, err
	}
	found, err := s.store.round(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	answer := &pb.GetFeedbackResultsResponse{MinimumAnswers: found.row.MinimumAnswers}
	filled, err := s.store.filled(ctx, found)
	if err != nil {
		return nil, err
	}
	shown, err := Show(filled[0])
	if errors.Is(err, ErrOpen) || errors.Is(err, ErrFew) {
		return answer, nil
	} else if err != nil {
		return nil, err
	}
	answer.AnswerCount = int32(shown.Answers)
	wordings := found.wordings()
	for _, q := range filled[0].Questions {
		for _, t := range shown.Tallies {
			if t.Question == q.ID {
				answer.Questions = append(answer.Questions, tallyProto(t, wordings[q.ID]))
			}
		}
		for _, c := range shown.Comments {
			if c.Question == q.ID {
				answer.Questions = append(answer.Questions, &pb.QuestionResult{Question: q.ID, Text: wordings[q.ID], AnswerCount: int32(len(c.Texts)), Comments: c.Texts})
			}
		}
	}
	return answer, nil
}

func tallyProto(t Tally, wording string) *pb.QuestionResult {
	out := &pb.QuestionResult{Question: t.Question, Text: wording, AnswerCount: int32(t.Count), Mean: t.Mean}
	for _, count := range t.Distribution {
		out.Ratings = append(out.Ratings, int32(count))
	}
	return out
}

// CompareFeedback holds the versions of a course against each other. What it adds up is of no section and of no person, so
// that facilitators may see it of all sections.
func (s *Service) CompareFeedback(ctx context.Context, req *pb.CompareFeedbackRequest) (*pb.CompareFeedbackResponse, error) {
	access.Reach(ctx) // wherever the caller has the permission, it will do
	kind := req.GetKind()
	if kind == pb.FeedbackRound_KIND_UNSPECIFIED {
		kind = pb.FeedbackRound_KIND_END
	}
	closed, err := s.store.closedRounds(ctx, req.GetName(), api.EnumWord(kind))
	if err != nil {
		return nil, err
	}
	rounds, err := s.store.filled(ctx, closed...)
	if err != nil {
		return nil, err
	}
	aggregates, err := Aggregates(rounds)
	if err != nil {
		return nil, err
	}
	wordings, notes := map[string]string{}, map[int]string{}
	for i, r := range closed {
		for id, text := range r.wordings() {
			wordings[id] = text
		}
		notes[rounds[i].Version] = r.row.Edges.Section.Edges.CourseVersion.ChangeNote
	}
	answer := &pb.CompareFeedbackResponse{}
	for _, a := range aggregates {
		v := &pb.VersionFeedback{CourseVersion: api.Name("btlc/CourseVersion", a.Course, a.Version), RoundCount: int32(a.Rounds), AnswerCount: int32(a.Answers)}
		for _, t := range a.Tallies {
			v.Questions = append(v.Questions, tallyProto(t, wordings[t.Question]))
		}
		answer.Versions = append(answer.Versions, v)
	}
	for _, c := range Compare(aggregates) {
		for _, q := range c.Changes {
			answer.Changes = append(answer.Changes, &pb.FeedbackChange{
				CourseVersion: api.Name("btlc/CourseVersion", c.Course, c.After), ChangeNote: notes[c.After], Question: q.Question,
				Difference: q.Difference, Lower: q.Low, Upper: q.High, Statement: q.Statement + " " + Caveat,
			})
		}
	}
	return answer, nil
}
