package credential

import (
	"context"

	"github.com/google/uuid"

	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/api"
)

// LookupCredentialStatus tells a district the status of all credentials of a person whom it employs; of one whom it
// employed before, when they left. Anybody else is the same to it as somebody who does not exist.
func (s *Service) LookupCredentialStatus(ctx context.Context, req *pb.LookupCredentialStatusRequest) (*pb.LookupCredentialStatusResponse, error) {
	key := req.GetPerson()
	if key == nil {
		key = &pb.PersonKey{Key: &pb.PersonKey_EmployeeId{EmployeeId: req.GetEmployeeId()}}
	}
	at, err := s.store.momentOf(ctx, api.LastWord(req.GetParent()), req.GetAsOf(), req.GetKnownAsOf())
	if err != nil {
		return nil, err
	}
	p, err := s.store.findOne(ctx, api.LastWord(req.GetParent()), questionOf(key), at)
	if err != nil {
		return nil, err
	}
	switch p.outcome {
	case outcomeFound, outcomeMoved:
		api.Saw(ctx, p.educator)
		return &pb.LookupCredentialStatusResponse{Statuses: p.statuses, MovedDate: api.OptionalDate(p.lastDay)}, nil
	case outcomeAmbiguous:
		field := "employeeId"
		if req.GetPerson() != nil {
			field = "person.employeeId"
		}
		return nil, severalAlike(field)
	default:
		return nil, api.Missing(req.GetParent() + "/credentialStatuses")
	}
}

// severalAlike is the answer to a question that could mean several people.
func severalAlike(field string) error {
	return api.InvalidField(field, "is nobody's, and several people's but for capital letters or spaces: ask exactly")
}

// BatchLookupCredentialStatuses is LookupCredentialStatus for many at once.
func (s *Service) BatchLookupCredentialStatuses(ctx context.Context, req *pb.BatchLookupCredentialStatusesRequest) (*pb.BatchLookupCredentialStatusesResponse, error) {
	district := api.LastWord(req.GetParent())
	at, err := s.store.momentOf(ctx, district, req.GetAsOf(), req.GetKnownAsOf())
	if err != nil {
		return nil, err
	}
	questions := make([]question, 0, len(req.GetEmployeeIds())+len(req.GetPersons()))
	for _, id := range req.GetEmployeeIds() {
		q := question{byEmployeeID, id}
		if !ordinary(id) {
			q = anyQuestion(&pb.PersonKey{Key: &pb.PersonKey_EmployeeId{EmployeeId: id}})
		}
		questions = append(questions, q)
	}
	for _, key := range req.GetPersons() {
		questions = append(questions, anyQuestion(key))
	}
	found, err := s.store.find(ctx, district, questions, at)
	if err != nil {
		return nil, err
	}
	answer := &pb.BatchLookupCredentialStatusesResponse{Results: make([]*pb.CredentialStatusResult, len(questions))}
	for i, q := range questions {
		p, ok := found[q]
		if !ok {
			p.outcome = outcomeNotFound
		}
		answer.Results[i] = &pb.CredentialStatusResult{
			Found: p.outcome == outcomeFound, Outcome: outcomes[p.outcome], Statuses: p.statuses, MovedDate: api.OptionalDate(p.lastDay),
		}
		if req.GetPersons() != nil {
			answer.Results[i].Person = req.GetPersons()[i]
		} else {
			answer.Results[i].EmployeeId = req.GetEmployeeIds()[i]
		}
	}
	educators := make([]uuid.UUID, 0, len(found))
	for _, p := range found {
		if p.educator != uuid.Nil {
			educators = append(educators, p.educator)
		}
	}
	api.Saw(ctx, educators...)
	return answer, nil
}

// outcomes is api.EnumOf for the outcomes that there are, without reflection.
var outcomes = map[string]pb.LookupOutcome{
	outcomeFound: pb.LookupOutcome_LOOKUP_OUTCOME_FOUND, outcomeNotFound: pb.LookupOutcome_LOOKUP_OUTCOME_NOT_FOUND,
	outcomeAmbiguous: pb.LookupOutcome_LOOKUP_OUTCOME_AMBIGUOUS, outcomeMoved: pb.LookupOutcome_LOOKUP_OUTCOME_MOVED,
}
