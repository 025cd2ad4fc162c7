package directory

import (
	"context"
	"time"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/district"
	"github.com/btlc/btlc/ent/institution"
	"github.com/btlc/btlc/ent/predicate"
	"github.com/btlc/btlc/ent/school"
	pb "github.com/btlc/btlc/gen/go/btlc/directory/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

type store struct{ db *database.DB }

var conflicts = api.Conflicts{
	"districts_pkey":         exists("a district with this id"),
	"institutions_pkey":      exists("an institution with this id"),
	"school_local_code_once": exists("a school with this local code in the district"),
	"educator_email_once":    exists("a person with one of these verified e-mail addresses"),
	"employee_id_once":       exists("a person with one of these employee ids in the district"),
	"state_educator_id_once": exists("a person with one of these state educator ids"),
	"external_id_district": func() *api.Error {
		return api.InvalidField("educator.externalIds", "names the district with each employee id, and with no other number")
	},
	"external_ids_districts_district": func() *api.Error {
		return api.Errorf(api.ReferenceNotFound, "One of the external ids names a district that is not there.")
	},
}

func exists(what string) func() *api.Error {
	return func() *api.Error { return api.Errorf(api.AlreadyExists, "There is %s already.", what) }
}

var districtList = &api.ListSpec{Default: "name", Columns: map[string]api.Column{
	"name": {Name: district.FieldID, Kind: api.WordNameColumn}, "display_name": {Name: district.FieldDisplayName}, "state_code": {Name: district.FieldStateCode},
	"create_time": {Name: district.FieldCreateTime, Kind: api.InstantColumn},
}}

func districtProto(row *ent.District) *pb.District {
	return &pb.District{
		Name: api.Name("btlc/District", row.ID), DisplayName: row.DisplayName, StateCode: row.StateCode, TimeZone: row.TimeZone,
		CreateTime: api.Timestamp(row.CreateTime), UpdateTime: api.Timestamp(row.UpdateTime), Etag: api.Etag(row.Version),
	}
}

func (s store) district(ctx context.Context, name string) (*pb.District, error) {
	row, err := s.db.Ent().District.Get(ctx, api.LastWord(name))
	if ent.IsNotFound(err) {
		return nil, api.Missing(name)
	} else if err != nil {
		return nil, err
	}
	return districtProto(row), nil
}

func (s store) listDistricts(ctx context.Context, req *pb.ListDistrictsRequest) (*pb.ListDistrictsResponse, error) {
	q, err := api.ParseList(req, districtList)
	if err != nil {
		return nil, err
	}
	rows, err := s.db.Ent().District.Query().Where(predicate.District(q.Apply)).All(ctx)
	if err != nil {
		return nil, err
	}
	items, next := api.Page(q, rows, districtProto)
	return &pb.ListDistrictsResponse{Districts: items, NextPageToken: next}, nil
}

func (s store) createDistrict(ctx context.Context, tx *database.Tx, id string, d *pb.District) (*pb.District, error) {
	zone, err := time.LoadLocation(d.TimeZone)
	if err != nil {
		return nil, err
	}
	row, err := tx.District.Create().SetID(id).SetDisplayName(d.DisplayName).SetStateCode(d.StateCode).SetTimeZone(d.TimeZone).SetToldDay(api.LocalDay(tx.Now, zone)).
		SetCreateTime(tx.Now).SetUpdateTime(tx.Now).Save(ctx)
	if err != nil {
		return nil, conflicts.Translate(err)
	}
	return districtProto(row), nil
}

func (s store) updateDistrict(ctx context.Context, tx *database.Tx, req *pb.UpdateDistrictRequest) (*pb.District, error) {
	name := req.GetDistrict().GetName()
	row, err := tx.District.Query().Where(district.ID(api.LastWord(name))).ForUpdate().Only(ctx)
	if ent.IsNotFound(err) {
		return nil, api.Missing(name)
	} else if err != nil {
		return nil, err
	}
	next, err := api.ApplyMask(ctx, req, districtProto(row))
	if err != nil {
		return nil, err
	}
	row, err = row.Update().SetDisplayName(next.DisplayName).SetStateCode(next.StateCode).SetTimeZone(next.TimeZone).
		SetUpdateTime(tx.Now).AddVersion(1).Save(ctx)
	if err != nil {
		return nil, conflicts.Translate(err)
	}
	return districtProto(row), nil
}

var schoolList = &api.ListSpec{Default: "display_name", Columns: map[string]api.Column{
	"display_name": {Name: school.FieldDisplayName}, "local_code": {Name: school.FieldLocalCode}, "create_time": {Name: school.FieldCreateTime, Kind: api.InstantColumn},
}}

func schoolProto(row *ent.School) *pb.School {
	return &pb.School{
		Name: api.Name("btlc/School", row.DistrictID, row.ID), DisplayName: row.DisplayName, LocalCode: row.LocalCode, PrincipalEmail: row.PrincipalEmail,
		CreateTime: api.Timestamp(row.CreateTime), UpdateTime: api.Timestamp(row.UpdateTime), Etag: api.Etag(row.Version),
	}
}

func ofSchool(name string) predicate.School {
	return school.And(school.ID(api.LastUUID(name)), school.DistrictID(api.Part(name, 0)))
}

func (s store) school(ctx context.Context, name string) (*pb.School, error) {
	row, err := s.db.Ent().School.Query().Where(ofSchool(name)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, api.Missing(name)
	} else if err != nil {
		return nil, err
	}
	return schoolProto(row), nil
}

func (s store) listSchools(ctx context.Context, req *pb.ListSchoolsRequest) (*pb.ListSchoolsResponse, error) {
	q, err := api.ParseList(req, schoolList)
	if err != nil {
		return nil, err
	}
	query := s.db.Ent().School.Query()
	if parent := api.LastWord(req.GetParent()); parent != "-" {
		if _, err := s.district(ctx, req.GetParent()); err != nil {
			return nil, err
		}
		query.Where(school.DistrictID(parent))
	}
	rows, err := query.Where(predicate.School(q.Apply)).All(ctx)
	if err != nil {
		return nil, err
	}
	items, next := api.Page(q, rows, schoolProto)
	return &pb.ListSchoolsResponse{Schools: items, NextPageToken: next}, nil
}

func newSchool(tx *database.Tx, district, name, code string) *ent.SchoolCreate {
	return tx.School.Create().SetDistrictID(district).SetDisplayName(name).SetLocalCode(code).SetCreateTime(tx.Now).SetUpdateTime(tx.Now)
}

func (s store) createSchool(ctx context.Context, tx *database.Tx, parent string, in *pb.School) (*pb.School, error) {
	if found, err := tx.District.Query().Where(district.ID(api.LastWord(parent))).Exist(ctx); err != nil || !found {
		return nil, orMissing(err, parent)
	}
	row, err := newSchool(tx, api.LastWord(parent), in.DisplayName, in.LocalCode).SetPrincipalEmail(in.PrincipalEmail).Save(ctx)
	if err != nil {
		return nil, conflicts.Translate(err)
	}
	return schoolProto(row), nil
}

func orMissing(err error, name string) error {
	if err != nil {
		return err
	}
	return api.Missing(name)
}

func (s store) updateSchool(ctx context.Context, tx *database.Tx, req *pb.UpdateSchoolRequest) (*pb.School, error) {
	row, err := tx.School.Query().Where(ofSchool(req.GetSchool().GetName())).ForUpdate().Only(ctx)
	if ent.IsNotFound(err) {
		return nil, api.Missing(req.GetSchool().GetName())
	} else if err != nil {
		return nil, err
	}
	next, err := api.ApplyMask(ctx, req, schoolProto(row))
	if err != nil {
		return nil, err
	}
	row, err = row.Update().SetDisplayName(next.DisplayName).SetLocalCode(next.LocalCode).SetPrincipalEmail(next.PrincipalEmail).SetUpdateTime(tx.Now).AddVersion(1).Save(ctx)
	if err != nil {
		return nil, conflicts.Translate(err)
	}
	return schoolProto(row), nil
}

var institutionList = &api.ListSpec{Default: "name", Columns: map[string]api.Column{
	"name": {Name: institution.FieldID, Kind: api.WordNameColumn}, "display_name": {Name: institution.FieldDisplayName}, "create_time": {Name: institution.FieldCreateTime, Kind: api.InstantColumn},
}}

func institutionProto(row *ent.Institution) *pb.Institution {
	return &pb.Institution{
		Name: api.Name("btlc/Institution", row.ID), DisplayName: row.DisplayName,
		CreateTime: api.Timestamp(row.CreateTime), UpdateTime: api.Timestamp(row.UpdateTime), Etag: api.Etag(row.Version),
	}
}

func (s store) institution(ctx context.Context, name string) (*pb.Institution, error) {
	row, err := s.db.Ent().Institution.Get(ctx, api.LastWord(name))
	if ent.IsNotFound(err) {
		return nil, api.Missing(name)
	} else if err != nil {
		return nil, err
	}
	return institutionProto(row), nil
}

func (s store) listInstitutions(ctx context.Context, req *pb.ListInstitutionsRequest) (*pb.ListInstitutionsResponse, error) {
	q, err := api.ParseList(req, institutionList)
	if err != nil {
		return nil, err
	}
	rows, err := s.db.Ent().Institution.Query().Where(predicate.Institution(q.Apply)).All(ctx)
	if err != nil {
		return nil, err
	}
	items, next := api.Page(q, rows, institutionProto)
	return &pb.ListInstitutionsResponse{Institutions: items, NextPageToken: next}, nil
}

func (s store) createInstitution(ctx context.Context, tx *database.Tx, id string, in *pb.Institution) (*pb.Institution, error) {
	row, err := tx.Institution.Create().SetID(id).SetDisplayName(in.DisplayName).SetCreateTime(tx.Now).SetUpdateTime(tx.Now).Save(ctx)
	if err != nil {
		return nil, conflicts.Translate(err)
	}
	return institutionProto(row), nil
}

func (s store) updateInstitution(ctx context.Context, tx *database.Tx, req *pb.UpdateInstitutionRequest) (*pb.Institution, error) {
	row, err := tx.Institution.Query().Where(institution.ID(api.LastWord(req.GetInstitution().GetName()))).ForUpdate().Only(ctx)
	if ent.IsNotFound(err) {
		return nil, api.Missing(req.GetInstitution().GetName())
	} else if err != nil {
		return nil, err
	}
	next, err := api.ApplyMask(ctx, req, institutionProto(row))
	if err != nil {
		return nil, err
	}
	row, err = row.Update().SetDisplayName(next.DisplayName).SetUpdateTime(tx.Now).AddVersion(1).Save(ctx)
	if err != nil {
		return nil, err
	}
	return institutionProto(row), nil
}
