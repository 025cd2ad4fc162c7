package server_test

import (
	"reflect"
	"regexp"
	"slices"
	"testing"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/btlc/btlc/internal/api"
)

// repeat makes a call again that was made under the same idempotency key: it gets the first answer, and is told so; but a
// secret is shown once.
func (m *misuser) repeat(t *testing.T, a attempt, first reply) {
	t.Helper()
	for _, c := range m.callers() {
		again := c.call(t, a.method, a.key, marshal(t, a.request), nil)
		switch {
		case tellsSecret(a.method):
			a.wants(t, "the same again", c, again, api.SecretAlreadyShown)
		case !reflect.DeepEqual(comparable(again), comparable(first)):
			t.Errorf("%s over %s, the same again: answered\n%v\nand first\n%v", a.where, c.name(), comparable(again), comparable(first))
		case again.header[api.ReplayedHeader] != "true":
			t.Errorf("%s over %s, the same again: not told to be the first answer", a.where, c.name())
		}
	}
}

// tellsSecret says whether an RPC answers what is told once.
func tellsSecret(method protoreflect.MethodDescriptor) bool {
	return method.Output().Fields().ByName("secret") != nil || method.Name() == "CreateCalendarLink"
}

// reuse makes another call under the idempotency key of an attempt.
func (m *misuser) reuse(t *testing.T, a attempt) {
	t.Helper()
	req := newMessage(t, a.method.Input())
	must(t, protojson.Unmarshal(marshal(t, a.request), req))
	if onlyNames(a.method.Input()) {
		return // any other request is about something else, of which the caller may know nothing
	}
	for _, c := range m.callers() {
		found := false
		for _, other := range others(req) {
			body, err := protojson.Marshal(other)
			must(t, err)
			r := c.call(t, a.method, a.key, body, nil)
			if r.err != nil && r.err.Reason == api.InvalidRequest {
				continue // the contract has nothing against it, but the handler
			}
			a.wants(t, "another request under its key", c, r, api.IdempotencyKeyReused)
			found = true
			break
		}
		if !found {
			t.Errorf("%s over %s: no other request could be made of %s", a.where, c.name(), marshal(t, a.request))
		}
	}
}

// onlyNames says whether a request has nothing but what it is about, and its key.
func onlyNames(d protoreflect.MessageDescriptor) bool {
	for i := range d.Fields().Len() {
		if fd := d.Fields().Get(i); fd.Name() != "request_id" && !proto.HasExtension(fd.Options(), annotations.E_ResourceReference) {
			return false
		}
	}
	return true
}

// others are requests that differ from one in a single value and are valid by the contract; last those about something
// else, which may not be there.
func others(req proto.Message) []proto.Message {
	var same, elsewhere []proto.Message
	vary(req.ProtoReflect(), func(fd protoreflect.FieldDescriptor) {
		switch other := proto.Clone(req); {
		case api.Validate(other) != nil:
		case proto.HasExtension(fd.Options(), annotations.E_ResourceReference):
			elsewhere = append(elsewhere, other)
		default:
			same = append(same, other)
		}
	})
	return append(same, elsewhere...)
}

// vary gives one field after the other another value, calls do, and puts the first value back.
func vary(m protoreflect.Message, do func(protoreflect.FieldDescriptor)) {
	for i := range m.Descriptor().Fields().Len() {
		fd := m.Descriptor().Fields().Get(i)
		had, value := m.Has(fd), m.Get(fd)
		switch {
		case behaves(fd, annotations.FieldBehavior_OUTPUT_ONLY) || behaves(fd, annotations.FieldBehavior_IDENTIFIER) || fd.IsMap() || fd.ContainingOneof() != nil && !had:
			continue
		case slices.Contains([]protoreflect.Name{"request_id", "validate_only", "name", "parent"}, fd.Name()):
			continue
		case fd.IsList():
			if fd.Message() != nil && had {
				vary(value.List().Get(0).Message(), do)
			}
			continue
		case fd.Message() != nil:
			vary(m.Mutable(fd).Message(), do)
		default:
			m.Set(fd, another(fd, value))
			do(fd)
			m.Set(fd, value)
		}
		if !had {
			m.Clear(fd)
		}
	}
}

var allDigits = regexp.MustCompile("^[0-9]+$")

func another(fd protoreflect.FieldDescriptor, value protoreflect.Value) protoreflect.Value {
	switch fd.Kind() {
	case protoreflect.StringKind:
		if text := value.String(); allDigits.MatchString(text) {
			last := text[len(text)-1]
			return protoreflect.ValueOfString(text[:len(text)-1] + string('0'+(last-'0'+1)%10))
		}
		return protoreflect.ValueOfString(value.String() + "x")
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes(append(slices.Clone(value.Bytes()), 'x'))
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(!value.Bool())
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(int32(value.Int()) + 1)
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(value.Int() + 1)
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(value.Enum()%protoreflect.EnumNumber(fd.Enum().Values().Len()-1) + 1)
	default:
		panic("a kind that no request has: " + fd.Kind().String())
	}
}
