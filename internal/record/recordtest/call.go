package recordtest

import (
	"context"
	"errors"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
)

// Caller is a caller with one role, known by its name.
func Caller(role accesspb.Role, scope string) *access.Caller {
	return &access.Caller{Principal: "apiClients/" + role.String(), Grants: []access.Grant{{Role: role, Scope: scope}}}
}

// Staff is a caller of the program's staff.
func Staff() *access.Caller { return Caller(accesspb.Role_ROLE_PROGRAM_STAFF, "") }

// Handler is a method of a service.
type Handler[Q, A proto.Message] func(context.Context, Q) (A, error)

// Call makes a call as the server would: by the rule of the RPC, validated, and answered after authorization. With the
// answer comes what the handler noted on the way.
func Call[Q, A proto.Message](t testing.TB, service protoreflect.ServiceDescriptor, caller *access.Caller, handler Handler[Q, A], req Q) (A, *api.Call, error) {
	t.Helper()
	rules, err := access.RulesOf(service)
	Must(t, err)
	method := string(req.ProtoReflect().Descriptor().Name())
	call := &api.Call{Method: "/" + string(service.FullName()) + "/" + method[:len(method)-len("Request")], Principal: caller.Principal, RequestID: "test"}
	ctx, check, err := rules.Guard(api.WithCall(t.Context(), call), call.Method, caller, req)
	var none A
	if err == nil {
		err = api.Validate(req)
	}
	if err != nil {
		return none, call, err
	}
	answer, err := handler(ctx, req)
	if err != nil {
		return none, call, err
	}
	return answer, call, check()
}

// Known is an error that callers see; an empty one for any other.
func Known(err error) *api.Error {
	if known, ok := errors.AsType[*api.Error](err); ok {
		return known
	}
	return &api.Error{}
}

// Reason is the reason of an error that callers see; empty for none, and the text of any other error.
func Reason(err error) api.Reason {
	if reason := Known(err).Reason; err == nil || reason != "" {
		return reason
	}
	return api.Reason(err.Error())
}
