package server

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// channel calls the handlers in the process, by the same interceptors as the wire: unary RPCs in the caller's own goroutine. It takes no
// copy of messages: whoever calls through it leaves a request alone once it is sent, as the gateway does.
type channel struct {
	interceptor       grpc.UnaryServerInterceptor
	streamInterceptor grpc.StreamServerInterceptor
	stats             stats.Handler // of unary RPCs; nil for none
	methods           map[string]method
	streams           map[string]stream
}

type method struct {
	service any
	handle  grpc.MethodHandler
}

func newChannel(unary grpc.UnaryServerInterceptor, streaming grpc.StreamServerInterceptor, watch stats.Handler) *channel {
	return &channel{interceptor: unary, streamInterceptor: streaming, stats: watch, methods: map[string]method{}, streams: map[string]stream{}}
}

// RegisterService implements grpc.ServiceRegistrar.
func (c *channel) RegisterService(desc *grpc.ServiceDesc, service any) {
	for _, m := range desc.Methods {
		c.methods["/"+desc.ServiceName+"/"+m.MethodName] = method{service: service, handle: m.Handler}
	}
	for _, s := range desc.Streams {
		c.streams["/"+desc.ServiceName+"/"+s.StreamName] = stream{service: service, desc: s}
	}
}

// Invoke implements grpc.ClientConnInterface.
func (c *channel) Invoke(ctx context.Context, name string, request, reply any, options ...grpc.CallOption) (err error) {
	m, ok := c.methods[name]
	if !ok {
		return status.Errorf(codes.Unimplemented, "there is no method %s", name)
	}
	sent := &sentHeaders{method: name}
	ctx = grpc.NewContextWithServerTransportStream(serverSide(ctx), sent)
	if c.stats != nil {
		begun := time.Now()
		ctx = c.stats.TagRPC(ctx, &stats.RPCTagInfo{FullMethodName: name})
		c.stats.HandleRPC(ctx, &stats.Begin{BeginTime: begun})
		defer func() { c.stats.HandleRPC(ctx, &stats.End{BeginTime: begun, EndTime: time.Now(), Error: err}) }()
	}
	answer, err := m.handle(m.service, ctx, func(into any) error { return hand(into, request) }, c.interceptor)
	for _, option := range options {
		switch o := option.(type) {
		case grpc.HeaderCallOption:
			*o.HeaderAddr = sent.header
		case grpc.TrailerCallOption:
			*o.TrailerAddr = sent.trailer
		}
	}
	if err != nil {
		return status.Convert(err).Err()
	}
	return hand(reply, answer)
}

// serverSide makes of a caller's context the handler's: what was outgoing has come in.
func serverSide(ctx context.Context) context.Context {
	sent, _ := metadata.FromOutgoingContext(ctx)
	return metadata.NewOutgoingContext(metadata.NewIncomingContext(ctx, sent), nil)
}

// hand gives the fields of one message to another of its type, without a copy of what they hold.
func hand(into, from any) error {
	to, ok := into.(proto.Message)
	source, isMessage := from.(proto.Message)
	if !ok || !isMessage || to.ProtoReflect().Descriptor() != source.ProtoReflect().Descriptor() {
		return fmt.Errorf("a %T where a %T belongs", from, into)
	}
	target := to.ProtoReflect()
	source.ProtoReflect().Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		target.Set(fd, v)
		return true
	})
	if unknown := source.ProtoReflect().GetUnknown(); len(unknown) > 0 {
		target.SetUnknown(unknown)
	}
	return nil
}

// sentHeaders is what a handler sends beside its answer.
type sentHeaders struct {
	method          string
	header, trailer metadata.MD
}

// Method implements grpc.ServerTransportStream.
func (s *sentHeaders) Method() string { return s.method }

// SetHeader implements grpc.ServerTransportStream.
func (s *sentHeaders) SetHeader(md metadata.MD) error {
	s.header = joined(s.header, md)
	return nil
}

// SendHeader implements grpc.ServerTransportStream.
func (s *sentHeaders) SendHeader(md metadata.MD) error { return s.SetHeader(md) }

// SetTrailer implements grpc.ServerTransportStream.
func (s *sentHeaders) SetTrailer(md metadata.MD) error {
	s.trailer = joined(s.trailer, md)
	return nil
}

func joined(have, more metadata.MD) metadata.MD {
	if have == nil {
		return more
	}
	return metadata.Join(have, more)
}
