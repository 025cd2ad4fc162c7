package server

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/messagejson"
)

// maxDepth bounds how deep a body may nest.
const maxDepth = 64

// codec reads and writes the JSON of REST. What it writes is canonical: equal messages give equal bytes, where protojson
// by itself varies its white space.
type codec struct{ runtime.JSONPb }

func newCodec() *codec { return &codec{runtime.JSONPb{MarshalOptions: messagejson.Options}} }

// ContentType of all answers but problems.
func (*codec) ContentType(any) string { return "application/json" }

// Marshal writes canonical JSON.
func (c *codec) Marshal(v any) ([]byte, error) {
	if m, ok := v.(proto.Message); ok {
		return messagejson.Marshal(m)
	}
	loose, err := c.JSONPb.Marshal(v)
	if err != nil {
		return nil, err
	}
	var canonical bytes.Buffer
	canonical.Grow(len(loose))
	if err := json.Compact(&canonical, loose); err != nil {
		return nil, err
	}
	return canonical.Bytes(), nil
}

// NewEncoder writes canonical JSON.
func (c *codec) NewEncoder(w io.Writer) runtime.Encoder {
	return runtime.EncoderFunc(func(v any) error {
		body, err := c.Marshal(v)
		if err != nil {
			return err
		}
		_, err = w.Write(body)
		return err
	})
}

// NewDecoder reads a body into a message and says of everything that does not fit where it is.
func (c *codec) NewDecoder(r io.Reader) runtime.Decoder {
	return runtime.DecoderFunc(func(v any) error {
		body, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		if len(bytes.TrimSpace(body)) == 0 {
			return io.EOF
		}
		return c.read(body, v)
	})
}

// Unmarshal reads a body into a message.
func (c *codec) Unmarshal(body []byte, v any) error { return c.read(body, v) }

func (c *codec) read(body []byte, v any) error {
	if m := messageIn(v); m != nil {
		if e := checkBody(body, m.Descriptor()); e != nil {
			return inBand(e)
		}
	}
	if err := c.JSONPb.Unmarshal(body, v); err != nil {
		return inBand(malformed())
	}
	return nil
}

// messageIn finds the kind of message that the gateway decodes into: a message, or a pointer to a field that holds one.
func messageIn(v any) protoreflect.Message {
	if m, ok := v.(proto.Message); ok {
		return m.ProtoReflect()
	}
	if t := reflect.TypeOf(v); t != nil && t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Pointer {
		if m, ok := reflect.New(t.Elem().Elem()).Interface().(proto.Message); ok {
			return m.ProtoReflect()
		}
	}
	return nil
}

// checkBody finds what protojson would refuse at the first fault: all of it, each with its path.
func checkBody(body []byte, d protoreflect.MessageDescriptor) *api.Error {
	if !utf8.Valid(body) {
		return api.Errorf(api.MalformedBody, "The body is not UTF-8.")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return api.Errorf(api.MalformedBody, "The body is not JSON: see byte %d.", syntax.Offset)
		}
		return api.Errorf(api.MalformedBody, "The body is not one JSON value.")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return api.Errorf(api.MalformedBody, "The body is more than one JSON value.")
	}
	var violations []api.Violation
	checkMessage("", value, d, 0, func(path, description string) {
		violations = append(violations, api.Violation{Field: path, Description: description})
	})
	if len(violations) > 0 {
		return api.Invalid(violations...)
	}
	return nil
}

func checkMessage(path string, value any, d protoreflect.MessageDescriptor, depth int, report func(path, description string)) {
	if depth > maxDepth {
		report(path, fmt.Sprintf("nests deeper than %d", maxDepth))
		return
	}
	if d.FullName().Parent() == "google.protobuf" {
		return // Timestamp, FieldMask, Struct: protojson knows their forms
	}
	object, ok := value.(map[string]any)
	if !ok {
		report(path, "must be an object")
		return
	}
	for name, member := range object {
		at := strings.TrimPrefix(path+"."+name, ".")
		fd := d.Fields().ByJSONName(name)
		if fd == nil {
			fd = d.Fields().ByTextName(name)
		}
		switch {
		case fd == nil:
			report(at, "is not a field of it")
		case member == nil: // null stands for absent
		case fd.IsMap():
			if _, ok := member.(map[string]any); !ok {
				report(at, "must be an object")
			}
		case fd.IsList():
			list, ok := member.([]any)
			if !ok {
				report(at, "must be a list")
			}
			for i, item := range list {
				checkValue(at, i, item, fd, depth, report)
			}
		default:
			checkValue(at, noIndex, member, fd, depth, report)
		}
	}
}

// noIndex stands for the place of what is no item of a list.
const noIndex = -1

// checkValue checks the value of a field, or an item of its list. Where it stands is written out for faults alone.
func checkValue(path string, index int, value any, fd protoreflect.FieldDescriptor, depth int, report func(path, description string)) {
	at := func() string {
		if index == noIndex {
			return path
		}
		return fmt.Sprintf("%s[%d]", path, index)
	}
	switch fd.Kind() {
	case protoreflect.MessageKind:
		checkMessage(at(), value, fd.Message(), depth+1, report)
	case protoreflect.StringKind:
		if _, ok := value.(string); !ok {
			report(at(), "must be a text")
		}
	case protoreflect.BytesKind:
		if text, ok := value.(string); !ok || !isBase64(text) {
			report(at(), "must be bytes in base64")
		}
	case protoreflect.BoolKind:
		if _, ok := value.(bool); !ok {
			report(at(), "must be true or false")
		}
	case protoreflect.EnumKind:
		if word, ok := value.(string); !ok || fd.Enum().Values().ByName(protoreflect.Name(word)) == nil {
			report(at(), "must be one of "+enumNames(fd.Enum()))
		}
	case protoreflect.Int32Kind:
		number, ok := value.(json.Number)
		if n, err := number.Int64(); !ok || err != nil || n != int64(int32(n)) {
			report(at(), "must be a whole number of 32 bits")
		}
	}
}

// isBase64 takes what protojson takes: either alphabet, padded or not.
func isBase64(text string) bool {
	encoding := base64.RawStdEncoding
	if strings.ContainsAny(text, "-_") {
		encoding = base64.RawURLEncoding
	}
	_, err := encoding.DecodeString(strings.TrimRight(text, "="))
	return err == nil
}

func enumNames(d protoreflect.EnumDescriptor) string {
	var names []string
	for i := 1; i < d.Values().Len(); i++ {
		names = append(names, string(d.Values().Get(i).Name()))
	}
	return strings.Join(names, ", ")
}

// faultMark begins a fault that travels inside an error text: the gateway keeps nothing else of a decoder's error.
const faultMark = "btlc-fault:"

type inBandFault struct{ fault *api.Error }

func inBand(e *api.Error) error { return inBandFault{e} }

// Error packs the fault so that faultIn can read it; base64, so that no text of the caller's can be taken for one.
func (f inBandFault) Error() string {
	packed, err := json.Marshal(f.fault)
	if err != nil {
		return string(f.fault.Reason)
	}
	return faultMark + base64.StdEncoding.EncodeToString(packed)
}

func faultIn(message string) *api.Error {
	_, packed, ok := strings.Cut(message, faultMark)
	if !ok {
		return nil
	}
	body, err := base64.StdEncoding.DecodeString(packed)
	if err != nil {
		return nil
	}
	var fault api.Error
	if err := json.Unmarshal(body, &fault); err != nil {
		return nil
	}
	return &fault
}
