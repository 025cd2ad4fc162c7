package directory_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	pb "github.com/btlc/btlc/gen/go/btlc/directory/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/record/recordtest"
)

// TestRosterPastTheLimitOfRows comes in a request: it is read to its end, each fault is told by its line, and nothing can be applied.
func TestRosterPastTheLimitOfRows(t *testing.T) {
	const most = 500_000
	o := newOffice(t)
	before := o.rows(t)
	f := roster(1)
	var pupils strings.Builder
	for i := range most {
		fmt.Fprintf(&pupils, "p%d,,,true,,,Pupil,Some,,,\n", i)
	}
	f["users.csv"] = strings.Replace(f["users.csv"], "Family0", "", 1) + pupils.String() + "p1,,,true,,,Pupil,Twice,,,\nlast,,,tr"
	content := f.zip(t)
	if limit := 3_000_000; len(content) > limit {
		t.Fatalf("a ZIP of %d bytes does not come in a request", len(content))
	}
	made := o.plan(t, content)
	var told []string
	for _, f := range made.Faults {
		told = append(told, fmt.Sprintf("%s:%d %s %s", f.File, f.Line, f.Column, f.Description))
	}
	expect(t, "faults", strings.Join(told, "\n"), fmt.Sprintf(`users.csv:2 familyName want a value
users.csv:%d  got more rows, want at most %d; from here on rows are read for faults alone
users.csv:%d sourcedId got the id of line 5, want an id that no other row has
users.csv:%d  got 4 fields, want 11, as in the header`, most+2, most, most+4, most+5))
	expect(t, "their number", made.FaultCount, 4)
	expect(t, "state", made.State, pb.RosterImport_STATE_FAULTY)
	_, err := ask(t, o.hr, o.service.ApplyRosterImport, &pb.ApplyRosterImportRequest{Name: made.Name})
	expect(t, "refused", recordtest.Reason(err), api.StateConflict)
	expect(t, "rows", o.rows(t), before)
}

// TestRosterThatUnpacksToTooMuch is refused by what its directory says.
func TestRosterThatUnpacksToTooMuch(t *testing.T) {
	o := newOffice(t)
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	_, err := w.CreateRaw(&zip.FileHeader{Name: "users.csv", Method: zip.Deflate, UncompressedSize64: 512<<20 + 1})
	recordtest.Must(t, err)
	recordtest.Must(t, w.Close())
	made := o.plan(t, out.Bytes())
	expect(t, "faults", made.Faults, []*pb.RosterFault{{File: "users.csv", Description: "got 536870913 bytes unpacked, want at most 536870912 bytes unpacked in all files that are read; nothing was read"}})
}

// during is a file at whose first byte after so many something is done.
type during struct {
	io.ReaderAt
	after int64
	do    func()
	late  int // how often it was read after that
}

func (d *during) ReadAt(b []byte, offset int64) (int, error) {
	switch d.after -= int64(len(b)); {
	case d.do == nil:
		d.late++
	case d.after < 0:
		d.do()
		d.do = nil
	}
	return d.ReaderAt.ReadAt(b, offset)
}

// TestNobodyWaitsForARoster: it is not read on, neither for its digest nor for what is in it.
func TestNobodyWaitsForARoster(t *testing.T) {
	o := newOffice(t)
	content := roster(3000).zip(t)
	for _, after := range []int64{0, int64(len(content)) * 3 / 2} {
		ctx, cancel := context.WithCancel(t.Context())
		in := &during{ReaderAt: bytes.NewReader(content), after: after, do: cancel}
		_, _, err := o.service.PlanRoster(ctx, "districts/bps", "roster.zip", in, int64(len(content)))
		if !errors.Is(err, context.Canceled) || in.do != nil || in.late > 0 {
			t.Errorf("after %d bytes: %v, read %d times more", after, err, in.late)
		}
	}
}

// TestRostersAreReadInTurn: while one of a district is read, another one of it has to wait, and one of another district has not.
func TestRostersAreReadInTurn(t *testing.T) {
	o := newOffice(t)
	content := roster(1).zip(t)
	plan := func(district string, in io.ReaderAt) error {
		_, _, err := o.service.PlanRoster(t.Context(), district, "roster.zip", in, int64(len(content)))
		return err
	}
	var second, other error
	first := plan("districts/bps", &during{ReaderAt: bytes.NewReader(content), do: func() {
		second, other = plan("districts/bps", bytes.NewReader(content)), plan("districts/nowhere", bytes.NewReader(content))
	}})
	expect(t, "the first", first, nil)
	expect(t, "another one meanwhile", recordtest.Reason(second), api.Unavailable)
	expect(t, "one of another district", recordtest.Reason(other), api.NotFound)
	expect(t, "another one afterwards", plan("districts/bps", bytes.NewReader(content)), nil)
}
