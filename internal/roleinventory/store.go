package roleinventory

import (
	"context"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/district"
	"github.com/btlc/btlc/ent/predicate"
	"github.com/btlc/btlc/ent/role"
	"github.com/btlc/btlc/ent/rolefamily"
	pb "github.com/btlc/btlc/gen/go/btlc/roleinventory/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

type store struct{ db *database.DB }

var roleConflicts = api.Conflicts{
	"role_name_once": func() *api.Error {
		return api.Errorf(api.AlreadyExists, "There is a role with this name in the district already.")
	},
	"roles_role_families_role_family": func() *api.Error {
		return api.InvalidField("role.roleFamily", "is a role family that is there")
	},
}

var familyList = &api.ListSpec{Default: "name", Columns: map[string]api.Column{
	"name": {Name: rolefamily.FieldID, Kind: api.WordNameColumn}, "title": {Name: rolefamily.FieldTitle}, "create_time": {Name: rolefamily.FieldCreateTime, Kind: api.InstantColumn},
}}

func familyProto(row *ent.RoleFamily) *pb.RoleFamily {
	return &pb.RoleFamily{
		Name: api.Name("btlc/RoleFamily", row.ID), Title: row.Title, Description: row.Description, Sources: row.Sources,
		CreateTime: api.Timestamp(row.CreateTime),
	}
}

func (s store) family(ctx context.Context, name string) (*pb.RoleFamily, error) {
	row, err := s.db.Ent().RoleFamily.Get(ctx, api.LastWord(name))
	if ent.IsNotFound(err) {
		return nil, api.Missing(name)
	} else if err != nil {
		return nil, err
	}
	return familyProto(row), nil
}

func (s store) listFamilies(ctx context.Context, req *pb.ListRoleFamiliesRequest) (*pb.ListRoleFamiliesResponse, error) {
	q, err := api.ParseList(req, familyList)
	if err != nil {
		return nil, err
	}
	rows, err := s.db.Ent().RoleFamily.Query().Where(predicate.RoleFamily(q.Apply)).All(ctx)
	if err != nil {
		return nil, err
	}
	items, next := api.Page(q, rows, familyProto)
	return &pb.ListRoleFamiliesResponse{RoleFamilies: items, NextPageToken: next}, nil
}

var roleList = &api.ListSpec{Default: "display_name", Columns: map[string]api.Column{
	"display_name": {Name: role.FieldDisplayName}, "role_family": {Name: role.FieldRoleFamilyID, Kind: api.WordNameColumn, FilterOnly: true},
	"kind": api.EnumColumn[pb.RoleKind](role.FieldKind), "create_time": {Name: role.FieldCreateTime, Kind: api.InstantColumn},
}}

func roleProto(row *ent.Role) *pb.Role {
	out := &pb.Role{
		Name: api.Name("btlc/Role", row.DistrictID, row.ID), DisplayName: row.DisplayName, Kind: api.EnumOf[pb.RoleKind](row.Kind),
		Description: row.Description, Sources: row.Sources,
		CreateTime: api.Timestamp(row.CreateTime), UpdateTime: api.Timestamp(row.UpdateTime), Etag: api.Etag(row.Version),
	}
	if row.RoleFamilyID != nil {
		out.RoleFamily = api.Name("btlc/RoleFamily", *row.RoleFamilyID)
	}
	return out
}

func ofRole(name string) predicate.Role {
	return role.And(role.ID(api.LastUUID(name)), role.DistrictID(api.Part(name, 0)))
}

func (s store) role(ctx context.Context, name string) (*pb.Role, error) {
	row, err := s.db.Ent().Role.Query().Where(ofRole(name)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, api.Missing(name)
	} else if err != nil {
		return nil, err
	}
	return roleProto(row), nil
}

func districtExists(ctx context.Context, db *ent.Client, name string) error {
	found, err := db.District.Query().Where(district.ID(api.LastWord(name))).Exist(ctx)
	if err != nil {
		return err
	} else if !found {
		return api.Missing(name)
	}
	return nil
}

func (s store) listRoles(ctx context.Context, req *pb.ListRolesRequest) (*pb.ListRolesResponse, error) {
	q, err := api.ParseList(req, roleList)
	if err != nil {
		return nil, err
	}
	query := s.db.Ent().Role.Query()
	if parent := api.LastWord(req.GetParent()); parent != "-" {
		if err := districtExists(ctx, s.db.Ent(), req.GetParent()); err != nil {
			return nil, err
		}
		query.Where(role.DistrictID(parent))
	}
	rows, err := query.Where(predicate.Role(q.Apply)).All(ctx)
	if err != nil {
		return nil, err
	}
	items, next := api.Page(q, rows, roleProto)
	return &pb.ListRolesResponse{Roles: items, NextPageToken: next}, nil
}

func (s store) createRole(ctx context.Context, tx *database.Tx, parent string, in *pb.Role) (*pb.Role, error) {
	if err := districtExists(ctx, tx.Client, parent); err != nil {
		return nil, err
	}
	row, err := tx.Role.Create().SetDistrictID(api.LastWord(parent)).SetDisplayName(in.DisplayName).SetNillableRoleFamilyID(api.OptionalWord(in.RoleFamily)).
		SetKind(api.EnumWord(in.Kind)).SetDescription(in.Description).SetCreateTime(tx.Now).SetUpdateTime(tx.Now).Save(ctx)
	if err != nil {
		return nil, roleConflicts.Translate(err)
	}
	return roleProto(row), nil
}

func (s store) updateRole(ctx context.Context, tx *database.Tx, req *pb.UpdateRoleRequest) (*pb.Role, error) {
	name := req.GetRole().GetName()
	row, err := tx.Role.Query().Where(ofRole(name)).ForUpdate().Only(ctx)
	if ent.IsNotFound(err) {
		return nil, api.Missing(name)
	} else if err != nil {
		return nil, err
	}
	next, err := api.ApplyMask(ctx, req, roleProto(row))
	if err != nil {
		return nil, err
	}
	update := row.Update().SetDisplayName(next.DisplayName).SetKind(api.EnumWord(next.Kind)).SetDescription(next.Description).
		SetUpdateTime(tx.Now).AddVersion(1)
	if next.RoleFamily != "" {
		update.SetRoleFamilyID(api.LastWord(next.RoleFamily))
	} else {
		update.ClearRoleFamilyID()
	}
	if row, err = update.Save(ctx); err != nil {
		return nil, roleConflicts.Translate(err)
	}
	return roleProto(row), nil
}
