package credential

import (
	"context"

	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/api"
)

// LookupCredentialStatus tells a district the status of one of its people's credentials. Somebody whom it does not employ
// today is the same to it as somebody who does not exist.
func (s *Service) LookupCredentialStatus(ctx context.Context, req *pb.LookupCredentialStatusRequest) (*pb.LookupCredentialStatusResponse, error) {
	statuses, educator, found, err := s.store.lookup(ctx, api.LastWord(req.GetParent()), req.GetEmployeeId())
	if err != nil {
		return nil, err
	} else if !found {
		return nil, api.Missing(req.GetParent() + "/credentialStatuses")
	}
	api.Saw(ctx, educator)
	return &pb.LookupCredentialStatusResponse{Statuses: statuses}, nil
}

// BatchLookupCredentialStatuses is LookupCredentialStatus for many at once.
func (s *Service) BatchLookupCredentialStatuses(ctx context.Context, req *pb.BatchLookupCredentialStatusesRequest) (*pb.BatchLookupCredentialStatusesResponse, error) {
	found, educators, err := s.store.lookupMany(ctx, api.LastWord(req.GetParent()), req.GetEmployeeIds())
	if err != nil {
		return nil, err
	}
	api.Saw(ctx, educators...)
	answer := &pb.BatchLookupCredentialStatusesResponse{Results: make([]*pb.CredentialStatusResult, len(req.GetEmployeeIds()))}
	for i, id := range req.GetEmployeeIds() {
		if answer.Results[i] = found[id]; answer.Results[i] == nil {
			answer.Results[i] = &pb.CredentialStatusResult{EmployeeId: id}
		}
	}
	return answer, nil
}
