package demo

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	assessmentpb "github.com/btlc/btlc/gen/go/btlc/assessment/v1"
	credentialpb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	directorypb "github.com/btlc/btlc/gen/go/btlc/directory/v1"
	enrollmentpb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	feedbackpb "github.com/btlc/btlc/gen/go/btlc/feedback/v1"
	gradcreditpb "github.com/btlc/btlc/gen/go/btlc/gradcredit/v1"
	ledgerpb "github.com/btlc/btlc/gen/go/btlc/ledger/v1"
	roleinventorypb "github.com/btlc/btlc/gen/go/btlc/roleinventory/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/program"
)

// client is the secret of an API client that calls.
type client string

// as makes a call one of the client.
func (c client) as(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+string(c))
}

// loader writes a world through the RPCs.
type loader struct {
	access     accesspb.AccessServiceClient
	assessment assessmentpb.AssessmentServiceClient
	credential credentialpb.CredentialServiceClient
	directory  directorypb.DirectoryServiceClient
	enrollment enrollmentpb.EnrollmentServiceClient
	feedback   feedbackpb.FeedbackServiceClient
	gradcredit gradcreditpb.GraduateCreditServiceClient
	ledger     ledgerpb.LedgerServiceClient
	roles      roleinventorypb.RoleInventoryServiceClient

	db      *database.DB
	clock   *clock
	program *program.Program
	today   time.Time // until when there are records
	callers *access.Service
	calls   atomic.Int64

	// staff enters what staff enter, portal is by what participants and facilitators act, assessor scores, registrar posts
	// credit.
	staff, portal, assessor, registrar client
	clients                            []client           // all that were made, in order
	selves                             map[*person]client // those who say what they think, each alone
}

// counted counts the calls, and says of one that failed what it was and when.
type counted struct {
	grpc.ClientConnInterface
	calls *atomic.Int64
	clock *clock
}

func (c counted) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	c.calls.Add(1)
	if err := c.ClientConnInterface.Invoke(ctx, method, args, reply, opts...); err != nil {
		return fmt.Errorf("%s %s: %w", method, c.clock.now().Format(time.RFC3339), err)
	}
	return nil
}

// newLoader makes a loader and the clients that it calls as. Their keys are made at the time of today and work at all
// times before it.
func newLoader(ctx context.Context, channel grpc.ClientConnInterface, db *database.DB, clock *clock) (*loader, error) {
	data, err := program.Load()
	if err != nil {
		return nil, err
	}
	l := &loader{db: db, clock: clock, program: data, today: clock.now(), callers: access.New(db, nil)}
	conn := counted{channel, &l.calls, clock}
	l.access, l.assessment = accesspb.NewAccessServiceClient(conn), assessmentpb.NewAssessmentServiceClient(conn)
	l.credential, l.directory = credentialpb.NewCredentialServiceClient(conn), directorypb.NewDirectoryServiceClient(conn)
	l.enrollment, l.gradcredit = enrollmentpb.NewEnrollmentServiceClient(conn), gradcreditpb.NewGraduateCreditServiceClient(conn)
	l.feedback, l.ledger = feedbackpb.NewFeedbackServiceClient(conn), ledgerpb.NewLedgerServiceClient(conn)
	l.roles = roleinventorypb.NewRoleInventoryServiceClient(conn)
	if l.staff, err = l.newClient(ctx, loaderName, access.Grant{Role: accesspb.Role_ROLE_ADMIN}, access.Grant{Role: accesspb.Role_ROLE_PROGRAM_STAFF}); err != nil {
		return nil, err
	}
	if l.assessor, err = l.newClient(ctx, "Demo: assessors", access.Grant{Role: accesspb.Role_ROLE_ASSESSOR}); err != nil {
		return nil, err
	}
	l.registrar, err = l.newClient(ctx, "Demo: registrar's office", access.Grant{Role: accesspb.Role_ROLE_REGISTRAR, Scope: keyInstitution})
	return l, err
}

// newClient makes a client today, whatever the clock says: a key works for a year, and the records may reach back further.
func (l *loader) newClient(ctx context.Context, name string, grants ...access.Grant) (client, error) {
	moment := l.clock.now()
	l.clock.set(l.today)
	defer l.clock.set(moment)
	secret, err := l.callers.Bootstrap(ctx, name, grants...)
	if err != nil {
		return "", fmt.Errorf("make the API client %q: %w", name, err)
	}
	l.clients = append(l.clients, client(secret))
	return client(secret), nil
}

// finish disables the clients that have loaded; nobody has kept their keys. The loader itself, made first, is the last.
func (l *loader) finish(ctx context.Context) error {
	l.clock.set(l.today)
	for _, c := range slices.Backward(l.clients) {
		self, err := l.access.WhoAmI(c.as(ctx), &accesspb.WhoAmIRequest{})
		if err != nil {
			return err
		}
		if _, err := l.access.DisableApiClient(l.staff.as(ctx), &accesspb.DisableApiClientRequest{Name: self.Principal}); err != nil {
			return err
		}
	}
	return nil
}
