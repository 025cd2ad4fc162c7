package record

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
)

// Counting are the attendance entries that count: those that no other of the entries corrects, in the order given. The
// ledger is never changed: an entry that is wrong is followed by one that corrects it. Given are whole chains of corrections, as
// all entries of a registration or of a meeting are.
func Counting(entries []*ent.AttendanceEntry) []*ent.AttendanceEntry {
	corrected := make(map[uuid.UUID]bool, len(entries))
	for _, e := range entries {
		if e.CorrectsID != nil {
			corrected[*e.CorrectsID] = true
		}
	}
	var counting []*ent.AttendanceEntry
	for _, e := range entries {
		if !corrected[e.ID] {
			counting = append(counting, e)
		}
	}
	return counting
}

// attendance is what counts of one registration.
type attendance struct {
	registration uuid.UUID
	minutes      int
	// until is the end of the last meeting with minutes, recorded when the last entry that counts was entered.
	until, recorded time.Time
}

// takenPart is the meeting that an entry's minutes are of: that of another section for one that made up for its own.
func takenPart(e *ent.AttendanceEntry) *ent.Meeting {
	if at := e.Edges.MakeUpMeeting; at != nil {
		return at
	}
	return e.Edges.Meeting
}

// attended adds up, for each registration, the entries that count; given are all, with their meetings and those by which
// people made up for them.
func attended(entries []*ent.AttendanceEntry) map[uuid.UUID]attendance {
	sums := map[uuid.UUID]attendance{}
	for _, e := range Counting(entries) {
		sum := sums[e.RegistrationID]
		sum.registration = e.RegistrationID
		sum.minutes += int(e.Minutes)
		if end := takenPart(e).EndTime; e.Minutes > 0 && end.After(sum.until) {
			sum.until = end
		}
		if e.CreateTime.After(sum.recorded) {
			sum.recorded = e.CreateTime
		}
		sums[e.RegistrationID] = sum
	}
	return sums
}

// best is the registration with the most minutes; of equal ones, the later.
func best(sums map[uuid.UUID]attendance) (attendance, bool) {
	if len(sums) == 0 {
		return attendance{}, false
	}
	return slices.MaxFunc(slices.Collect(maps.Values(sums)), func(a, b attendance) int {
		return cmp.Or(cmp.Compare(a.minutes, b.minutes), slices.Compare(a.registration[:], b.registration[:]))
	}), true
}
