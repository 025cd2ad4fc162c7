package ledger

import (
	"context"
	"errors"

	"github.com/lib/pq"
	moneypb "google.golang.org/genproto/googleapis/type/money"

	pb "github.com/btlc/btlc/gen/go/btlc/ledger/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/money"
)

// BalancesSQL is what the payers $1 (all when it is NULL) owe each payee, in the order of payer, payee and currency, after
// those of $2, $3 and $4. Every entry touches the receivable of its payer, and a reassignment also that of the one who takes
// over; what it does there is told by the account on its other side. Entries of a record that was merged keep its name, and are
// summed up under that of the record that stays.
const BalancesSQL = `WITH RECURSIVE sides AS (
		SELECT payer, payee, currency,
			CASE WHEN starts_with(credit_account, 'receivable:') THEN -amount_minor ELSE amount_minor END AS minor,
			split_part(CASE WHEN starts_with(credit_account, 'receivable:') THEN debit_account ELSE credit_account END, ':', 1) AS against
		FROM ledger_entries WHERE $1::text[] IS NULL OR payer = ANY ($1)
		UNION ALL
		SELECT new_payer, payee, currency, amount_minor, 'receivable'
		FROM ledger_entries WHERE new_payer <> '' AND ($1::text[] IS NULL OR new_payer = ANY ($1))
	), totals AS (
		SELECT payer, payee, currency, sum(minor) AS owed,
			coalesce(sum(minor) FILTER (WHERE against IN ('income', 'receivable')), 0) AS charged,
			coalesce(-sum(minor) FILTER (WHERE against = 'cash'), 0) AS paid,
			coalesce(-sum(minor) FILTER (WHERE against = 'waived'), 0) AS waived
		FROM sides GROUP BY payer, payee, currency
	), merged AS (
		SELECT t.payer, e.id, e.merged_into_id FROM (SELECT DISTINCT payer FROM totals WHERE starts_with(payer, 'educators/')) t
		JOIN educators e ON e.id = substr(t.payer, 11)::uuid WHERE e.merged_into_id IS NOT NULL
		UNION ALL
		SELECT m.payer, e.id, e.merged_into_id FROM merged m JOIN educators e ON e.id = m.merged_into_id
	), named AS (
		SELECT coalesce('educators/' || m.id, t.payer) AS payer, payee, currency, owed, charged, paid, waived
		FROM totals t LEFT JOIN merged m ON m.payer = t.payer AND m.merged_into_id IS NULL
	)
	SELECT payer, payee, currency, sum(owed)::bigint, sum(charged)::bigint, sum(paid)::bigint, sum(waived)::bigint
	FROM named WHERE (payer, payee, currency) > ($2, $3, $4)
	GROUP BY payer, payee, currency ORDER BY payer, payee, currency LIMIT $5`

// balances lists what these payers owe, or all.
func (s store) balances(ctx context.Context, req *pb.ListBalancesRequest, everywhere bool, payers []string) (answer *pb.ListBalancesResponse, err error) {
	after := []string{"", "", ""}
	if req.GetPageToken() != "" {
		if after, err = api.OpenPlace(req, req.GetPageToken(), len(after)); err != nil {
			return nil, err
		}
	}
	var of any // NULL is everybody, and an empty array nobody
	if !everywhere {
		of = pq.Array(payers)
	}
	size := api.PageSize(req.GetPageSize())
	rows, err := s.db.SQL().QueryContext(ctx, BalancesSQL, of, after[0], after[1], after[2], size+1)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	answer = &pb.ListBalancesResponse{}
	for rows.Next() {
		var payer, payee, currency string
		var owed, charged, paid, waived int64
		if err := rows.Scan(&payer, &payee, &currency, &owed, &charged, &paid, &waived); err != nil {
			return nil, err
		}
		if len(answer.Balances) == size {
			last := answer.Balances[size-1]
			answer.NextPageToken = api.SealPlace(req, last.Payer, last.Payee, last.Owed.CurrencyCode)
			break
		}
		of := func(minor int64) *moneypb.Money { return moneyProto(money.Amount{Minor: minor, Currency: currency}) }
		answer.Balances = append(answer.Balances, &pb.Balance{Payer: payer, Payee: payee, Owed: of(owed), Charged: of(charged), Paid: of(paid), Waived: of(waived)})
	}
	return answer, rows.Err()
}

func moneyProto(a money.Amount) *moneypb.Money {
	units, nanos := a.Units()
	return &moneypb.Money{CurrencyCode: a.Currency, Units: units, Nanos: nanos}
}
