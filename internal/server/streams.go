package server

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	changepb "github.com/btlc/btlc/gen/go/btlc/change/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/messagejson"
	"github.com/btlc/btlc/internal/tabular"
)

// The forms of a stream on REST: of one that ends, a row a line, or CSV, or messages with their length in front; of one that
// does not, Server-Sent Events.
const (
	mediaNDJSON   = "application/x-ndjson"
	mediaCSV      = "text/csv"
	mediaProtobuf = "application/x-protobuf"
	mediaEvents   = "text/event-stream"
)

// cursorHeader tells where the change feed stood when an export was read.
const cursorHeader = "btlc-cursor"

// streamForms are the forms of each RPC that streams, the default first, by the last segment of its address.
var streamForms = formsOf(services())

func formsOf(services []protoreflect.ServiceDescriptor) map[string][]string {
	forms := map[string][]string{}
	for _, service := range services {
		for i := range service.Methods().Len() {
			if m := service.Methods().Get(i); m.IsStreamingServer() {
				rule := proto.GetExtension(m.Options(), annotations.E_Http).(*annotations.HttpRule)
				forms[path.Base(cmp.Or(rule.GetGet(), rule.GetPost()))] = formsOfAnswer(m.Output())
			}
		}
	}
	return forms
}

func formsOfAnswer(d protoreflect.MessageDescriptor) []string {
	if rowsField(d) == nil {
		return []string{mediaEvents, mediaNDJSON}
	}
	return []string{mediaNDJSON, mediaCSV, mediaProtobuf}
}

// rowsField is where a part of an export has its rows; nil in a stream of single messages.
func rowsField(d protoreflect.MessageDescriptor) protoreflect.FieldDescriptor {
	for i := range d.Fields().Len() {
		if fd := d.Fields().Get(i); fd.IsList() && fd.Message() != nil {
			return fd
		}
	}
	return nil
}

// restStream is a stream on REST: its form, and how far it is.
type restStream struct {
	media string
	begun bool
	err   error // what broke it off
	table tabular.Table
	cells []tabular.Cell
	buf   []byte
}

type restStreamKey struct{}

// streamed chooses the form of a stream, and sees to it that one which breaks off looks so: an error before the first part is
// answered like any other, and one after it breaks the connection, so that no half is taken for the whole.
func streamed(gateway http.Handler, patience time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		forms := streamForms[path.Base(r.URL.Path)]
		if forms == nil {
			gateway.ServeHTTP(w, r)
			return
		}
		if !r.ProtoAtLeast(1, 1) { // where the end of the connection is the end of the answer, half of it would look whole
			writeProblem(w, r, api.Errorf(api.HTTPVersionTooOld, "Ask by HTTP/1.1 or later; a proxy on the way may speak HTTP/1.0."))
			return
		}
		media := accepted(r, forms)
		if media == "" {
			writeProblem(w, r, api.Errorf(api.NotAcceptable, "This is given as %s.", strings.Join(forms, ", ")))
			return
		}
		if last := r.Header.Get("Last-Event-ID"); last != "" && media == mediaEvents {
			query := r.URL.Query()
			query.Set("cursor", last)
			r.URL.RawQuery = query.Encode()
		}
		_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // a stream outlasts the time for reading a request
		s := &restStream{media: media}
		out := &streamWriter{w, s, patience}
		gateway.ServeHTTP(out, r.WithContext(context.WithValue(r.Context(), restStreamKey{}, s)))
		switch {
		case s.begun && s.err == nil:
			out.announce()
		case s.err != nil && s.begun:
			panic(http.ErrAbortHandler)
		case s.err != nil:
			onError(r.Context(), nil, nil, w, r, s.err)
		}
	})
}

// streamWriter keeps what the gateway says of an error from the caller: it is said by streamed.
type streamWriter struct {
	http.ResponseWriter
	stream   *restStream
	patience time.Duration
}

// Unwrap lets the gateway take its time.
func (w *streamWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// announce says what the answer is, in the place of the gateway, which knows of one form alone.
func (w *streamWriter) announce() {
	if w.stream.begun {
		w.Header().Set("Content-Type", w.stream.contentType())
	}
}

// FlushError sends what there is.
func (w *streamWriter) FlushError() error {
	w.announce()
	return w.keep(within(w.ResponseWriter, w.patience, http.NewResponseController(w.ResponseWriter).Flush))
}

// WriteHeader implements http.ResponseWriter.
func (w *streamWriter) WriteHeader(code int) {
	if w.stream.err == nil {
		w.ResponseWriter.WriteHeader(code)
	}
}

// Write implements http.ResponseWriter. What the gateway's own encoder gives for a part is empty: writePart has written it.
func (w *streamWriter) Write(body []byte) (int, error) {
	if w.stream.err != nil || len(body) == 0 {
		return len(body), nil
	}
	w.announce()
	n, err := writeWithin(w.ResponseWriter, body, w.patience)
	return n, w.keep(err)
}

// keep notes what broke the stream off: the gateway itself takes it for an end.
func (w *streamWriter) keep(err error) error {
	if err != nil && w.stream.err == nil {
		w.stream.err = err
	}
	return err
}

// keepStreamError hands the error of a stream to streamed.
func keepStreamError(ctx context.Context, err error) *status.Status {
	if s, ok := ctx.Value(restStreamKey{}).(*restStream); ok {
		s.err = err
	}
	return status.Convert(err)
}

// writePart writes a part of a stream in the form that was asked for.
func writePart(ctx context.Context, w http.ResponseWriter, part proto.Message) (err error) {
	s, ok := ctx.Value(restStreamKey{}).(*restStream)
	if !ok || part == nil {
		return nil
	}
	if !s.begun {
		s.begun = true
		w.Header().Set("X-Accel-Buffering", "no")
	}
	s.buf = s.buf[:0]
	if event, ok := part.(*changepb.WatchChangesResponse); ok {
		err = s.event(event)
	} else {
		err = s.rows(part.ProtoReflect())
	}
	if err != nil {
		return err
	}
	_, err = w.Write(s.buf)
	return err
}

func (s *restStream) contentType() string {
	if s.media == mediaCSV {
		return mediaCSV + "; charset=utf-8; header=present"
	}
	return s.media
}

// event writes a change, or a sign of life, which moves the cursor on and is no event for the reader.
func (s *restStream) event(e *changepb.WatchChangesResponse) (err error) {
	if s.media == mediaNDJSON {
		if s.buf, err = messagejson.Append(s.buf, e); err == nil {
			s.buf = append(s.buf, '\n')
		}
		return err
	}
	s.buf = fmt.Appendf(s.buf, "id: %s\n", e.GetCursor())
	if e.GetChange() == nil {
		s.buf = append(s.buf, ": no change\n\n"...)
		return nil
	}
	s.buf = append(s.buf, "event: change\ndata: "...)
	if s.buf, err = messagejson.Append(s.buf, e.GetChange()); err == nil {
		s.buf = append(s.buf, "\n\n"...)
	}
	return err
}

// rows writes the rows of a part. CSV has the names of its columns before the first.
func (s *restStream) rows(part protoreflect.Message) (err error) {
	field := rowsField(part.Descriptor())
	if s.media == mediaCSV && s.table == nil {
		s.table = columnsOf(field.Message())
		s.buf = s.table.AppendHeader(s.buf)
	}
	list := part.Get(field).List()
	for i := range list.Len() {
		row := list.Get(i).Message()
		switch s.media {
		case mediaCSV:
			s.cells = appendCells(s.cells[:0], row)
			s.buf, err = s.table.AppendRow(s.buf, s.cells...)
		case mediaProtobuf:
			message := row.Interface()
			s.buf = binary.AppendUvarint(s.buf, uint64(proto.Size(message)))
			s.buf, err = proto.MarshalOptions{UseCachedSize: true}.MarshalAppend(s.buf, message)
		default:
			if s.buf, err = messagejson.Append(s.buf, row.Interface()); err == nil {
				s.buf = append(s.buf, '\n')
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// streamingCodec gives nothing for the parts of a stream, which writePart has written.
type streamingCodec struct{ *codec }

// Marshal implements runtime.Marshaler.
func (c streamingCodec) Marshal(v any) ([]byte, error) {
	switch v.(type) {
	case map[string]any, map[string]proto.Message:
		return nil, nil
	}
	return c.codec.Marshal(v)
}

// Delimiter implements runtime.Delimited.
func (streamingCodec) Delimiter() []byte { return nil }

var _ runtime.Delimited = streamingCodec{}

// columnsOf are the columns of rows as CSV: a column for each field, by its name in JSON, in the contract's order.
func columnsOf(d protoreflect.MessageDescriptor) tabular.Table {
	var table tabular.Table
	for i := range d.Fields().Len() {
		fd := d.Fields().Get(i)
		kind := tabular.Text
		switch {
		case fd.Kind() == protoreflect.Int32Kind:
			kind = tabular.Integer
		case fd.Kind() == protoreflect.MessageKind:
			kind = tabular.Time
		}
		table = append(table, tabular.Column{Name: fd.JSONName(), Kind: kind, Description: string(fd.FullName())})
	}
	return table
}

// appendCells appends the cells of a row. Rows hold texts, whole numbers, words and times, and nothing else (TestRowsOfStreams).
func appendCells(cells []tabular.Cell, row protoreflect.Message) []tabular.Cell {
	for i := range row.Descriptor().Fields().Len() {
		cell, fd := tabular.Cell{}, row.Descriptor().Fields().Get(i)
		switch v := row.Get(fd); fd.Kind() {
		case protoreflect.StringKind:
			if text := v.String(); text != "" {
				cell = tabular.String(text)
			}
		case protoreflect.Int32Kind:
			cell = tabular.Int(v.Int())
		case protoreflect.EnumKind:
			if v.Enum() != 0 {
				cell = tabular.String(string(fd.Enum().Values().ByNumber(v.Enum()).Name()))
			}
		case protoreflect.MessageKind:
			if stamp := v.Message().Interface().(*timestamppb.Timestamp); stamp != nil {
				cell = tabular.At(stamp.AsTime())
			}
		}
		cells = append(cells, cell)
	}
	return cells
}
