package main

import (
	"strings"

	"google.golang.org/protobuf/compiler/protogen"
)

// streams tells whether the answer is a stream.
func (c *call) streams() bool { return c.method.Desc.IsStreamingServer() }

// streamed is the answer of an RPC that streams: rows, as NDJSON, CSV or protobuf, or events that do not end.
func (c *call) streamed() (*response, error) {
	r := &response{Description: parseComment(c.method.Output.Comments.Leading).text}
	text := &schema{Type: "string"}
	rows := rowsOf(c.method.Output)
	if rows == nil {
		s, err := c.schemas.message(c.method.Output, answer, nil)
		if err != nil {
			return nil, err
		}
		r.Content.set("text/event-stream", &mediaType{Schema: text, Example: "id: eyJ2IjoxfQ\n: no change\n\n"})
		r.Content.set("application/x-ndjson", &mediaType{Schema: s, Example: c.examples.message(c.method.Output, answer, nil)})
	} else {
		s, err := c.schemas.message(rows.Message, answer, nil)
		if err != nil {
			return nil, err
		}
		r.Description = "One row a line, or CSV with the same columns, or messages with their length in front, by `Accept`. One that breaks off breaks the connection."
		r.Content.set("application/x-ndjson", &mediaType{Schema: s, Example: c.examples.message(rows.Message, answer, nil)})
		r.Content.set("text/csv", &mediaType{Schema: text, Example: csvHeader(rows.Message)})
		r.Content.set("application/x-protobuf", &mediaType{Schema: &schema{}, Example: "…"})
		if findField(c.method.Output, "cursor") != nil {
			r.Headers.set("Btlc-Cursor", headerRef("BtlcCursor"))
		}
	}
	addRateLimit(&r.Headers)
	return r, nil
}

// rowsOf is the field of a part that has its rows; nil in a stream of single messages.
func rowsOf(part *protogen.Message) *protogen.Field {
	for _, f := range part.Fields {
		if f.Desc.IsList() && f.Message != nil {
			return f
		}
	}
	return nil
}

func csvHeader(row *protogen.Message) string {
	var names []string
	for _, f := range row.Fields {
		names = append(names, f.Desc.JSONName())
	}
	return strings.Join(names, ",") + "\r\n"
}
