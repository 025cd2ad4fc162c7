// Package server is the composition root: listeners, the interceptor chain, the gateway, start and orderly stop. Nothing
// else knows all the contexts.
package server

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/semaphore"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/stats"
	"google.golang.org/protobuf/reflect/protoreflect"

	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	assessmentpb "github.com/btlc/btlc/gen/go/btlc/assessment/v1"
	changepb "github.com/btlc/btlc/gen/go/btlc/change/v1"
	credentialpb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	directorypb "github.com/btlc/btlc/gen/go/btlc/directory/v1"
	enrollmentpb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	feedbackpb "github.com/btlc/btlc/gen/go/btlc/feedback/v1"
	gradcreditpb "github.com/btlc/btlc/gen/go/btlc/gradcredit/v1"
	ledgerpb "github.com/btlc/btlc/gen/go/btlc/ledger/v1"
	noticepb "github.com/btlc/btlc/gen/go/btlc/notice/v1"
	roleinventorypb "github.com/btlc/btlc/gen/go/btlc/roleinventory/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/assessment"
	"github.com/btlc/btlc/internal/change"
	"github.com/btlc/btlc/internal/credential"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/directory"
	"github.com/btlc/btlc/internal/drops"
	"github.com/btlc/btlc/internal/enrollment"
	"github.com/btlc/btlc/internal/feedback"
	"github.com/btlc/btlc/internal/gradcredit"
	"github.com/btlc/btlc/internal/ledger"
	"github.com/btlc/btlc/internal/notice"
	"github.com/btlc/btlc/internal/program"
	"github.com/btlc/btlc/internal/qrscan"
	"github.com/btlc/btlc/internal/roleinventory"
)

// Options are what a server is made of.
type Options struct {
	// Pool is the database, migrated; its connections have the server's role.
	Pool *sql.DB
	// Migrations are those that this program needs: with fewer the server is not ready.
	Migrations fs.FS
	// Issuers are the identity providers whose tokens are taken.
	Issuers []access.Issuer
	// Issuer signs credentials.
	Issuer credential.Issuer
	// VerifyHosts may be asked for the keys and status lists of other issuers.
	VerifyHosts []string
	// VCAPI has a test issuer answer the VC-API.
	VCAPI bool
	// Zone is the time zone in which sections meet.
	Zone *time.Location
	// Clock gives the time that is recorded; nil is the system's.
	Clock func() time.Time
	// Deadline bounds requests that bring none.
	Deadline time.Duration
	// RequestsPerSecond is the rate of each caller; 0 is no limit.
	RequestsPerSecond int
	// Origins are the web pages that browsers may call from.
	Origins []string
	// BatchWorkers is how many persons of batches this server issues credentials to at a time; 0 is one for each processor, and
	// less leaves batches to other servers.
	BatchWorkers int
	// Webhooks says how changes are posted. The public URL and whom to alarm are filled in.
	Webhooks change.Options
	// WebhookWorkers is how many subscribers this server posts to at a time; 0 is 16, and less leaves them to other servers.
	WebhookWorkers int
	// FeedRetention is how long changes stay on the feed, and WebhookLog how long attempts to post them are on record: whole
	// months, when all of them is older. 0 keeps all.
	FeedRetention, WebhookLog time.Duration
	// Notices are e-mails to people; with the zero value there are none. Who writes and where people sign in is filled in
	// from Issuer, where it is empty.
	Notices notice.Options
	// WithoutSending leaves what is written to other servers to send.
	WithoutSending bool
	// Drops are the files that are left for systems which cannot call, and DropReach says where they may be.
	Drops     []drops.Drop
	DropReach drops.Reach
	// WithoutReadAudit leaves reads off the record: only for measuring what the record costs. No setting reaches it.
	WithoutReadAudit bool
	// StatsHandler sees every RPC; nil for none.
	StatsHandler stats.Handler
	Log          *slog.Logger
}

// Server serves gRPC and REST.
type Server struct {
	options     Options
	log         *slog.Logger
	db          *database.DB
	grpc        *grpc.Server
	http        *http.Server
	channel     *channel
	health      *health.Server
	credentials *credential.Service
	directory   *directory.Service
	changes     *change.Service
	enrollment  *enrollment.Service
	notices     *notice.Service
	chain       *chain
	drops       *drops.Maker
	scanner     *qrscan.Scanner
	largeForms  *semaphore.Weighted
	stopStreams context.CancelFunc
}

// New puts the server together. It fails when an RPC has no rule.
func New(options Options) (*Server, error) {
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	db := database.NewDB(options.Pool, options.Clock).Serving(options.Issuer.BaseURL, options.Log)
	s := &Server{options: options, log: options.Log, db: db, health: health.NewServer(), scanner: qrscan.New(), largeForms: semaphore.NewWeighted(maxLargeForms)}
	rules, err := access.RulesOf(services()...)
	if err != nil {
		return nil, err
	}
	if s.credentials, err = credential.New(db, options.Issuer); err != nil {
		return nil, err
	}
	if err := s.credentials.AskHosts(options.VerifyHosts...); err != nil {
		return nil, err
	}
	data, err := program.Load()
	if err != nil {
		return nil, err
	}
	money, err := ledger.NewService(db, options.Zone, data.EnrollmentRules)
	if err != nil {
		return nil, err
	}
	options.Webhooks.PublicURL = options.Issuer.BaseURL
	options.Notices.Program, options.Notices.SignInURL = cmp.Or(options.Notices.Program, options.Issuer.Name), cmp.Or(options.Notices.SignInURL, options.Issuer.BaseURL)
	options.Notices.PublicURL, options.Notices.Zone = options.Issuer.BaseURL, options.Zone
	s.notices = notice.New(db, options.Notices)
	options.Webhooks.Alarm = s.notices.WebhookFails
	s.changes = change.New(db, options.Webhooks)
	callers := access.New(db, options.Issuers)
	var stopping context.Context
	stopping, s.stopStreams = context.WithCancel(context.Background())
	way := &chain{rules: rules, authenticator: callers.Authenticator, limits: newLimits(options.RequestsPerSecond), db: db, now: db.Now, deadline: options.Deadline, auditReads: !options.WithoutReadAudit, log: options.Log, stopping: stopping, patience: streamPatience}
	s.chain, s.drops = way, drops.NewMaker(options.Drops, options.DropReach, drops.NewStore(options.Pool), s.exportDrop, db.Now, options.Log)
	settings := []grpc.ServerOption{grpc.UnaryInterceptor(way.unary), grpc.StreamInterceptor(way.stream), grpc.MaxRecvMsgSize(maxBody), grpc.WaitForHandlers(true), grpc.ForceServerCodecV2(newTolerant()), grpc.NumStreamWorkers(streamWorkers)}
	s.channel = newChannel(way.unary, way.stream, options.StatsHandler)
	if options.StatsHandler != nil {
		settings = append(settings, grpc.StatsHandler(options.StatsHandler))
	}
	s.grpc = grpc.NewServer(settings...)
	registrar := everywhere{s.grpc, s.channel}
	accesspb.RegisterAccessServiceServer(registrar, callers)
	assessmentpb.RegisterAssessmentServiceServer(registrar, assessment.New(db))
	changepb.RegisterChangeServiceServer(registrar, s.changes)
	credentialpb.RegisterCredentialServiceServer(registrar, s.credentials)
	s.directory = directory.New(db)
	directorypb.RegisterDirectoryServiceServer(registrar, s.directory)
	s.enrollment = enrollment.New(db, options.Zone, data.EnrollmentRules, money, s.notices).At(options.Issuer.BaseURL)
	enrollmentpb.RegisterEnrollmentServiceServer(registrar, s.enrollment)
	feedbackpb.RegisterFeedbackServiceServer(registrar, feedback.New(db, options.Zone, data.EnrollmentRules))
	gradcreditpb.RegisterGraduateCreditServiceServer(registrar, gradcredit.New(db, options.Zone))
	ledgerpb.RegisterLedgerServiceServer(registrar, money)
	noticepb.RegisterNoticeServiceServer(registrar, s.notices)
	roleinventorypb.RegisterRoleInventoryServiceServer(registrar, roleinventory.New(db, s.enrollment.RoleConfirmed))
	healthpb.RegisterHealthServer(s.grpc, s.health)
	reflection.Register(s.grpc)
	gateway, err := newGateway(context.Background(), s.channel, streamPatience)
	if err != nil {
		return nil, err
	}
	pages := s.pages(gateway)
	if options.VCAPI {
		if err := s.serveVCAPI(pages); err != nil {
			return nil, err
		}
	}
	handler := s.recovered(cors(options.Origins, compressed(revalidated(bounded(pages)))))
	s.http = &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute}
	return s, nil
}

// streamWorkers keep their stacks from one RPC to the next; what comes when all are busy gets a goroutine of its own.
const streamWorkers = 64

func services() []protoreflect.ServiceDescriptor {
	return []protoreflect.ServiceDescriptor{
		accesspb.File_btlc_access_v1_service_proto.Services().Get(0), assessmentpb.File_btlc_assessment_v1_service_proto.Services().Get(0),
		changepb.File_btlc_change_v1_service_proto.Services().Get(0), credentialpb.File_btlc_credential_v1_service_proto.Services().Get(0),
		directorypb.File_btlc_directory_v1_service_proto.Services().Get(0), enrollmentpb.File_btlc_enrollment_v1_service_proto.Services().Get(0),
		feedbackpb.File_btlc_feedback_v1_service_proto.Services().Get(0), gradcreditpb.File_btlc_gradcredit_v1_service_proto.Services().Get(0), ledgerpb.File_btlc_ledger_v1_service_proto.Services().Get(0),
		noticepb.File_btlc_notice_v1_service_proto.Services().Get(0), roleinventorypb.File_btlc_roleinventory_v1_service_proto.Services().Get(0),
	}
}

// Channel calls the server in the process, by the same chain as any caller.
func (s *Server) Channel() grpc.ClientConnInterface { return s.channel }

// Handler is REST and the pages.
func (s *Server) Handler() http.Handler { return s.http.Handler }

// DB is the server's database.
func (s *Server) DB() *database.DB { return s.db }

// ready says whether the server can answer: the database does, and has the schema that is needed.
func (s *Server) ready(ctx context.Context) error {
	return database.CheckSchema(ctx, s.options.Pool, s.options.Migrations)
}

// Serve answers on both listeners until the context ends, then finishes what is in flight, for grace at most.
func (s *Server) Serve(ctx context.Context, rest, rpc net.Listener, grace time.Duration) error {
	failed := make(chan error, 2)
	go func() { failed <- s.grpc.Serve(buffering{rpc}) }()
	go func() {
		if err := s.http.Serve(buffering{rest}); !errors.Is(err, http.ErrServerClosed) {
			failed <- err
		}
	}()
	background, stop := context.WithCancel(ctx)
	worked := make(chan struct{})
	go func() {
		defer close(worked)
		s.work(background)
	}()
	s.health.SetServingStatus("", healthpb.HealthCheckResponse_SERVING)
	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	stop()
	<-worked
	return errors.Join(err, s.shutdown(grace))
}

func (s *Server) shutdown(grace time.Duration) error {
	s.health.Shutdown()
	s.stopStreams()
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	err := s.http.Shutdown(ctx)
	done := make(chan struct{})
	go func() {
		s.grpc.GracefulStop()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		s.grpc.Stop()
		err = errors.Join(err, fmt.Errorf("some requests were not finished within %s", grace))
	}
	s.db.Close()
	return err
}
