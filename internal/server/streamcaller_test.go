package server_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/btlc/btlc/internal/api"
)

// rowsName is the field of a part of an export that has its rows; "" for a stream of events, of which a reply is the first.
func rowsName(d protoreflect.MessageDescriptor) string {
	for i := range d.Fields().Len() {
		if fd := d.Fields().Get(i); fd.IsList() && fd.Message() != nil {
			return fd.JSONName()
		}
	}
	return ""
}

// stream calls an RPC that streams. The reply has the rows of all parts, or of a stream that does not end the first event.
func (c grpcCaller) stream(ctx context.Context, t testing.TB, method protoreflect.MethodDescriptor, req proto.Message) reply {
	t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out := reply{header: map[string]string{}}
	s, err := c.conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, fullName(method))
	if err == nil {
		err = errors.Join(s.SendMsg(req), s.CloseSend())
	}
	rows, name := []any{}, rowsName(method.Output())
	for err == nil {
		part := newMessage(t, method.Output())
		if err = s.RecvMsg(part); err != nil {
			break
		}
		body, e := protojson.MarshalOptions{EmitDefaultValues: true}.Marshal(part)
		must(t, e)
		var value map[string]any
		must(t, json.Unmarshal(body, &value))
		if name == "" {
			delete(value, "oldestSequence")
			delete(value, "newestSequence")
			out.answer = value
			return withHeader(t, out, s)
		}
		rows = append(rows, value[name].([]any)...)
	}
	if !errors.Is(err, io.EOF) {
		out.err = api.FromStatus(status.Convert(err))
		return out
	}
	out.answer = map[string]any{name: rows}
	return withHeader(t, out, s)
}

func withHeader(t testing.TB, out reply, s grpc.ClientStream) reply {
	t.Helper()
	var header metadata.MD
	header, err := s.Header()
	must(t, err)
	for name, values := range header {
		out.header[name] = values[0]
	}
	return out
}

// stream reads a stream on REST into the same form.
func (c restCaller) stream(t testing.TB, method protoreflect.MethodDescriptor, verb, path string, body []byte, key string, headers map[string]string) reply {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, verb, c.base+path, bytes.NewReader(body))
	must(t, err)
	if len(body) > 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	must(t, err)
	defer res.Body.Close()
	out := reply{header: map[string]string{"status": strconv.Itoa(res.StatusCode)}}
	for name := range res.Header {
		out.header[strings.ToLower(name)] = res.Header.Get(name)
	}
	if res.StatusCode/100 != 2 {
		raw, err := io.ReadAll(res.Body)
		must(t, err)
		out.header["body"], out.err = string(raw), problemIn(t, res, raw)
		return out
	}
	name := rowsName(method.Output())
	if name == "" {
		out.answer = firstEvent(t, res.Body)
		return out
	}
	raw, err := io.ReadAll(res.Body)
	must(t, err)
	rows := []any{}
	for line := range bytes.Lines(raw) {
		var row map[string]any
		must(t, json.Unmarshal(line, &row))
		rows = append(rows, row)
	}
	out.header["body"], out.answer = string(raw), map[string]any{name: rows}
	return out
}

func firstEvent(t testing.TB, body io.Reader) map[string]any {
	t.Helper()
	event := map[string]any{}
	lines := bufio.NewScanner(body)
	for lines.Scan() && lines.Text() != "" {
		switch name, value, _ := strings.Cut(lines.Text(), ": "); name {
		case "id":
			event["cursor"] = value
		case "data":
			var change map[string]any
			must(t, json.Unmarshal([]byte(value), &change))
			event["change"] = change
		}
	}
	must(t, lines.Err())
	return event
}
