package main

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// validator checks values against schemas of the generated document.
type validator struct {
	compiler *jsonschema.Compiler
	doc      node
}

func newValidator(t *testing.T) *validator {
	t.Helper()
	file, err := os.Open(documentPath)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	doc, err := jsonschema.UnmarshalJSON(file)
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	if err := compiler.AddResource("btlc.openapi.json", doc); err != nil {
		t.Fatal(err)
	}
	return &validator{compiler: compiler, doc: doc.(node)}
}

var pointerEscape = strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D")

// check validates every example at or below a node of the document against the schema beside it.
func (v *validator) check(t *testing.T, at string, value any) (checked int) {
	switch value := value.(type) {
	case node:
		example, has := value["example"]
		if _, beside := value["schema"].(node); has && beside {
			v.validate(t, at+"/schema", example)
			checked++
		}
		if examples, ok := value["examples"].([]any); ok && value["type"] != nil {
			for _, each := range examples {
				v.validate(t, at, each)
				checked++
			}
		}
		for key, child := range value {
			if key != "example" && key != "examples" {
				checked += v.check(t, at+"/"+pointerEscape.Replace(key), child)
			}
		}
	}
	return checked
}

func (v *validator) validate(t *testing.T, pointer string, value any) {
	t.Helper()
	schema, err := v.compiler.Compile("btlc.openapi.json#" + pointer)
	if err != nil {
		t.Errorf("%s: %v", pointer, err)
		return
	}
	if err := schema.Validate(value); err != nil {
		t.Errorf("the example of %s: %v", pointer, err)
	}
}

func TestExamplesAreValid(t *testing.T) {
	v := newValidator(t)
	if checked := v.check(t, "", v.doc); checked < 300 {
		t.Errorf("found only %d examples", checked)
	}
}

func TestEveryBodyHasAnExample(t *testing.T) {
	eachOperation(readDocument(t), func(verb, path string, o node) {
		bodies := []any{o["requestBody"], o["responses"].(node)["200"]}
		for _, body := range bodies {
			if body == nil {
				continue
			}
			for media, content := range body.(node)["content"].(node) {
				if content.(node)["example"] == nil {
					t.Errorf("%s %s: %s has no example", verb, path, media)
				}
			}
		}
	})
}

// A validator that takes anything would make the tests above worthless.
func TestTheValidatorRefuses(t *testing.T) {
	v := newValidator(t)
	for pointer, wrong := range map[string]any{
		"/components/schemas/District":      node{"name": "districts/bps"},
		"/components/schemas/DistrictInput": node{"displayName": "", "timeZone": "America/New_York"},
		"/components/schemas/Date":          node{"year": 2026, "month": 13, "day": 1},
		"/components/schemas/EmailAddress":  node{"address": "nobody", "verified": true},
	} {
		schema, err := v.compiler.Compile("btlc.openapi.json#" + pointer)
		if err != nil {
			t.Fatal(err)
		}
		if schema.Validate(wrong) == nil {
			t.Errorf("%s takes %v", pointer, wrong)
		}
	}
}

func TestExclusiveFieldsExist(t *testing.T) {
	for _, set := range exclusive {
		for _, name := range set {
			if _, err := protoregistry.GlobalFiles.FindDescriptorByName(name); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestMasksNameWhatTheBodyChanges(t *testing.T) {
	eachOperation(readDocument(t), func(verb, path string, o node) {
		for _, p := range list(o["parameters"]) {
			if p.(node)["name"] != "updateMask" {
				continue
			}
			changed := o["requestBody"].(node)["content"].(node)["application/json"].(node)["example"].(node)
			mask := strings.Split(p.(node)["example"].(string), ",")
			slices.Sort(mask)
			if want := slices.Sorted(maps.Keys(changed)); !slices.Equal(mask, want) {
				t.Errorf("%s %s: the mask names %v, the body changes %v", verb, path, mask, want)
			}
		}
	})
}
