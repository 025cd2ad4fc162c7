package server

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"

	directorypb "github.com/btlc/btlc/gen/go/btlc/directory/v1"
)

// echo answers with what it was asked, and says what it was sent beside it.
type echo struct {
	directorypb.UnimplementedDirectoryServiceServer
}

func (echo) GetDistrict(ctx context.Context, req *directorypb.GetDistrictRequest) (*directorypb.GetDistrictResponse, error) {
	if req.GetName() == "" {
		return nil, status.Error(codes.NotFound, "none")
	}
	if err := grpc.SetHeader(ctx, metadata.Pairs("said", "first")); err != nil {
		return nil, err
	}
	if err := grpc.SetHeader(ctx, metadata.Pairs("said", strings.Join(metadata.ValueFromIncomingContext(ctx, "ask"), ""))); err != nil {
		return nil, err
	}
	if err := grpc.SetTrailer(ctx, metadata.Pairs("last", "word")); err != nil {
		return nil, err
	}
	district := &directorypb.District{Name: req.GetName()}
	district.ProtoReflect().SetUnknown(req.ProtoReflect().GetUnknown())
	answer := &directorypb.GetDistrictResponse{District: district}
	answer.ProtoReflect().SetUnknown(req.ProtoReflect().GetUnknown())
	return answer, nil
}

// witness is told of RPCs.
type witness struct{ told []string }

func (w *witness) TagRPC(ctx context.Context, tag *stats.RPCTagInfo) context.Context {
	w.told = append(w.told, "tag "+tag.FullMethodName+" "+strings.Join(metadata.ValueFromIncomingContext(ctx, "ask"), ""))
	return ctx
}

func (w *witness) HandleRPC(_ context.Context, event stats.RPCStats) {
	switch e := event.(type) {
	case *stats.Begin:
		w.told = append(w.told, "begin")
	case *stats.End:
		w.told = append(w.told, "end "+status.Code(e.Error).String())
	}
}
func (*witness) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (*witness) HandleConn(context.Context, stats.ConnStats)                       {}

// TestChannel sends what a wire would carry through the channel: metadata both ways, unknown fields, errors, and word of
// each call to whoever counts and traces them.
func TestChannel(t *testing.T) {
	seen := &witness{}
	pass := func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		return handler(ctx, req)
	}
	c := newChannel(pass, nil, seen)
	directorypb.RegisterDirectoryServiceServer(c, echo{})
	client := directorypb.NewDirectoryServiceClient(c)
	ctx := metadata.AppendToOutgoingContext(t.Context(), "ask", "me")

	req := &directorypb.GetDistrictRequest{Name: "districts/x"}
	unknown := protowire.AppendVarint(protowire.AppendTag(nil, 1000, protowire.VarintType), 7)
	req.ProtoReflect().SetUnknown(unknown)
	var header, trailer metadata.MD
	answer, err := client.GetDistrict(ctx, req, grpc.Header(&header), grpc.Trailer(&trailer))
	if err != nil {
		t.Fatal(err)
	}
	if answer.GetDistrict().GetName() != "districts/x" || string(answer.ProtoReflect().GetUnknown()) != string(unknown) {
		t.Errorf("the answer is %v", answer)
	}
	if strings.Join(header.Get("said"), " ") != "first me" || strings.Join(trailer.Get("last"), " ") != "word" {
		t.Errorf("the headers are %v, the trailers %v", header, trailer)
	}
	if _, err := client.GetDistrict(ctx, &directorypb.GetDistrictRequest{}); status.Code(err) != codes.NotFound {
		t.Errorf("a refusal came as %v", err)
	}
	if err := c.Invoke(ctx, "/x/Y", req, &directorypb.GetDistrictResponse{}); status.Code(err) != codes.Unimplemented {
		t.Errorf("a method that is not there gave %v", err)
	}
	if err := c.Invoke(ctx, directorypb.DirectoryService_GetDistrict_FullMethodName, req, &directorypb.GetSchoolResponse{}); err == nil {
		t.Error("an answer of one kind was given as another")
	}
	method := directorypb.DirectoryService_GetDistrict_FullMethodName
	want := "tag " + method + " me|begin|end OK|tag " + method + " me|begin|end NotFound|tag " + method + " me|begin|end Unknown"
	if got := strings.Join(seen.told, "|"); got != want {
		t.Errorf("told\n%s, want\n%s", got, want)
	}
}
