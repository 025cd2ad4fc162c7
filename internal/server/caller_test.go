package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/btlc/btlc/internal/api"
)

// reply is what came back, in the same form from both transports: the answer as JSON in the shape of gRPC (with its
// wrapper field), or the error.
type reply struct {
	answer map[string]any
	err    *api.Error
	header map[string]string
}

// caller makes calls over one transport.
type caller interface {
	call(t testing.TB, method protoreflect.MethodDescriptor, key string, request []byte, headers map[string]string) reply
	name() string
}

// grpcCaller calls over the wire.
type grpcCaller struct{ conn grpc.ClientConnInterface }

func (grpcCaller) name() string { return "grpc" }

func fullName(method protoreflect.MethodDescriptor) string {
	return fmt.Sprintf("/%s/%s", method.Parent().FullName(), method.Name())
}

func newMessage(t testing.TB, d protoreflect.MessageDescriptor) proto.Message {
	t.Helper()
	kind, err := protoregistry.GlobalTypes.FindMessageByName(d.FullName())
	if err != nil {
		t.Fatal(err)
	}
	return kind.New().Interface()
}

func (c grpcCaller) call(t testing.TB, method protoreflect.MethodDescriptor, key string, request []byte, headers map[string]string) reply {
	t.Helper()
	return c.callIn(t.Context(), t, method, key, request, headers)
}

func (c grpcCaller) callIn(ctx context.Context, t testing.TB, method protoreflect.MethodDescriptor, key string, request []byte, headers map[string]string) reply {
	t.Helper()
	req := newMessage(t, method.Input())
	if err := protojson.Unmarshal(request, req); err != nil {
		t.Fatalf("%s: the case's request: %v", method.Name(), err)
	}
	ctx = metadata.NewOutgoingContext(ctx, metadata.New(headers))
	if key != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+key)
	}
	return c.send(ctx, t, method, req)
}

func (c grpcCaller) send(ctx context.Context, t testing.TB, method protoreflect.MethodDescriptor, req proto.Message) reply {
	t.Helper()
	if method.IsStreamingServer() {
		return c.stream(ctx, t, method, req)
	}
	answer := newMessage(t, method.Output())
	var header metadata.MD
	err := c.conn.Invoke(ctx, fullName(method), req, answer, grpc.Header(&header))
	out := reply{header: map[string]string{}}
	for name, values := range header {
		out.header[name] = values[0]
	}
	if err != nil {
		out.err = api.FromStatus(status.Convert(err))
		return out
	}
	body, err := protojson.MarshalOptions{EmitDefaultValues: true}.Marshal(answer)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(body, &out.answer); err != nil {
		t.Fatal(err)
	}
	return out
}

// restCaller calls over HTTP, by the address that the contract gives the RPC.
type restCaller struct{ base string }

func (restCaller) name() string { return "rest" }

func (c restCaller) call(t testing.TB, method protoreflect.MethodDescriptor, key string, request []byte, headers map[string]string) reply {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal(request, &fields); err != nil {
		t.Fatal(err)
	}
	verb, path, body := address(t, method, fields)
	if method.IsStreamingServer() {
		return c.stream(t, method, verb, path, body, key, headers)
	}
	return c.send(t, verb, path, body, key, headers, responseField(method))
}

func (c restCaller) send(t testing.TB, verb, path string, body []byte, key string, headers map[string]string, wrapper string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), verb, c.base+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if len(body) > 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	out := reply{header: map[string]string{"status": fmt.Sprint(res.StatusCode), "body": string(raw)}}
	for name := range res.Header {
		out.header[strings.ToLower(name)] = res.Header.Get(name)
	}
	if res.StatusCode/100 != 2 {
		out.err = problemIn(t, res, raw)
		return out
	}
	var value map[string]any
	if err := json.Unmarshal(raw, &value); err != nil {
		t.Fatalf("%s %s answered %q: %v", verb, path, raw, err)
	}
	if wrapper != "" {
		value = map[string]any{wrapper: value}
	}
	out.answer = value
	return out
}

func problemIn(t testing.TB, res *http.Response, raw []byte) *api.Error {
	t.Helper()
	if kind := res.Header.Get("Content-Type"); kind != "application/problem+json" {
		t.Fatalf("%s: an error came as %q: %s", res.Request.URL, kind, raw)
	}
	var p struct {
		Status     int
		Detail     string
		Reason     api.Reason
		Metadata   map[string]string
		Violations []api.Violation
		RequestID  string
	}
	if err := json.Unmarshal(raw, &p); err != nil {
		t.Fatal(err)
	}
	if p.Status != res.StatusCode || p.Status != p.Reason.HTTPStatus() {
		t.Fatalf("%s: status %d, %d in the problem, %d by its reason %s", res.Request.URL, res.StatusCode, p.Status, p.Reason.HTTPStatus(), p.Reason)
	}
	return &api.Error{Reason: p.Reason, Detail: p.Detail, Metadata: p.Metadata, Violations: p.Violations}
}

func httpRule(method protoreflect.MethodDescriptor) *annotations.HttpRule {
	return proto.GetExtension(method.Options(), annotations.E_Http).(*annotations.HttpRule)
}

func responseField(method protoreflect.MethodDescriptor) string {
	if field := httpRule(method).GetResponseBody(); field != "" {
		return method.Output().Fields().ByName(protoreflect.Name(field)).JSONName()
	}
	return ""
}

// address is where a request goes on REST: fields of the path taken out, the body as the contract says, the rest as
// query parameters.
func address(t testing.TB, method protoreflect.MethodDescriptor, fields map[string]any) (verb, path string, body []byte) {
	t.Helper()
	rule := httpRule(method)
	templates := []*annotations.HttpRule{rule}
	templates = append(templates, rule.GetAdditionalBindings()...)
	for _, r := range templates {
		verb, template := verbOf(r)
		left := deepCopy(fields)
		path, ok := fill(template, left)
		if !ok && r != templates[len(templates)-1] {
			continue
		}
		if field := r.GetBody(); field == "*" {
			body = marshal(t, left)
			return verb, path, body
		} else if field != "" {
			name := method.Input().Fields().ByName(protoreflect.Name(field)).JSONName()
			if value, ok := left[name]; ok {
				body = marshal(t, value)
			}
			delete(left, name)
		}
		query := url.Values{}
		for name, value := range left {
			switch v := value.(type) {
			case []any:
				for _, item := range v {
					query.Add(name, fmt.Sprint(item))
				}
			default:
				query.Set(name, fmt.Sprint(v))
			}
		}
		if len(query) > 0 {
			path += "?" + query.Encode()
		}
		return verb, path, body
	}
	t.Fatalf("%s has no address", method.FullName())
	return "", "", nil
}

func verbOf(rule *annotations.HttpRule) (verb, template string) {
	switch p := rule.GetPattern().(type) {
	case *annotations.HttpRule_Get:
		return http.MethodGet, p.Get
	case *annotations.HttpRule_Post:
		return http.MethodPost, p.Post
	case *annotations.HttpRule_Patch:
		return http.MethodPatch, p.Patch
	case *annotations.HttpRule_Delete:
		return http.MethodDelete, p.Delete
	default:
		panic("a verb that no RPC has")
	}
}

// fill puts the fields that a template names into it and takes them out of the fields. ok is false when a value does not
// fit the template.
func fill(template string, fields map[string]any) (path string, ok bool) {
	ok = true
	for {
		before, rest, found := strings.Cut(template, "{")
		path += before
		if !found {
			return path, ok
		}
		variable, after, _ := strings.Cut(rest, "}")
		field, pattern, _ := strings.Cut(variable, "=")
		value := take(fields, strings.Split(field, "."))
		parts, want := strings.Split(value, "/"), strings.Split(pattern, "/")
		if len(parts) != len(want) {
			ok = false
		} else {
			for i := range want {
				if want[i] != "*" && want[i] != parts[i] {
					ok = false
				}
			}
		}
		for i := range parts {
			parts[i] = url.PathEscape(parts[i])
		}
		path += strings.Join(parts, "/")
		template = after
	}
}

func take(fields map[string]any, path []string) string {
	at := fields
	for _, name := range path[:len(path)-1] {
		next, ok := at[camel(name)].(map[string]any)
		if !ok {
			return ""
		}
		at = next
	}
	name := camel(path[len(path)-1])
	value, _ := at[name].(string)
	delete(at, name)
	return value
}

func camel(snake string) string {
	parts := strings.Split(snake, "_")
	for i := 1; i < len(parts); i++ {
		parts[i] = strings.ToUpper(parts[i][:1]) + parts[i][1:]
	}
	return strings.Join(parts, "")
}

func deepCopy(fields map[string]any) map[string]any {
	out := make(map[string]any, len(fields))
	for name, value := range fields {
		if nested, ok := value.(map[string]any); ok {
			value = deepCopy(nested)
		}
		out[name] = value
	}
	return out
}

func marshal(t testing.TB, value any) []byte {
	t.Helper()
	body, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return body
}
