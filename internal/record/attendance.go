package record

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
)

// line is a line of the attendance ledger. corrects is uuid.Nil for one that corrects nothing.
type line struct {
	id, corrects, registration uuid.UUID
	minutes                    int
	until, recorded            time.Time
}

// attendance is what counts of one registration.
type attendance struct {
	registration uuid.UUID
	minutes      int
	// until is the end of the last meeting with minutes, recorded when the last line that counts was entered.
	until, recorded time.Time
}

// attended adds up what counts for each registration: lines that no other corrects.
func attended(lines []line) map[uuid.UUID]attendance {
	corrected := map[uuid.UUID]bool{}
	for _, l := range lines {
		corrected[l.corrects] = true
	}
	sums := map[uuid.UUID]attendance{}
	for _, l := range lines {
		if corrected[l.id] {
			continue
		}
		sum := sums[l.registration]
		sum.registration = l.registration
		sum.minutes += l.minutes
		if l.minutes > 0 && l.until.After(sum.until) {
			sum.until = l.until
		}
		if l.recorded.After(sum.recorded) {
			sum.recorded = l.recorded
		}
		sums[l.registration] = sum
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
