package ledger

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/money"
)

// seat is a registration as far as money goes.
type seat struct {
	id, section, educator uuid.UUID
	state                 string
	payerKind, sponsor    string
	purchaseOrder         string
	registered            time.Time // a date
	imported              bool
	closes                time.Time // the registration of its section
	course                string    // name of the course version
	fee                   money.Amount
}

func (s *seat) name() string { return api.Name("btlc/Registration", s.section, s.id) }

// payer is who pays for the seat.
func (s *seat) payer() string {
	if s.payerKind == "SELF" {
		return api.Name("btlc/Educator", s.educator)
	}
	return s.sponsor
}

const (
	seatsSQL = `SELECT r.id, r.section_id, r.educator_id, r.state, r.payer_kind, r.sponsor, r.purchase_order, r.register_date, r.imported_source <> '',
			s.registration_close_time, v.course_id, v.version_number, v.fee_currency, v.fee_units
		FROM registrations r JOIN sections s ON s.id = r.section_id JOIN course_versions v ON v.id = s.course_version_id
		WHERE r.id = ANY ($1)`
	// heldSeatsSQL holds the registrations, in the order of their ids, against whoever else enters something of them, and not
	// against those who refer to them.
	heldSeatsSQL = seatsSQL + ` ORDER BY r.id FOR NO KEY UPDATE OF r`
)

func (s store) seats(ctx context.Context, db database.Querier, statement string, ids ...uuid.UUID) (seats []*seat, err error) {
	rows, err := db.QueryContext(ctx, statement, pq.Array(ids))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var of seat
		var course string
		var version int32
		var units int64
		if err := rows.Scan(&of.id, &of.section, &of.educator, &of.state, &of.payerKind, &of.sponsor, &of.purchaseOrder, &of.registered, &of.imported,
			&of.closes, &course, &version, &of.fee.Currency, &units); err != nil {
			return nil, err
		}
		of.course = api.Name("btlc/CourseVersion", course, version)
		if of.fee, err = money.Of(of.fee.Currency, units, 0); err != nil {
			return nil, feeRefusal(of.course, amountFault("", err))
		}
		seats = append(seats, &of)
	}
	return seats, rows.Err()
}

// seat is the seat of a registration's name.
func (s store) seat(ctx context.Context, db database.Querier, statement, name string) (*seat, error) {
	found, err := s.seats(ctx, db, statement, api.PartUUID(name, 1))
	if err != nil {
		return nil, err
	}
	if len(found) == 0 || found[0].section != api.PartUUID(name, 0) {
		return nil, api.Missing(name)
	}
	return found[0], nil
}

// meetings are the beginnings of the meetings of sections, by their number.
func (s store) meetings(ctx context.Context, db database.Querier, sections ...uuid.UUID) (begin map[uuid.UUID][]time.Time, err error) {
	rows, err := db.QueryContext(ctx, `SELECT section_id, start_time FROM meetings WHERE section_id = ANY ($1) ORDER BY section_id, meeting_number`, pq.Array(sections))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	begin = map[uuid.UUID][]time.Time{}
	for rows.Next() {
		var section uuid.UUID
		var start time.Time
		if err := rows.Scan(&section, &start); err != nil {
			return nil, err
		}
		begin[section] = append(begin[section], start)
	}
	return begin, rows.Err()
}
