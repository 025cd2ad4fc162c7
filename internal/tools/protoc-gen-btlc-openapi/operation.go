package main

import (
	"fmt"
	"strconv"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/types/descriptorpb"
)

// call is one REST binding of an RPC while it is being described.
type call struct {
	method   *protogen.Method
	rule     *annotations.HttpRule
	verb     string
	route    *route
	access   access
	contract *contract
	schemas  *schemas
	examples *examples
}

// describe returns the operations of an RPC, one for each binding. The second and later ones have a number after their
// id.
func describe(method *protogen.Method, contract *contract, schemas *schemas) ([]*operation, error) {
	if method.Desc.IsStreamingClient() {
		return nil, fmt.Errorf("takes a stream, which REST does not carry")
	}
	rules, err := httpRules(method)
	if err != nil {
		return nil, err
	}
	access, err := contract.rules.access(method)
	if err != nil {
		return nil, err
	}
	var all []*operation
	for i, rule := range rules {
		verb, template, err := verbAndTemplate(rule)
		if err != nil {
			return nil, err
		}
		route, err := contract.route(template, method.Input)
		if err != nil {
			return nil, err
		}
		c := &call{method, rule, verb, route, access, contract, schemas, &examples{contract}}
		o, err := c.operation()
		if err != nil {
			return nil, err
		}
		if i > 0 {
			o.OperationID += strconv.Itoa(i + 1)
		}
		all = append(all, o)
	}
	return all, nil
}

func (c *call) operation() (*operation, error) {
	words := parseComment(c.method.Comments.Leading)
	o := &operation{
		verb: c.verb, path: c.route.path,
		Tags:        []string{contextName(c.method.Parent)},
		Summary:     words.summary(),
		Description: words.beyondSummary(),
		OperationID: string(c.method.Desc.Name()),
		Deprecated:  c.method.Desc.Options().(*descriptorpb.MethodOptions).GetDeprecated(),
		Parameters:  c.route.params,
		Security:    security(c.access),
		Permission:  c.access.permission,
	}
	query, err := c.queryParameters()
	if err != nil {
		return nil, err
	}
	o.Parameters = append(o.Parameters, query...)
	o.Parameters = append(o.Parameters, c.headerParameters()...)
	if o.RequestBody, err = c.requestBody(); err != nil {
		return nil, err
	}
	o.Responses, err = c.responses()
	return o, err
}

// queryParameters are the request fields that neither the path nor the body carries.
func (c *call) queryParameters() ([]*parameter, error) {
	if c.rule.GetBody() == "*" {
		return nil, nil
	}
	var all []*parameter
	for _, each := range c.method.Input.Fields {
		f := readField(each)
		if c.route.bound[f.protoName()] || f.protoName() == c.rule.GetBody() {
			continue
		}
		if !fitsQuery(f) {
			return nil, fmt.Errorf("REST has no place for %s: it is neither in the body nor fit for a query", f.protoName())
		}
		s, err := c.schemas.property(f, input)
		if err != nil {
			return nil, err
		}
		s.Description, s.Examples = "", nil
		p := &parameter{Name: f.jsonName(), In: "query", Required: f.required, Deprecated: f.deprecated, Description: f.text, Schema: s}
		switch {
		case messageName(f) == "google.protobuf.FieldMask":
			p.Example = c.maskExample()
		case f.required || f.example != "":
			p.Example = c.examples.field(f, input)
		}
		all = append(all, p)
	}
	return all, nil
}

// maskExample names the fields that the example of the body changes; nothing without a body of that kind.
func (c *call) maskExample() any {
	body := findField(c.method.Input, c.rule.GetBody())
	if body == nil || c.verb != "patch" {
		return nil
	}
	return strings.Join(c.examples.message(body.Message, update, nil).(*object[any]).keys, ",")
}

// fitsQuery is true for what a query can carry: scalars, enums, lists of them, and messages that JSON writes as text.
func fitsQuery(f field) bool {
	if f.Message == nil {
		return true
	}
	s, known := wellKnown(f.Message.Desc.FullName())
	return known && s.Type == "string" && !f.Desc.IsList()
}

func (c *call) headerParameters() []*parameter {
	var all []*parameter
	if c.writes() {
		all = append(all, parameterRef("IdempotencyKey"))
	}
	if c.guarded() {
		all = append(all, parameterRef("IfMatch"))
	}
	if c.cacheable() {
		all = append(all, parameterRef("IfNoneMatch"))
	}
	return all
}

// writes is true for an RPC that changes something and may be repeated safely.
func (c *call) writes() bool { return findField(c.method.Input, "request_id") != nil }

// guarded is true for an RPC that can be told which version it is to change.
func (c *call) guarded() bool {
	return findField(c.method.Input, "etag") != nil || c.verb == "patch" && c.answersETag()
}

// cacheable is true for an RPC that gets one resource, which may not have changed.
func (c *call) cacheable() bool { return c.verb == "get" && c.answersETag() }

// answersETag is true when the body of the answer is a resource that has an etag.
func (c *call) answersETag() bool {
	f := findField(c.method.Output, c.rule.GetResponseBody())
	return f != nil && f.Message != nil && findField(f.Message, "etag") != nil
}

func (c *call) requestBody() (*requestBody, error) {
	name := c.rule.GetBody()
	if name == "" {
		return nil, nil
	}
	message, shape, required, description := c.method.Input, input, false, ""
	if name != "*" {
		f := findField(c.method.Input, name)
		if f == nil || f.Message == nil {
			return nil, fmt.Errorf("has the body %q, which is no message of the request", name)
		}
		about := readField(f)
		message, required, description = f.Message, about.required, about.text
		if c.verb == "patch" {
			shape = update
		}
	}
	bound := c.route.bound
	if name != "*" {
		bound = nil
	}
	s, err := c.schemas.message(message, shape, bound)
	if err != nil {
		return nil, err
	}
	for _, f := range message.Fields {
		if name == "*" && readField(f).required && !bound[string(f.Desc.Name())] {
			required = true
		}
	}
	return &requestBody{
		Description: description,
		Required:    required,
		Content:     content("application/json", s, c.examples.message(message, shape, bound)),
	}, nil
}
