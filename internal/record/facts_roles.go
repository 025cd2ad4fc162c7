package record

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/roleassignment"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/policy"
)

// assignment is a role that was held and confirmed. Its days are those of the district's calendar.
type assignment struct {
	family, title string
	start         time.Time
	end           *time.Time
	zone          *time.Location
	confirmed     time.Time
}

// covers says whether the role is of the family ("" or "any" for all) and was held on the day of an instant.
func (a assignment) covers(family string, at time.Time) bool {
	if family != "" && family != "any" && family != a.family {
		return false
	}
	day := api.LocalDay(at, a.zone)
	return !a.start.After(day) && (a.end == nil || !a.end.Before(day))
}

// Held implements policy.Facts: a confirmed role counts from its first day on, also when it was confirmed later, and
// still after it has ended.
func (f *facts) Held(ctx context.Context, family string, date time.Time) (bool, []policy.Fact, error) {
	all, err := f.assignments.get(ctx, f.readAssignments)
	if err != nil {
		return false, nil, err
	}
	for _, a := range all[f.educator] {
		if a.covers(family, date) {
			value := fmt.Sprintf("%s, held on %s", a.title, api.LocalDay(date, a.zone).Format(time.DateOnly))
			return true, []policy.Fact{{Kind: "role", ID: family, Value: value, OccurredAt: a.start, RecordedAt: a.confirmed}}, nil
		}
	}
	return false, nil, nil
}

// readAssignments reads those that had begun and were confirmed on record. A dispute takes the confirmation off the
// record, so that a disputed role counts at no time.
func (r *Records) readAssignments(ctx context.Context) (map[uuid.UUID][]assignment, error) {
	rows, err := r.db.RoleAssignment.Query().Where(roleassignment.EducatorIDIn(r.people...), roleassignment.StateIn("CONFIRMED", "ENDED"), roleassignment.ConfirmTimeNotNil()).
		WithRole().WithDistrict().Order(ent.Asc(roleassignment.FieldStartDate, roleassignment.FieldID)).All(ctx)
	if err != nil {
		return nil, err
	}
	all := map[uuid.UUID][]assignment{}
	for _, row := range rows {
		zone, err := time.LoadLocation(row.Edges.District.TimeZone)
		if err != nil {
			return nil, fmt.Errorf("district %s: %w", row.DistrictID, err)
		}
		if !r.began(row.StartDate, zone) || !r.knew(*row.ConfirmTime) {
			continue
		}
		a := assignment{title: row.Edges.Role.DisplayName, start: row.StartDate, end: r.lastDay(row.EndDate, row.UpdateTime), zone: zone, confirmed: *row.ConfirmTime}
		if family := row.Edges.Role.RoleFamilyID; family != nil {
			a.family = *family
		}
		all[row.EducatorID] = append(all[row.EducatorID], a)
	}
	return all, nil
}
