package access

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	pb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	"github.com/btlc/btlc/internal/api"
)

// Rules are the rules of all RPCs by full method name.
type Rules map[string]*pb.Rule

// RulesOf reads the rules of services from the contract. An RPC without a rule, or with one that contradicts itself, is
// an error: the server does not start.
func RulesOf(services ...protoreflect.ServiceDescriptor) (Rules, error) {
	rules, faults := Rules{}, []error(nil)
	for _, service := range services {
		for i := range service.Methods().Len() {
			method := service.Methods().Get(i)
			name := fmt.Sprintf("/%s/%s", service.FullName(), method.Name())
			rule, _ := proto.GetExtension(method.Options(), pb.E_Rule).(*pb.Rule)
			if err := check(rule, method); err != nil {
				faults = append(faults, fmt.Errorf("%s: %w", name, err))
			}
			rules[name] = rule
		}
	}
	return rules, errors.Join(faults...)
}

func check(rule *pb.Rule, method protoreflect.MethodDescriptor) error {
	ways := 0
	for _, way := range []bool{rule.GetPublic(), rule.GetAuthenticated(), rule.GetPermission() != ""} {
		if way {
			ways++
		}
	}
	switch {
	case rule == nil:
		return errors.New("has no rule")
	case ways != 1:
		return errors.New("its rule needs exactly one of public, authenticated and permission")
	case rule.Permission != "" && !known(rule.Permission):
		return fmt.Errorf("no role has the permission %s", rule.Permission)
	case rule.ScopeByHandler && method.IsStreamingServer():
		return errors.New("a stream is decided again while it goes on: its scope is in a field or the whole program, not decided by the handler")
	case rule.ScopeField != "" && rule.ScopeByHandler:
		return errors.New("its scope is in a field or decided by the handler, not both")
	case rule.ScopeField != "" && fieldAt(method.Input(), rule.ScopeField) == nil:
		return fmt.Errorf("its request has no field %s", rule.ScopeField)
	}
	return nil
}

func fieldAt(message protoreflect.MessageDescriptor, path string) (field protoreflect.FieldDescriptor) {
	for name := range strings.SplitSeq(path, ".") {
		if message == nil {
			return nil
		}
		if field = message.Fields().ByName(protoreflect.Name(name)); field == nil {
			return nil
		}
		message = field.Message()
	}
	return field
}

func valueAt(m protoreflect.Message, path string) string {
	for {
		name, rest, more := strings.Cut(path, ".")
		v := m.Get(m.Descriptor().Fields().ByName(protoreflect.Name(name)))
		if !more {
			return v.String()
		}
		m, path = v.Message(), rest
	}
}

// Guard decides by the rule of the RPC whether the caller may make it, and returns the context for the handler and a
// check to run on its answer.
func (r Rules) Guard(ctx context.Context, method string, caller *Caller, req proto.Message) (context.Context, func() error, error) {
	rule := r[method]
	d := &decision{caller: caller, rule: rule}
	ctx = context.WithValue(ctx, decisionKey{}, d)
	ok := func() error { return nil }
	switch {
	case rule == nil:
		return ctx, nil, api.Errorf(api.PermissionDenied, "Nobody may do this.")
	case rule.Public:
		return ctx, ok, nil
	case !caller.Known():
		return ctx, nil, api.Errorf(api.Unauthenticated, "Send `Authorization: Bearer …` with an API key or a token of your identity provider.")
	case rule.Authenticated:
		return ctx, ok, nil
	case len(caller.holding(rule.Permission)) == 0:
		return ctx, nil, api.Errorf(api.PermissionDenied, "This needs the permission %s.", rule.Permission).With("permission", rule.Permission)
	case rule.ScopeByHandler:
		return ctx, func() error {
			d.mu.Lock()
			defer d.mu.Unlock()
			if !d.decided {
				return fmt.Errorf("%s answered without authorizing what it loaded", method)
			}
			return nil
		}, nil
	case rule.ScopeField != "":
		name := valueAt(req.ProtoReflect(), rule.ScopeField)
		if !caller.may(rule.Permission, []string{name}) {
			return ctx, nil, api.Missing(name)
		}
		return ctx, ok, nil
	case !caller.may(rule.Permission, []string{"program"}):
		return ctx, nil, api.Errorf(api.PermissionDenied, "This needs the permission %s for the whole program.", rule.Permission).With("permission", rule.Permission)
	}
	return ctx, ok, nil
}
