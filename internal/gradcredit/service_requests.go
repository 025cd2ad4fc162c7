package gradcredit

import (
	"context"

	"github.com/google/uuid"

	pb "github.com/btlc/btlc/gen/go/btlc/gradcredit/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/record"
)

// GetCreditRequest gets a credit request.
func (s *Service) GetCreditRequest(ctx context.Context, req *pb.GetCreditRequestRequest) (*pb.GetCreditRequestResponse, error) {
	r, err := s.store.request(ctx, s.store.db.Ent(), req.GetName())
	if err != nil {
		return nil, err
	}
	if err := access.Authorize(ctx, req.GetName(), r.readers()...); err != nil {
		return nil, err
	}
	return &pb.GetCreditRequestResponse{CreditRequest: r.proto()}, nil
}

// ListCreditRequests lists the credit requests that the caller may see.
func (s *Service) ListCreditRequests(ctx context.Context, req *pb.ListCreditRequestsRequest) (*pb.ListCreditRequestsResponse, error) {
	everywhere, scopes := access.Reach(ctx)
	return s.store.listRequests(ctx, req, everywhere, scopes)
}

// CreateCreditRequest asks an institution for credit.
func (s *Service) CreateCreditRequest(ctx context.Context, req *pb.CreateCreditRequestRequest) (*pb.CreateCreditRequestResponse, error) {
	in := req.GetCreditRequest()
	educator, err := s.store.registrant(ctx, in.GetRegistration())
	if err != nil {
		return nil, err
	}
	if err := access.Authorize(ctx, in.GetRegistration(), api.Name("btlc/Educator", educator)); err != nil {
		return nil, err
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.CreateCreditRequestResponse, error) {
		r, err := s.store.createRequest(ctx, tx, educator, in)
		if err != nil {
			return nil, err
		}
		return &pb.CreateCreditRequestResponse{CreditRequest: r.proto()}, announceRequest(ctx, tx, r, "CREATED")
	})
}

// WithdrawCreditRequest takes a credit request back. What was posted for it stays on record: whether it stands is the
// institution's to say.
func (s *Service) WithdrawCreditRequest(ctx context.Context, req *pb.WithdrawCreditRequestRequest) (*pb.WithdrawCreditRequestResponse, error) {
	seen, err := s.store.request(ctx, s.store.db.Ent(), req.GetName())
	if err != nil {
		return nil, err
	}
	if err := access.Authorize(ctx, req.GetName(), seen.educator()); err != nil {
		return nil, err
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.WithdrawCreditRequestResponse, error) {
		r, err := s.store.withdrawRequest(ctx, tx, req, seen.row.EducatorID)
		if err != nil {
			return nil, err
		}
		return &pb.WithdrawCreditRequestResponse{CreditRequest: r.proto()}, announceRequest(ctx, tx, r, "UPDATED")
	})
}

// announceRequest tells whom a request concerns; the institution only while the person consents.
func announceRequest(ctx context.Context, tx *database.Tx, r *creditRequest, kind string) error {
	p := r.proto()
	tx.Concerns(r.row.EducatorID)
	tx.Wrote(p.Name)
	streams, keys, err := audience(ctx, tx, r.row.EducatorID, p.Institution, r.consented)
	if err != nil {
		return err
	}
	tx.Emit(database.Change{Streams: streams, Resource: p.Name, Type: "btlc/CreditRequest", Version: r.row.Version, Kind: kind, NaturalKeys: keys, State: requestState(p)})
	return nil
}

// requestState is what a consumer needs to know of a request.
func requestState(p *pb.CreditRequest) map[string]any {
	return map[string]any{"registration": p.Registration, "institution": p.Institution, "agreement": p.Agreement, "state": api.EnumWord(p.State)}
}

// audience is whom a change concerns, with the institution when the person consents. An institution knows a person by the
// name of their record, which it learns with the consent; addresses are not for a feed that never forgets.
func audience(ctx context.Context, tx *database.Tx, educator uuid.UUID, institution string, consented bool) ([]string, map[string]map[string]string, error) {
	streams, keys, err := record.Audience(ctx, tx.Client, educator, tx.Now)
	if err == nil && consented {
		streams, keys[institution] = append(streams, institution), keyOf(educator)
	}
	return streams, keys, err
}

func keyOf(educator uuid.UUID) map[string]string {
	return map[string]string{"educator": api.Name("btlc/Educator", educator)}
}
