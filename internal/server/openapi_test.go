package server_test

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	"github.com/btlc/btlc/gen/openapi"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
)

// node is an object of JSON.
type node = map[string]any

// reference is the OpenAPI document, to hold what the server answers against it.
type reference struct {
	root     node
	compiler *jsonschema.Compiler
}

func readReference(t testing.TB) *reference {
	t.Helper()
	root, err := jsonschema.UnmarshalJSON(bytes.NewReader(openapi.Document))
	must(t, err)
	d := &reference{root: root.(node), compiler: jsonschema.NewCompiler()}
	d.compiler.DefaultDraft(jsonschema.Draft2020)
	d.compiler.AssertFormat()
	must(t, d.compiler.AddResource("openapi.json", root))
	return d
}

// operation is one operation of the reference.
type operation struct {
	verb, path string
	node       node
}

// operations are all: what reads goes first, from the outside in, so that it meets what it can learn from; what changes
// goes from the inside out, lest a section be cancelled before its registrations are completed.
func (d *reference) operations() []operation {
	var all []operation
	for path, item := range d.root["paths"].(node) {
		for verb, o := range item.(node) {
			all = append(all, operation{verb, path, o.(node)})
		}
	}
	order := []string{"get", "patch", "post", "delete"}
	slices.SortFunc(all, func(a, b operation) int {
		depth := strings.Count(a.path, "/") - strings.Count(b.path, "/")
		if a.verb != "get" {
			depth = -depth
		}
		return cmp.Or(slices.Index(order, a.verb)-slices.Index(order, b.verb), depth, cmp.Compare(a.path, b.path))
	})
	return all
}

// at follows a pointer, and the references on the way; it gives the pointer without them, too.
func (d *reference) at(pointer ...string) (value any, found bool, plain []string) {
	value, plain = d.root, nil
	for _, part := range pointer {
		object, _ := value.(node)
		if value, found = object[part]; !found {
			return nil, false, nil
		}
		plain = append(plain, part)
		if object, ok := value.(node); ok && object["$ref"] != nil {
			plain = strings.Split(strings.TrimPrefix(object["$ref"].(string), "#/"), "/")
			value, _, _ = d.at(plain...)
		}
	}
	return value, true, plain
}

// request is the request that the reference shows as an example, with ids of what there is in place of made-up ones.
func (d *reference) request(t testing.TB, base string, o operation, known ids) *http.Request {
	t.Helper()
	address, query := o.path, url.Values{}
	parameters, _ := o.node["parameters"].([]any)
	for _, each := range parameters {
		parameter := each.(node)
		value, shown := parameter["example"]
		switch {
		case parameter["in"] == "path":
			address = strings.ReplaceAll(address, "{"+parameter["name"].(string)+"}", url.PathEscape(fmt.Sprint(value)))
		case parameter["in"] == "query" && shown:
			query.Set(parameter["name"].(string), fmt.Sprint(value))
		case parameter["required"] == true:
			t.Fatalf("there is no example for the parameter %s", parameter["name"])
		}
	}
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	var body []byte
	if content, found, _ := d.at("paths", o.path, o.verb, "requestBody", "content", "application/json"); found {
		body = marshal(t, content.(node)["example"])
	}
	req, err := http.NewRequestWithContext(t.Context(), strings.ToUpper(o.verb), base+known.in(address), strings.NewReader(known.in(string(body))))
	must(t, err)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req
}

// check holds an answer against what the reference says of the operation: its status, its media type, its body.
func (d *reference) check(t testing.TB, verb, address string, res *http.Response, body []byte) {
	t.Helper()
	media, _, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	must(t, err)
	var found bool
	var pointer []string
	for _, status := range []string{fmt.Sprint(res.StatusCode), fmt.Sprintf("%dXX", res.StatusCode/100)} {
		if _, found, pointer = d.at("paths", address, verb, "responses", status, "content", media); found {
			break
		}
	}
	if !found {
		t.Errorf("the answer %d as %s is none that the reference tells of", res.StatusCode, media)
		return
	}
	values := []any{string(body)}
	switch media {
	case "text/plain", "text/html", "text/event-stream":
	case "application/x-ndjson":
		values = nil
		for line := range bytes.Lines(body) {
			row, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
			must(t, err)
			values = append(values, row)
		}
	default:
		values[0], err = jsonschema.UnmarshalJSON(bytes.NewReader(body))
		must(t, err)
	}
	for i, part := range pointer {
		pointer[i] = strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(part)
	}
	schema, err := d.compiler.Compile("openapi.json#/" + strings.Join(pointer, "/") + "/schema")
	must(t, err)
	for _, value := range values {
		if err := schema.Validate(value); err != nil {
			t.Errorf("the answer %d does not fit the reference: %v\n%s", res.StatusCode, err, body)
		}
	}
}

// ids are those of resources that there are, by collection.
type ids map[string]string

var madeUp = regexp.MustCompile(`(\w+)/` + unknownID)

// in puts known ids in the place of made-up ones.
func (known ids) in(text string) string {
	return madeUp.ReplaceAllStringFunc(text, func(name string) string {
		collection, _, _ := strings.Cut(name, "/")
		if id, ok := known[collection]; ok {
			return collection + "/" + id
		}
		return name
	})
}

// learn takes ids out of the names in an answer, of collections that none is known of.
func (known ids) learn(answer any) {
	switch v := answer.(type) {
	case []any:
		for _, item := range v {
			known.learn(item)
		}
	case node:
		for _, member := range v {
			if _, isText := member.(string); !isText {
				known.learn(member)
			}
		}
		name, _ := v["name"].(string)
		for parts := strings.Split(name, "/"); len(parts) >= 2; parts = parts[2:] {
			if _, has := known[parts[0]]; !has {
				known[parts[0]] = parts[1]
			}
		}
	}
}

// TestExamplesOfTheReference sends the example of every operation, as somebody who may do all. What the example names is
// made up, so it may be missing, and the state of things may be against it; but nothing may be wrong with the request.
func TestExamplesOfTheReference(t *testing.T) {
	t.Run("made-up ids", func(t *testing.T) {
		w := newWorld(t)
		w.sendExamples(t, nil)
	})
	t.Run("ids of what there is", func(t *testing.T) {
		w := newWorld(t)
		w.walk(t)
		known := ids{}
		for _, variable := range []string{"educator", "role", "credential"} {
			known.learn(node{"name": w.variables[variable]})
		}
		// Most of them are: a test in which everything is missing would say little.
		if done := w.sendExamples(t, known); done < 100 {
			t.Errorf("only %d examples were carried out", done)
		}
	})
}

// walk fills the world with what comes of the whole way to a credential.
func (w *world) walk(t *testing.T) {
	t.Helper()
	body, err := os.ReadFile("testdata/cases/walk.yaml")
	must(t, err)
	var cases []testCase
	must(t, yaml.Unmarshal(body, &cases))
	memory := map[string]reply{}
	for _, c := range cases {
		for _, s := range c.Steps {
			w.step(t, "grpc", c.Case, s, memory)
		}
	}
}

// sendExamples gives the number of examples that were carried out.
func (w *world) sendExamples(t *testing.T, known ids) (done int) {
	t.Helper()
	d := readReference(t)
	secret, err := access.New(w.server.DB(), nil).Bootstrap(t.Context(), "everyone",
		access.Grant{Role: accesspb.Role_ROLE_ADMIN}, access.Grant{Role: accesspb.Role_ROLE_PROGRAM_STAFF}, access.Grant{Role: accesspb.Role_ROLE_ASSESSOR},
		access.Grant{Role: accesspb.Role_ROLE_AUDITOR}, access.Grant{Role: accesspb.Role_ROLE_BOARD_MEMBER},
		access.Grant{Role: accesspb.Role_ROLE_FACILITATOR, Scope: w.variables["educator"]}, access.Grant{Role: accesspb.Role_ROLE_EDUCATOR, Scope: w.variables["educator"]},
		access.Grant{Role: accesspb.Role_ROLE_PRINCIPAL, Scope: w.variables["school"]}, access.Grant{Role: accesspb.Role_ROLE_DISTRICT_HR, Scope: w.variables["district"]},
		access.Grant{Role: accesspb.Role_ROLE_REGISTRAR, Scope: w.variables["institution"]})
	must(t, err)
	wrong := []api.Reason{api.InvalidRequest, api.MalformedBody, api.PageTokenInvalid, api.RouteNotFound, api.MethodNotAllowed, api.Unauthenticated, api.PermissionDenied, api.IdempotencyKeyReused}
	for _, o := range d.operations() {
		t.Run(fmt.Sprint(o.node["operationId"]), func(t *testing.T) {
			req := d.request(t, w.rest.base, o, known)
			req.Header.Set("Authorization", "Bearer "+secret)
			res, err := http.DefaultClient.Do(req)
			must(t, err)
			defer res.Body.Close()
			events := res.Header.Get("Content-Type") == "text/event-stream"
			body, err := readBody(res.Body, events)
			must(t, err)
			d.check(t, o.verb, o.path, res, body)
			if res.StatusCode < 400 {
				done++
				if known != nil && res.Header.Get("Content-Type") == "application/json" && strings.HasPrefix(o.path, "/v1/") {
					var answer any
					must(t, json.Unmarshal(body, &answer))
					known.learn(answer)
				}
				return
			}
			var problem struct{ Reason api.Reason }
			must(t, json.Unmarshal(body, &problem))
			if res.StatusCode >= 500 || slices.Contains(wrong, problem.Reason) {
				t.Errorf("%s %s answered %d: %s", req.Method, req.URL, res.StatusCode, body)
			}
		})
	}
	return done
}

// readBody reads a body to its end, or of one that does not end the first event.
func readBody(body io.Reader, events bool) ([]byte, error) {
	if !events {
		return io.ReadAll(body)
	}
	var read []byte
	for lines := bufio.NewReader(body); ; {
		line, err := lines.ReadBytes('\n')
		read = append(read, line...)
		if err != nil || len(line) == 1 {
			return read, err
		}
	}
}
