package main

import (
	"strings"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// examples makes example values. An example in a comment goes before all; else names of resources, patterns and bounds
// decide, so that the same contract always gives the same examples.
type examples struct {
	contract *contract
}

// message is an example of a message. Answers are whole; requests have what is required and what the contract gives an
// example for.
func (e *examples) message(m *protogen.Message, shape form, bound map[string]bool) any {
	if value, ok := messageExamples[m.Desc.FullName()]; ok {
		return value
	}
	out := new(object[any])
	var first *field
	for _, each := range m.Fields {
		f := readField(each)
		if !f.in(shape) || bound[f.protoName()] || shape != answer && aboutTheCall[f.protoName()] {
			continue
		}
		if excluded(f) {
			if shape == answer && f.Desc.ContainingOneof() == nil && f.Desc.Kind() == protoreflect.StringKind && !f.Desc.IsList() {
				out.set(f.jsonName(), "") // which answers have, for want of a way to leave it out
			}
			continue
		}
		if first == nil {
			first = &f
		}
		if shape == answer || f.required || e.hasExample(f) {
			out.set(f.jsonName(), e.field(f, shape))
		}
	}
	if shape == update && out.IsZero() && first != nil {
		out.set(first.jsonName(), e.field(*first, shape))
	}
	return out
}

// aboutTheCall are fields of requests that say how to take the call, not what is asked; headers serve better.
var aboutTheCall = map[string]bool{"etag": true, "request_id": true, "validate_only": true}

// hasExample says whether there is an example for the field, its type or something within it.
func (e *examples) hasExample(f field) bool {
	if f.example != "" {
		return true
	}
	if f.Message == nil {
		return false
	}
	if _, ok := messageExamples[f.Message.Desc.FullName()]; ok {
		return true
	}
	for _, each := range f.Message.Fields {
		if inner := readField(each); inner.in(input) && e.hasExample(inner) {
			return true
		}
	}
	return false
}

// field is an example of a field's value.
func (e *examples) field(f field, shape form) any {
	if f.Desc.IsMap() {
		out, key := new(object[any]), f.example
		if key == "" {
			key = "key"
		}
		out.set(key, e.element(readField(f.Message.Fields[1]), shape))
		return out
	}
	value := e.element(f, shape)
	if f.Desc.IsList() {
		return []any{value}
	}
	return value
}

func (e *examples) element(f field, shape form) any {
	switch f.Desc.Kind() {
	case protoreflect.MessageKind:
		if value, ok := timeExample(f); ok {
			return value
		}
		if shape == update {
			shape = input
		}
		return e.message(f.Message, shape, nil)
	case protoreflect.EnumKind:
		return e.enum(f)
	case protoreflect.BoolKind:
		return true
	case protoreflect.StringKind:
		return e.text(f)
	case protoreflect.BytesKind:
		return "AAAA"
	case protoreflect.Int64Kind, protoreflect.Uint64Kind:
		return "1"
	}
	return wholeNumber(f)
}

// enum is the value that the comment names, else the first that says something.
func (e *examples) enum(f field) any {
	values := f.Enum.Values
	for _, value := range values {
		if string(value.Desc.Name()) == f.example {
			return f.example
		}
	}
	return string(values[min(1, len(values)-1)].Desc.Name())
}

// text is an example of a string.
func (e *examples) text(f field) string {
	if r := e.contract.resources.of(f.reference); r != nil {
		return firstText(unbroken(f.example), r.name())
	}
	if r := e.contract.resources.of(f.parentOf); r != nil {
		return firstText(unbroken(f.example), r.parent())
	}
	if descriptor := resourceOf(f.Parent); descriptor != nil && f.protoName() == "name" {
		return e.contract.resources.of(descriptor.GetType()).name()
	}
	rules := stringRules(f)
	switch {
	case f.example != "":
		return f.example
	case rules.GetPattern() != "":
		return matching(rules.GetPattern())
	case rules.GetEmail():
		return "jordan.rivera@example.org"
	}
	if word, ok := habitualWords[f.protoName()]; ok {
		return word
	}
	if name := e.contract.resources.mentioned(f.text); name != "" {
		return name
	}
	return clip(f.summary(), rules)
}

// stringRules are the rules for the string, or for each string of a list.
func stringRules(f field) *validate.StringRules {
	if f.Desc.IsList() {
		return f.rules.GetRepeated().GetItems().GetString()
	}
	return f.rules.GetString()
}

// unbroken undoes line breaks within a long name.
func unbroken(name string) string { return strings.Join(strings.Fields(name), "") }

func firstText(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// clip makes the words of a comment fit the length that the field allows.
func clip(text string, rules *validate.StringRules) string {
	if most := rules.GetMaxLen(); rules.HasMaxLen() && uint64(len(text)) > most {
		text = strings.TrimSpace(text[:most])
	}
	for uint64(len(text)) < rules.GetMinLen() {
		text += "."
	}
	return text
}
