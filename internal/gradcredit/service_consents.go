package gradcredit

import (
	"context"

	"github.com/google/uuid"

	pb "github.com/btlc/btlc/gen/go/btlc/gradcredit/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

// GetConsent gets a consent.
func (s *Service) GetConsent(ctx context.Context, req *pb.GetConsentRequest) (*pb.GetConsentResponse, error) {
	if err := access.Authorize(ctx, req.GetName(), api.Name("btlc/Educator", api.PartUUID(req.GetName(), 0))); err != nil {
		return nil, err
	}
	c, err := s.store.consent(ctx, req.GetName())
	return &pb.GetConsentResponse{Consent: c}, err
}

// ListConsents lists the consents of an educator.
func (s *Service) ListConsents(ctx context.Context, req *pb.ListConsentsRequest) (*pb.ListConsentsResponse, error) {
	if err := access.Authorize(ctx, req.GetParent(), req.GetParent()); err != nil {
		return nil, err
	}
	return s.store.listConsents(ctx, req)
}

// CreateConsent lets an institution see a person's credit facts from now on. Nobody but the person may.
func (s *Service) CreateConsent(ctx context.Context, req *pb.CreateConsentRequest) (*pb.CreateConsentResponse, error) {
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.CreateConsentResponse, error) {
		c, facts, err := s.store.createConsent(ctx, tx, req.GetParent(), req.GetConsent())
		if err != nil {
			return nil, err
		}
		return &pb.CreateConsentResponse{Consent: c}, announceConsent(ctx, tx, c, facts, "CREATED", "CREATED")
	})
}

// RevokeConsent takes a consent back: from now on the institution sees nothing.
func (s *Service) RevokeConsent(ctx context.Context, req *pb.RevokeConsentRequest) (*pb.RevokeConsentResponse, error) {
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.RevokeConsentResponse, error) {
		c, facts, err := s.store.revokeConsent(ctx, tx, req)
		if err != nil {
			return nil, err
		}
		return &pb.RevokeConsentResponse{Consent: c}, announceConsent(ctx, tx, c, facts, "UPDATED", "DELETED")
	})
}

// announceConsent tells whom a consent concerns. To the institution the consent and the facts that it lays open come to
// be, or are gone; of what is gone it is told nothing but that.
func announceConsent(ctx context.Context, tx *database.Tx, c *pb.Consent, facts creditFacts, kind, toInstitution string) error {
	educator := api.PartUUID(c.Name, 0)
	tx.Concerns(educator)
	tx.Wrote(c.Name)
	streams, keys, err := audience(ctx, tx, educator, c.Institution, false)
	if err != nil {
		return err
	}
	change := database.Change{Streams: streams, Resource: c.Name, Type: "btlc/Consent", Version: api.VersionOf(c.Etag), Kind: kind, NaturalKeys: keys, State: consentState(c)}
	tx.Emit(change)
	open := toInstitution != "DELETED"
	tx.Emit(forInstitution(c.Institution, educator, change, toInstitution, open))
	for _, r := range facts.requests {
		p := r.proto()
		change := database.Change{Resource: p.Name, Type: "btlc/CreditRequest", Version: r.row.Version, State: requestState(p)}
		tx.Emit(forInstitution(c.Institution, educator, change, toInstitution, open))
	}
	for _, row := range facts.postings {
		p := postingProto(row)
		change := database.Change{Resource: p.Name, Type: "btlc/CreditPosting", Version: row.Version, State: postingState(p)}
		tx.Emit(forInstitution(c.Institution, educator, change, toInstitution, open))
	}
	return nil
}

func forInstitution(institution string, educator uuid.UUID, change database.Change, kind string, open bool) database.Change {
	change.Streams, change.Kind, change.NaturalKeys = []string{institution}, kind, map[string]map[string]string{institution: keyOf(educator)}
	if !open {
		change.State = map[string]any{}
	}
	return change
}

func consentState(c *pb.Consent) map[string]any {
	return map[string]any{"institution": c.Institution, "live": c.RevokeTime == nil}
}
