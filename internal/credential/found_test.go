package credential

import (
	"encoding/binary"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

// heldOf is a credential of the nth person, as the database sends it.
func heldOf(n int, id uuid.UUID, issued, since time.Time, version int32) (row []byte) {
	micros := func(t time.Time) uint64 {
		return uint64(t.Sub(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)).Microseconds())
	}
	row = binary.BigEndian.AppendUint32(row, uint32(n))
	row = append(row, id[:]...)
	row = binary.BigEndian.AppendUint64(row, micros(issued))
	row = binary.BigEndian.AppendUint64(row, micros(since))
	row = binary.BigEndian.AppendUint32(row, uint32(version))
	return append(row, "using-data-certificate,ACTIVE,"...)
}

// Credentials come to their persons in the order of their issue, in whatever order the database sends them.
func TestStatusesIn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const people = 3
		want := make([][]*pb.CredentialStatusRecord, people)
		var rows []byte
		count := rapid.IntRange(0, 12).Draw(t, "count")
		for range count {
			n := rapid.IntRange(1, people).Draw(t, "person")
			id := uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
			issued := time.UnixMicro(rapid.Int64Range(-3_000_000, 3_000_000).Draw(t, "issued"))
			since := time.UnixMicro(rapid.Int64Range(0, 4_000_000_000_000_000).Draw(t, "since"))
			version := rapid.Int32().Draw(t, "version")
			rows = append(rows, heldOf(n, id, issued, since, version)...)
			want[n-1] = append(want[n-1], &pb.CredentialStatusRecord{
				Credential: api.Name("btlc/Credential", id), CredentialType: "credentialTypes/using-data-certificate", Status: pb.CredentialStatus_CREDENTIAL_STATUS_ACTIVE,
				IssueTime: timestamppb.New(issued), StatusTime: timestamppb.New(since), Version: version,
			})
		}
		got, err := statusesIn(people, database.ReadPacked(count, rows), count)
		if err != nil {
			t.Fatal(err)
		}
		for n := range want {
			slices.SortStableFunc(want[n], inOrderOfIssue)
			if !slices.EqualFunc(got[n], want[n], func(a, b *pb.CredentialStatusRecord) bool { return proto.Equal(a, b) }) {
				t.Fatalf("person %d has\n%v\nwant\n%v", n, got[n], want[n])
			}
		}
	})
}

// A credential of nobody is a fault.
func TestStatusesOfNobody(t *testing.T) {
	for _, n := range []int{-1, 0, 2} {
		rows := heldOf(n, uuid.UUID{}, time.Unix(0, 0), time.Unix(0, 0), 1)
		if _, err := statusesIn(1, database.ReadPacked(1, rows), 1); !errors.Is(err, database.ErrPacked) {
			t.Errorf("of person %d: %v", n, err)
		}
	}
}
