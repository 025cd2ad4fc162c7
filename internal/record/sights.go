package record

import (
	"context"
	"database/sql"
	"maps"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

// Hold keeps people as they are until the transaction ends, those of greater ids after those of lesser, but lets others refer to
// them. Whoever changes a credential, whose it is or where its holder works holds its holder: else of two who do so at once each
// would tell the feed of what the other has left behind.
func Hold(ctx context.Context, tx *database.Tx, educators ...uuid.UUID) error {
	_, err := tx.ExecContext(ctx, `SELECT FROM educators WHERE id = ANY ($1::uuid[]) ORDER BY id FOR NO KEY UPDATE`, pq.Array(educators))
	return err
}

// Sight is which credentials of some people the streams of the change feed see: those of everybody whom it employs for a
// district, each as its export has it, and all for the program.
type Sight []seen

// seen is a credential as one stream sees it.
type seen struct {
	stream string
	row    credentialRow
	// told is whether it is seen on the day that the district's stream was told of last, now whether it is today, and always whether
	// it is on these and all days between. From midnight on they differ, until the stream is told of the new day.
	told, now, always bool
}

// credentialRow is a row of an export, and what else its change says. For the program it is without the person's numbers.
type credentialRow struct {
	credential, educator   uuid.UUID
	employeeID, stateID    string
	credentialType, status string
	issued, since, expires string
	supersedes             uuid.UUID
	version                int32
}

// sightSQL is a row for each credential of $1 and district that employs its holder, on any day from that which was told to today at
// $2; for one whom nobody employs, a row without a district. A day that was told does not come back, should another server's clock
// be behind or a district's zone change.
const sightSQL = `SELECT c.id, c.educator_id, c.credential_type_id, CASE WHEN ended THEN 'EXPIRED' ELSE c.status END,
		c.issue_time, CASE WHEN ended THEN c.expire_time ELSE c.status_time END, c.expire_time, c.supersedes_id, c.version,
		coalesce((SELECT x.value FROM external_ids x WHERE x.educator_id = c.educator_id AND x.kind = 'STATE_EDUCATOR_ID' ORDER BY x.id LIMIT 1), ''),
		coalesce(e.district_id, ''), coalesce(e.told, false), coalesce(e.now, false), coalesce(e.always, false),
		coalesce((SELECT x.value FROM external_ids x WHERE x.educator_id = c.educator_id AND x.kind = 'EMPLOYEE_ID' AND x.district_id = e.district_id ORDER BY x.id LIMIT 1), '')
	FROM credentials c
		CROSS JOIN LATERAL (SELECT c.expire_time <= $2 AND c.status IN ('ACTIVE', 'SUSPENDED') AS ended) validity
		LEFT JOIN LATERAL (SELECT m.district_id, bool_or(told BETWEEN first AND last) AS told, bool_or(today BETWEEN first AND last) AS now,
				bool_or(first <= told AND today <= last) AS always
			FROM employments m JOIN districts d ON d.id = m.district_id
				CROSS JOIN LATERAL (SELECT ($2::timestamptz AT TIME ZONE d.time_zone)::date AS day) calendar
				CROSS JOIN LATERAL (SELECT coalesce(d.told_day, day) AS told, greatest(d.told_day, day) AS today,
					m.start_date AS first, coalesce(m.end_date, 'infinity') AS last) days
			WHERE m.educator_id = c.educator_id AND first <= today AND told <= last GROUP BY m.district_id) e ON true
	WHERE `

// SightOf is who sees which credentials of the people.
func SightOf(ctx context.Context, tx *database.Tx, educators []uuid.UUID) (Sight, error) {
	return readSight(ctx, tx, `c.educator_id`, educators)
}

func readSight(ctx context.Context, tx *database.Tx, column string, ids []uuid.UUID) (sight Sight, err error) {
	rows, err := tx.QueryContext(ctx, sightSQL+column+` = ANY ($1::uuid[]) ORDER BY c.id, e.district_id`, pq.Array(ids), tx.Now)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		one, district, issued, since, expires, supersedes := seen{}, "", time.Time{}, time.Time{}, sql.NullTime{}, uuid.NullUUID{}
		r := &one.row
		if err := rows.Scan(&r.credential, &r.educator, &r.credentialType, &r.status, &issued, &since, &expires, &supersedes, &r.version,
			&r.stateID, &district, &one.told, &one.now, &one.always, &r.employeeID); err != nil {
			return nil, err
		}
		r.issued, r.since, r.supersedes = timeText(issued), timeText(since), supersedes.UUID
		if expires.Valid {
			r.expires = timeText(expires.Time)
		}
		if last := len(sight) - 1; last < 0 || sight[last].row.credential != r.credential {
			all := *r
			all.employeeID, all.stateID = "", ""
			sight = append(sight, seen{"program", all, true, true, true})
		}
		if district != "" {
			one.stream = api.Name("btlc/District", district)
			sight = append(sight, one)
		}
	}
	return sight, rows.Err()
}

func timeText(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// TellCredentials puts a change of each of the credentials on the streams that see it, with no more queries for many than for
// one. Their holders are held.
func TellCredentials(ctx context.Context, tx *database.Tx, kind string, credentials ...uuid.UUID) error {
	sight, err := readSight(ctx, tx, `c.id`, credentials)
	for _, s := range sight {
		if s.now {
			tx.Emit(s.change(kind))
		}
	}
	return err
}

// Retell carries out what changes where people work, by what numbers they are known or whose credentials are, and tells each
// stream which credentials it sees now and did not, sees otherwise, or sees no more. The people are held; so are the
// districts of employments that come or get other dates.
func Retell(ctx context.Context, tx *database.Tx, educators []uuid.UUID, change func() error) error {
	before, err := SightOf(ctx, tx, educators)
	if err != nil {
		return err
	}
	if err := change(); err != nil {
		return err
	}
	after, err := SightOf(ctx, tx, educators)
	if err != nil {
		return err
	}
	before.Tell(tx, after)
	return nil
}

// Tell puts what has become of this sight on the feed. From midnight until the stream is told of the new day a copy may be of either
// day, by when it began: so nothing is left out but what all have already.
func (before Sight) Tell(tx *database.Tx, after Sight) {
	type place struct {
		stream     string
		credential uuid.UUID
	}
	was := make(map[place]seen, len(before))
	for _, b := range before {
		was[place{b.stream, b.row.credential}] = b
	}
	for _, a := range after {
		if !a.now {
			continue
		}
		b := was[place{a.stream, a.row.credential}]
		delete(was, place{a.stream, a.row.credential})
		switch {
		case !b.told:
			tx.Emit(a.change("CREATED"))
		case !b.always || b.row != a.row:
			change := a.change("UPDATED")
			if keys := b.keys(); !maps.Equal(keys, a.keys()) {
				change.PreviousNaturalKeys = map[string]map[string]string{a.stream: keys}
			}
			tx.Emit(change)
		}
	}
	for _, b := range before {
		if _, gone := was[place{b.stream, b.row.credential}]; gone {
			change := b.change("DELETED")
			change.State = nil
			tx.Emit(change)
		}
	}
}

// keys are the natural keys by which the stream knows the person.
func (s seen) keys() map[string]string {
	switch {
	case s.stream == "program":
		return map[string]string{"educator": api.Name("btlc/Educator", s.row.educator)}
	case s.row.employeeID != "":
		return map[string]string{"employeeId": s.row.employeeID}
	}
	return map[string]string{}
}

// change is what the stream is told of the credential: all that a row of the export has, in the words of the API.
func (s seen) change(kind string) database.Change {
	r := s.row
	name := api.Name("btlc/Credential", r.credential)
	state := map[string]any{
		"credential": name, "educator": api.Name("btlc/Educator", r.educator), "credentialType": api.Name("btlc/CredentialType", r.credentialType),
		"status": r.status, "issueTime": r.issued, "statusTime": r.since, "version": r.version,
	}
	for field, value := range map[string]string{"employeeId": r.employeeID, "stateEducatorId": r.stateID, "expireTime": r.expires} {
		if value != "" {
			state[field] = value
		}
	}
	if r.supersedes != uuid.Nil {
		state["supersedes"] = api.Name("btlc/Credential", r.supersedes)
	}
	return database.Change{
		Streams: []string{s.stream}, Resource: name, Type: "btlc/Credential", Version: r.version, Kind: kind,
		NaturalKeys: map[string]map[string]string{s.stream: s.keys()}, State: state,
	}
}
