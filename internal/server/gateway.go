package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/grpc-ecosystem/grpc-gateway/v2/utilities"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
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
	"github.com/btlc/btlc/internal/api"
)

// maxBody is the largest body that a request may have, in bytes.
const maxBody = 4 << 20

// newGateway serves REST over the channel: it translates, and nothing else. Patience is that for readers of streams.
func newGateway(ctx context.Context, channel grpc.ClientConnInterface, patience time.Duration) (http.Handler, error) {
	mux := runtime.NewServeMux(
		runtime.WithMarshalerOption(runtime.MIMEWildcard, streamingCodec{newCodec()}),
		runtime.WithStreamErrorHandler(keepStreamError),
		runtime.WithForwardResponseOption(writePart),
		runtime.WithErrorHandler(onError),
		runtime.WithRoutingErrorHandler(onRoutingError),
		runtime.WithIncomingHeaderMatcher(incomingHeader),
		runtime.WithOutgoingHeaderMatcher(outgoingHeader),
		runtime.WithForwardResponseOption(setEtag),
	)
	return streamed(mux, patience), errors.Join(
		accesspb.RegisterAccessServiceHandlerClient(ctx, mux, accesspb.NewAccessServiceClient(channel)),
		assessmentpb.RegisterAssessmentServiceHandlerClient(ctx, mux, assessmentpb.NewAssessmentServiceClient(channel)),
		changepb.RegisterChangeServiceHandlerClient(ctx, mux, changepb.NewChangeServiceClient(channel)),
		directorypb.RegisterDirectoryServiceHandlerClient(ctx, mux, directorypb.NewDirectoryServiceClient(channel)),
		enrollmentpb.RegisterEnrollmentServiceHandlerClient(ctx, mux, enrollmentpb.NewEnrollmentServiceClient(channel)),
		feedbackpb.RegisterFeedbackServiceHandlerClient(ctx, mux, feedbackpb.NewFeedbackServiceClient(channel)),
		gradcreditpb.RegisterGraduateCreditServiceHandlerClient(ctx, mux, gradcreditpb.NewGraduateCreditServiceClient(channel)),
		ledgerpb.RegisterLedgerServiceHandlerClient(ctx, mux, ledgerpb.NewLedgerServiceClient(channel)),
		noticepb.RegisterNoticeServiceHandlerClient(ctx, mux, noticepb.NewNoticeServiceClient(channel)),
		roleinventorypb.RegisterRoleInventoryServiceHandlerClient(ctx, mux, roleinventorypb.NewRoleInventoryServiceClient(channel)),
		// The gateway tries patterns one by one, those registered last first: look-ups are what it is asked most.
		credentialpb.RegisterCredentialServiceHandlerClient(ctx, mux, credentialpb.NewCredentialServiceClient(channel)),
	)
}

func incomingHeader(name string) (string, bool) {
	switch lower := strings.ToLower(name); lower {
	case "idempotency-key", "if-match", requestIDHeader, "traceparent", "tracestate":
		return lower, true
	}
	return "", false // Authorization is forwarded by the gateway itself
}

func outgoingHeader(name string) (string, bool) {
	switch name {
	case requestIDHeader, cursorHeader, api.ReplayedHeader, "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "retry-after":
		return http.CanonicalHeaderKey(name), true
	}
	return "", false
}

// setEtag puts the etag of the resource that is the body into the ETag header.
func setEtag(_ context.Context, w http.ResponseWriter, answer proto.Message) error {
	w.Header().Set("Cache-Control", "private, no-cache")
	wrapper, ok := answer.(interface{ XXX_ResponseBody() any })
	if !ok {
		return nil
	}
	resource, ok := wrapper.XXX_ResponseBody().(proto.Message)
	if !ok {
		return nil
	}
	m := resource.ProtoReflect()
	if fd := m.Descriptor().Fields().ByName("etag"); fd != nil && m.IsValid() {
		w.Header().Set("ETag", `"`+m.Get(fd).String()+`"`)
	}
	return nil
}

// The gateway's library keeps one parser for all of a process's gateways: it is set once, before any serves.
var _ = runtime.NewServeMux(runtime.SetQueryParameterParser(strictQuery{}))

// strictQuery refuses query parameters that the RPC does not take, instead of passing over them.
type strictQuery struct{ runtime.DefaultQueryParser }

// Parse implements runtime.QueryParameterParser.
func (s strictQuery) Parse(m proto.Message, values url.Values, filter *utilities.DoubleArray) error {
	var violations []api.Violation
	for key := range values {
		if !queryField(m.ProtoReflect().Descriptor(), key) {
			violations = append(violations, api.Violation{Field: key, Description: "is not a parameter of this"})
		}
	}
	if violations != nil {
		return inBand(api.Invalid(violations...))
	}
	if err := s.DefaultQueryParser.Parse(m, values, filter); err != nil {
		return inBand(malformed())
	}
	if update, ok := m.(api.UpdateRequest); ok {
		paths := update.GetUpdateMask().GetPaths()
		for i := range paths {
			paths[i] = snake(paths[i])
		}
	}
	return nil
}

// snake is a path of a field mask as messages have it. The library takes the paths of a query as they are, so that the same
// request would differ by the transport that it came over.
func snake(path string) string {
	var b strings.Builder
	for _, r := range path {
		if unicode.IsUpper(r) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

func queryField(d protoreflect.MessageDescriptor, path string) bool {
	name, rest, nested := strings.Cut(path, ".")
	fd := d.Fields().ByJSONName(name)
	if fd == nil {
		fd = d.Fields().ByTextName(name)
	}
	if fd == nil || nested && fd.Message() == nil {
		return false
	}
	return !nested || queryField(fd.Message(), rest)
}

// bounded refuses bodies that are too large, before anything reads them. The form that verifies tells people so itself.
func bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == verifyPath {
			r.Body = http.MaxBytesReader(w, r.Body, maxForm)
			next.ServeHTTP(w, r)
			return
		}
		if r.Body != nil && r.Body != http.NoBody {
			body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
			if err != nil {
				writeProblem(w, r, malformed())
				return
			}
			if len(body) > maxBody {
				writeProblem(w, r, bodyTooLarge())
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		next.ServeHTTP(w, r)
	})
}

// revalidated answers 304 to a GET whose If-None-Match names the ETag that the answer would have.
func revalidated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if known := r.Header.Get("If-None-Match"); r.Method == http.MethodGet && known != "" {
			w = &revalidator{ResponseWriter: w, known: known}
		}
		next.ServeHTTP(w, r)
	})
}

type revalidator struct {
	http.ResponseWriter
	known     string
	unchanged bool
	decided   bool
}

func (v *revalidator) WriteHeader(status int) {
	v.decided = true
	etag := strings.TrimPrefix(v.Header().Get("ETag"), "W/") // the weak comparison (RFC 9110, section 13.1.2)
	if status == http.StatusOK && etag != "" {
		for one := range strings.SplitSeq(v.known, ",") {
			if one = strings.TrimPrefix(strings.TrimSpace(one), "W/"); one == etag || one == "*" {
				v.unchanged = true
				v.Header().Del("Content-Type")
				v.Header().Del("Content-Length")
				v.ResponseWriter.WriteHeader(http.StatusNotModified)
				return
			}
		}
	}
	v.ResponseWriter.WriteHeader(status)
}

// Unwrap lets a stream flush.
func (v *revalidator) Unwrap() http.ResponseWriter { return v.ResponseWriter }

func (v *revalidator) Write(body []byte) (int, error) {
	if !v.decided {
		v.WriteHeader(http.StatusOK)
	}
	if v.unchanged {
		return len(body), nil
	}
	return v.ResponseWriter.Write(body)
}

// recovered answers 500 when something outside of the RPCs panics.
func (s *Server) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			fault := recover()
			if fault == http.ErrAbortHandler {
				panic(fault) // so that the connection is broken off
			}
			if fault != nil {
				s.log.ErrorContext(r.Context(), "panic", "path", withoutToken(r.URL.Path), "fault", fmt.Sprint(fault))
				writeProblem(w, r, api.Errorf(api.Internal, "It is our fault."))
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// withoutToken is a path as logs may hold it. Outside of the API the second part may be all that it takes to read something: a
// calendar, a credential.
func withoutToken(path string) string {
	if parts := strings.SplitAfterN(path, "/", 3); len(parts) == 3 && parts[1] != "v1/" {
		return parts[0] + parts[1]
	}
	return path
}

// cors lets browsers of the allowed origins read answers. Credentials of the browser are never asked for: callers send
// their key or token themselves.
func cors(origins []string, next http.Handler) http.Handler {
	allowed := map[string]bool{}
	for _, origin := range origins {
		allowed[origin] = true
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		w.Header().Add("Vary", "Origin")
		if allowed[origin] {
			w.Header().Set("Access-Control-Allow-Origin", origin)
			w.Header().Set("Access-Control-Expose-Headers", "ETag, Btlc-Cursor, Idempotency-Replayed, X-Request-Id, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After")
			if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
				w.Header().Set("Access-Control-Allow-Methods", "GET, POST, PATCH, DELETE")
				w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, X-Request-Id")
				w.Header().Set("Access-Control-Max-Age", "600")
				w.WriteHeader(http.StatusNoContent)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}
