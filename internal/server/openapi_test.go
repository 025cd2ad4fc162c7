package server_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

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

// operations are all, what creates first: what comes later finds something then.
func (d *reference) operations() []operation {
	var all []operation
	for path, item := range d.root["paths"].(node) {
		for verb, o := range item.(node) {
			all = append(all, operation{verb, path, o.(node)})
		}
	}
	order := []string{"post", "patch", "get", "delete"}
	slices.SortFunc(all, func(a, b operation) int {
		return cmp.Or(slices.Index(order, a.verb)-slices.Index(order, b.verb), cmp.Compare(a.path, b.path))
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

// request is the request that the reference shows as an example.
func (d *reference) request(t testing.TB, base string, o operation) *http.Request {
	t.Helper()
	path, query := o.path, url.Values{}
	parameters, _ := o.node["parameters"].([]any)
	for _, each := range parameters {
		parameter := each.(node)
		value, shown := parameter["example"]
		switch {
		case parameter["in"] == "path":
			path = strings.ReplaceAll(path, "{"+parameter["name"].(string)+"}", url.PathEscape(fmt.Sprint(value)))
		case parameter["in"] == "query" && shown:
			query.Set(parameter["name"].(string), fmt.Sprint(value))
		case parameter["required"] == true:
			t.Fatalf("there is no example for the parameter %s", parameter["name"])
		}
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	var body []byte
	if content, found, _ := d.at("paths", o.path, o.verb, "requestBody", "content", "application/json"); found {
		body = marshal(t, content.(node)["example"])
	}
	req, err := http.NewRequestWithContext(t.Context(), strings.ToUpper(o.verb), base+path, bytes.NewReader(body))
	must(t, err)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req
}

// check holds an answer against what the reference says of the operation: its status, its media type, its body.
func (d *reference) check(t testing.TB, verb, path string, res *http.Response, body []byte) {
	t.Helper()
	media, _, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	must(t, err)
	var found bool
	var pointer []string
	for _, status := range []string{fmt.Sprint(res.StatusCode), fmt.Sprintf("%dXX", res.StatusCode/100)} {
		if _, found, pointer = d.at("paths", path, verb, "responses", status, "content", media); found {
			break
		}
	}
	if !found {
		t.Errorf("the answer %d as %s is none that the reference tells of", res.StatusCode, media)
		return
	}
	var value any = string(body)
	if media != "text/plain" && media != "text/html" {
		value, err = jsonschema.UnmarshalJSON(bytes.NewReader(body))
		must(t, err)
	}
	for i, part := range pointer {
		pointer[i] = strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(part)
	}
	schema, err := d.compiler.Compile("openapi.json#/" + strings.Join(pointer, "/") + "/schema")
	must(t, err)
	if err := schema.Validate(value); err != nil {
		t.Errorf("the answer %d does not fit the reference: %v\n%s", res.StatusCode, err, body)
	}
}

// TestExamplesOfTheReference sends the example of every operation, as somebody who may do all. What the examples name is
// made up, so that it may be missing; but nothing may be wrong with the request.
func TestExamplesOfTheReference(t *testing.T) {
	w, d := newWorld(t), readReference(t)
	secret, err := access.New(w.server.DB(), nil).Bootstrap(t.Context(), "everyone",
		access.Grant{Role: accesspb.Role_ROLE_ADMIN}, access.Grant{Role: accesspb.Role_ROLE_PROGRAM_STAFF}, access.Grant{Role: accesspb.Role_ROLE_ASSESSOR},
		access.Grant{Role: accesspb.Role_ROLE_AUDITOR}, access.Grant{Role: accesspb.Role_ROLE_BOARD_MEMBER},
		access.Grant{Role: accesspb.Role_ROLE_FACILITATOR, Scope: w.variables["educator"]}, access.Grant{Role: accesspb.Role_ROLE_EDUCATOR, Scope: w.variables["educator"]},
		access.Grant{Role: accesspb.Role_ROLE_PRINCIPAL, Scope: w.variables["school"]}, access.Grant{Role: accesspb.Role_ROLE_DISTRICT_HR, Scope: w.variables["district"]},
		access.Grant{Role: accesspb.Role_ROLE_REGISTRAR, Scope: w.variables["institution"]})
	must(t, err)
	for _, o := range d.operations() {
		t.Run(fmt.Sprint(o.node["operationId"]), func(t *testing.T) {
			req := d.request(t, w.rest.base, o)
			req.Header.Set("Authorization", "Bearer "+secret)
			res, err := http.DefaultClient.Do(req)
			must(t, err)
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			must(t, err)
			d.check(t, o.verb, o.path, res, body)
			t.Logf("%d %s", res.StatusCode, body[:min(len(body), 400)])
			if res.StatusCode < 400 {
				return
			}
			var problem struct{ Reason api.Reason }
			must(t, json.Unmarshal(body, &problem))
			refused := []api.Reason{api.InvalidRequest, api.MalformedBody, api.PageTokenInvalid, api.RouteNotFound, api.MethodNotAllowed, api.Unauthenticated, api.PermissionDenied, api.IdempotencyKeyReused}
			if res.StatusCode >= 500 || slices.Contains(refused, problem.Reason) {
				t.Errorf("%s %s answered %d: %s", o.verb, o.path, res.StatusCode, body)
			}
		})
	}
}
