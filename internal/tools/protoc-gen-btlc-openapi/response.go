package main

import "fmt"

// responses are the answer and the problems that an operation can have.
func (c *call) responses() (object[*response], error) {
	var all object[*response]
	success, err := c.success()
	if err != nil {
		return all, err
	}
	all.set("200", success)
	if c.cacheable() {
		all.set("304", &response{Ref: "#/components/responses/NotModified"})
	}
	for _, p := range problems {
		if p.fits(c) {
			all.set(fmt.Sprint(p.status), &response{Ref: "#/components/responses/" + p.name})
		}
	}
	return all, nil
}

// success is the answer: the field that the contract names as the body, or the whole message.
func (c *call) success() (*response, error) {
	if c.streams() {
		return c.streamed()
	}
	message, about := c.method.Output, c.method.Output.Comments.Leading
	if name := c.rule.GetResponseBody(); name != "" {
		f := findField(message, name)
		if f == nil || f.Message == nil || f.Desc.IsList() {
			return nil, fmt.Errorf("has the response body %q, which is no message of the answer", name)
		}
		message, about = f.Message, f.Comments.Leading
	}
	s, err := c.schemas.message(message, answer, nil)
	if err != nil {
		return nil, err
	}
	r := &response{
		Description: parseComment(about).text,
		Content:     content("application/json", s, c.examples.message(message, answer, nil)),
	}
	if c.answersETag() {
		r.Headers.set("ETag", headerRef("ETag"))
	}
	if c.writes() {
		r.Headers.set("Idempotency-Replayed", headerRef("IdempotencyReplayed"))
	}
	addRateLimit(&r.Headers)
	return r, nil
}

// mayMiss is true when the call names something that may not be there, or not for this caller.
func (c *call) mayMiss() bool {
	if len(c.route.bound) > 0 {
		return true
	}
	for _, each := range c.method.Input.Fields {
		f := readField(each)
		if f.reference != "" || f.parentOf != "" {
			return true
		}
		if f.protoName() != c.rule.GetBody() || f.Message == nil {
			continue
		}
		for _, inner := range f.Message.Fields {
			if g := readField(inner); g.reference != "" && g.in(input) {
				return true
			}
		}
	}
	return false
}
