// Package record reads one educator's record across contexts: whom it concerns, and the facts that policies are evaluated on.
package record

import (
	"context"
	"fmt"
	"strings"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/employment"
	"github.com/btlc/btlc/ent/externalid"
	"github.com/btlc/btlc/internal/api"
)

// Scopes are the resources that contain an educator now, for authorization: the educator, and the districts and schools
// that employ them today, each by its own calendar.
func Scopes(ctx context.Context, db *ent.Client, educator uuid.UUID, now time.Time) ([]string, error) {
	scopes := []string{api.Name("btlc/Educator", educator)}
	employments, err := current(ctx, db, now, educator)
	if err != nil {
		return nil, err
	}
	for _, e := range employments {
		scopes = append(scopes, api.Name("btlc/District", e.DistrictID))
		if e.SchoolID != nil {
			scopes = append(scopes, api.Name("btlc/School", e.DistrictID, *e.SchoolID))
		}
	}
	return scopes, nil
}

// current are the employments of today, each by its district's calendar: two queries, however many educators there are.
func current(ctx context.Context, db *ent.Client, now time.Time, educators ...uuid.UUID) ([]*ent.Employment, error) {
	rows, err := db.Employment.Query().Where(employment.EducatorIDIn(educators...)).WithDistrict().All(ctx)
	if err != nil {
		return nil, err
	}
	days := map[string]time.Time{}
	var today []*ent.Employment
	for _, e := range rows {
		day, known := days[e.DistrictID]
		if !known {
			zone, err := time.LoadLocation(e.Edges.District.TimeZone)
			if err != nil {
				return nil, fmt.Errorf("district %s: %w", e.DistrictID, err)
			}
			day = api.LocalDay(now, zone)
			days[e.DistrictID] = day
		}
		if !e.StartDate.After(day) && (e.EndDate == nil || !e.EndDate.Before(day)) {
			today = append(today, e)
		}
	}
	return today, nil
}

// Within restricts a query to rows about educators within these scopes; column holds the educator's id. It is for what
// access.Reach gives: educators themselves, and those whom a district or a school employs today.
func Within(scopes []string, column string, now time.Time) func(*sql.Selector) {
	return func(s *sql.Selector) {
		var any []*sql.Predicate
		for _, scope := range scopes {
			switch parts := strings.Split(scope, "/"); {
			case parts[0] == "educators":
				any = append(any, sql.EQ(s.C(column), api.LastUUID(scope)))
			case parts[0] == "districts" && len(parts) == 2:
				any = append(any, employed(s.C(column), "district_id", parts[1], now))
			case parts[0] == "districts":
				any = append(any, employed(s.C(column), "school_id", api.LastUUID(scope), now))
			}
		}
		if any == nil {
			s.Where(sql.False())
			return
		}
		s.Where(sql.Or(any...))
	}
}

func employed(educatorColumn, placeColumn string, place any, now time.Time) *sql.Predicate {
	return sql.P(func(b *sql.Builder) {
		b.WriteString("EXISTS (SELECT 1 FROM employments AS em JOIN districts AS di ON di.id = em.district_id WHERE em.educator_id = ").WriteString(educatorColumn)
		b.WriteString(" AND em." + placeColumn + " = ").Arg(place)
		for _, bound := range []string{" AND em.start_date <= ", " AND coalesce(em.end_date, 'infinity'::date) >= "} {
			b.WriteString(bound + "(").Arg(now).WriteString("::timestamptz AT TIME ZONE di.time_zone)::date")
		}
		b.WriteString(")")
	})
}

// Listeners are whom a change concerns: streams of the change feed, and the natural keys by which each of them knows the
// person.
type Listeners struct {
	Streams []string
	Keys    map[string]map[string]string
}

// Audience is whom a change of an educator's record concerns on the change feed: the program, and the districts that employ
// them today with the numbers by which those know them.
func Audience(ctx context.Context, db *ent.Client, educator uuid.UUID, now time.Time) (streams []string, keys map[string]map[string]string, err error) {
	all, err := Audiences(ctx, db, []uuid.UUID{educator}, now)
	if err != nil {
		return nil, nil, err
	}
	return all[educator].Streams, all[educator].Keys, nil
}

// Audiences is Audience for each of many educators, with no more queries than for one.
func Audiences(ctx context.Context, db *ent.Client, educators []uuid.UUID, now time.Time) (map[uuid.UUID]Listeners, error) {
	all := make(map[uuid.UUID]Listeners, len(educators))
	for _, id := range educators {
		all[id] = Listeners{[]string{"program"}, map[string]map[string]string{"program": {"educator": api.Name("btlc/Educator", id)}}}
	}
	employments, err := current(ctx, db, now, educators...)
	if err != nil {
		return nil, err
	}
	for _, e := range employments {
		to, stream := all[e.EducatorID], api.Name("btlc/District", e.DistrictID)
		if to.Keys[stream] == nil {
			to.Streams, to.Keys[stream] = append(to.Streams, stream), map[string]string{}
			all[e.EducatorID] = to
		}
	}
	numbers, err := db.ExternalID.Query().Where(externalid.EducatorIDIn(educators...), externalid.Kind("EMPLOYEE_ID")).Order(ent.Desc(externalid.FieldID)).All(ctx)
	if err != nil {
		return nil, err
	}
	for _, n := range numbers {
		if keys := all[n.EducatorID].Keys[api.Name("btlc/District", *n.DistrictID)]; keys != nil {
			keys["employeeId"] = n.Value // the first that was given, for it is read last
		}
	}
	return all, nil
}
