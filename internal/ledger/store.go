package ledger

import (
	"context"
	"iter"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	entdistrict "github.com/btlc/btlc/ent/district"
	enteducator "github.com/btlc/btlc/ent/educator"
	entinstitution "github.com/btlc/btlc/ent/institution"
	"github.com/btlc/btlc/ent/ledgerentry"
	"github.com/btlc/btlc/ent/predicate"
	entregistration "github.com/btlc/btlc/ent/registration"
	entschool "github.com/btlc/btlc/ent/school"
	pb "github.com/btlc/btlc/gen/go/btlc/ledger/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/money"
)

type store struct{ db *database.DB }

var entryList = &api.ListSpec{Default: "create_time", Columns: map[string]api.Column{
	"kind": api.EnumColumn[pb.LedgerEntry_Kind](ledgerentry.FieldKind), "payer": {Name: ledgerentry.FieldPayer, FilterOnly: true}, "payee": {Name: ledgerentry.FieldPayee, FilterOnly: true},
	"create_time": {Name: ledgerentry.FieldCreateTime, Kind: api.InstantColumn},
}}

// line is an entry as it is on record: with the rule that made it, if one did, and whom its registration is of.
type line struct {
	row      *ent.LedgerEntry
	section  uuid.UUID
	educator uuid.UUID
}

func (l line) name() string {
	return api.Name("btlc/LedgerEntry", l.section, l.row.RegistrationID, l.row.ID)
}

// payers are who may see the line: those whose account it touches.
func (l line) payers() []string { return []string{l.row.Payer, l.row.NewPayer} }

// people are whom the line tells of.
func (l line) people() []uuid.UUID {
	people := []uuid.UUID{l.educator}
	for _, payer := range l.payers() {
		if _, ok := api.IDs("btlc/Educator", payer); ok {
			people = append(people, api.LastUUID(payer))
		}
	}
	return people
}

func (l line) proto() *pb.LedgerEntry {
	e := l.row
	out := &pb.LedgerEntry{
		Name: l.name(), Kind: api.EnumOf[pb.LedgerEntry_Kind](e.Kind), Amount: moneyProto(money.Amount{Minor: e.AmountMinor, Currency: e.Currency}), Payer: e.Payer, Payee: e.Payee, NewPayer: e.NewPayer,
		Reason: e.Reason, Reference: e.Reference, EffectiveDate: api.Date(e.EffectiveDate), DebitAccount: e.DebitAccount, CreditAccount: e.CreditAccount, Rule: e.Rule,
		RecordedBy: e.RecordedBy, CreateTime: api.Timestamp(e.CreateTime),
	}
	if e.ReversesID != nil {
		out.Reverses = api.Name("btlc/LedgerEntry", l.section, e.RegistrationID, *e.ReversesID)
	}
	return out
}

func lineOf(row *ent.LedgerEntry) line {
	of := row.Edges.Registration
	return line{row: row, section: of.SectionID, educator: of.EducatorID}
}

func (s store) line(ctx context.Context, name string) (line, error) {
	row, err := s.db.Ent().LedgerEntry.Query().Where(ledgerentry.ID(api.LastUUID(name)), ledgerentry.RegistrationID(api.PartUUID(name, 1)),
		ledgerentry.HasRegistrationWith(entregistration.SectionID(api.PartUUID(name, 0)))).WithRegistration().Only(ctx)
	if ent.IsNotFound(err) {
		return line{}, api.Missing(name)
	} else if err != nil {
		return line{}, err
	}
	return lineOf(row), nil
}

// list lists the lines that touch the accounts of these payers, or all.
func (s store) list(ctx context.Context, req *pb.ListLedgerEntriesRequest, everywhere bool, payers []string) (*pb.ListLedgerEntriesResponse, []uuid.UUID, error) {
	q, err := api.ParseList(req, entryList)
	if err != nil {
		return nil, nil, err
	}
	query := s.db.Ent().LedgerEntry.Query().WithRegistration()
	if id := api.PartUUID(req.GetParent(), 1); id != uuid.Nil {
		query.Where(ledgerentry.RegistrationID(id))
	}
	if id := api.PartUUID(req.GetParent(), 0); id != uuid.Nil {
		query.Where(ledgerentry.HasRegistrationWith(entregistration.SectionID(id)))
	}
	if !everywhere {
		query.Where(ledgerentry.Or(ledgerentry.PayerIn(payers...), ledgerentry.NewPayerIn(payers...)))
	}
	rows, err := query.Where(predicate.LedgerEntry(q.Apply)).All(ctx)
	if err != nil {
		return nil, nil, err
	}
	var people []uuid.UUID
	items, next := api.Page(q, rows, func(row *ent.LedgerEntry) *pb.LedgerEntry {
		l := lineOf(row)
		people = append(people, l.people()...)
		return l.proto()
	})
	return &pb.ListLedgerEntriesResponse{LedgerEntries: items, NextPageToken: next}, people, nil
}

// history is the entries of each of the seats, so far.
func (s store) history(ctx context.Context, db *ent.Client, seats ...*seat) (map[uuid.UUID][]Entry, error) {
	names, ids := map[uuid.UUID]*seat{}, make([]uuid.UUID, len(seats))
	for i, of := range seats {
		names[of.id], ids[i] = of, of.id
	}
	rows, err := db.LedgerEntry.Query().Where(ledgerentry.RegistrationIDIn(ids...)).All(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]Entry, len(rows))
	for i, row := range rows {
		of := names[row.RegistrationID]
		if all[i], err = entryOf(row, of.name(), api.Name("btlc/Section", of.section)); err != nil {
			return nil, err
		}
	}
	// At once, for a section that is cancelled gives back all its seats while it is locked.
	if all, err = s.renamed(ctx, db, all); err != nil {
		return nil, err
	}
	entries := map[uuid.UUID][]Entry{}
	for i, row := range rows {
		entries[row.RegistrationID] = append(entries[row.RegistrationID], all[i])
	}
	return entries, nil
}

// renamed are entries with the payers whose records were merged under the names of those that stay.
func (s store) renamed(ctx context.Context, db *ent.Client, entries []Entry) ([]Entry, error) {
	var payers []string
	for _, e := range entries {
		payers = append(payers, e.Payer(), e.newPayer())
	}
	names, err := s.survivors(ctx, db, payers...)
	return Renamed(entries, names), err
}

// survivors are, by the names of payers whose records were merged, those of the records that stay.
func (s store) survivors(ctx context.Context, db *ent.Client, payers ...string) (map[string]string, error) {
	names := map[string]string{}
	for _, payer := range payers {
		if _, ok := api.IDs("btlc/Educator", payer); ok {
			names[payer] = payer
		}
	}
	for ids := lastUUIDs(maps.Values(names)); len(ids) > 0; {
		merged, err := db.Educator.Query().Where(enteducator.IDIn(ids...), enteducator.MergedIntoIDNotNil()).All(ctx)
		if err != nil {
			return nil, err
		}
		next := map[string]string{}
		for _, row := range merged {
			next[api.Name("btlc/Educator", row.ID)] = api.Name("btlc/Educator", *row.MergedIntoID)
		}
		for payer, name := range names {
			names[payer] = survivor(next, name)
		}
		ids = lastUUIDs(maps.Values(next))
	}
	return names, nil
}

// survivor is a name's survivor, or itself.
func survivor(names map[string]string, name string) string {
	if other, merged := names[name]; merged {
		return other
	}
	return name
}

func lastUUIDs(names iter.Seq[string]) (ids []uuid.UUID) {
	for name := range names {
		ids = append(ids, api.LastUUID(name))
	}
	return ids
}

// receivable is all entries that touch what a payer owes a payee, whatever seats they are of and by whatever name of the
// payer.
func (s store) receivable(ctx context.Context, tx *database.Tx, payer, payee string) ([]Entry, error) {
	payers, err := s.payersWithin(ctx, tx.Client, []string{payer})
	if err != nil {
		return nil, err
	}
	rows, err := tx.LedgerEntry.Query().Where(ledgerentry.Payee(payee), ledgerentry.Or(ledgerentry.PayerIn(payers...), ledgerentry.NewPayerIn(payers...))).WithRegistration().All(ctx)
	if err != nil {
		return nil, err
	}
	entries := make([]Entry, len(rows))
	for i, row := range rows {
		of := row.Edges.Registration
		if entries[i], err = entryOf(row, api.Name("btlc/Registration", of.SectionID, of.ID), api.Name("btlc/Section", of.SectionID)); err != nil {
			return nil, err
		}
	}
	return s.renamed(ctx, tx.Client, entries)
}

func entryOf(row *ent.LedgerEntry, registration, section string) (Entry, error) {
	debit, err := ParseAccount(row.DebitAccount)
	if err != nil {
		return Entry{}, err
	}
	credit, err := ParseAccount(row.CreditAccount)
	if err != nil {
		return Entry{}, err
	}
	e := Entry{
		ID: row.ID.String(), Date: row.EffectiveDate, Kind: Kind(row.Kind), Debit: debit, Credit: credit, Amount: money.Amount{Minor: row.AmountMinor, Currency: row.Currency},
		Section: section, Registration: registration, Reference: row.Reference, Reason: row.Reason,
	}
	if row.ReversesID != nil {
		e.Reverses = row.ReversesID.String()
	}
	return e, nil
}

// posting is an entry that is to be recorded, of a seat; rule is empty for one that a person makes.
type posting struct {
	Entry
	seat *seat
	rule string
}

// post records entries, in their order.
func (s store) post(ctx context.Context, tx *database.Tx, postings []posting) ([]line, error) {
	rows := make([]*ent.LedgerEntryCreate, len(postings))
	for i, p := range postings {
		rows[i] = tx.LedgerEntry.Create().SetID(uuid.MustParse(p.ID)).SetRegistrationID(p.seat.id).SetKind(string(p.Kind)).SetAmountMinor(p.Amount.Minor).SetCurrency(p.Amount.Currency).
			SetDebitAccount(p.Debit.String()).SetCreditAccount(p.Credit.String()).SetPayer(p.Payer()).SetPayee(p.Payee()).SetNewPayer(p.newPayer()).
			SetReason(p.Reason).SetReference(p.Reference).SetRule(p.rule).SetNillableReversesID(api.OptionalUUID(p.Reverses)).
			SetEffectiveDate(p.Date).SetRecordedBy(api.CallOf(ctx).Principal).SetCreateTime(tx.Now)
	}
	made, err := tx.LedgerEntry.CreateBulk(rows...).Save(ctx)
	if err != nil {
		return nil, err
	}
	lines := make([]line, len(made))
	for i, row := range made {
		lines[i] = line{row: row, section: postings[i].seat.section, educator: postings[i].seat.educator}
	}
	return lines, nil
}

// payoutLock has those who pay out to one payer at one payee wait for each other, until the transaction ends: what is to
// the payer's credit comes from many seats, so that no row stands for it.
const payoutLock = `SELECT pg_advisory_xact_lock(hashtextextended('ledger payout ' || $1 || ' ' || $2, 0))`

func (s store) lockPayouts(ctx context.Context, tx *database.Tx, payer, payee string) error {
	_, err := tx.ExecContext(ctx, payoutLock, payer, payee)
	return err
}

// exists says whether there is a payer or payee of that name, which is a valid one.
func (s store) exists(ctx context.Context, db *ent.Client, name string) (bool, error) {
	if _, ok := api.IDs("btlc/Educator", name); ok {
		return db.Educator.Query().Where(enteducator.ID(api.LastUUID(name))).Exist(ctx)
	}
	if ids, ok := api.IDs("btlc/School", name); ok {
		return db.School.Query().Where(entschool.ID(api.LastUUID(name)), entschool.DistrictID(ids[0])).Exist(ctx)
	}
	if ids, ok := api.IDs("btlc/District", name); ok {
		return db.District.Query().Where(entdistrict.ID(ids[0])).Exist(ctx)
	}
	if ids, ok := api.IDs("btlc/Institution", name); ok {
		return db.Institution.Query().Where(entinstitution.ID(ids[0])).Exist(ctx)
	}
	return name == money.Program, nil
}

// payersWithin are the payers whose accounts are in these scopes: the scopes themselves, and the records that were merged
// into those of educators, whose entries keep the name that they were made under.
func (s store) payersWithin(ctx context.Context, db *ent.Client, scopes []string) ([]string, error) {
	payers := slices.Clone(scopes)
	var ids []uuid.UUID
	for _, scope := range scopes {
		if _, ok := api.IDs("btlc/Educator", scope); ok {
			ids = append(ids, api.LastUUID(scope))
		}
	}
	for len(ids) > 0 {
		merged, err := db.Educator.Query().Where(enteducator.MergedIntoIDIn(ids...)).IDs(ctx)
		if err != nil {
			return nil, err
		}
		for _, id := range merged {
			payers = append(payers, api.Name("btlc/Educator", id))
		}
		ids = merged
	}
	return payers, nil
}
