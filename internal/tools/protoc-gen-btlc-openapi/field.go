package main

import (
	"slices"
	"strings"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// field is a field of the contract with all that its comment and options say.
type field struct {
	*protogen.Field
	comment

	required, immutable bool
	inputOnly           bool // never in an answer
	outputOnly          bool // set by the server alone, the resource's name among it
	deprecated          bool
	reference           string // type of the resource that it names
	parentOf            string // type of the resources whose parent it names
	rules               *validate.FieldRules
}

func readField(f *protogen.Field) field {
	options := f.Desc.Options()
	behaviors, _ := proto.GetExtension(options, annotations.E_FieldBehavior).([]annotations.FieldBehavior)
	reference, _ := proto.GetExtension(options, annotations.E_ResourceReference).(*annotations.ResourceReference)
	rules, _ := proto.GetExtension(options, validate.E_Field).(*validate.FieldRules)
	has := func(b annotations.FieldBehavior) bool { return slices.Contains(behaviors, b) }
	return field{
		Field:      f,
		comment:    parseComment(f.Comments.Leading),
		required:   has(annotations.FieldBehavior_REQUIRED),
		immutable:  has(annotations.FieldBehavior_IMMUTABLE),
		inputOnly:  has(annotations.FieldBehavior_INPUT_ONLY),
		outputOnly: has(annotations.FieldBehavior_OUTPUT_ONLY) || has(annotations.FieldBehavior_IDENTIFIER),
		deprecated: options.(*descriptorpb.FieldOptions).GetDeprecated(),
		reference:  reference.GetType(),
		parentOf:   reference.GetChildType(),
		rules:      rules,
	}
}

func (f field) jsonName() string { return f.Desc.JSONName() }

func (f field) protoName() string { return string(f.Desc.Name()) }

// form is the shape in which a message travels.
type form int

const (
	answer form = iota // sent by the server: whole
	input              // sent by a caller, to make or ask something
	update             // sent by a caller, to change some fields
)

// in says whether the field belongs to a form of its message. The etag belongs to what exists already.
func (f field) in(shape form) bool {
	switch shape {
	case answer:
		return !f.inputOnly
	case update:
		return !f.outputOnly && !f.immutable
	default:
		return !f.outputOnly && !(f.protoName() == "etag" && resourceOf(f.Parent) != nil)
	}
}

// requiredIn says whether the field is always there. In answers all but messages are: zero values are written out.
func (f field) requiredIn(shape form) bool {
	switch shape {
	case answer:
		return f.required || !f.Desc.HasPresence() || f.isWholeResource()
	case update:
		return false
	default:
		return f.required
	}
}

// isWholeResource is true for a resource that an answer is about, as in CreateApiKeyResponse.
func (f field) isWholeResource() bool {
	return f.Message != nil && !f.Desc.IsList() && resourceOf(f.Message) != nil &&
		strings.HasSuffix(string(f.Parent.Desc.Name()), "Response")
}

// isText is true for strings and lists of strings.
func (f field) isText() bool { return f.Desc.Kind() == protoreflect.StringKind && !f.Desc.IsMap() }
