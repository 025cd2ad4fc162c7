package enrollment

import (
	"context"

	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
)

// ExplainPlacement says, decision by decision, why a person has a seat, waits or has none.
func (s *Service) ExplainPlacement(ctx context.Context, req *pb.ExplainPlacementRequest) (*pb.ExplainPlacementResponse, error) {
	found, err := s.store.registration(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	if err := access.Authorize(ctx, req.GetName(), found.readers()...); err != nil {
		return nil, err
	}
	rules, err := s.rulesOn(s.store.db.Now())
	if err != nil {
		return nil, err
	}
	log, err := s.store.seatingLog(ctx, found.section, rules)
	if err != nil {
		return nil, err
	}
	a, err := explain(seatOf(found.row), log, rules, found.section.zone)
	if err != nil {
		return nil, err
	}
	api.Saw(ctx, found.row.EducatorID)
	answer := &pb.ExplainPlacementResponse{Sentences: a.sentences, WaitlistPosition: a.position, Rules: a.rules}
	for _, d := range a.decisions {
		out := &pb.PlacementDecision{
			Sequence: int32(d.Sequence), Kind: api.EnumOf[pb.PlacementDecision_Kind](d.kind), DecideTime: api.Timestamp(d.Time), Capacity: d.Capacity,
			FreeSeats: d.Free, PartySize: int32(len(d.Members)), Position: d.Position, Reason: d.Reason,
		}
		if d.Deadline != nil {
			out.ExpireTime = api.Timestamp(*d.Deadline)
		}
		answer.Decisions = append(answer.Decisions, out)
	}
	return answer, nil
}
