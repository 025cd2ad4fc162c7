package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	directorypb "github.com/btlc/btlc/gen/go/btlc/directory/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
)

// misbehaving is a service that does, by the name that is asked for, all that a handler must not do.
type misbehaving struct {
	directorypb.UnimplementedDirectoryServiceServer
	entered chan struct{}
}

func (m misbehaving) GetDistrict(ctx context.Context, req *directorypb.GetDistrictRequest) (*directorypb.GetDistrictResponse, error) {
	switch strings.TrimPrefix(req.GetName(), "districts/") {
	case "plain-error":
		return nil, errors.New("pq: secret text of the driver")
	case "panic":
		panic("secret text of a panic")
	case "nil-answer":
		return nil, nil
	case "slow":
		m.entered <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return &directorypb.GetDistrictResponse{District: &directorypb.District{Name: req.GetName()}}, nil
}

// rawCodec sends bytes as they are, so that a test can send what no message marshals to.
type rawCodec struct{ encoding.CodecV2 }

func (rawCodec) Name() string { return "proto" }
func (c rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	if raw, ok := v.([]byte); ok {
		return mem.BufferSlice{mem.SliceBuffer(raw)}, nil
	}
	return c.CodecV2.Marshal(v)
}

// TestWireAndChannelAgree runs the same cases where the channel in the process could differ from the wire.
func TestWireAndChannelAgree(t *testing.T) {
	service := misbehaving{entered: make(chan struct{}, 1)}
	way := &chain{
		rules: access.Rules{"/btlc.directory.v1.DirectoryService/GetDistrict": {Public: true}}, authenticator: access.New(nil, nil).Authenticator,
		limits: newLimits(0), deadline: time.Minute, log: slog.New(slog.DiscardHandler),
	}
	wire := grpc.NewServer(grpc.UnaryInterceptor(way.unary), grpc.MaxRecvMsgSize(maxBody), grpc.ForceServerCodecV2(newTolerant()))
	channel := newChannel(way.unary, way.stream, nil)
	directorypb.RegisterDirectoryServiceServer(everywhere{wire, channel}, service)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- wire.Serve(listener) }()
	t.Cleanup(func() {
		wire.Stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })

	for _, c := range []struct {
		name string
		want api.Reason
	}{{"plain-error", api.Internal}, {"panic", api.Internal}, {"nil-answer", api.Internal}, {"", api.InvalidRequest}, {"good", ""}} {
		for transport, by := range map[string]grpc.ClientConnInterface{"wire": conn, "channel": channel} {
			_, err := directorypb.NewDirectoryServiceClient(by).GetDistrict(t.Context(), &directorypb.GetDistrictRequest{Name: "districts/" + c.name})
			check(t, transport+" "+c.name, err, c.want)
		}
	}
	for transport, by := range map[string]grpc.ClientConnInterface{"wire": conn, "channel": channel} {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-service.entered
			cancel()
		}()
		_, err := directorypb.NewDirectoryServiceClient(by).GetDistrict(ctx, &directorypb.GetDistrictRequest{Name: "districts/slow"})
		if status.Code(err) != api.Cancelled.Code() {
			t.Errorf("%s: a cancelled call ended with %v", transport, err)
		}
	}
	raw := grpc.ForceCodecV2(rawCodec{encoding.GetCodecV2("proto")})
	method := "/btlc.directory.v1.DirectoryService/GetDistrict"
	invalid, _ := proto.Marshal(&directorypb.GetDistrictRequest{Name: "districts/good"})
	invalid[len(invalid)-1] = 0xff
	check(t, "wire: invalid UTF-8", conn.Invoke(t.Context(), method, invalid, &directorypb.GetDistrictResponse{}, raw), api.MalformedBody)
	check(t, "wire: no message", conn.Invoke(t.Context(), method, []byte{0xff, 0xff}, &directorypb.GetDistrictResponse{}, raw), api.MalformedBody)
	large := &directorypb.GetDistrictRequest{Name: strings.Repeat("x", maxBody+1)}
	check(t, "wire: too large", conn.Invoke(t.Context(), method, large, &directorypb.GetDistrictResponse{}), api.BodyTooLarge)
	check(t, "channel: too long for the contract", channel.Invoke(t.Context(), method, large, &directorypb.GetDistrictResponse{}), api.InvalidRequest)
}

func check(t *testing.T, where string, err error, want api.Reason) {
	t.Helper()
	if want == "" {
		if err != nil {
			t.Errorf("%s: %v", where, err)
		}
		return
	}
	e := api.FromStatus(status.Convert(err))
	if err == nil || e.Reason != want {
		t.Errorf("%s: %v, wanted %s", where, err, want)
	}
	if strings.Contains(e.Error(), "secret") {
		t.Errorf("%s: the caller sees %v", where, e)
	}
}
