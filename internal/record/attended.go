package record

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/internal/api"
)

// CourseAttendance is what the ledger proves of somebody's attendance of a course.
type CourseAttendance struct {
	// Course is its id.
	Course string
	// Minutes are those of contact.
	Minutes int
	// LastDay is that of the last meeting with minutes, in the calendar where the section met.
	LastDay time.Time
}

// Attended are the courses that one of the people has minutes of, in order: of each, the registration with the most, as
// policies count them.
func (r *Records) Attended(ctx context.Context, educator uuid.UUID) ([]CourseAttendance, error) {
	all, err := r.registrations.get(ctx, r.readRegistrations)
	if err != nil {
		return nil, err
	}
	ledgers, err := r.attendance.get(ctx, r.readAttendance)
	if err != nil {
		return nil, err
	}
	sections, entries := map[uuid.UUID]*ent.Section{}, map[string][]*ent.AttendanceEntry{}
	for _, row := range all[educator] {
		if takesPart(row) {
			sections[row.ID] = row.Edges.Section
			entries[courseOf(row)] = append(entries[courseOf(row)], ledgers[row.ID]...)
		}
	}
	var courses []CourseAttendance
	for _, course := range slices.Sorted(maps.Keys(entries)) {
		most, ok := best(attended(entries[course]))
		if !ok || most.minutes == 0 {
			continue
		}
		zone, err := time.LoadLocation(sections[most.registration].TimeZone)
		if err != nil {
			return nil, fmt.Errorf("section %s: %w", sections[most.registration].ID, err)
		}
		courses = append(courses, CourseAttendance{Course: course, Minutes: most.minutes, LastDay: api.LocalDay(most.until, zone)})
	}
	return courses, nil
}
