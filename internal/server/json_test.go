package server

import (
	"bytes"
	"errors"
	"testing"

	"google.golang.org/protobuf/proto"

	enrollmentpb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
)

// FuzzBody reads any bytes as the body of a request with lists, messages, enums, dates and times in it. What is refused is
// refused with a fault of ours; what is taken comes out the same when it is written and read again.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		`{"courseVersion": "courses/using-data/versions/1", "capacity": 24, "meetings": [{"meetingNumber": 1, "startTime": "2026-09-15T20:30:00Z"}]}`,
		`{"state": "SECTION_STATE_OPEN", "facilitators": ["educators/x"], "registrationOpenTime": null}`, `{"capacity": 1e400}`, `{"meetings": [{"nonsense": {}}]}`, `[`, `{"a":1}{`, "\xff", `{"capacity": "24"}`,
	} {
		f.Add([]byte(seed))
	}
	c := newCodec()
	f.Fuzz(func(t *testing.T, body []byte) {
		section := &enrollmentpb.Section{}
		if err := c.read(body, section); err != nil {
			var fault inBandFault
			if !errors.As(err, &fault) || faultIn(err.Error()) == nil {
				t.Fatalf("an error that is none of ours: %v", err)
			}
			return
		}
		first, err := c.Marshal(section)
		if err != nil {
			t.Fatal(err)
		}
		again := &enrollmentpb.Section{}
		if err := c.read(first, again); err != nil || !proto.Equal(section, again) {
			t.Fatalf("%s came back as %v: %v", first, again, err)
		}
		if second, err := c.Marshal(again); err != nil || !bytes.Equal(first, second) {
			t.Fatalf("%s was written the second time as %s: %v", first, second, err)
		}
	})
}
