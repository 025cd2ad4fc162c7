package server_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
)

const unknownID = "0190a8a4-7c1e-7b7a-9d51-3f0c2f5d9a10"

// TestBadInput sends to every RPC of the contract, on both transports, what is wrong in general: the cases are made from
// the descriptors, so that a new RPC has them from its first day. Nothing of it may leave a row.
func TestBadInput(t *testing.T) {
	w := newWorld(t)
	secret, err := access.New(w.server.DB(), nil).Bootstrap(t.Context(), "everyone",
		access.Grant{Role: accesspb.Role_ROLE_ADMIN}, access.Grant{Role: accesspb.Role_ROLE_PROGRAM_STAFF}, access.Grant{Role: accesspb.Role_ROLE_ASSESSOR},
		access.Grant{Role: accesspb.Role_ROLE_PRINCIPAL, Scope: w.variables["school"]}, access.Grant{Role: accesspb.Role_ROLE_DISTRICT_HR, Scope: "districts/bps"},
		access.Grant{Role: accesspb.Role_ROLE_REGISTRAR, Scope: "institutions/umass-boston"}, access.Grant{Role: accesspb.Role_ROLE_EDUCATOR, Scope: w.variables["educator"]})
	must(t, err)
	before := w.state(t)
	for _, method := range allMethods() {
		t.Run(string(method.Name()), func(t *testing.T) {
			w.badMessages(t, method, secret)
			w.badBodies(t, method, secret)
		})
	}
	if changed := before.changed(w.state(t)); changed != nil {
		t.Errorf("refused requests changed %v", changed)
	}
}

func (w *world) send(t *testing.T, method protoreflect.MethodDescriptor, key string, req proto.Message) *api.Error {
	t.Helper()
	ctx := metadata.AppendToOutgoingContext(context.Background(), "authorization", "Bearer "+key)
	return w.grpc.send(ctx, t, method, req).err
}

// badMessages sends messages with nothing in them, and with texts that no field may hold. Over REST what stands in the
// address is right: another address would be another RPC.
func (w *world) badMessages(t *testing.T, method protoreflect.MethodDescriptor, key string) {
	t.Helper()
	_, template := verbOf(httpRule(method))
	for _, c := range w.callers() {
		empty, inAddress := newMessage(t, method.Input()), func(string) bool { return false }
		if c.name() == "rest" {
			must(t, protojson.Unmarshal(marshal(t, sampleNames(method.Input())), empty))
			inAddress = func(field string) bool { return strings.Contains(template, "{"+field) }
		}
		send := func(fault string, req proto.Message, field string) {
			t.Helper()
			body, err := protojson.Marshal(req)
			must(t, err)
			e := c.call(t, method, key, body, nil).err
			if e == nil || e.Reason != api.InvalidRequest && e.Reason != api.PageTokenInvalid || !slices.ContainsFunc(e.Violations, func(v api.Violation) bool { return v.Field == field }) {
				t.Errorf("over %s, %s in %s: %v %v", c.name(), fault, field, e, violationsOf(e))
			}
		}
		for _, fd := range requiredFields(method.Input()) {
			if !inAddress(string(fd.Name())) {
				send("nothing", empty, fd.JSONName())
			}
		}
		for _, path := range textPaths(method.Input(), 3) {
			if inAddress(string(path[0].Name())) && len(path) == 1 {
				continue
			}
			for fault, text := range map[string]string{"a control character": "a\x01b", "a text that is too long": strings.Repeat("x", tooLong(path[len(path)-1]))} {
				req := proto.Clone(empty)
				setText(req.ProtoReflect(), path, text)
				send(fault, req, jsonPath(path))
			}
		}
	}
}

func violationsOf(e *api.Error) []api.Violation {
	if e == nil {
		return nil
	}
	return e.Violations
}

func (w *world) badBodies(t *testing.T, method protoreflect.MethodDescriptor, key string) {
	t.Helper()
	verb, path, _ := address(t, method, sampleNames(method.Input()))
	plain, _, _ := strings.Cut(path, "?")
	send := func(name, path string, body []byte, want api.Reason, field string) {
		t.Helper()
		r := w.rest.send(t, verb, path, body, key, nil, "")
		if r.err == nil || r.err.Reason != want {
			t.Errorf("%s: %v, wanted %s", name, r.err, want)
			return
		}
		if field != "" && !slices.ContainsFunc(r.err.Violations, func(v api.Violation) bool { return v.Field == field }) {
			t.Errorf("%s: no word of %s in %v", name, field, r.err.Violations)
		}
	}
	body := httpRule(method).GetBody()
	if body != "*" && takesParameters(method) {
		send("an unknown parameter", plain+"?nonsense=1", nil, api.InvalidRequest, "nonsense")
	}
	if body == "" {
		return
	}
	send("half a body", plain, []byte(`{"a": `), api.MalformedBody, "")
	send("two bodies", plain, []byte(`{} {}`), api.MalformedBody, "")
	send("a list", plain, []byte(`[]`), api.InvalidRequest, "")
	send("an unknown field", plain, []byte(`{"nonsense": 1}`), api.InvalidRequest, "nonsense")
	send("bytes that are no UTF-8", plain, []byte("{\"a\": \"\xff\"}"), api.MalformedBody, "")
	send("five megabytes", plain, []byte(`{"a": "`+strings.Repeat("x", 5<<20)+`"}`), api.BodyTooLarge, "")
	message := method.Input()
	if body != "*" {
		message = message.Fields().ByName(protoreflect.Name(body)).Message()
	}
	for i := range message.Fields().Len() {
		fd := message.Fields().Get(i)
		wrong := `{"a": {"b": 1}}`
		if fd.Kind() == protoreflect.MessageKind && !fd.IsList() {
			wrong = `17`
		}
		if fd.IsMap() || fd.Kind() == protoreflect.MessageKind && fd.Message().FullName().Parent() == "google.protobuf" {
			continue
		}
		send("a wrong type", plain, fmt.Appendf(nil, `{%q: %s}`, fd.JSONName(), wrong), api.InvalidRequest, fd.JSONName())
	}
}

// takesParameters says whether an RPC has fields that stand neither in the path nor in the body.
func takesParameters(method protoreflect.MethodDescriptor) bool {
	_, template := verbOf(httpRule(method))
	for i := range method.Input().Fields().Len() {
		name := string(method.Input().Fields().Get(i).Name())
		if name != httpRule(method).GetBody() && !strings.Contains(template, "{"+name) {
			return true
		}
	}
	return false
}

// TestUnknownResources asks for what is not there: everything that takes a name alone says so, in the same words.
func TestUnknownResources(t *testing.T) {
	w := newWorld(t)
	for _, method := range allMethods() {
		req := newMessage(t, method.Input())
		name := method.Input().Fields().ByName("name")
		if name == nil || len(requiredFields(method.Input())) != 1 || requiredFields(method.Input())[0] != name {
			continue
		}
		request := sampleNames(method.Input())
		setText(req.ProtoReflect(), []protoreflect.FieldDescriptor{name}, request["name"].(string))
		for _, as := range []string{"staff", "admin", "educator"} {
			e := w.send(t, method, w.keys[as], req)
			if e != nil && e.Reason == api.PermissionDenied {
				continue
			}
			if want := api.Missing(request["name"].(string)); e == nil || e.Reason != api.NotFound || e.Detail != want.Detail {
				t.Errorf("%s as %s: %v, wanted %v", method.Name(), as, e, want)
			}
		}
	}
}

func TestRoutesThatAreNone(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		verb, path string
		want       api.Reason
	}{{http.MethodGet, "/v1/nothing", api.RouteNotFound}, {http.MethodGet, "/nothing", api.RouteNotFound}, {http.MethodDelete, "/v1/districts", api.MethodNotAllowed}, {http.MethodGet, "/credentials/" + unknownID, api.NotFound}, {http.MethodGet, "/credentials/none", api.NotFound}} {
		if r := w.rest.send(t, c.verb, c.path, nil, "", nil, ""); r.err == nil || r.err.Reason != c.want {
			t.Errorf("%s %s: %v, wanted %s", c.verb, c.path, r.err, c.want)
		}
	}
}

func behaves(fd protoreflect.FieldDescriptor, b annotations.FieldBehavior) bool {
	behaviors, _ := proto.GetExtension(fd.Options(), annotations.E_FieldBehavior).([]annotations.FieldBehavior)
	return slices.Contains(behaviors, b)
}

func requiredFields(d protoreflect.MessageDescriptor) (required []protoreflect.FieldDescriptor) {
	for i := range d.Fields().Len() {
		fd := d.Fields().Get(i)
		if behaves(fd, annotations.FieldBehavior_REQUIRED) && fd.Kind() != protoreflect.BoolKind {
			required = append(required, fd)
		}
	}
	return required
}

// textPaths are the ways to all texts of a request that callers set.
func textPaths(d protoreflect.MessageDescriptor, depth int) (paths [][]protoreflect.FieldDescriptor) {
	for i := range d.Fields().Len() {
		fd := d.Fields().Get(i)
		switch {
		case fd.IsMap() || behaves(fd, annotations.FieldBehavior_OUTPUT_ONLY) || behaves(fd, annotations.FieldBehavior_IDENTIFIER):
		case fieldRules(fd).GetRepeated().GetItems().GetIgnore() == validate.Ignore_IGNORE_ALWAYS: // each has an answer of its own
		case fd.Kind() == protoreflect.StringKind:
			paths = append(paths, []protoreflect.FieldDescriptor{fd})
		case fd.Kind() == protoreflect.MessageKind && depth > 0 && !strings.HasPrefix(string(fd.Message().FullName()), "google."):
			for _, rest := range textPaths(fd.Message(), depth-1) {
				paths = append(paths, append([]protoreflect.FieldDescriptor{fd}, rest...))
			}
		}
	}
	return paths
}

// tooLong is more characters than a field takes, whether it says how many or not.
func tooLong(fd protoreflect.FieldDescriptor) int {
	return max(100_000, int(fieldRules(fd).GetString().GetMaxLen())+1)
}

// fieldRules is what the contract says of a field.
func fieldRules(fd protoreflect.FieldDescriptor) *validate.FieldRules {
	rules, _ := proto.GetExtension(fd.Options(), validate.E_Field).(*validate.FieldRules)
	return rules
}

func setText(m protoreflect.Message, path []protoreflect.FieldDescriptor, text string) {
	fd := path[0]
	switch {
	case len(path) > 1 && fd.IsList():
		setText(m.Mutable(fd).List().AppendMutable().Message(), path[1:], text)
	case len(path) > 1:
		setText(m.Mutable(fd).Message(), path[1:], text)
	case fd.IsList():
		m.Mutable(fd).List().Append(protoreflect.ValueOfString(text))
	default:
		m.Set(fd, protoreflect.ValueOfString(text))
	}
}

func jsonPath(path []protoreflect.FieldDescriptor) string {
	var parts []string
	for _, fd := range path {
		part := fd.JSONName()
		if fd.IsList() {
			part += "[0]"
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ".")
}

// sampleNames are values for the fields of a request that stand in its path: well-formed names of nothing.
func sampleNames(d protoreflect.MessageDescriptor) map[string]any {
	request := map[string]any{}
	for i := range d.Fields().Len() {
		fd := d.Fields().Get(i)
		reference, _ := proto.GetExtension(fd.Options(), annotations.E_ResourceReference).(*annotations.ResourceReference)
		switch {
		case fd.Kind() == protoreflect.MessageKind && fd.Message().Fields().ByName("name") != nil && d.Fields().ByName("update_mask") != nil:
			resource, _ := proto.GetExtension(fd.Message().Options(), annotations.E_Resource).(*annotations.ResourceDescriptor)
			request[fd.JSONName()] = map[string]any{"name": sample(resource.GetPattern()[0])}
		case fd.Name() == "parent" && reference.GetChildType() != "":
			segments := strings.Split(sample(api.Pattern(reference.GetChildType())), "/")
			request["parent"] = strings.Join(segments[:len(segments)-2], "/")
		case fd.Name() == "parent" && reference == nil:
			request["parent"] = "districts/bps"
		case (fd.Name() == "parent" || fd.Name() == "name") && reference.GetType() != "":
			request[fd.JSONName()] = sample(api.Pattern(reference.GetType()))
		}
	}
	return request
}

func sample(pattern string) string {
	words := map[string]string{"{district}": "nowhere", "{institution}": "nowhere", "{course}": "nothing", "{term}": "never", "{framework}": "none", "{role_family}": "none", "{credential_type}": "none", "{policy}": "none", "{version}": "99"}
	segments := strings.Split(pattern, "/")
	for i, s := range segments {
		if s[0] == '{' {
			segments[i] = unknownID
			if word, ok := words[s]; ok {
				segments[i] = word
			}
		}
	}
	return strings.Join(segments, "/")
}
