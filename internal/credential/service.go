// Package credential says who is eligible for a certificate and why, issues signed credentials and keeps their status,
// and tells districts the status of their own people's credentials.
package credential

import (
	"context"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/openbadge"
	"github.com/btlc/btlc/internal/program"
	"github.com/btlc/btlc/internal/record"
)

// Service answers for credential types, policies, credentials and their status.
type Service struct {
	pb.UnimplementedCredentialServiceServer
	store store
	fetch openbadge.Fetch // gets what other issuers publish; nil for nothing
	// created has a word in it when a batch was created here.
	created chan struct{}
	// pdpRules are what hours are worth by the state's rules.
	pdpRules []program.PDPRule
}

// New makes the service. The database has been migrated: statements are prepared on its tables.
func New(db *database.DB, issuer Issuer) (*Service, error) {
	if err := issuer.check(); err != nil {
		return nil, err
	}
	s, err := newStore(db, issuer)
	if err != nil {
		return nil, err
	}
	data, err := program.Load()
	if err != nil {
		return nil, err
	}
	return &Service{store: s, created: make(chan struct{}, 1), pdpRules: data.PDPRules}, nil
}

// GetCredential gets a credential.
func (s *Service) GetCredential(ctx context.Context, req *pb.GetCredentialRequest) (*pb.GetCredentialResponse, error) {
	c, err := s.store.credential(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	if err := access.Authorize(ctx, req.GetName(), c.Educator); err != nil {
		return nil, err
	}
	return &pb.GetCredentialResponse{Credential: c}, nil
}

// ListCredentials lists the credentials that the caller may see.
func (s *Service) ListCredentials(ctx context.Context, req *pb.ListCredentialsRequest) (*pb.ListCredentialsResponse, error) {
	everywhere, scopes := access.Reach(ctx)
	return s.store.listCredentials(ctx, req, everywhere, scopes)
}

// IssueCredential issues a credential to an educator who meets its policy.
func (s *Service) IssueCredential(ctx context.Context, req *pb.IssueCredentialRequest) (*pb.IssueCredentialResponse, error) {
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.IssueCredentialResponse, error) {
		c, err := s.store.issue(ctx, tx, req.GetEducator(), req.GetCredentialType())
		if err != nil {
			return nil, err
		}
		if req.GetValidateOnly() {
			c.Document = "" // what is signed counts, on record or not: a trial gives none away
		}
		return &pb.IssueCredentialResponse{Credential: c}, announce(ctx, tx, "CREATED", c)
	})
}

// RevokeCredential revokes a credential for good.
func (s *Service) RevokeCredential(ctx context.Context, req *pb.RevokeCredentialRequest) (*pb.RevokeCredentialResponse, error) {
	return change(ctx, s, req, "revoke", func(c *pb.Credential) *pb.RevokeCredentialResponse {
		return &pb.RevokeCredentialResponse{Credential: c}
	})
}

// SuspendCredential suspends a credential.
func (s *Service) SuspendCredential(ctx context.Context, req *pb.SuspendCredentialRequest) (*pb.SuspendCredentialResponse, error) {
	return change(ctx, s, req, "suspend", func(c *pb.Credential) *pb.SuspendCredentialResponse {
		return &pb.SuspendCredentialResponse{Credential: c}
	})
}

// ReinstateCredential makes a suspended credential active again.
func (s *Service) ReinstateCredential(ctx context.Context, req *pb.ReinstateCredentialRequest) (*pb.ReinstateCredentialResponse, error) {
	return change(ctx, s, req, "reinstate", func(c *pb.Credential) *pb.ReinstateCredentialResponse {
		return &pb.ReinstateCredentialResponse{Credential: c}
	})
}

// ReissueCredential issues a credential anew, in the place of another one.
func (s *Service) ReissueCredential(ctx context.Context, req *pb.ReissueCredentialRequest) (*pb.ReissueCredentialResponse, error) {
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.ReissueCredentialResponse, error) {
		c, err := s.store.reissue(ctx, tx, req)
		if err != nil {
			return nil, err
		}
		return &pb.ReissueCredentialResponse{Credential: c}, announce(ctx, tx, "CREATED", c)
	})
}

// ExpireDue has the record say of all credentials whose time is over that they have expired. It may run on many servers
// at once.
func (s *Service) ExpireDue(ctx context.Context) error {
	const together = 100 // short transactions: the streams of the feed wait for them
	for {
		if n, err := s.store.expireDue(ctx, together); err != nil || n < together {
			return err
		}
	}
}

// statusRequest is what all requests that change a status have.
type statusRequest interface {
	proto.Message
	GetName() string
	GetReasonCode() string
	GetAuthority() string
	GetNote() string
}

// change is the one way in which a status changes.
func change[A proto.Message](ctx context.Context, s *Service, req statusRequest, verb string, answer func(*pb.Credential) A) (A, error) {
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (A, error) {
		var none A
		c, err := s.store.changeStatus(ctx, tx, req, verb)
		if err != nil {
			return none, err
		}
		return answer(c), announce(ctx, tx, "UPDATED", c)
	})
}

// announce puts a change of each of the credentials on the feeds of those whom it concerns, with no more queries for many
// than for one. Their holders are held.
func announce(ctx context.Context, tx *database.Tx, kind string, credentials ...*pb.Credential) error {
	ids := make([]uuid.UUID, len(credentials))
	for i, c := range credentials {
		ids[i] = api.LastUUID(c.Name)
		tx.Concerns(api.LastUUID(c.Educator))
		tx.Wrote(c.Name)
	}
	return record.TellCredentials(ctx, tx, kind, ids...)
}

// GetCredentialEvent gets a change of a credential's status.
func (s *Service) GetCredentialEvent(ctx context.Context, req *pb.GetCredentialEventRequest) (*pb.GetCredentialEventResponse, error) {
	if err := s.authorizeHistory(ctx, api.PartUUID(req.GetName(), 0), req.GetName()); err != nil {
		return nil, err
	}
	event, err := s.store.event(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	return &pb.GetCredentialEventResponse{CredentialEvent: visible(ctx, event)}, nil
}

// ListCredentialEvents lists the changes of a credential's status.
func (s *Service) ListCredentialEvents(ctx context.Context, req *pb.ListCredentialEventsRequest) (*pb.ListCredentialEventsResponse, error) {
	if err := s.authorizeHistory(ctx, api.LastUUID(req.GetParent()), req.GetParent()); err != nil {
		return nil, err
	}
	answer, err := s.store.listEvents(ctx, req)
	if err != nil {
		return nil, err
	}
	for _, event := range answer.CredentialEvents {
		visible(ctx, event)
	}
	return answer, nil
}

// authorizeHistory decides whether the caller may see the history of a credential.
func (s *Service) authorizeHistory(ctx context.Context, credential uuid.UUID, name string) error {
	holder, found, err := s.store.holder(ctx, credential)
	if err != nil {
		return err
	} else if !found {
		return api.Missing(name)
	}
	api.Saw(ctx, holder)
	return access.Authorize(ctx, name, api.Name("btlc/Educator", holder))
}

// visible is an event as the caller may see it: who recorded it and what they added is for the staff and the educator.
func visible(ctx context.Context, event *pb.CredentialEvent) *pb.CredentialEvent {
	if access.OnlyAs(ctx, accesspb.Role_ROLE_AUDITOR) {
		event.Note, event.RecordedBy = "", ""
	}
	return event
}
