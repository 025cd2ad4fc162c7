package ledger

import (
	"context"
	"iter"
	"time"

	"github.com/google/uuid"

	pb "github.com/btlc/btlc/gen/go/btlc/ledger/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/money"
)

// ExportSQL is the lines of the days from $1 to $2 (NULL for no bound), in the order of entry.
const ExportSQL = `SELECT e.id, e.effective_date, e.kind, e.debit_account, e.credit_account, e.amount_minor, e.currency, e.payer, e.payee,
		r.section_id, e.registration_id, e.reference, e.reason, e.reverses_id, e.create_time, r.educator_id
	FROM ledger_entries e JOIN registrations r ON r.id = e.registration_id
	WHERE ($1::date IS NULL OR e.effective_date >= $1::date) AND ($2::date IS NULL OR e.effective_date <= $2::date)
	ORDER BY e.id`

// exported is a row for accounting, and whose registration it is of.
type exported struct {
	row      *pb.LedgerRow
	educator uuid.UUID
}

// export reads the lines of the days from first to last; nil is no bound. One statement sees them as they stood at one
// moment; they are read from the connection as they are asked for.
func (s store) export(ctx context.Context, first, last *time.Time) iter.Seq2[exported, error] {
	return func(yield func(exported, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		rows, err := s.db.SQL().QueryContext(ctx, ExportSQL, first, last)
		if err != nil {
			yield(exported{}, err)
			return
		}
		defer rows.Close()
		for rows.Next() {
			e := exported{row: &pb.LedgerRow{}}
			var id, section, registration uuid.UUID
			var reverses uuid.NullUUID
			var date, recorded time.Time
			var amount money.Amount
			to := e.row
			err := rows.Scan(&id, &date, &to.Kind, &to.DebitAccount, &to.CreditAccount, &amount.Minor, &amount.Currency, &to.Payer, &to.Payee,
				&section, &registration, &to.Reference, &to.Reason, &reverses, &recorded, &e.educator)
			to.Entry, to.Date, to.RecordTime = api.Name("btlc/LedgerEntry", section, registration, id), date.Format(time.DateOnly), recorded.UTC().Format(time.RFC3339Nano)
			to.Amount, to.Currency, to.Registration = amount.Decimal(), amount.Currency, api.Name("btlc/Registration", section, registration)
			if reverses.Valid {
				to.Reverses = api.Name("btlc/LedgerEntry", section, registration, reverses.UUID)
			}
			if !yield(e, err) || err != nil {
				cancel() // else what is left would be read to its end
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(exported{}, err)
		}
	}
}
