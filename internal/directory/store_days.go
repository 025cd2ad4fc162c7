package directory

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/district"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/record"
)

// behind are the districts whose streams were not told of today, or never of a day. Those that have an unknown zone are told of in
// the error.
func (s store) behind(ctx context.Context) (districts []string, err error) {
	rows, err := s.db.Ent().District.Query().Order(ent.Asc(district.FieldID)).All(ctx)
	for _, row := range rows {
		zone, unknown := time.LoadLocation(row.TimeZone)
		if unknown != nil {
			err = errors.Join(err, fmt.Errorf("district %s: %w", row.ID, unknown))
		} else if row.ToldDay == nil || isBehind(*row.ToldDay, api.LocalDay(s.db.Now(), zone)) {
			districts = append(districts, row.ID)
		}
	}
	return districts, err
}

// isBehind says whether the stream that was told of a day has to be told of today. Of the next day it may be told by a server whose
// clock is ahead; a day after that was never anywhere, and is taken back.
func isBehind(told, today time.Time) bool {
	return told.Before(today) || told.After(today.AddDate(0, 0, 1))
}

// turnedSQL are the employments of the district $1 that are current on some of the days from $2 to $3, and not on all.
const turnedSQL = `SELECT m.id, m.educator_id, m.school_id, m.start_date::text, coalesce(m.end_date::text, ''), m.version,
		coalesce((SELECT x.value FROM external_ids x WHERE x.educator_id = m.educator_id AND x.kind = 'EMPLOYEE_ID' AND x.district_id = m.district_id ORDER BY x.id LIMIT 1), '')
	FROM employments m WHERE m.district_id = $1
		AND m.start_date <= $3::date AND coalesce(m.end_date, 'infinity') >= $2::date AND (m.start_date > $2::date OR m.end_date < $3::date) ORDER BY m.id`

// tellDay tells the stream of a district of its day, in one transaction with that it was told. What was written for another day
// meanwhile is waited for: whoever writes employments of the district holds it.
func (s store) tellDay(ctx context.Context, district string) error {
	return s.db.InTx(ctx, false, func(ctx context.Context, tx *database.Tx) error {
		told, today, err := heldDay(ctx, tx, district)
		if err != nil || told != nil && !isBehind(*told, today) {
			return err
		}
		tell := func() error {
			_, err := tx.ExecContext(ctx, `UPDATE districts SET told_day = $2 WHERE id = $1`, district, today)
			return err
		}
		if told == nil { // nothing was told that has changed
			return tell()
		}
		return tellTurned(ctx, tx, district, *told, today, tell)
	})
}

// heldDay is the day that a district's stream was told of, nil for none, and the day that it is; the district is held.
func heldDay(ctx context.Context, tx *database.Tx, district string) (told *time.Time, today time.Time, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT told_day, ($2::timestamptz AT TIME ZONE time_zone)::date FROM districts WHERE id = $1
		FOR NO KEY UPDATE`, district, tx.Now)
	err = eachRow(rows, err, func(scan scanner) error { return scan(&told, &today) })
	return told, today, err
}

// tellTurned tells of the employments that have begun or ended between two days, and of the credentials that the district sees or
// does not see by it. tell notes that it was told.
func tellTurned(ctx context.Context, tx *database.Tx, district string, told, today time.Time, tell func() error) error {
	first, last := told, today
	if today.Before(told) {
		first, last = today, told
	}
	held := map[uuid.UUID]bool{}
	for {
		turned, err := turnedEmployments(ctx, tx, district, first, last)
		if err != nil {
			return err
		}
		var people, others []uuid.UUID
		for _, e := range turned {
			people = append(people, e.educator)
			if !held[e.educator] {
				held[e.educator], others = true, append(others, e.educator)
			}
		}
		if len(others) > 0 { // and then again: until they were held, a merge may have given employments to other records
			if err := record.Hold(ctx, tx, others...); err != nil {
				return err
			}
			continue
		}
		return record.Retell(ctx, tx, people, func() error {
			for _, e := range turned {
				e.announce(tx, today.Format(time.DateOnly))
			}
			return tell()
		})
	}
}

func turnedEmployments(ctx context.Context, tx *database.Tx, district string, first, last time.Time) (turned []employmentNews, err error) {
	rows, err := tx.QueryContext(ctx, turnedSQL, district, first, last)
	err = eachRow(rows, err, func(scan scanner) error {
		e, school, number := employmentNews{district: api.Name("btlc/District", district), kind: "UPDATED"}, uuid.NullUUID{}, ""
		err := scan(&e.id, &e.educator, &school, &e.start, &e.end, &e.version, &number)
		if school.Valid {
			e.school = api.Name("btlc/School", district, school.UUID)
		}
		e.keys = employeeKeys(number)
		turned = append(turned, e)
		return err
	})
	return turned, err
}
