package server

import (
	"context"
	"io"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
)

// stream is an RPC that answers with a stream.
type stream struct {
	service any
	desc    grpc.StreamDesc
}

// NewStream implements grpc.ClientConnInterface, for RPCs that take one message and answer with a stream. The handler runs in
// a goroutine of its own, one message ahead of nobody: Send returns when the caller has taken the message.
func (c *channel) NewStream(ctx context.Context, _ *grpc.StreamDesc, name string, _ ...grpc.CallOption) (grpc.ClientStream, error) {
	s, ok := c.streams[name]
	if !ok || s.desc.ClientStreams {
		return nil, status.Errorf(codes.Unimplemented, "there is no stream %s", name)
	}
	p := &pipe{channel: c, name: name, client: ctx, stream: s, messages: make(chan handover), headed: make(chan struct{}), ended: make(chan struct{})}
	return (*pipeEnd)(p), nil
}

// pipe is one call of a stream. Its caller has the end that is called pipeEnd, the handler the pipe itself.
type pipe struct {
	channel *channel
	name    string
	stream  stream
	client  context.Context
	server  context.Context
	request any

	messages chan handover
	headed   chan struct{} // closed when the headers are sent
	ended    chan struct{} // closed when the handler is done

	mu              sync.Mutex
	header, trailer metadata.MD
	headersSent     bool
	asked           bool
	err             error // of the handler, once it has ended
}

// handover is a message on its way: taken tells the handler whether the caller has it.
type handover struct {
	message any
	taken   chan struct{}
}

func (p *pipe) run() {
	begun := time.Now()
	if watch := p.channel.stats; watch != nil {
		watch.HandleRPC(p.server, &stats.Begin{BeginTime: begun, IsServerStream: true})
	}
	err := p.channel.streamInterceptor(p.stream.service, p, &grpc.StreamServerInfo{FullMethod: p.name, IsServerStream: true}, p.stream.desc.Handler)
	p.mu.Lock()
	if err != nil {
		p.err = status.Convert(err).Err()
	}
	p.mu.Unlock()
	if watch := p.channel.stats; watch != nil {
		watch.HandleRPC(p.server, &stats.End{BeginTime: begun, EndTime: time.Now(), Error: p.err})
	}
	p.sendHeader()
	close(p.ended)
}

func (p *pipe) sendHeader() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.headersSent {
		p.headersSent = true
		close(p.headed)
	}
}

// Context implements grpc.ServerStream.
func (p *pipe) Context() context.Context { return p.server }

// SetHeader implements grpc.ServerStream.
func (p *pipe) SetHeader(md metadata.MD) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.headersSent {
		return status.Error(codes.Internal, "the headers are sent already")
	}
	p.header = joined(p.header, md)
	return nil
}

// SendHeader implements grpc.ServerStream.
func (p *pipe) SendHeader(md metadata.MD) error {
	if err := p.SetHeader(md); err != nil {
		return err
	}
	p.sendHeader()
	return nil
}

// SetTrailer implements grpc.ServerStream.
func (p *pipe) SetTrailer(md metadata.MD) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.trailer = joined(p.trailer, md)
}

// RecvMsg implements grpc.ServerStream: the handler's one request.
func (p *pipe) RecvMsg(m any) error {
	if p.asked {
		return io.EOF
	}
	p.asked = true
	return hand(m, p.request)
}

// SendMsg implements grpc.ServerStream: it returns when the caller has the message.
func (p *pipe) SendMsg(m any) error {
	p.sendHeader()
	h := handover{message: m, taken: make(chan struct{})}
	select {
	case p.messages <- h:
		<-h.taken
		return nil
	case <-p.server.Done():
		return status.FromContextError(p.server.Err()).Err()
	}
}

// pipeEnd is the caller's end of a pipe.
type pipeEnd pipe

// Context implements grpc.ClientStream.
func (e *pipeEnd) Context() context.Context { return e.client }

// SendMsg implements grpc.ClientStream: the one request.
func (e *pipeEnd) SendMsg(m any) error {
	e.request = m
	return nil
}

// CloseSend implements grpc.ClientStream: the request is whole, and the handler begins.
func (e *pipeEnd) CloseSend() error {
	p := (*pipe)(e)
	p.server = grpc.NewContextWithServerTransportStream(serverSide(p.client), &pipeHeaders{p})
	if watch := p.channel.stats; watch != nil {
		p.server = watch.TagRPC(p.server, &stats.RPCTagInfo{FullMethodName: p.name})
	}
	go p.run()
	return nil
}

// Header implements grpc.ClientStream: it waits until the handler has sent them, or has ended.
func (e *pipeEnd) Header() (metadata.MD, error) {
	<-e.headed // a handler ends when its caller does, and then they are sent
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.header, nil
}

// Trailer implements grpc.ClientStream.
func (e *pipeEnd) Trailer() metadata.MD {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.trailer
}

// RecvMsg implements grpc.ClientStream.
func (e *pipeEnd) RecvMsg(m any) error {
	select {
	case h := <-e.messages:
		defer close(h.taken)
		return hand(m, h.message)
	case <-e.ended:
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.err != nil {
			return e.err
		}
		return io.EOF
	}
}

// pipeHeaders takes what a handler sends beside its answer through its context.
type pipeHeaders struct{ pipe *pipe }

// Method implements grpc.ServerTransportStream.
func (h *pipeHeaders) Method() string { return h.pipe.name }

// SetHeader implements grpc.ServerTransportStream.
func (h *pipeHeaders) SetHeader(md metadata.MD) error { return h.pipe.SetHeader(md) }

// SendHeader implements grpc.ServerTransportStream.
func (h *pipeHeaders) SendHeader(md metadata.MD) error { return h.pipe.SendHeader(md) }

// SetTrailer implements grpc.ServerTransportStream.
func (h *pipeHeaders) SetTrailer(md metadata.MD) error {
	h.pipe.SetTrailer(md)
	return nil
}
