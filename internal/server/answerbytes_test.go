package server_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// askedAs is the id of all requests whose answers are compared: they repeat it.
const askedAs = "asked-by-somebody"

// bytesOverGRPC is all that a caller gets of an answer or an error: headers and messages. Of a watch it is what comes before
// the first sign of life, and that.
func (w *world) bytesOverGRPC(t testing.TB, as string, method protoreflect.MethodDescriptor, request map[string]any, headers map[string]string) []byte {
	t.Helper()
	in := newMessage(t, method.Input())
	must(t, protojson.Unmarshal(marshal(t, request), in))
	sent := metadata.New(headers)
	sent.Set("authorization", "Bearer "+w.keys[as])
	sent.Set("x-request-id", askedAs)
	ctx, cancel := context.WithCancel(metadata.NewOutgoingContext(t.Context(), sent))
	defer cancel()
	var got bytes.Buffer
	stream, err := w.grpc.conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: method.IsStreamingServer()}, fullName(method))
	if err == nil {
		err = errors.Join(stream.SendMsg(in), stream.CloseSend())
	}
	for err == nil {
		out := newMessage(t, method.Output())
		if err = stream.RecvMsg(out); err == nil {
			writeMessage(t, &got, out)
			if change := out.ProtoReflect().Descriptor().Fields().ByName("change"); change != nil && !out.ProtoReflect().Has(change) || !method.IsStreamingServer() {
				err = io.EOF
			}
		}
	}
	if !errors.Is(err, io.EOF) {
		got.WriteString("error of ")
		writeMessage(t, &got, status.Convert(err).Proto())
	}
	header, err := stream.Header()
	must(t, err)
	for _, name := range slices.Sorted(maps.Keys(header)) {
		fmt.Fprintf(&got, "%s: %s\n", name, header[name])
	}
	return got.Bytes()
}

func writeMessage(t testing.TB, to *bytes.Buffer, message proto.Message) {
	t.Helper()
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(message)
	must(t, err)
	fmt.Fprintf(to, "%d bytes: %s\n", len(body), body)
}

// bytesOverREST is the same over REST, with the status and all headers but the time.
func (w *world) bytesOverREST(t testing.TB, as string, method protoreflect.MethodDescriptor, request map[string]any, headers map[string]string) []byte {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	verb, path, body := address(t, method, request)
	req, err := http.NewRequestWithContext(ctx, verb, w.rest.base+path, bytes.NewReader(body))
	must(t, err)
	if len(body) > 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	req.Header.Set("Authorization", "Bearer "+w.keys[as])
	req.Header.Set("X-Request-Id", askedAs)
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	defer resp.Body.Close()
	var got bytes.Buffer
	fmt.Fprintln(&got, resp.Status)
	for _, name := range slices.Sorted(maps.Keys(resp.Header)) {
		if name != "Date" {
			fmt.Fprintf(&got, "%s: %s\n", name, resp.Header[name])
		}
	}
	fmt.Fprintln(&got)
	lines := bufio.NewReader(resp.Body)
	for {
		line, err := lines.ReadString('\n')
		got.WriteString(line)
		if errors.Is(err, io.EOF) || strings.HasPrefix(line, ": no change") {
			return got.Bytes()
		}
		must(t, err)
	}
}
