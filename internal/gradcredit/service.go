// Package gradcredit keeps agreements, requests for graduate credit, consents and what institutions have posted, and tells
// institutions who is eligible for credit and why, by the person's consent only.
package gradcredit

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/genproto/googleapis/type/date"

	pb "github.com/btlc/btlc/gen/go/btlc/gradcredit/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/record"
)

// Service answers for agreements, credit requests, consents, eligibility and postings.
type Service struct {
	pb.UnimplementedGraduateCreditServiceServer
	store store
	zone  *time.Location
}

// New makes the service of a program in a time zone.
func New(db *database.DB, zone *time.Location) *Service {
	return &Service{store: store{db: db, policies: record.NewPolicies()}, zone: zone}
}

// GetAgreement gets an agreement.
func (s *Service) GetAgreement(ctx context.Context, req *pb.GetAgreementRequest) (*pb.GetAgreementResponse, error) {
	a, err := s.store.agreement(ctx, req.GetName())
	return &pb.GetAgreementResponse{Agreement: a}, err
}

// ListAgreements lists agreements.
func (s *Service) ListAgreements(ctx context.Context, req *pb.ListAgreementsRequest) (*pb.ListAgreementsResponse, error) {
	return s.store.listAgreements(ctx, req)
}

// CreateAgreement creates an agreement.
func (s *Service) CreateAgreement(ctx context.Context, req *pb.CreateAgreementRequest) (*pb.CreateAgreementResponse, error) {
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.CreateAgreementResponse, error) {
		a, err := s.store.createAgreement(ctx, tx, req.GetAgreement())
		if err != nil {
			return nil, err
		}
		announceAgreement(tx, a, "CREATED")
		return &pb.CreateAgreementResponse{Agreement: a}, nil
	})
}

// UpdateAgreement updates an agreement. Requests that rest on it stay.
func (s *Service) UpdateAgreement(ctx context.Context, req *pb.UpdateAgreementRequest) (*pb.UpdateAgreementResponse, error) {
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.UpdateAgreementResponse, error) {
		a, err := s.store.updateAgreement(ctx, tx, req)
		if err != nil {
			return nil, err
		}
		announceAgreement(tx, a, "UPDATED")
		return &pb.UpdateAgreementResponse{Agreement: a}, nil
	})
}

// announceAgreement tells the program and the institution.
func announceAgreement(tx *database.Tx, a *pb.Agreement, kind string) {
	tx.Wrote(a.Name)
	state := map[string]any{"institution": a.Institution, "courses": a.Courses, "credits": a.Credits, "degreeEligibility": api.EnumWord(a.DegreeEligibility), "startDate": isoDay(a.StartDate)}
	if a.EndDate != nil {
		state["endDate"] = isoDay(a.EndDate)
	}
	tx.Emit(database.Change{Streams: []string{"program", a.Institution}, Resource: a.Name, Type: "btlc/Agreement", Version: api.VersionOf(a.Etag), Kind: kind, State: state})
}

func isoDay(d *date.Date) string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }
