package main

import (
	"fmt"

	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// access is who may call an RPC.
type access struct {
	public     bool
	permission string // empty when any known caller may
}

// ruleReader reads the option btlc.access.v1.rule by its descriptor. The generated Go type would be of no use: this
// program runs while generated code is being written anew.
type ruleReader struct {
	types *dynamicpb.Types
	rule  protoreflect.ExtensionType
}

func newRuleReader(files []*descriptorpb.FileDescriptorProto) (*ruleReader, error) {
	registry, err := protodesc.NewFiles(&descriptorpb.FileDescriptorSet{File: files})
	if err != nil {
		return nil, err
	}
	types := dynamicpb.NewTypes(registry)
	rule, err := types.FindExtensionByName("btlc.access.v1.rule")
	if err != nil {
		return nil, fmt.Errorf("btlc.access.v1.rule: %w", err)
	}
	return &ruleReader{types: types, rule: rule}, nil
}

// access returns the rule of a method. A method without one is a fault of the contract.
func (r *ruleReader) access(m *protogen.Method) (access, error) {
	raw, err := proto.Marshal(m.Desc.Options())
	if err != nil {
		return access{}, err
	}
	options := new(descriptorpb.MethodOptions)
	if err := (proto.UnmarshalOptions{Resolver: r.types}).Unmarshal(raw, options); err != nil {
		return access{}, err
	}
	extension := r.rule.TypeDescriptor()
	if !options.ProtoReflect().Has(extension) {
		return access{}, fmt.Errorf("has no btlc.access.v1.rule")
	}
	rule := options.ProtoReflect().Get(extension).Message()
	field := func(name protoreflect.Name) protoreflect.Value {
		return rule.Get(rule.Descriptor().Fields().ByName(name))
	}
	return access{public: field("public").Bool(), permission: field("permission").String()}, nil
}
