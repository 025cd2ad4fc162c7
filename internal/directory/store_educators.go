package directory

import (
	"context"
	"strings"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/educator"
	"github.com/btlc/btlc/ent/educatoremail"
	"github.com/btlc/btlc/ent/educatorname"
	"github.com/btlc/btlc/ent/externalid"
	"github.com/btlc/btlc/ent/predicate"
	pb "github.com/btlc/btlc/gen/go/btlc/directory/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/record"
)

var educatorList = &api.ListSpec{Default: "family_name", Columns: map[string]api.Column{
	"family_name": {Name: educator.FieldFamilyName}, "given_name": {Name: educator.FieldGivenName}, "create_time": {Name: educator.FieldCreateTime, Kind: api.InstantColumn},
}}

// person is an educator with what belongs to them.
type person struct {
	row    *ent.Educator
	names  []*ent.EducatorName
	emails []*ent.EducatorEmail
	ids    []*ent.ExternalID
}

func (p *person) proto() *pb.Educator {
	out := &pb.Educator{
		Name: api.Name("btlc/Educator", p.row.ID), GivenName: p.row.GivenName, FamilyName: p.row.FamilyName,
		CreateTime: api.Timestamp(p.row.CreateTime), UpdateTime: api.Timestamp(p.row.UpdateTime), Etag: api.Etag(p.row.Version),
	}
	if p.row.MergedIntoID != nil {
		out.MergedInto = api.Name("btlc/Educator", *p.row.MergedIntoID)
	}
	for _, n := range p.names {
		out.PastNames = append(out.PastNames, &pb.PersonName{GivenName: n.GivenName, FamilyName: n.FamilyName, RecordTime: api.Timestamp(n.RecordTime)})
	}
	shown := map[string]*pb.EmailAddress{}
	for _, e := range p.emails {
		one := shown[e.AddressKey]
		if one == nil { // else the record that was merged had it too
			one = &pb.EmailAddress{Address: e.Address}
			shown[e.AddressKey], out.Emails = one, append(out.Emails, one)
		}
		one.Verified = one.Verified || e.Verified
	}
	for _, id := range p.ids {
		external := &pb.ExternalId{Kind: api.EnumOf[pb.ExternalIdKind](id.Kind), Value: id.Value}
		if id.DistrictID != nil {
			external.District = api.Name("btlc/District", *id.DistrictID)
		}
		out.ExternalIds = append(out.ExternalIds, external)
	}
	return out
}

// people loads what belongs to educators: three queries, however many they are.
func (s store) people(ctx context.Context, db *ent.Client, rows []*ent.Educator) ([]*person, error) {
	byID := map[uuid.UUID]*person{}
	all, ids := make([]*person, len(rows)), make([]uuid.UUID, len(rows))
	for i, row := range rows {
		all[i], ids[i] = &person{row: row}, row.ID
		byID[row.ID] = all[i]
	}
	names, err := db.EducatorName.Query().Where(educatorname.EducatorIDIn(ids...)).Order(ent.Desc(educatorname.FieldID)).All(ctx)
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		byID[n.EducatorID].names = append(byID[n.EducatorID].names, n)
	}
	emails, err := db.EducatorEmail.Query().Where(educatoremail.EducatorIDIn(ids...)).Order(ent.Asc(educatoremail.FieldID)).All(ctx)
	if err != nil {
		return nil, err
	}
	for _, e := range emails {
		byID[e.EducatorID].emails = append(byID[e.EducatorID].emails, e)
	}
	externals, err := db.ExternalID.Query().Where(externalid.EducatorIDIn(ids...)).Order(ent.Asc(externalid.FieldID)).All(ctx)
	if err != nil {
		return nil, err
	}
	for _, x := range externals {
		byID[x.EducatorID].ids = append(byID[x.EducatorID].ids, x)
	}
	return all, nil
}

func (s store) educator(ctx context.Context, db *ent.Client, id uuid.UUID, name string) (*person, error) {
	row, err := db.Educator.Get(ctx, id)
	if ent.IsNotFound(err) {
		return nil, api.Missing(name)
	} else if err != nil {
		return nil, err
	}
	found, err := s.people(ctx, db, []*ent.Educator{row})
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// findEducator finds whom a look-up means; uuid.Nil when nobody.
func (s store) findEducator(ctx context.Context, req *pb.LookupEducatorRequest) (uuid.UUID, error) {
	if req.GetEmail() != "" {
		e, err := s.db.Ent().EducatorEmail.Query().Where(educatoremail.AddressKey(strings.ToLower(req.GetEmail())), educatoremail.Verified(true)).Only(ctx)
		if err != nil {
			return uuid.Nil, ent.MaskNotFound(err)
		}
		return e.EducatorID, nil
	}
	where := []predicate.ExternalID{externalid.Kind("STATE_EDUCATOR_ID"), externalid.Value(req.GetStateEducatorId())}
	if req.GetEmployeeId() != "" {
		where = []predicate.ExternalID{externalid.Kind("EMPLOYEE_ID"), externalid.Value(req.GetEmployeeId()), externalid.DistrictID(api.LastWord(req.GetDistrict()))}
	}
	id, err := s.db.Ent().ExternalID.Query().Where(where...).Only(ctx)
	if err != nil {
		return uuid.Nil, ent.MaskNotFound(err)
	}
	return id.EducatorID, nil
}

func (s store) listEducators(ctx context.Context, req *pb.ListEducatorsRequest, everywhere bool, scopes []string) (*pb.ListEducatorsResponse, error) {
	q, err := api.ParseList(req, educatorList)
	if err != nil {
		return nil, err
	}
	query := s.db.Ent().Educator.Query().Where(educator.MergedIntoIDIsNil())
	if !everywhere {
		query.Where(predicate.Educator(record.Within(scopes, educator.FieldID, s.db.Now())))
	}
	rows, err := query.Where(predicate.Educator(q.Apply)).All(ctx)
	if err != nil {
		return nil, err
	}
	page, next := api.Page(q, rows, func(row *ent.Educator) *ent.Educator { return row })
	people, err := s.people(ctx, s.db.Ent(), page)
	if err != nil {
		return nil, err
	}
	answer := &pb.ListEducatorsResponse{NextPageToken: next}
	for _, p := range people {
		answer.Educators = append(answer.Educators, p.proto())
	}
	return answer, nil
}

// newPastName keeps the name that somebody has had until now; last is the name before that, if there was one.
func newPastName(tx *database.Tx, row *ent.Educator, last *ent.EducatorName) *ent.EducatorNameCreate {
	since := row.CreateTime
	if last != nil {
		since = last.CreateTime
	}
	return tx.EducatorName.Create().SetEducatorID(row.ID).SetGivenName(row.GivenName).SetFamilyName(row.FamilyName).SetRecordTime(since).SetCreateTime(tx.Now)
}

func (s store) createEducator(ctx context.Context, tx *database.Tx, in *pb.Educator) (*person, error) {
	row, err := tx.Educator.Create().SetGivenName(in.GivenName).SetFamilyName(in.FamilyName).SetCreateTime(tx.Now).SetUpdateTime(tx.Now).Save(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.writeContacts(ctx, tx, &person{row: row}, in); err != nil {
		return nil, err
	}
	return s.educator(ctx, tx.Client, row.ID, "")
}

// lockedEducator is the educator, held against others until the transaction ends; with noReference also against those who
// refer to them.
func (s store) lockedEducator(ctx context.Context, tx *database.Tx, name string, noReference bool) (*person, error) {
	strength := "FOR NO KEY UPDATE"
	if noReference {
		strength = "FOR UPDATE"
	}
	id, err := tx.Educator.Query().Where(educator.ID(api.LastUUID(name))).ForUpdate(sql.WithLockClause(strength)).OnlyID(ctx)
	if ent.IsNotFound(err) {
		return nil, api.Missing(name)
	} else if err != nil {
		return nil, err
	}
	return s.educator(ctx, tx.Client, id, name)
}

func (s store) updateEducator(ctx context.Context, tx *database.Tx, p *person, next *pb.Educator) (*person, error) {
	if next.GivenName != p.row.GivenName || next.FamilyName != p.row.FamilyName {
		var last *ent.EducatorName
		if len(p.names) > 0 {
			last = p.names[0]
		}
		if err := newPastName(tx, p.row, last).Exec(ctx); err != nil {
			return nil, err
		}
	}
	if err := tx.Educator.UpdateOneID(p.row.ID).SetGivenName(next.GivenName).SetFamilyName(next.FamilyName).SetUpdateTime(tx.Now).AddVersion(1).Exec(ctx); err != nil {
		return nil, err
	}
	if err := s.writeContacts(ctx, tx, p, next); err != nil {
		return nil, err
	}
	return s.educator(ctx, tx.Client, p.row.ID, next.Name)
}
