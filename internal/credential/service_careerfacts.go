package credential

import (
	"context"

	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/api"
)

// GetCareerFacts says what is on record for the salary or licence file of a person whom the district employs today. Of
// anybody else, also of one whom it employed before, there is nothing to say.
func (s *Service) GetCareerFacts(ctx context.Context, req *pb.GetCareerFactsRequest) (*pb.GetCareerFactsResponse, error) {
	district := api.LastWord(req.GetParent())
	p, err := s.store.findOne(ctx, district, questionOf(req.GetPerson()), moment{time: s.store.db.Now()})
	if err != nil {
		return nil, err
	}
	switch p.outcome {
	case outcomeFound:
	case outcomeAmbiguous:
		return nil, severalAlike("person.employeeId")
	default:
		return nil, api.Missing(req.GetParent() + "/credentialStatuses")
	}
	api.Saw(ctx, p.educator)
	courses, err := s.store.courseRecords(ctx, p.educator)
	if err != nil {
		return nil, err
	}
	certificates, err := s.store.certificates(ctx, p.statuses)
	if err != nil {
		return nil, err
	}
	answer := &pb.GetCareerFactsResponse{}
	for _, course := range courses {
		answer.Courses = append(answer.Courses, s.courseFacts(course, certificates[course.Course]))
	}
	return answer, nil
}

func (s *Service) courseFacts(course courseRecord, certificate string) *pb.CourseFacts {
	facts := &pb.CourseFacts{
		Course: api.Name("btlc/Course", course.Course), ContactMinutes: int32(course.Minutes), Credential: certificate, // #nosec G115 -- minutes of a course
	}
	if !course.LastDay.IsZero() {
		facts.EndDate = api.Date(course.LastDay)
	}
	for _, p := range course.posted {
		facts.PostedCredits = append(facts.PostedCredits, &pb.PostedCredit{Institution: api.Name("btlc/Institution", p.Institution), Credits: p.Credits, PostDate: api.Date(p.Date)})
	}
	for _, value := range pdpsOf(s.pdpRules, course.Minutes, course.LastDay) {
		worth := &pb.PdpValue{Points: float64(value.points), Rule: value.rule.Title, Citation: value.rule.Citation, Assumption: value.rule.Assumption}
		if !value.rule.Effective.IsZero() {
			worth.EffectiveDate = api.Date(value.rule.Effective)
		}
		facts.PdpValues = append(facts.PdpValues, worth)
	}
	return facts
}
