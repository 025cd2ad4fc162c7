package access

import (
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	pb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	changepb "github.com/btlc/btlc/gen/go/btlc/change/v1"
)

// What a handler decides is decided once, so that nobody could decide about its stream again while that goes on.
func TestNoHandlerDecidesAboutAStream(t *testing.T) {
	methods := changepb.File_btlc_change_v1_service_proto.Services().Get(0).Methods()
	byHandler, byField := &pb.Rule{Permission: "changes.read", ScopeByHandler: true}, &pb.Rule{Permission: "changes.read", ScopeField: "parent"}
	if err := check(byHandler, methods.ByName("WatchChanges")); err == nil {
		t.Error("a stream's handler may decide")
	}
	for name, rule := range map[string]*pb.Rule{"ListChanges": byHandler, "WatchChanges": byField} {
		if err := check(rule, methods.ByName(protoreflect.Name(name))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
