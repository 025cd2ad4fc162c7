package roleinventory

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/educator"
	"github.com/btlc/btlc/ent/predicate"
	"github.com/btlc/btlc/ent/roleassignment"
	"github.com/btlc/btlc/ent/school"
	pb "github.com/btlc/btlc/gen/go/btlc/roleinventory/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/record"
)

func heldAlready() *api.Error {
	return api.Errorf(api.AlreadyExists, "The educator has this role there on record already, without an end.")
}

var assignmentConflicts = api.Conflicts{"role_assignment_once": heldAlready, "role_assignment_district_once": heldAlready}

var assignmentList = &api.ListSpec{Default: "start_date desc", Columns: map[string]api.Column{
	"state": api.EnumColumn[pb.RoleAssignmentState](roleassignment.FieldState), "role": {Name: roleassignment.FieldRoleID, Kind: api.UUIDNameColumn},
	"school": {Name: roleassignment.FieldSchoolID, Kind: api.UUIDNameColumn, FilterOnly: true}, "start_date": {Name: roleassignment.FieldStartDate, Kind: api.DayColumn},
	"create_time": {Name: roleassignment.FieldCreateTime, Kind: api.InstantColumn},
}}

func assignmentProto(row *ent.RoleAssignment) *pb.RoleAssignment {
	out := &pb.RoleAssignment{
		Name: api.Name("btlc/RoleAssignment", row.EducatorID, row.ID), Role: api.Name("btlc/Role", row.DistrictID, row.RoleID),
		State: api.EnumOf[pb.RoleAssignmentState](row.State), StartDate: api.Date(row.StartDate), EndDate: api.OptionalDate(row.EndDate), Note: row.Note,
		ConfirmTime: api.OptionalTimestamp(row.ConfirmTime), ConfirmedBy: row.ConfirmedBy, Reason: row.Reason,
		CreateTime: api.Timestamp(row.CreateTime), UpdateTime: api.Timestamp(row.UpdateTime), Etag: api.Etag(row.Version),
	}
	if row.SchoolID != nil {
		out.School = api.Name("btlc/School", row.DistrictID, *row.SchoolID)
	}
	return out
}

func tenureOf(row *ent.RoleAssignment) tenure {
	return tenure{State: row.State, Start: row.StartDate, End: row.EndDate, ConfirmTime: row.ConfirmTime, ConfirmedBy: row.ConfirmedBy, Reason: row.Reason}
}

func ofAssignment(name string) predicate.RoleAssignment {
	return roleassignment.And(roleassignment.ID(api.LastUUID(name)), roleassignment.EducatorID(api.PartUUID(name, 0)))
}

func (s store) assignment(ctx context.Context, name string) (*pb.RoleAssignment, error) {
	row, err := s.db.Ent().RoleAssignment.Query().Where(ofAssignment(name)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, api.Missing(name)
	} else if err != nil {
		return nil, err
	}
	return assignmentProto(row), nil
}

func (s store) listAssignments(ctx context.Context, req *pb.ListRoleAssignmentsRequest) (*pb.ListRoleAssignmentsResponse, error) {
	id := api.LastUUID(req.GetParent())
	if found, err := s.db.Ent().Educator.Query().Where(educator.ID(id)).Exist(ctx); err != nil {
		return nil, err
	} else if !found {
		return nil, api.Missing(req.GetParent())
	}
	return s.pageOfAssignments(ctx, req, roleassignment.EducatorID(id))
}

// listAllAssignments lists those of educators within the scopes, and those of roles that are held there.
func (s store) listAllAssignments(ctx context.Context, req *pb.ListRoleAssignmentsRequest, everywhere bool, scopes []string) (*pb.ListRoleAssignmentsResponse, error) {
	if everywhere {
		return s.pageOfAssignments(ctx, req)
	}
	within := []predicate.RoleAssignment{record.Within(scopes, roleassignment.FieldEducatorID, s.db.Now())}
	for _, scope := range scopes {
		if parts := strings.Split(scope, "/"); parts[0] == "districts" && len(parts) == 2 {
			within = append(within, roleassignment.DistrictID(parts[1]))
		} else if parts[0] == "districts" {
			within = append(within, roleassignment.SchoolID(api.LastUUID(scope)))
		}
	}
	return s.pageOfAssignments(ctx, req, roleassignment.Or(within...))
}

func (s store) pageOfAssignments(ctx context.Context, req *pb.ListRoleAssignmentsRequest, where ...predicate.RoleAssignment) (*pb.ListRoleAssignmentsResponse, error) {
	q, err := api.ParseList(req, assignmentList)
	if err != nil {
		return nil, err
	}
	rows, err := s.db.Ent().RoleAssignment.Query().Where(where...).Where(predicate.RoleAssignment(q.Apply)).All(ctx)
	if err != nil {
		return nil, err
	}
	items, next := api.Page(q, rows, assignmentProto)
	return &pb.ListRoleAssignmentsResponse{RoleAssignments: items, NextPageToken: next}, nil
}

// checkEducator says whether the educator is there.
func checkEducator(ctx context.Context, tx *database.Tx, id uuid.UUID, name string) error {
	if found, err := tx.Educator.Query().Where(educator.ID(id)).Exist(ctx); err != nil || found {
		return err
	}
	return api.Missing(name)
}

func (s store) createAssignment(ctx context.Context, tx *database.Tx, parent string, in *pb.RoleAssignment, by string) (*pb.RoleAssignment, error) {
	start, err := api.Day("roleAssignment.startDate", in.StartDate)
	if err != nil {
		return nil, err
	}
	end, err := api.OptionalDay("roleAssignment.endDate", in.EndDate)
	if err != nil {
		return nil, err
	}
	t := tenure{State: assignmentLife.First(), Start: start, End: end}
	if err := checkDates("roleAssignment.endDate", start, end); err != nil {
		return nil, err
	}
	educatorID, schoolID := api.LastUUID(parent), api.OptionalUUID(in.School)
	if err := checkEducator(ctx, tx, educatorID, parent); err != nil {
		return nil, err
	}
	if err := checkPlace(ctx, tx, in); err != nil {
		return nil, err
	}
	row, err := tx.RoleAssignment.Create().SetEducatorID(educatorID).SetRoleID(api.LastUUID(in.Role)).SetDistrictID(api.Part(in.Role, 0)).SetNillableSchoolID(schoolID).
		SetState(t.State).SetStartDate(t.Start).SetNillableEndDate(t.End).SetNote(in.Note).SetReportedBy(by).SetCreateTime(tx.Now).SetUpdateTime(tx.Now).Save(ctx)
	if err != nil {
		return nil, assignmentConflicts.Translate(err)
	}
	return assignmentProto(row), nil
}

// checkPlace says whether the role is there, and the school is one of the role's district.
func checkPlace(ctx context.Context, tx *database.Tx, in *pb.RoleAssignment) error {
	if found, err := tx.Role.Query().Where(ofRole(in.Role)).Exist(ctx); err != nil {
		return err
	} else if !found {
		return api.InvalidField("roleAssignment.role", "is a role that is there")
	}
	if in.School == "" {
		return nil
	}
	found, err := tx.School.Query().Where(school.ID(api.LastUUID(in.School)), school.DistrictID(api.Part(in.School, 0)), school.DistrictID(api.Part(in.Role, 0))).Exist(ctx)
	if err != nil {
		return err
	} else if !found {
		return api.InvalidField("roleAssignment.school", "is a school of the role's district, %s", districtOf(in))
	}
	return nil
}

// changeAssignment locks an assignment and takes it one step further. today is the day in its district.
func (s store) changeAssignment(ctx context.Context, tx *database.Tx, req proto.Message, name string, step func(t tenure, today time.Time) (tenure, error)) (*pb.RoleAssignment, error) {
	row, err := tx.RoleAssignment.Query().Where(ofAssignment(name)).WithDistrict().ForUpdate().Only(ctx)
	if ent.IsNotFound(err) {
		return nil, api.Missing(name)
	} else if err != nil {
		return nil, err
	}
	if err := api.CheckEtag(ctx, req.ProtoReflect(), assignmentProto(row)); err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(row.Edges.District.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("district %s: %w", row.DistrictID, err)
	}
	was := tenureOf(row)
	next, err := step(was, api.LocalDay(tx.Now, zone))
	if err != nil {
		return nil, err
	}
	update := row.Update().SetState(next.State).SetReason(next.Reason).SetConfirmedBy(next.ConfirmedBy).SetUpdateTime(tx.Now).AddVersion(1)
	if next.ConfirmTime != nil {
		update.SetConfirmTime(*next.ConfirmTime)
	} else {
		update.ClearConfirmTime()
	}
	if next.End != nil {
		update.SetEndDate(*next.End)
	}
	if row, err = update.Save(ctx); err != nil {
		return nil, assignmentConflicts.Translate(err)
	}
	return assignmentProto(row), nil
}
