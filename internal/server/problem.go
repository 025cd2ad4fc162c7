package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/btlc/btlc/internal/api"
)

// problem is an error on REST (RFC 9457). Its shape is in the API reference.
type problem struct {
	Type       string            `json:"type"`
	Title      string            `json:"title"`
	Status     int               `json:"status"`
	Detail     string            `json:"detail"`
	Instance   string            `json:"instance"`
	Reason     api.Reason        `json:"reason"`
	Metadata   map[string]string `json:"metadata,omitempty"`
	Violations []violation       `json:"violations,omitempty"`
	RequestID  string            `json:"requestId,omitempty"`
}

type violation struct {
	Field       string `json:"field"`
	Description string `json:"description"`
}

func writeProblem(w http.ResponseWriter, r *http.Request, e *api.Error) {
	p := problem{
		Type: "about:blank", Title: e.Reason.Title(), Status: e.Reason.HTTPStatus(), Detail: e.Detail, Instance: r.URL.EscapedPath(),
		Reason: e.Reason, Metadata: e.Metadata, RequestID: w.Header().Get(requestIDHeader),
	}
	for _, v := range e.Violations {
		p.Violations = append(p.Violations, violation(v))
	}
	body, err := json.Marshal(p)
	if err != nil {
		http.Error(w, "{}", http.StatusInternalServerError) // texts and a number always marshal
		return
	}
	if p.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="btlc"`)
	}
	w.Header().Del("Etag")
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	_, _ = w.Write(body) // a caller that went away cannot be told
}

// onError answers an error that comes out of an RPC, or out of the gateway before one.
func onError(ctx context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request, err error) {
	if md, ok := runtime.ServerMetadataFromContext(ctx); ok {
		for name, values := range md.HeaderMD {
			if header, fit := outgoingHeader(name); fit {
				w.Header().Set(header, values[len(values)-1])
			}
		}
	}
	var routing *runtime.HTTPStatusError
	if errors.As(err, &routing) {
		writeProblem(w, r, routeError(routing.HTTPStatus))
		return
	}
	st := status.Convert(err)
	if fault := faultIn(st.Message()); fault != nil {
		writeProblem(w, r, fault)
		return
	}
	e := api.FromStatus(st)
	if len(st.Details()) == 0 {
		// The gateway's own words: they may quote what it could not read, which is the caller's.
		if st.Code() == codes.InvalidArgument {
			e = malformed()
		}
		e.Detail = e.Reason.Title() + "."
	}
	writeProblem(w, r, e)
}

// onRoutingError answers a request that no RPC matches.
func onRoutingError(_ context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request, code int) {
	writeProblem(w, r, routeError(code))
}

func routeError(code int) *api.Error {
	if code == http.StatusMethodNotAllowed {
		return api.Errorf(api.MethodNotAllowed, "The address does not take this method: see /docs.")
	}
	return api.Errorf(api.RouteNotFound, "There is nothing at this address: see /docs.")
}

func bodyTooLarge() *api.Error {
	return api.Errorf(api.BodyTooLarge, "A body has at most %d bytes.", maxBody)
}

func malformed() *api.Error {
	return api.Errorf(api.MalformedBody, "The request cannot be read as what this RPC takes.")
}
