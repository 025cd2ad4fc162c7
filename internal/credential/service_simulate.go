package credential

import (
	"context"

	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/api"
)

// SimulatePolicy says whose outcome other requirements would change.
func (s *Service) SimulatePolicy(ctx context.Context, req *pb.SimulatePolicyRequest) (*pb.SimulatePolicyResponse, error) {
	answer, people, err := s.store.simulate(ctx, req)
	if err != nil {
		return nil, err
	}
	// Who is not in the answer has the same outcome by both: that is told of them too.
	api.Saw(ctx, people...)
	return answer, nil
}
