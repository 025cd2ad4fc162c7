package notice

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	pb "github.com/btlc/btlc/gen/go/btlc/notice/v1"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/record"
	"github.com/btlc/btlc/internal/record/recordtest"
)

func TestChangesAreWritten(t *testing.T) {
	b := newBox(t)
	all, none, some := b.educator("B1"), b.educator("B2"), b.educator("B3")
	want(t, b.Service, none.id, true)
	want(t, b.Service, some.id, false, pb.NoticeKind_NOTICE_KIND_OFFERED)
	b.change("", "OFFERED", all, none, some)
	b.standing(all, "PENDING", 0, "")
	b.standing(none, "SUPPRESSED", 0, unwanted)
	b.standing(some, "SUPPRESSED", 0, unwanted)
	row := b.only(all)
	if row.Kind != "OFFERED" || !strings.HasPrefix(row.Subject, "A seat is offered to you: ") || *row.RegistrationID != all.registration.ID || !row.NextAttemptTime.Equal(recordtest.Start) || !row.CreateTime.Equal(recordtest.Start) {
		t.Errorf("written %v", row)
	}
	if told, err := factsOf(row.Facts); err != nil || !told.Deadline.Equal(offerEnds) {
		t.Errorf("facts %v, %v", row.Facts, err)
	}
	b.change("OFFERED", "ENROLLED", some)
	if rows := b.written(some); len(rows) != 2 || rows[1].Kind != "REGISTERED" || rows[1].State != "PENDING" {
		t.Errorf("another kind: %v", rows)
	}
	b.change("ENROLLED", "NOT_COMPLETED", some)
	if rows := b.written(some); len(rows) != 2 {
		t.Errorf("of what is no news: %v", rows)
	}
	for _, row := range append(b.written(all), b.written(some)...) {
		if text := strings.ToLower(fmt.Sprint(row.Facts, row.Subject)); strings.Contains(text, "given") || strings.Contains(text, "family") || strings.Contains(text, "@") || strings.Contains(text, "ana") {
			t.Errorf("it holds what is about the person: %s", text)
		}
	}
}

// A notice is there with what it tells of, or not at all.
func TestRollbackLeavesNoNotice(t *testing.T) {
	b := newBox(t)
	p, undone := b.educator("B1"), errors.New("undone")
	if err := b.tryChange("", "ENROLLED", undone, p); !errors.Is(err, undone) {
		t.Fatal(err)
	}
	if rows := b.written(p); len(rows) != 0 {
		t.Errorf("written %v", rows)
	}
}

func TestOff(t *testing.T) {
	b := newBox(t)
	p, s := b.educator("B1"), b.Service
	b.Service = New(b.world.DB, Options{})
	b.change("", "ENROLLED", p)
	recordtest.Must(t, b.move(p.registration.Section, recordtest.Start.Add(time.Hour), recordtest.Start.Add(2*time.Hour)))
	if rows := b.written(p); len(rows) != 0 {
		t.Errorf("written %v", rows)
	}
	b.Service = s
	b.change("", "ENROLLED", p)
	// Without a sender it ends by itself.
	New(b.world.DB, Options{}).KeepSending(t.Context(), func(r Round, err error) { t.Errorf("%+v, %v", r, err) })
	b.standing(p, "PENDING", 0, "")
}

// meet makes the meeting that move tells of, where it is after that.
func (b *box) meet(section uuid.UUID, start time.Time) uuid.UUID {
	b.t.Helper()
	row, err := b.world.Ent().Meeting.Create().SetSectionID(section).SetMeetingNumber(4).SetStartTime(start).SetEndTime(start.Add(time.Hour)).SetLocation("Library").Save(b.t.Context())
	recordtest.Must(b.t, err)
	return row.ID
}

// move tells the service that a meeting of an hour moved.
func (b *box) move(section uuid.UUID, from, to time.Time) error {
	return b.world.InTx(b.t.Context(), false, func(ctx context.Context, tx *database.Tx) error {
		return b.MeetingsMoved(ctx, tx, []record.MeetingMove{moveOf(section, 4, from, to)})
	})
}

// moveOf is a meeting of an hour that moved.
func moveOf(section uuid.UUID, number int32, from, to time.Time) record.MeetingMove {
	return record.MeetingMove{
		Section: section, Meeting: uuid.New(), MeetingNumber: number, OldStart: from, OldEnd: from.Add(time.Hour), NewStart: to, NewEnd: to.Add(time.Hour),
		OldRoom: "Room 12", OldLocation: "Harbor School", NewLocation: "Library",
	}
}

func TestMeetingMoves(t *testing.T) {
	b := newBox(t)
	p, gone := b.educator("B1"), b.educator("B2")
	for _, c := range []struct {
		section  uuid.UUID
		from, to time.Duration
		want     int
	}{
		{p.registration.Section, 24 * time.Hour, 48 * time.Hour, 1},
		{p.registration.Section, -48 * time.Hour, 48 * time.Hour, 2},
		{p.registration.Section, 48 * time.Hour, -48 * time.Hour, 3},
		{p.registration.Section, -48 * time.Hour, -24 * time.Hour, 3},
		{gone.registration.Section, 24 * time.Hour, 48 * time.Hour, 3},
	} {
		b.change("", "WITHDRAWN", gone)
		recordtest.Must(t, b.move(c.section, recordtest.Start.Add(c.from), recordtest.Start.Add(c.to)))
		if rows := b.written(p); len(rows) != c.want {
			t.Errorf("from %v to %v: %d notices, want %d", c.from, c.to, len(rows), c.want)
		}
	}
	row := b.written(p)[0]
	told, err := factsOf(row.Facts)
	if err != nil || row.Kind != "MEETING_MOVED" || len(told.Moves) != 1 {
		t.Fatalf("written %v: %+v, %v", row, told, err)
	}
	if m := told.Moves[0]; m.Number != 4 || m.Before.Where != "Room 12, Harbor School" || m.After.Where != "Library" ||
		!m.Before.Start.Equal(recordtest.Start.Add(24*time.Hour)) || !m.After.End.Equal(recordtest.Start.Add(49*time.Hour)) {
		t.Errorf("written %+v", m)
	}
	for _, row := range b.written(gone) {
		if row.Kind == "MEETING_MOVED" {
			t.Errorf("to who has no seat: %v", row)
		}
	}
}
