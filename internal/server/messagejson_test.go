package server

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"
	"google.golang.org/protobuf/types/known/wrapperspb"
	"pgregory.net/rapid"

	credentialpb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/messagejson"
)

// TestJSONIsProtoJSON writes generated answers of every RPC, and messages of others, by what is generated for them and by protojson.
func TestJSONIsProtoJSON(t *testing.T) {
	kinds := []protoreflect.MessageDescriptor{(&structpb.Struct{}).ProtoReflect().Descriptor(), (&wrapperspb.DoubleValue{}).ProtoReflect().Descriptor()}
	for _, service := range services() {
		for i := range service.Methods().Len() {
			kinds = append(kinds, service.Methods().Get(i).Output())
		}
	}
	for _, kind := range kinds {
		t.Run(string(kind.FullName()), func(t *testing.T) {
			found, err := protoregistry.GlobalTypes.FindMessageByName(kind.FullName())
			if err != nil {
				t.Fatal(err)
			}
			rapid.Check(t, func(t *rapid.T) {
				m := found.New()
				fillMessage(t, m, 0)
				sameJSON(t, m.Interface())
			})
		})
	}
}

type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func sameJSON(t failer, m proto.Message) {
	t.Helper()
	ours, oursErr := messagejson.Marshal(m)
	loose, err := messagejson.Options.Marshal(m)
	if (err == nil) != (oursErr == nil) {
		t.Fatalf("%v: ours says %v, protojson %v", m, oursErr, err)
	} else if err != nil {
		return
	}
	var want bytes.Buffer
	if err := json.Compact(&want, loose); err != nil {
		t.Fatalf("%v", err)
	}
	if !bytes.Equal(ours, want.Bytes()) {
		t.Fatalf("ours\n%s\nprotojson\n%s", ours, want.Bytes())
	}
}

func fillMessage(t *rapid.T, m protoreflect.Message, depth int) {
	if stamp, ok := m.Interface().(*timestamppb.Timestamp); ok {
		const firstSecond, lastSecond = -62135596800, 253402300799 // of the years 1 to 9999, beyond which there is no such text
		stamp.Seconds = rapid.OneOf(rapid.Int64Range(firstSecond-1, lastSecond+1), rapid.SampledFrom([]int64{firstSecond, lastSecond, 0, math.MaxInt64})).Draw(t, "seconds")
		stamp.Nanos = rapid.OneOf(rapid.Int32Range(-1, 1_000_000_000), rapid.SampledFrom([]int32{0, 5_000, 5_000_000, 500_000_000})).Draw(t, "nanos")
		return
	}
	for i := range m.Descriptor().Fields().Len() {
		fd := m.Descriptor().Fields().Get(i)
		if depth > 3 && fd.Message() != nil || !rapid.Bool().Draw(t, "present") {
			continue
		}
		switch {
		case fd.IsMap():
			entries := m.Mutable(fd).Map()
			for range rapid.IntRange(0, 3).Draw(t, "entries") {
				key := rapid.String().Draw(t, "key")
				entries.Set(protoreflect.ValueOfString(key).MapKey(), anyValue(t, fd.MapValue(), entries.NewValue, depth))
			}
		case fd.IsList():
			list := m.Mutable(fd).List()
			for range rapid.IntRange(0, 3).Draw(t, "items") {
				list.Append(anyValue(t, fd, list.NewElement, depth))
			}
		default:
			m.Set(fd, anyValue(t, fd, func() protoreflect.Value { return m.NewField(fd) }, depth))
		}
	}
}

func anyValue(t *rapid.T, fd protoreflect.FieldDescriptor, fresh func() protoreflect.Value, depth int) protoreflect.Value {
	switch fd.Kind() {
	case protoreflect.MessageKind:
		v := fresh()
		fillMessage(t, v.Message(), depth+1)
		return v
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(rapid.OneOf(rapid.String(), rapid.StringMatching(`[\x00-\x7f]{0,8}`), rapid.SampledFrom([]string{"<&>\u2028\u2029\x7f", "\xff", "a\xc3"})).Draw(t, "text"))
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(rapid.Bool().Draw(t, "bool"))
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(rapid.Int32Range(-1, 12).Draw(t, "enum")))
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(rapid.Int32().Draw(t, "int32"))
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(rapid.Int64().Draw(t, "int64"))
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), 1e21, 1e-7})).Draw(t, "double"))
	case protoreflect.FloatKind:
		return protoreflect.ValueOfFloat32(rapid.Float32().Draw(t, "float"))
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
	default:
		t.Fatalf("this test makes no %s yet", fd.Kind())
		return protoreflect.Value{}
	}
}

// BenchmarkJSON writes a page of credentials' statuses by what is generated for them, and by protojson made canonical.
func BenchmarkJSON(b *testing.B) {
	page := &credentialpb.BatchLookupCredentialStatusesResponse{}
	for i := range 100 {
		page.Results = append(page.Results, &credentialpb.CredentialStatusResult{EmployeeId: strconv.Itoa(i), Found: true, Statuses: []*credentialpb.CredentialStatusRecord{{
			Credential: "credentials/0190a8a4-7c1e-7b7a-9d51-3f0c2f5d9a10", CredentialType: "credentialTypes/using-data-certificate", Status: credentialpb.CredentialStatus_CREDENTIAL_STATUS_ACTIVE,
			IssueTime: &timestamppb.Timestamp{Seconds: 1767225600, Nanos: 123456000}, StatusTime: &timestamppb.Timestamp{Seconds: 1767225600, Nanos: 123456000}, Version: 1,
		}}})
	}
	for name, write := range map[string]func() ([]byte, error){
		"ours":      func() ([]byte, error) { return messagejson.Marshal(page) },
		"protojson": func() ([]byte, error) { return messagejson.AppendLoose(nil, page) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := write(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
