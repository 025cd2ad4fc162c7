package enrollment

import (
	"context"

	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/cohort"
	"github.com/btlc/btlc/internal/program"
)

// GetCohortProfile tells those who facilitate a section of its people as a group, once nobody's answers change any more.
func (s *Service) GetCohortProfile(ctx context.Context, req *pb.GetCohortProfileRequest) (*pb.GetCohortProfileResponse, error) {
	of, err := s.store.section(ctx, req.GetName(), viewerOf(ctx))
	if err != nil {
		return nil, err
	}
	if err := access.Authorize(ctx, req.GetName(), scopesOf(of.facilitators...)...); err != nil {
		return nil, err
	}
	var answers []cohort.Answer
	if isProfiled(of.row.State) {
		if answers, err = s.store.answers(ctx, of.row.ID); err != nil {
			return nil, err
		}
	}
	// By the rules of the day that the section was made on: profiles of groups of other sizes could be subtracted.
	minimum := program.InForce(s.rules, of.row.CreateTime.In(of.zone)).Cohort.MinimumAnswers.Value
	profile, err := cohort.New(answers, minimum)
	if err != nil {
		return nil, err
	}
	answer := &pb.GetCohortProfileResponse{AnswerCount: int32(profile.Answers), MinimumAnswers: int32(minimum)}
	for _, c := range profile.Competencies {
		p := &pb.CompetencyProfile{Competency: c.ID, RatingCount: int32(c.Answered), MeanRating: c.Mean, GoalCount: int32(c.Goals)}
		for _, n := range c.Ratings {
			p.Ratings = append(p.Ratings, int32(n))
		}
		answer.Competencies = append(answer.Competencies, p)
	}
	return answer, nil
}
