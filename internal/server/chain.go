package server

import (
	"context"
	"errors"
	"log/slog"
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/openbadge"
)

// requestIDHeader is the id of a request, taken from the caller when it is fit, and in every answer.
const requestIDHeader = "x-request-id"

const healthMethods = "/grpc.health.v1.Health/"

var fitRequestID = regexp.MustCompile(`^[A-Za-z0-9._-]{8,64}$`)

// chain is the one way of a request to its handler, on the wire and in the process alike: recover, request id,
// authenticate, authorize, validate, handler, audit of reads.
type chain struct {
	rules         access.Rules
	authenticator *access.Authenticator
	limits        *limits
	db            *database.DB
	now           func() time.Time
	deadline      time.Duration
	auditReads    bool
	log           *slog.Logger
	// stopping ends when the server is about to stop: streams end with it. Nil for never.
	stopping context.Context
	// patience is how long what a stream sends may lie until its reader takes it.
	patience time.Duration
}

func (c *chain) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (answer any, err error) {
	if strings.HasPrefix(info.FullMethod, healthMethods) {
		return handler(ctx, req) // asked by balancers, which have no key; it says no more than that the server runs
	}
	started := time.Now()
	call := newCall(ctx, info.FullMethod)
	ctx = api.WithCall(ctx, call)
	defer func() {
		if fault := recover(); fault != nil {
			c.log.ErrorContext(ctx, "panic", "method", info.FullMethod, "request_id", call.RequestID, "fault", fault, "stack", string(debug.Stack()))
			answer, err = nil, internal(call)
		}
		c.logCall(ctx, call, started, err)
	}()
	// Outside of a server, in a handler's own test, there is nobody to tell.
	_ = grpc.SetHeader(ctx, metadata.Pairs(requestIDHeader, call.RequestID))
	if _, bounded := ctx.Deadline(); !bounded && c.deadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.deadline)
		defer cancel()
	}
	answer, err = c.answer(ctx, call, req, handler)
	if err != nil {
		return nil, c.clean(ctx, call, err)
	}
	return answer, nil
}

func (c *chain) answer(ctx context.Context, call *api.Call, req any, handler grpc.UnaryHandler) (any, error) {
	message, ok := req.(proto.Message)
	if !ok {
		return nil, errors.New("the request is no protobuf message")
	}
	ctx, check, err := c.admit(ctx, call, message)
	if err != nil {
		return nil, err
	}
	answer, err := handler(ctx, req)
	if err != nil {
		return nil, err
	}
	if answer, ok := answer.(proto.Message); !ok || !answer.ProtoReflect().IsValid() {
		return nil, errors.New("the handler gave no answer")
	}
	if err := check(); err != nil {
		return nil, err
	}
	if c.auditReads && c.rules[call.Method].GetPersonal() && !call.Wrote() {
		entry := database.AuditEntry{Principal: call.Principal, Method: call.Method, RequestID: call.RequestID, Subjects: subjects(call, message, answer.(proto.Message))}
		if err := c.db.AuditRead(ctx, entry); err != nil {
			return nil, err // what cannot be put on record is not shown
		}
	}
	return answer, nil
}

// admit finds who calls, and whether they may send this request: it gives the context for the handler, and what to check
// before an answer leaves.
func (c *chain) admit(ctx context.Context, call *api.Call, message proto.Message) (context.Context, func() error, error) {
	if isMalformed(message) {
		return ctx, nil, malformed()
	}
	caller, err := c.authenticator.Caller(ctx, first(ctx, "authorization"))
	if err != nil {
		return ctx, nil, err
	}
	call.Principal = caller.Principal
	if err := c.limits.take(ctx, caller.Principal); err != nil {
		return ctx, nil, err
	}
	ctx, check, err := c.rules.Guard(ctx, call.Method, caller, message)
	if err != nil {
		// A name that cannot be one is told as such: that depends on the request alone and says nothing about what is there.
		var known *api.Error
		if errors.As(err, &known) && known.Reason == api.NotFound {
			if e := api.Validate(message); e != nil {
				return ctx, nil, e
			}
		}
		return ctx, nil, err
	}
	if err := api.Validate(message); err != nil {
		return ctx, nil, err
	}
	return ctx, check, nil
}

func newCall(ctx context.Context, method string) *api.Call {
	id := first(ctx, requestIDHeader)
	if !fitRequestID.MatchString(id) {
		id = uuid.Must(uuid.NewV7()).String()
	}
	return &api.Call{Method: method, Principal: access.Anonymous, RequestID: id, IdempotencyKey: first(ctx, "idempotency-key"), IfMatch: first(ctx, "if-match")}
}

func first(ctx context.Context, key string) string {
	if values := metadata.ValueFromIncomingContext(ctx, key); len(values) > 0 {
		return values[0]
	}
	return ""
}

// clean makes any error one that callers may see.
func (c *chain) clean(ctx context.Context, call *api.Call, err error) error {
	var known *api.Error
	switch {
	case errors.As(err, &known):
		return known.GRPCStatus().Err()
	case errors.Is(err, context.Canceled) || errors.Is(ctx.Err(), context.Canceled):
		return api.Errorf(api.Cancelled, "The caller went away.").GRPCStatus().Err()
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(ctx.Err(), context.DeadlineExceeded):
		return api.Errorf(api.DeadlineExceeded, "It was not done by the deadline; nothing of it was kept.").GRPCStatus().Err()
	case errors.Is(err, database.ErrContention):
		return api.Errorf(api.Contention, "Others changed the same at the same time: try again.").GRPCStatus().Err()
	case database.IsReadOnlyOrDown(err):
		c.log.WarnContext(ctx, "database away", "method", call.Method, "request_id", call.RequestID, "error", err)
		return api.Errorf(api.Unavailable, "The database does not answer now: try again.").GRPCStatus().Err()
	case errors.Is(err, openbadge.ErrNotSigned):
		c.log.ErrorContext(ctx, "a key did not sign", "method", call.Method, "request_id", call.RequestID, "error", err)
		return api.Errorf(api.Unavailable, "The key that signs does not answer now: try again.").GRPCStatus().Err()
	}
	c.log.ErrorContext(ctx, "unexpected", "method", call.Method, "request_id", call.RequestID, "error", err)
	return internal(call)
}

func internal(call *api.Call) error {
	return api.Errorf(api.Internal, "It is our fault, and it is on record under the request id %s.", call.RequestID).GRPCStatus().Err()
}

func (c *chain) logCall(ctx context.Context, call *api.Call, started time.Time, err error) {
	level := slog.LevelDebug
	if code := status.Code(err); code == codes.Internal || code == codes.Unavailable {
		level = slog.LevelWarn
	}
	if c.log.Enabled(ctx, level) {
		c.log.Log(ctx, level, "call", "method", call.Method, "code", status.Code(err).String(), "principal", call.Principal, "request_id", call.RequestID, "duration", time.Since(started))
	}
}

// subjects are the educators whose data an answer holds: those whom the handler noted, those whom the answer names, and
// when it names none, those whom the request names.
func subjects(call *api.Call, req, answer proto.Message) []uuid.UUID {
	found := map[uuid.UUID]bool{}
	for _, id := range call.Seen() {
		found[id] = true
	}
	if len(found) == 0 {
		collect(answer.ProtoReflect(), found)
	}
	if len(found) == 0 {
		collect(req.ProtoReflect(), found)
	}
	return persons(found)
}

func persons(found map[uuid.UUID]bool) []uuid.UUID {
	ids := make([]uuid.UUID, 0, len(found))
	for id := range found {
		if id != uuid.Nil {
			ids = append(ids, id)
		}
	}
	return ids
}

func collect(m protoreflect.Message, found map[uuid.UUID]bool) {
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		each := func(v protoreflect.Value) {
			switch fd.Kind() {
			case protoreflect.MessageKind:
				collect(v.Message(), found)
			case protoreflect.StringKind:
				if text := v.String(); strings.HasPrefix(text, "educators/") {
					found[api.PartUUID(text, 0)] = true
				}
			}
		}
		switch {
		case fd.IsMap():
		case fd.IsList():
			for i := range v.List().Len() {
				each(v.List().Get(i))
			}
		default:
			each(v)
		}
		return true
	})
}
