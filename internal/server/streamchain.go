package server

import (
	"context"
	"errors"
	"runtime/debug"
	"strings"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

// longestStream is how long a stream may last: who watches comes back with the cursor, by then perhaps to another server,
// and an export that takes longer holds up the database's cleaning.
const longestStream = time.Hour

// askAgain is how long a stream goes on before it is asked again who reads it and what they may: a key that is revoked, a role
// that is taken away and a token that runs out end it, as they end calls.
const askAgain = time.Second

// stream is the chain for RPCs whose answer is a stream: the same way as a unary RPC, with each message of the answer
// checked and put on record before it leaves.
func (c *chain) stream(service any, wire grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) (err error) {
	if c.rules[info.FullMethod] == nil && !strings.HasPrefix(info.FullMethod, "/btlc.") {
		return handler(service, wire) // health and reflection: they say nothing that the contract does not
	}
	if _, local := wire.(*pipe); !local { // what comes from there is held to its time where it is written
		wire = impatient{wire, c.patience}
	}
	started := time.Now()
	ctx, cancel := context.WithTimeoutCause(wire.Context(), longestStream, errStreamEnds)
	defer cancel()
	call := newCall(ctx, info.FullMethod)
	ctx = api.WithCall(ctx, call)
	if c.stopping != nil {
		var stop context.CancelCauseFunc
		ctx, stop = context.WithCancelCause(ctx)
		defer stop(nil)
		defer context.AfterFunc(c.stopping, func() { stop(errStreamEnds) })()
	}
	s := &streamAnswer{ServerStream: wire, chain: c, call: call, ctx: ctx, closed: func() {}}
	defer func() { s.closed() }()
	defer func() {
		if fault := recover(); fault != nil {
			c.log.ErrorContext(ctx, "panic", "method", info.FullMethod, "request_id", call.RequestID, "fault", fault, "stack", string(debug.Stack()))
			err = internal(call)
		}
		c.logCall(ctx, call, started, err)
	}()
	if err := wire.SetHeader(metadata.Pairs(requestIDHeader, call.RequestID)); err != nil {
		return err
	}
	if err := handler(service, s); err != nil {
		if errors.Is(context.Cause(ctx), errStreamEnds) {
			err = api.Errorf(api.Unavailable, "The stream ends here: go on with a new one after what you have.")
		}
		return c.clean(ctx, call, err)
	}
	return nil
}

// errStreamEnds is why a stream of ours ends before its end: its time is over, or the server stops.
var errStreamEnds = errors.New("the stream ends")

// streamAnswer stands between a handler and the wire.
type streamAnswer struct {
	grpc.ServerStream
	chain   *chain
	call    *api.Call
	ctx     context.Context
	request proto.Message
	check   func() error
	asked   time.Time // when it was last found out whether the caller may have it
	closed  func()    // gives the stream's place back
	audited bool
}

// Context is the handler's: it knows the caller once the request has come in.
func (s *streamAnswer) Context() context.Context { return s.ctx }

// RecvMsg takes the request, and refuses it as a unary RPC would.
func (s *streamAnswer) RecvMsg(m any) error {
	if err := s.ServerStream.RecvMsg(m); err != nil {
		return err
	}
	request, ok := m.(proto.Message)
	if !ok {
		return errors.New("the request is no protobuf message")
	}
	ctx, check, err := s.chain.admit(s.ctx, s.call, request)
	if err != nil {
		return err
	}
	closed, err := s.chain.limits.open(s.call.Principal)
	if err != nil {
		return err
	}
	s.ctx, s.request, s.closed, s.asked = ctx, request, closed, s.chain.now()
	s.check = func() error {
		if err := check(); err != nil {
			return err
		}
		return s.stillMay()
	}
	return nil
}

// stillMay refuses what a new call would be refused: who may have a stream is decided by its request, each time anew.
func (s *streamAnswer) stillMay() error {
	now := s.chain.now()
	if since := now.Sub(s.asked); since >= 0 && since < askAgain { // a clock that was set back holds nothing up
		return nil
	}
	caller, err := s.chain.authenticator.Caller(s.ctx, first(s.ctx, "authorization"))
	if err != nil {
		return err
	}
	if _, _, err := s.chain.rules.Guard(s.ctx, s.call.Method, caller, s.request); err != nil {
		return err
	}
	s.asked = now
	return nil
}

// SendMsg sends a message of the answer when it may leave, and is on record.
func (s *streamAnswer) SendMsg(m any) error {
	answer, ok := m.(proto.Message)
	if !ok || !answer.ProtoReflect().IsValid() {
		return errors.New("the handler gave no answer")
	}
	if err := s.check(); err != nil {
		return err
	}
	if err := s.audit(answer); err != nil {
		return err // what cannot be put on record is not shown
	}
	return s.ServerStream.SendMsg(m)
}

// audit puts the persons of a message on record: those whom the handler noted, else those whom the message names; of a
// stream that shows nobody, that it was read.
func (s *streamAnswer) audit(answer proto.Message) error {
	if !s.chain.auditReads || !s.chain.rules[s.call.Method].GetPersonal() {
		return nil
	}
	found := map[uuid.UUID]bool{}
	for _, id := range s.call.TakeSeen() {
		found[id] = true
	}
	if len(found) == 0 {
		collect(answer.ProtoReflect(), found)
	}
	if len(found) == 0 && s.audited {
		return nil
	}
	s.audited = true
	return s.chain.db.AuditRead(s.ctx, database.AuditEntry{Principal: s.call.Principal, Method: s.call.Method, RequestID: s.call.RequestID, Subjects: persons(found)})
}
