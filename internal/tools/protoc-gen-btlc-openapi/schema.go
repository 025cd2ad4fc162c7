package main

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// schemas makes the component schemas, each when it is first referred to.
type schemas struct {
	contract *contract
	made     map[string]*schema
}

func newSchemas(c *contract) *schemas { return &schemas{contract: c, made: map[string]*schema{}} }

// sorted returns the components by name.
func (s *schemas) sorted() object[*schema] {
	var names []string
	for name := range s.made {
		names = append(names, name)
	}
	slices.Sort(names)
	var all object[*schema]
	for _, name := range names {
		all.set(name, s.made[name])
	}
	return all
}

func componentRef(name string) *schema { return &schema{Ref: "#/components/schemas/" + name} }

// component returns a reference to a named schema, making it if need be. The name is taken before its schema is made,
// so that a message may contain itself.
func (s *schemas) component(name string, fill func(*schema) error) (*schema, error) {
	if _, known := s.made[name]; !known {
		s.made[name] = new(schema)
		if err := fill(s.made[name]); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return componentRef(name), nil
}

// message returns the schema of a message in one of its forms, without the fields that the path carries.
func (s *schemas) message(m *protogen.Message, shape form, bound map[string]bool) (*schema, error) {
	if known, ok := wellKnown(m.Desc.FullName()); ok {
		return known, nil
	}
	if common, ok := commonTypes[m.Desc.FullName()]; ok {
		return s.component(string(m.Desc.Name()), func(out *schema) error {
			*out = *common
			return nil
		})
	}
	return s.component(s.nameOf(m, shape), func(out *schema) error {
		out.Type = "object"
		out.Description = parseComment(m.Comments.Leading).text
		for _, each := range m.Fields {
			f := readField(each)
			if !f.in(shape) || bound[f.protoName()] {
				continue
			}
			property, err := s.property(f, shape)
			if err != nil {
				return fmt.Errorf("%s: %w", f.protoName(), err)
			}
			out.Properties.set(f.jsonName(), property)
			if f.requiredIn(shape) {
				out.Required = append(out.Required, f.jsonName())
			}
		}
		constrainMessage(out, m)
		return nil
	})
}

// nameOf names the component. A message that travels both ways has one schema if both ways look the same.
func (s *schemas) nameOf(m *protogen.Message, shape form) string {
	name := s.contract.names[m.Desc.FullName()]
	switch {
	case shape == update:
		return name + "Update"
	case shape == input && s.contract.answered[m.Desc.FullName()] && !sameBothWays(m):
		return name + "Input"
	}
	return name
}

func sameBothWays(m *protogen.Message) bool {
	for _, each := range m.Fields {
		f := readField(each)
		if !f.in(input) || !f.in(answer) || f.requiredIn(answer) != f.requiredIn(input) {
			return false
		}
		if _, known := wellKnown(messageName(f)); f.Message != nil && !known && !sameBothWays(f.Message) {
			return false
		}
	}
	return true
}

func messageName(f field) protoreflect.FullName {
	if f.Message == nil {
		return ""
	}
	return f.Message.Desc.FullName()
}

// property is the schema of a field: of its type, with its comment and constraints.
func (s *schemas) property(f field, shape form) (*schema, error) {
	p, err := s.fieldType(f, shape)
	if err != nil {
		return nil, err
	}
	if f.reference != "" && f.isText() {
		named := p
		if f.Desc.IsList() {
			named = p.Items
		}
		if r := s.contract.resources.of(f.reference); r != nil {
			named.Pattern = namePattern(r, f.required || f.Desc.IsList())
		}
	}
	p.Description = f.text
	p.Deprecated = f.deprecated
	p.ReadOnly = f.outputOnly && shape == answer
	if f.example != "" && f.isText() && !f.Desc.IsList() {
		p.Examples = []any{(&examples{s.contract}).text(f)}
	}
	return p, constrain(p, f.Desc, f.rules)
}

// namePattern is the pattern of a resource's names; a reference that is not required may be empty.
func namePattern(r *resource, required bool) string {
	segments := slices.Clone(r.pattern)
	for i, segment := range segments {
		if isVariable(segment) {
			segments[i] = "[^/]+"
		}
	}
	pattern := strings.Join(segments, "/")
	if !required {
		pattern = "(" + pattern + ")?"
	}
	return "^" + pattern + "$"
}

// fieldType is the type of a field, lists and maps included.
func (s *schemas) fieldType(f field, shape form) (*schema, error) {
	if f.Desc.IsMap() {
		values, err := s.elementType(f.Message.Fields[1], shape)
		return &schema{Type: "object", AdditionalProperties: values}, err
	}
	element, err := s.elementType(f.Field, shape)
	if err != nil || !f.Desc.IsList() {
		return element, err
	}
	return &schema{Type: "array", Items: element}, nil
}

func (s *schemas) elementType(f *protogen.Field, shape form) (*schema, error) {
	switch {
	case f.Message != nil:
		if shape == update {
			shape = input // what stands within a changed field is written whole
		}
		return s.message(f.Message, shape, nil)
	case f.Enum != nil:
		return s.enum(f.Enum)
	}
	scalar, ok := scalarTypes[f.Desc.Kind()]
	if !ok {
		return nil, fmt.Errorf("type %s has no schema", f.Desc.Kind())
	}
	return &scalar, nil
}

func (s *schemas) enum(e *protogen.Enum) (*schema, error) {
	return s.component(s.contract.names[e.Desc.FullName()], func(out *schema) error {
		out.Type = "string"
		lines := []string{parseComment(e.Comments.Leading).text, ""}
		for _, value := range e.Values {
			name := string(value.Desc.Name())
			out.Enum = append(out.Enum, name)
			lines = append(lines, "- `"+name+"`: "+parseComment(value.Comments.Leading).text)
		}
		out.Description = strings.Join(lines, "\n")
		return nil
	})
}
