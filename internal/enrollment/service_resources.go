package enrollment

import (
	"context"

	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

// SetMeetingResources sets what participants are given or asked to read for a meeting: a facilitator of the section or staff
// does.
func (s *Service) SetMeetingResources(ctx context.Context, req *pb.SetMeetingResourcesRequest) (*pb.SetMeetingResourcesResponse, error) {
	facilitators, err := s.store.facilitators(ctx, s.store.db.Ent(), api.PartUUID(req.GetName(), 0))
	if err != nil {
		return nil, err
	}
	if err := access.Authorize(ctx, req.GetName(), scopesOf(facilitators...)...); err != nil {
		return nil, err
	}
	if wrong := checkAddresses("resources", addressesOf(req.GetResources())); len(wrong) > 0 {
		return nil, api.Invalid(wrong...)
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.SetMeetingResourcesResponse, error) {
		m, err := s.store.setResources(ctx, tx, req)
		if err != nil {
			return nil, err
		}
		tx.Wrote(m.Name)
		return &pb.SetMeetingResourcesResponse{Meeting: m}, nil
	})
}

// addressesOf are the addresses of resources, in order; empty for those that are not on the web.
func addressesOf(resources []*pb.CourseResource) []string {
	addresses := make([]string, len(resources))
	for i, r := range resources {
		addresses[i] = r.GetUrl()
	}
	return addresses
}
