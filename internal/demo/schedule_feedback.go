package demo

import (
	"context"
	"time"

	feedbackpb "github.com/btlc/btlc/gen/go/btlc/feedback/v1"
)

// answering is how many of a section say what they think of it.
const answering = 9

var remarks = []string{
	"The protocols for looking at student work.", "More time in role-alike groups.", "Shorter readings before the Saturdays.", "The visits to each other's schools.", "",
}

// answerers are those of a section whom feedback is asked of and who answer: they take part to the end.
func (s *section) answerers() (people []*person) {
	if !s.cancelled.IsZero() {
		return nil
	}
	for _, seat := range s.seats {
		if len(people) < answering && seat.withdraws.IsZero() {
			people = append(people, seat.person)
		}
	}
	return people
}

// scheduleFeedback has the facilitators ask in the middle and after the last meeting, when completions are still to come.
// The rounds of a section are a week long.
func (l *loader) scheduleFeedback(t *timeline, s *section) {
	people := s.answerers()
	if len(people) == 0 {
		return
	}
	middle := s.meetings[len(s.meetings)/2].end.AddDate(0, 0, 1)
	l.scheduleRound(t, s, people, feedbackpb.FeedbackRound_KIND_MID, middle, middle.AddDate(0, 0, 7))
	l.scheduleRound(t, s, people, feedbackpb.FeedbackRound_KIND_END, s.ends().Add(time.Hour), s.ends().AddDate(0, 0, 1))
}

func (l *loader) scheduleRound(t *timeline, s *section, people []*person, kind feedbackpb.FeedbackRound_Kind, opens, closes time.Time) {
	var round *feedbackpb.FeedbackRound
	t.at(opens, func(ctx context.Context) error {
		made, err := l.feedback.CreateFeedbackRound(l.portal.as(ctx), &feedbackpb.CreateFeedbackRoundRequest{Parent: s.name, FeedbackRound: &feedbackpb.FeedbackRound{Kind: kind}})
		round = made.GetFeedbackRound()
		return err
	})
	for i, p := range people {
		t.at(opens.Add(time.Duration(i+1)*time.Hour), func(ctx context.Context) error {
			in := &feedbackpb.SubmitFeedbackRequest{Name: round.Name}
			for n, q := range round.Questions {
				switch remark := remarks[(i+n)%len(remarks)]; {
				case q.Kind == feedbackpb.FeedbackQuestion_KIND_SCALE:
					in.Answers = append(in.Answers, &feedbackpb.FeedbackAnswer{Question: q.Id, Rating: int32(3 + (i*7+n*5)%3)})
				case remark != "":
					in.Answers = append(in.Answers, &feedbackpb.FeedbackAnswer{Question: q.Id, Text: remark})
				}
			}
			_, err := l.feedback.SubmitFeedback(l.selves[p].as(ctx), in)
			return err
		})
	}
	t.at(closes, func(ctx context.Context) error {
		_, err := l.feedback.CloseFeedbackRound(l.portal.as(ctx), &feedbackpb.CloseFeedbackRoundRequest{Name: round.Name})
		return err
	})
}
