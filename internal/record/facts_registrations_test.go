package record_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/internal/record"
	"github.com/btlc/btlc/internal/record/recordtest"
)

// Whoever waits for a seat, or had one offered only, is not enrolled.
func TestFactsOfThoseWithoutASeat(t *testing.T) {
	w := recordtest.New(t)
	ctx := t.Context()
	for state, want := range map[string]bool{
		"ENROLLED": true, "COMPLETED": true, "NOT_COMPLETED": true, "WITHDRAWN": false, "AWAITING_ROLE": false, "WAITLISTED": false, "DECLINED": false, "EXPIRED": false,
	} {
		educator := w.Educator("bps", uuid.NewString())
		w.Register(educator, w.Mentor(educator), "using-data", state, "2026-09-01")
		f := factsOf(w, educator)
		if a := ask[bool](t)(f.Enrolled(ctx, "using-data")); a.value != want {
			t.Errorf("%s: enrolled is %v", state, a.value)
		}
		if a := ask[bool](t)(f.Completed(ctx, "using-data")); a.value != (state == "COMPLETED") {
			t.Errorf("%s: completed is %v", state, a.value)
		}
	}
}

// A seat that somebody waited for was none before.
func TestFactsOfASeatThatCameLater(t *testing.T) {
	w := recordtest.New(t)
	ctx := t.Context()
	educator := w.Educator("bps", "B1")
	w.Register(educator, w.Mentor(educator), "using-data", "ENROLLED", after(1).Format(time.DateOnly))
	recordtest.Must(t, exec(ctx, w, "UPDATE registrations SET create_time = $1, state_time = $2", after(1), after(5)))
	for day, want := range map[int]bool{0: false, 3: false, 5: true, 6: true} {
		facts := record.FactsOf(w.Ent(), record.About{Educator: educator, Now: after(9), AsOf: after(day)})
		if a := ask[bool](t)(facts.Enrolled(ctx, "using-data")); a.value != want {
			t.Errorf("on day %d: enrolled is %v", day, a.value)
		}
	}
}

// A make-up counts for the course, from the meeting on at which the person was.
func TestFactsOfMakeUps(t *testing.T) {
	w := recordtest.New(t)
	ctx := t.Context()
	educator := w.Educator("bps", "B1")
	own := w.Register(educator, w.Mentor(educator), "using-data", "ENROLLED", "2026-09-01")
	other := w.Register(w.Educator("bps", "B2"), w.Mentor(educator), "using-data", "ENROLLED", "2026-09-01")
	w.Attend(own, 1, 100)
	missed := w.Ent().AttendanceEntry.GetX(ctx, w.Attend(own, 2, 0))
	there := w.Ent().AttendanceEntry.GetX(ctx, w.Attend(other, 9, 180))
	w.Ent().AttendanceEntry.Create().SetMeetingID(missed.MeetingID).SetRegistrationID(own.ID).SetKind("MAKE_UP").SetMinutes(170).SetMakeUpMeetingID(there.MeetingID).
		SetCorrectsID(missed.ID).SetLate(false).SetRecordedBy("test").SetCreateTime(w.Now()).ExecX(ctx)
	a := ask[int](t)(factsOf(w, educator).Minutes(ctx, "using-data"))
	a.on(t, "attendance", "using-data", "270 minutes")
	end := recordtest.Start.AddDate(0, 0, 9-30).Add(12 * time.Hour)
	if !a.fact.OccurredAt.Equal(end) {
		t.Errorf("attended until %s, want %s", a.fact.OccurredAt, end)
	}
	for day, want := range map[int]int{8: 100, 10: 270} {
		facts := record.FactsOf(w.Ent(), record.About{Educator: educator, Now: w.Now(), AsOf: recordtest.Start.AddDate(0, 0, day-30)})
		if a := ask[int](t)(facts.Minutes(ctx, "using-data")); a.value != want {
			t.Errorf("on day %d: %d minutes, want %d", day, a.value, want)
		}
	}
}

// What was imported was true long before it was on record.
func TestFactsOfWhatWasImported(t *testing.T) {
	w := recordtest.New(t)
	ctx := t.Context()
	educator := w.Educator("bps", "B1")
	w.Register(educator, w.Mentor(educator), "using-data", "COMPLETED", "2011-01-01")
	recordtest.Must(t, exec(ctx, w, "UPDATE registrations SET imported_source = 'binder', create_time = $1, state_time = $2", after(1), recordtest.Day("2011-05-31")))
	a := ask[bool](t)(factsOf(w, educator).Completed(ctx, "using-data"))
	yes(t, a, "completion", "using-data", "completed")
	if !a.fact.OccurredAt.Equal(recordtest.Day("2011-05-31")) || !a.fact.RecordedAt.Equal(after(1)) {
		t.Errorf("got %+v", a.fact)
	}
	before := record.FactsOf(w.Ent(), record.About{Educator: educator, Now: after(9), AsOf: recordtest.Day("2012-01-01"), KnownAsOf: after(0)})
	no(t, ask[bool](t)(before.Completed(ctx, "using-data")))
}

// An evaluation about one registration sees nothing of another one of the course.
func TestFactsOfOneRegistration(t *testing.T) {
	w := recordtest.New(t)
	ctx := t.Context()
	educator := w.Educator("bps", "B1")
	role := w.Mentor(educator)
	fall := w.Register(educator, role, "using-data", "COMPLETED", "2026-09-01")
	spring := w.Register(educator, role, "using-data", "ENROLLED", "2026-10-01")
	w.Attend(fall, 1, 200)
	w.Attend(spring, 2, 30)
	for _, c := range []struct {
		registration uuid.UUID
		minutes      int
		completed    bool
	}{{uuid.Nil, 200, true}, {fall.ID, 200, true}, {spring.ID, 30, false}} {
		f := record.FactsOf(w.Ent(), record.About{Educator: educator, Registration: c.registration, Now: w.Now()})
		minutes, completed := ask[int](t)(f.Minutes(ctx, "using-data")), ask[bool](t)(f.Completed(ctx, "using-data"))
		if minutes.value != c.minutes || completed.value != c.completed || !ask[bool](t)(f.Enrolled(ctx, "using-data")).value {
			t.Errorf("%s: %d minutes, completed is %v", c.registration, minutes.value, completed.value)
		}
	}
}
