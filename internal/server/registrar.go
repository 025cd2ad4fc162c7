package server

import (
	"bytes"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // the codec that tolerant stands before
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// everywhere registers a service on the wire and in the process.
type everywhere []grpc.ServiceRegistrar

// RegisterService implements grpc.ServiceRegistrar.
func (e everywhere) RegisterService(desc *grpc.ServiceDesc, service any) {
	for _, registrar := range e {
		registrar.RegisterService(desc, service)
	}
}

// tolerant lets a request that cannot be decoded through to the chain, marked, so that its error is one of ours: gRPC by
// itself answers INTERNAL before any interceptor runs.
type tolerant struct{ encoding.CodecV2 }

func newTolerant() tolerant { return tolerant{encoding.GetCodecV2("proto")} }

// Unmarshal implements encoding.CodecV2.
func (c tolerant) Unmarshal(data mem.BufferSlice, v any) error {
	err := c.CodecV2.Unmarshal(data, v)
	if m, ok := v.(proto.Message); ok && err != nil {
		proto.Reset(m)
		m.ProtoReflect().SetUnknown(malformedMark)
		return nil
	}
	return err
}

// malformedMark is an unknown field with a number that no message of ours has. Whoever sends it is told the same.
var malformedMark = protowire.AppendVarint(protowire.AppendTag(nil, protowire.MaxValidNumber, protowire.VarintType), 1)

func isMalformed(m proto.Message) bool {
	return bytes.HasPrefix(m.ProtoReflect().GetUnknown(), malformedMark)
}
