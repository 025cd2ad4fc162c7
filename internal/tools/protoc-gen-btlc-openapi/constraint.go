package main

import (
	"fmt"
	"strings"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// keywords says which keyword of JSON Schema a rule of protovalidate becomes.
var keywords = map[protoreflect.Name]func(*schema, protoreflect.Value){
	"min_len":   func(s *schema, v protoreflect.Value) { s.MinLength = count(v) },
	"max_len":   func(s *schema, v protoreflect.Value) { s.MaxLength = count(v) },
	"len":       func(s *schema, v protoreflect.Value) { s.MinLength, s.MaxLength = count(v), count(v) },
	"pattern":   func(s *schema, v protoreflect.Value) { s.Pattern = v.String() },
	"email":     format("email"),
	"uuid":      format("uuid"),
	"uri":       format("uri"),
	"gt":        func(s *schema, v protoreflect.Value) { s.ExclusiveMinimum = bound(v) },
	"gte":       func(s *schema, v protoreflect.Value) { s.Minimum = bound(v) },
	"lt":        func(s *schema, v protoreflect.Value) { s.ExclusiveMaximum = bound(v) },
	"lte":       func(s *schema, v protoreflect.Value) { s.Maximum = bound(v) },
	"min_items": func(s *schema, v protoreflect.Value) { s.MinItems = count(v) },
	"max_items": func(s *schema, v protoreflect.Value) { s.MaxItems = count(v) },
	"unique":    func(s *schema, v protoreflect.Value) { s.UniqueItems = v.Bool() },
	"min_pairs": func(s *schema, v protoreflect.Value) { s.MinProperties = count(v) },
	"max_pairs": func(s *schema, v protoreflect.Value) { s.MaxProperties = count(v) },
}

func count(v protoreflect.Value) *uint64 { n := v.Uint(); return &n }

func format(name string) func(*schema, protoreflect.Value) {
	return func(s *schema, v protoreflect.Value) {
		if v.Bool() {
			s.Format = name
		}
	}
}

func bound(v protoreflect.Value) *float64 {
	switch n := v.Interface().(type) {
	case int32:
		return number(float64(n))
	case uint32:
		return number(float64(n))
	case float32:
		return number(float64(n))
	case float64:
		return number(n)
	}
	return nil
}

// constrain puts the rules of a field into its schema. A rule that has no keyword is a fault, lest the document promise
// less than the server holds callers to.
func constrain(s *schema, f protoreflect.FieldDescriptor, rules *validate.FieldRules) (err error) {
	if rules == nil {
		return nil
	}
	rules.ProtoReflect().Range(func(kind protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case kind.Name() == "required", kind.Name() == "ignore":
		case kind.Name() == "cel":
			describeCEL(s, rules.GetCel())
		case kind.ContainingOneof() != nil:
			err = constrainBy(s, f, v.Message())
		default:
			err = fmt.Errorf("the rule %s has no keyword", kind.Name())
		}
		return err == nil
	})
	return err
}

// constrainBy applies the rules of one kind, such as those of strings.
func constrainBy(s *schema, f protoreflect.FieldDescriptor, rules protoreflect.Message) (err error) {
	rules.Range(func(rule protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		keyword, known := keywords[rule.Name()]
		switch {
		case known && !rule.IsList():
			keyword(s, v)
		case rule.Name() == "items":
			err = constrain(s.Items, f, v.Message().Interface().(*validate.FieldRules))
		case rule.Name() == "defined_only":
		case rule.Name() == "not_in" && f.Enum() != nil:
			s.Not = &schema{}
			for i := range v.List().Len() {
				value := f.Enum().Values().ByNumber(protoreflect.EnumNumber(v.List().Get(i).Int()))
				s.Not.Enum = append(s.Not.Enum, string(value.Name()))
			}
		default:
			err = fmt.Errorf("the rule %s has no keyword", rule.FullName())
		}
		return err == nil
	})
	return err
}

// constrainMessage tells the rules over several fields in words: JSON Schema has none for CEL.
func constrainMessage(s *schema, m *protogen.Message) {
	rules, _ := proto.GetExtension(m.Desc.Options(), validate.E_Message).(*validate.MessageRules)
	describeCEL(s, rules.GetCel())
}

func describeCEL(s *schema, rules []*validate.Rule) {
	for _, rule := range rules {
		if rule.GetMessage() != "" {
			s.Description += " " + strings.TrimSuffix(rule.GetMessage(), ".") + "."
		}
	}
}
