package directory

import (
	"context"
	"strings"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/educatoremail"
	"github.com/btlc/btlc/ent/externalid"
	pb "github.com/btlc/btlc/gen/go/btlc/directory/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

// writeContacts has an educator have the addresses and numbers that are asked for. What they have already stays in its row: a
// merge, to be taken back, remembers its rows by their ids.
func (s store) writeContacts(ctx context.Context, tx *database.Tx, p *person, in *pb.Educator) error {
	if err := writeEmails(ctx, tx, p, in.Emails); err != nil {
		return conflicts.Translate(err)
	}
	if err := writeNumbers(ctx, tx, p, in.ExternalIds); err != nil {
		return conflicts.Translate(err)
	}
	return keepKeyPeriods(ctx, tx, p.row.ID)
}

// keepKeyPeriods notes which keys of records end or begin with this transaction, and is called by whoever has changed them:
// look-ups of people who have left are answered by the keys of then.
func keepKeyPeriods[ID uuid.UUID | string](ctx context.Context, tx *database.Tx, records ...ID) error {
	for _, statement := range []string{
		`UPDATE key_periods p SET until_time = $2 WHERE record_id = ANY ($1::uuid[]) AND until_time IS NULL
			AND NOT EXISTS (SELECT FROM present_keys($1) k WHERE k.record_id = p.record_id AND k.digest = p.digest)`,
		`INSERT INTO key_periods (record_id, digest, since_time) SELECT record_id, digest, $2 FROM present_keys($1)
			ON CONFLICT (record_id, digest) WHERE until_time IS NULL DO NOTHING`,
	} {
		if _, err := tx.ExecContext(ctx, statement, pq.Array(records), tx.Now); err != nil {
			return err
		}
	}
	return nil
}

func writeEmails(ctx context.Context, tx *database.Tx, p *person, wanted []*pb.EmailAddress) error {
	wantedKeys := map[string]bool{}
	for _, e := range wanted {
		wantedKeys[strings.ToLower(e.Address)] = true
	}
	had, verified := map[string][]*ent.EducatorEmail{}, map[string]bool{} // two rows of a key after a merge
	var gone []uuid.UUID
	for _, row := range p.emails {
		if wantedKeys[row.AddressKey] {
			had[row.AddressKey], verified[row.AddressKey] = append(had[row.AddressKey], row), verified[row.AddressKey] || row.Verified
		} else {
			gone = append(gone, row.ID)
		}
	}
	if _, err := tx.EducatorEmail.Delete().Where(educatoremail.IDIn(gone...)).Exec(ctx); err != nil {
		return err
	}
	var added []*ent.EducatorEmailCreate
	for _, e := range wanted {
		key := strings.ToLower(e.Address)
		rows, there := had[key]
		if !there {
			added = append(added, tx.EducatorEmail.Create().SetEducatorID(p.row.ID).SetAddress(e.Address).SetAddressKey(key).SetVerified(e.Verified).SetCreateTime(tx.Now))
			had[key] = nil // twice in one request is once
		}
		for i, row := range rows {
			if row.Address == e.Address && verified[key] == e.Verified {
				continue
			}
			if err := row.Update().SetAddress(e.Address).SetVerified(e.Verified && (row.Verified || !verified[key] && i == 0)).Exec(ctx); err != nil {
				return err
			}
		}
	}
	return tx.EducatorEmail.CreateBulk(added...).Exec(ctx)
}

// number is a number by which others know somebody.
type number struct{ kind, district, value string }

func writeNumbers(ctx context.Context, tx *database.Tx, p *person, wanted []*pb.ExternalId) error {
	missing := map[number]bool{}
	for _, x := range wanted {
		missing[number{api.EnumWord(x.Kind), api.LastWord(x.GetDistrict()), x.Value}] = true
	}
	var gone []uuid.UUID
	for _, row := range p.ids {
		had := number{kind: row.Kind, value: row.Value}
		if row.DistrictID != nil {
			had.district = *row.DistrictID
		}
		if !missing[had] {
			gone = append(gone, row.ID)
		}
		delete(missing, had)
	}
	if _, err := tx.ExternalID.Delete().Where(externalid.IDIn(gone...)).Exec(ctx); err != nil {
		return err
	}
	var added []*ent.ExternalIDCreate
	for _, x := range wanted {
		one := number{api.EnumWord(x.Kind), api.LastWord(x.GetDistrict()), x.Value}
		if missing[one] {
			added = append(added, tx.ExternalID.Create().SetEducatorID(p.row.ID).SetKind(one.kind).SetNillableDistrictID(api.OptionalWord(x.GetDistrict())).SetValue(one.value).SetCreateTime(tx.Now))
		}
		delete(missing, one)
	}
	return tx.ExternalID.CreateBulk(added...).Exec(ctx)
}
