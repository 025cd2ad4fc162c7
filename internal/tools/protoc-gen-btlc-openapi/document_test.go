package main

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	_ "github.com/btlc/btlc/gen/go/btlc/access/v1"
	_ "github.com/btlc/btlc/gen/go/btlc/assessment/v1"
	_ "github.com/btlc/btlc/gen/go/btlc/change/v1"
	_ "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	_ "github.com/btlc/btlc/gen/go/btlc/directory/v1"
	_ "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	_ "github.com/btlc/btlc/gen/go/btlc/feedback/v1"
	_ "github.com/btlc/btlc/gen/go/btlc/gradcredit/v1"
	_ "github.com/btlc/btlc/gen/go/btlc/ledger/v1"
	_ "github.com/btlc/btlc/gen/go/btlc/notice/v1"
	_ "github.com/btlc/btlc/gen/go/btlc/roleinventory/v1"
)

const documentPath = "../../../gen/openapi/btlc.openapi.json"

type node = map[string]any

// readDocument is the generated document as plain JSON.
func readDocument(t *testing.T) node {
	t.Helper()
	text, err := os.ReadFile(documentPath)
	if err != nil {
		t.Fatal(err)
	}
	var doc node
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// eachOperation calls visit for every operation.
func eachOperation(doc node, visit func(verb, path string, operation node)) {
	for path, item := range doc["paths"].(node) {
		for verb, operation := range item.(node) {
			visit(verb, path, operation.(node))
		}
	}
}

// eachMethod calls visit for every RPC of the contract.
func eachMethod(visit func(protoreflect.MethodDescriptor)) {
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if !strings.HasPrefix(string(file.Package()), "btlc.") {
			return true
		}
		for i := range file.Services().Len() {
			methods := file.Services().Get(i).Methods()
			for j := range methods.Len() {
				visit(methods.Get(j))
			}
		}
		return true
	})
}

func TestEveryMethodHasAnOperationWithItsOwnID(t *testing.T) {
	ids := map[string]int{}
	eachOperation(readDocument(t), func(_, _ string, o node) { ids[o["operationId"].(string)]++ })
	for id, n := range ids {
		if n > 1 {
			t.Errorf("%d operations have the id %s", n, id)
		}
	}
	count := 0
	eachMethod(func(m protoreflect.MethodDescriptor) {
		count++
		if ids[string(m.Name())] == 0 {
			t.Errorf("%s has no operation", m.FullName())
		}
	})
	if count == 0 {
		t.Error("the contract has no methods")
	}
}

func TestEveryRequestFieldHasAPlace(t *testing.T) {
	doc := readDocument(t)
	operations := map[string]node{}
	eachOperation(doc, func(_, _ string, o node) { operations[o["operationId"].(string)] = o })
	eachMethod(func(m protoreflect.MethodDescriptor) {
		o := operations[string(m.Name())]
		places := map[string]bool{"name": true, "parent": true} // in the path
		for _, p := range list(o["parameters"]) {
			if name, ok := p.(node)["name"].(string); ok {
				places[name] = true
			}
		}
		if body, ok := o["requestBody"].(node); ok {
			s := body["content"].(node)["application/json"].(node)["schema"].(node)
			component := s["$ref"].(string)[strings.LastIndex(s["$ref"].(string), "/")+1:]
			properties, _ := doc["components"].(node)["schemas"].(node)[component].(node)["properties"].(node)
			for name := range properties {
				places[name] = true
			}
			component = strings.TrimSuffix(strings.TrimSuffix(component, "Input"), "Update")
			places[component] = true
		}
		fields := m.Input().Fields()
		for i := range fields.Len() {
			f := fields.Get(i)
			isBody := f.Message() != nil && (places[string(f.Message().Name())] || places[contextOf(m)+string(f.Message().Name())])
			if !places[f.JSONName()] && !isBody {
				t.Errorf("%s has no place on REST", f.FullName())
			}
		}
	})
}

func contextOf(m protoreflect.MethodDescriptor) string {
	return strings.TrimSuffix(string(m.Parent().Name()), "Service")
}

func list(v any) []any { all, _ := v.([]any); return all }

func TestEveryReferenceLeadsSomewhereAndEveryComponentIsUsed(t *testing.T) {
	doc := readDocument(t)
	used := map[string]bool{}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case node:
			if ref, ok := v["$ref"].(string); ok && !used[ref] {
				used[ref] = true
				if resolve(doc, ref) == nil {
					t.Errorf("%s leads nowhere", ref)
				}
			}
			for _, child := range v {
				walk(child)
			}
		case []any:
			for _, child := range v {
				walk(child)
			}
		}
	}
	walk(doc)
	for kind, components := range doc["components"].(node) {
		for name := range components.(node) {
			if kind != "securitySchemes" && !used["#/components/"+kind+"/"+name] {
				t.Errorf("%s %s is not used", kind, name)
			}
		}
	}
}

// resolve follows a reference within the document.
func resolve(doc node, ref string) any {
	var at any = doc
	for part := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		object, ok := at.(node)
		if !ok {
			return nil
		}
		at = object[part]
	}
	return at
}

var templateVariable = regexp.MustCompile(`\{[^}]*\}`)

// A request made from a path's own examples fits that path and no other.
func TestNoRequestFitsTwoPaths(t *testing.T) {
	requests, patterns := map[string]string{}, map[string]*regexp.Regexp{}
	eachOperation(readDocument(t), func(_, path string, o node) {
		request, pattern := path, "^"+strings.ReplaceAll(path, ".", `\.`)+"$"
		for _, each := range list(o["parameters"]) {
			if p := each.(node); p["in"] == "path" {
				variable := "{" + p["name"].(string) + "}"
				request = strings.ReplaceAll(request, variable, p["example"].(string))
				pattern = strings.ReplaceAll(pattern, variable, strings.Trim(p["schema"].(node)["pattern"].(string), "^$"))
			}
		}
		requests[path], patterns[path] = request, regexp.MustCompile(pattern)
	})
	for path, request := range requests {
		for other, pattern := range patterns {
			if pattern.MatchString(request) != (path == other) {
				t.Errorf("%s of %s and %s: fits %v", request, path, other, path != other)
			}
		}
	}
}

func TestPathParametersAreDeclaredAndTold(t *testing.T) {
	eachOperation(readDocument(t), func(verb, path string, o node) {
		declared := map[string]bool{}
		for _, each := range list(o["parameters"]) {
			p := each.(node)
			if p["in"] != "path" {
				continue
			}
			declared["{"+p["name"].(string)+"}"] = true
			pattern := regexp.MustCompile(p["schema"].(node)["pattern"].(string))
			if !pattern.MatchString(p["example"].(string)) || pattern.MatchString("a:b") || pattern.MatchString("a/b") {
				t.Errorf("%s %s: the pattern of %s is %s", verb, path, p["name"], pattern)
			}
			if p["description"] == "" {
				t.Errorf("%s %s: %s has no description", verb, path, p["name"])
			}
		}
		for _, variable := range templateVariable.FindAllString(path, -1) {
			if !declared[variable] {
				t.Errorf("%s %s: %s is not declared", verb, path, variable)
			}
			delete(declared, variable)
		}
		if len(declared) > 0 {
			t.Errorf("%s %s: not in the path: %v", verb, path, declared)
		}
	})
}

func TestEveryOperationSaysWhoMayAndWhatGoesWrong(t *testing.T) {
	eachOperation(readDocument(t), func(verb, path string, o node) {
		if _, ok := o["security"].([]any); !ok {
			t.Errorf("%s %s does not say who may", verb, path)
		}
		if o["summary"] == "" || len(list(o["tags"])) != 1 {
			t.Errorf("%s %s has no summary or not one tag", verb, path)
		}
		responses := o["responses"].(node)
		if responses["200"] == nil || len(responses) < 2 {
			t.Errorf("%s %s has the responses %v", verb, path, slices.Sorted(maps.Keys(responses)))
		}
	})
}
