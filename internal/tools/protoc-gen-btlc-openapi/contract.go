package main

import (
	"fmt"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// contract is what the protos say, as far as operations and schemas share it.
type contract struct {
	services  []*protogen.Service
	resources resources
	rules     *ruleReader
	names     map[protoreflect.FullName]string // of components, by message or enum
	answered  map[protoreflect.FullName]bool   // messages that the server sends
}

func readContract(plugin *protogen.Plugin) (*contract, error) {
	rules, err := newRuleReader(plugin.Request.ProtoFile)
	if err != nil {
		return nil, err
	}
	c := &contract{rules: rules, names: map[protoreflect.FullName]string{}, answered: map[protoreflect.FullName]bool{}}
	contexts := map[protoreflect.FullName]string{} // by package
	var messages []*protogen.Message
	var types []protoreflect.Descriptor
	for _, file := range plugin.Files {
		if !file.Generate {
			continue
		}
		for _, service := range file.Services {
			c.services = append(c.services, service)
			contexts[file.Desc.Package()] = contextName(service)
			for _, method := range service.Methods {
				c.markAnswered(method.Output)
			}
		}
		for _, enum := range file.Enums {
			types = append(types, enum.Desc)
		}
		for _, message := range file.Messages {
			messages = append(messages, message)
			types = append(types, message.Desc)
			for _, enum := range message.Enums { // of use to nobody else, so named after it
				c.names[enum.Desc.FullName()] = string(message.Desc.Name()) + string(enum.Desc.Name())
			}
		}
	}
	if c.resources, err = readResources(messages); err != nil {
		return nil, err
	}
	c.nameComponents(types, contexts)
	return c, nil
}

// nameComponents gives each type its own name, and the name of its context before it where two contexts use the same.
func (c *contract) nameComponents(types []protoreflect.Descriptor, contexts map[protoreflect.FullName]string) {
	count := map[protoreflect.Name]int{}
	for _, t := range types {
		count[t.Name()]++
	}
	for _, t := range types {
		name := string(t.Name())
		if count[t.Name()] > 1 {
			name = contexts[t.ParentFile().Package()] + name
		}
		c.names[t.FullName()] = name
	}
}

func (c *contract) markAnswered(m *protogen.Message) {
	if c.answered[m.Desc.FullName()] {
		return
	}
	c.answered[m.Desc.FullName()] = true
	for _, f := range m.Fields {
		if f.Message != nil {
			c.markAnswered(f.Message)
		}
	}
}

// contextName is "Enrollment" for EnrollmentService.
func contextName(s *protogen.Service) string {
	return strings.TrimSuffix(string(s.Desc.Name()), "Service")
}

// httpRules returns the REST bindings of a method, the first one first.
func httpRules(m *protogen.Method) ([]*annotations.HttpRule, error) {
	rule, _ := proto.GetExtension(m.Desc.Options(), annotations.E_Http).(*annotations.HttpRule)
	if rule == nil {
		return nil, fmt.Errorf("has no google.api.http rule")
	}
	return append([]*annotations.HttpRule{rule}, rule.GetAdditionalBindings()...), nil
}

// verbAndTemplate splits a binding into its verb in small letters and its path template.
func verbAndTemplate(rule *annotations.HttpRule) (verb, template string, err error) {
	switch p := rule.GetPattern().(type) {
	case *annotations.HttpRule_Get:
		return "get", p.Get, nil
	case *annotations.HttpRule_Post:
		return "post", p.Post, nil
	case *annotations.HttpRule_Patch:
		return "patch", p.Patch, nil
	case *annotations.HttpRule_Put:
		return "put", p.Put, nil
	case *annotations.HttpRule_Delete:
		return "delete", p.Delete, nil
	}
	return "", "", fmt.Errorf("has an HTTP rule without a known verb")
}

// findField returns the field of that proto name, or nil.
func findField(m *protogen.Message, name string) *protogen.Field {
	for _, f := range m.Fields {
		if string(f.Desc.Name()) == name {
			return f
		}
	}
	return nil
}
