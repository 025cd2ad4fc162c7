package server

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"sync"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/btlc/btlc/internal/jsontext"
)

// protoJSON is the form of answers: ProtoJSON with fields that are empty shown, as front ends expect.
var protoJSON = protojson.MarshalOptions{EmitDefaultValues: true}

// jsonField is a field of a message with its name as it stands in JSON: a comma, the name in quotes, a colon.
type jsonField struct {
	protoreflect.FieldDescriptor
	name string
	// always says that the field is shown when it is empty.
	always bool
}

var jsonPlans sync.Map // protoreflect.FullName → []jsonField

func jsonPlan(d protoreflect.MessageDescriptor) []jsonField {
	if plan, ok := jsonPlans.Load(d.FullName()); ok {
		return plan.([]jsonField)
	}
	plan := make([]jsonField, 0, d.Fields().Len())
	for i := range d.Fields().Len() {
		fd := d.Fields().Get(i)
		plan = append(plan, jsonField{fd, `,"` + fd.JSONName() + `":`, fd.IsList() || fd.IsMap() || !fd.HasPresence()})
	}
	jsonPlans.Store(d.FullName(), plan)
	return plan
}

// appendJSON appends a message as canonical JSON: what protojson writes, without the white space that it varies, at a
// part of its cost (BenchmarkJSON).
func appendJSON(b []byte, m protoreflect.Message) (_ []byte, err error) {
	d := m.Descriptor()
	if d.FullName().Parent() == "google.protobuf" {
		return appendWellKnown(b, m)
	}
	start := len(b)
	for _, field := range jsonPlan(d) {
		if !field.always && !m.Has(field.FieldDescriptor) {
			continue
		}
		b = append(b, field.name...)
		if b, err = appendField(b, field.FieldDescriptor, m.Get(field.FieldDescriptor)); err != nil {
			return nil, err
		}
	}
	if len(b) == start {
		return append(b, "{}"...), nil
	}
	b[start] = '{' // where the first comma stands
	return append(b, '}'), nil
}

func appendField(b []byte, fd protoreflect.FieldDescriptor, v protoreflect.Value) (_ []byte, err error) {
	switch {
	case fd.IsMap():
		return appendMap(b, fd, v.Map())
	case fd.IsList():
		b = append(b, '[')
		list := v.List()
		for i := range list.Len() {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = appendValue(b, fd, list.Get(i)); err != nil {
				return nil, err
			}
		}
		return append(b, ']'), nil
	}
	return appendValue(b, fd, v)
}

func appendMap(b []byte, fd protoreflect.FieldDescriptor, entries protoreflect.Map) (_ []byte, err error) {
	keys := make([]string, 0, entries.Len())
	values := make(map[string]protoreflect.Value, entries.Len())
	entries.Range(func(key protoreflect.MapKey, value protoreflect.Value) bool {
		keys = append(keys, key.String())
		values[key.String()] = value
		return true
	})
	slices.Sort(keys)
	b = append(b, '{')
	for i, key := range keys {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = jsontext.AppendString(b, key); err != nil {
			return nil, err
		}
		b = append(b, ':')
		if b, err = appendValue(b, fd.MapValue(), values[key]); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

func appendValue(b []byte, fd protoreflect.FieldDescriptor, v protoreflect.Value) ([]byte, error) {
	switch fd.Kind() {
	case protoreflect.MessageKind, protoreflect.GroupKind:
		return appendJSON(b, v.Message())
	case protoreflect.StringKind:
		return jsontext.AppendString(b, v.String())
	case protoreflect.BoolKind:
		return strconv.AppendBool(b, v.Bool()), nil
	case protoreflect.EnumKind:
		if known := fd.Enum().Values().ByNumber(v.Enum()); known != nil {
			return append(append(append(b, '"'), known.Name()...), '"'), nil
		}
		return strconv.AppendInt(b, int64(v.Enum()), 10), nil
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return strconv.AppendInt(b, v.Int(), 10), nil
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return strconv.AppendUint(b, v.Uint(), 10), nil
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return append(strconv.AppendInt(append(b, '"'), v.Int(), 10), '"'), nil
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return append(strconv.AppendUint(append(b, '"'), v.Uint(), 10), '"'), nil
	case protoreflect.BytesKind:
		return append(base64.StdEncoding.AppendEncode(append(b, '"'), v.Bytes()), '"'), nil
	default: // float and double: ProtoJSON writes them as encoding/json does
		number, err := json.Marshal(v.Interface())
		return append(b, number...), err
	}
}

// appendWellKnown appends the types with a form of their own in ProtoJSON. Times are in most answers; the others are
// rare, and protojson knows them.
func appendWellKnown(b []byte, m protoreflect.Message) ([]byte, error) {
	if stamp, ok := m.Interface().(*timestamppb.Timestamp); ok {
		if appended, ok := appendTime(b, stamp.GetSeconds(), int64(stamp.GetNanos())); ok {
			return appended, nil
		}
	}
	return appendLoose(b, m.Interface())
}

func appendLoose(b []byte, m proto.Message) ([]byte, error) {
	loose, err := protoJSON.Marshal(m)
	if err != nil {
		return nil, err
	}
	buffer := bytes.NewBuffer(b)
	err = json.Compact(buffer, loose)
	return buffer.Bytes(), err
}

// The seconds of the first and the last Timestamp: the years 1 to 9999.
const firstSecond, lastSecond = -62135596800, 253402300799

// appendTime appends a moment with as many digits of its second, in threes, as it has. It formats by time.RFC3339, the layout
// that package time writes without reading it.
func appendTime(b []byte, seconds, nanos int64) (_ []byte, ok bool) {
	if seconds < firstSecond || seconds > lastSecond || nanos < 0 || nanos > 999_999_999 {
		return nil, false
	}
	b = time.Unix(seconds, 0).UTC().AppendFormat(append(b, '"'), time.RFC3339)
	if nanos == 0 {
		return append(b, '"'), true
	}
	point := len(b) - 1               // where the Z stands
	fraction := 1_000_000_000 + nanos // the point comes in the place of the 1
	for fraction%1_000 == 0 {
		fraction /= 1_000
	}
	b = strconv.AppendInt(b[:point], fraction, 10)
	b[point] = '.'
	return append(b, 'Z', '"'), true
}
