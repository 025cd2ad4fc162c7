package credential

import (
	"context"

	"github.com/google/uuid"

	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/api"
)

// LookupCredentialStatus tells a district the status of one of its people's credentials. Somebody whom it does not employ
// today is the same to it as somebody who does not exist.
func (s *Service) LookupCredentialStatus(ctx context.Context, req *pb.LookupCredentialStatusRequest) (*pb.LookupCredentialStatusResponse, error) {
	found, employed, err := s.store.lookups.Find(ctx, asked(api.LastWord(req.GetParent()), req.GetEmployeeId()))
	if err != nil {
		return nil, err
	} else if !employed {
		return nil, api.Missing(req.GetParent() + "/credentialStatuses")
	}
	api.Saw(ctx, found.educator)
	return &pb.LookupCredentialStatusResponse{Statuses: found.statuses}, nil
}

// BatchLookupCredentialStatuses is LookupCredentialStatus for many at once.
func (s *Service) BatchLookupCredentialStatuses(ctx context.Context, req *pb.BatchLookupCredentialStatusesRequest) (*pb.BatchLookupCredentialStatusesResponse, error) {
	found, err := s.store.lookup(ctx, api.LastWord(req.GetParent()), req.GetEmployeeIds())
	if err != nil {
		return nil, err
	}
	answer := &pb.BatchLookupCredentialStatusesResponse{Results: make([]*pb.CredentialStatusResult, len(req.GetEmployeeIds()))}
	for i, id := range req.GetEmployeeIds() {
		p, employed := found[id]
		answer.Results[i] = &pb.CredentialStatusResult{EmployeeId: id, Found: employed, Statuses: p.statuses}
	}
	educators := make([]uuid.UUID, 0, len(found))
	for _, p := range found {
		educators = append(educators, p.educator)
	}
	api.Saw(ctx, educators...)
	return answer, nil
}
