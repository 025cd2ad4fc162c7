package roleinventory

import (
	"context"
	"fmt"
	"slices"
	"time"

	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/protobuf/proto"

	pb "github.com/btlc/btlc/gen/go/btlc/roleinventory/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/record"
)

// districtOf is the district of an assignment: that of its role.
func districtOf(a *pb.RoleAssignment) string { return api.Name("btlc/District", api.Part(a.Role, 0)) }

// placeOf is where an assignment's role is held: its school, which the school's district contains, or the district.
func placeOf(a *pb.RoleAssignment) string {
	if a.School != "" {
		return a.School
	}
	return districtOf(a)
}

// educatorOf is the educator in the name of an assignment.
func educatorOf(name string) string { return api.Name("btlc/Educator", api.Part(name, 0)) }

// load gets an assignment that the caller may know of: by its educator, or by the place where the role is held, which may
// be one that the educator has left.
func (s *Service) load(ctx context.Context, name string) (*pb.RoleAssignment, error) {
	a, err := s.store.assignment(ctx, name)
	if err != nil {
		return nil, err
	}
	scopes, err := record.Scopes(ctx, s.store.db.Ent(), api.PartUUID(name, 0), s.store.db.Now())
	if err != nil {
		return nil, err
	}
	if err := access.Authorize(ctx, name, append(scopes, placeOf(a))...); err != nil {
		return nil, err
	}
	return a, nil
}

// mayDecide says whether the caller may confirm or dispute an assignment: for the place where it is held, and never
// their own.
func (s *Service) mayDecide(ctx context.Context, name string) error {
	a, err := s.load(ctx, name)
	if err != nil {
		return err
	}
	if access.Authorize(ctx, name, placeOf(a)) != nil {
		return api.Errorf(api.PermissionDenied, "This is for %s to confirm or dispute.", placeOf(a)).With("scope", placeOf(a))
	}
	if access.Is(ctx, educatorOf(name)) {
		return api.Errorf(api.OwnWork, "The role is your own: somebody else confirms or disputes it.")
	}
	return nil
}

// GetRoleAssignment gets a role assignment.
func (s *Service) GetRoleAssignment(ctx context.Context, req *pb.GetRoleAssignmentRequest) (*pb.GetRoleAssignmentResponse, error) {
	a, err := s.load(ctx, req.GetName())
	return &pb.GetRoleAssignmentResponse{RoleAssignment: a}, err
}

// ListRoleAssignments lists the role assignments of an educator, or of all whom the caller may see.
func (s *Service) ListRoleAssignments(ctx context.Context, req *pb.ListRoleAssignmentsRequest) (*pb.ListRoleAssignmentsResponse, error) {
	if api.LastWord(req.GetParent()) == "-" {
		everywhere, scopes := access.Reach(ctx)
		return s.store.listAllAssignments(ctx, req, everywhere, scopes)
	}
	if err := s.authorizeEducator(ctx, req.GetParent()); err != nil {
		return nil, err
	}
	api.Saw(ctx, api.LastUUID(req.GetParent()))
	return s.store.listAssignments(ctx, req)
}

func (s *Service) authorizeEducator(ctx context.Context, name string) error {
	scopes, err := record.Scopes(ctx, s.store.db.Ent(), api.LastUUID(name), s.store.db.Now())
	if err != nil {
		return err
	}
	return access.Authorize(ctx, name, scopes...)
}

// CreateRoleAssignment reports that an educator holds a role.
func (s *Service) CreateRoleAssignment(ctx context.Context, req *pb.CreateRoleAssignmentRequest) (*pb.CreateRoleAssignmentResponse, error) {
	if err := s.authorizeEducator(ctx, req.GetParent()); err != nil {
		return nil, err
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.CreateRoleAssignmentResponse, error) {
		a, err := s.store.createAssignment(ctx, tx, req.GetParent(), req.GetRoleAssignment(), access.CallerOf(ctx).Principal)
		if err != nil {
			return nil, err
		}
		return &pb.CreateRoleAssignmentResponse{RoleAssignment: a}, announce(ctx, tx, a, "CREATED")
	})
}

// ConfirmRoleAssignment confirms that the educator holds the role.
func (s *Service) ConfirmRoleAssignment(ctx context.Context, req *pb.ConfirmRoleAssignmentRequest) (*pb.ConfirmRoleAssignmentResponse, error) {
	if err := s.mayDecide(ctx, req.GetName()); err != nil {
		return nil, err
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.ConfirmRoleAssignmentResponse, error) {
		a, err := s.change(ctx, tx, req, req.GetName(), func(t tenure, _ time.Time) (tenure, error) {
			return t.confirm(access.CallerOf(ctx).Principal, tx.Now)
		})
		if err != nil {
			return nil, err
		}
		if err := s.confirmed(ctx, tx, api.PartUUID(req.GetName(), 0)); err != nil {
			return nil, err
		}
		tx.Wrote(a.Name)
		return &pb.ConfirmRoleAssignmentResponse{RoleAssignment: a}, nil
	})
}

// DisputeRoleAssignment says that the educator does not hold the role.
func (s *Service) DisputeRoleAssignment(ctx context.Context, req *pb.DisputeRoleAssignmentRequest) (*pb.DisputeRoleAssignmentResponse, error) {
	if err := s.mayDecide(ctx, req.GetName()); err != nil {
		return nil, err
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.DisputeRoleAssignmentResponse, error) {
		a, err := s.change(ctx, tx, req, req.GetName(), func(t tenure, _ time.Time) (tenure, error) {
			return t.dispute(req.GetReason())
		})
		return &pb.DisputeRoleAssignmentResponse{RoleAssignment: a}, err
	})
}

// EndRoleAssignment sets the last day of a role. It is for those who report, but of the places only for the one where the
// role is held: what one district has confirmed is not for another to end.
func (s *Service) EndRoleAssignment(ctx context.Context, req *pb.EndRoleAssignmentRequest) (*pb.EndRoleAssignmentResponse, error) {
	a, err := s.load(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	if access.Authorize(ctx, req.GetName(), educatorOf(req.GetName()), placeOf(a)) != nil {
		return nil, api.Errorf(api.PermissionDenied, "This is for the educator and for %s to end.", placeOf(a)).With("scope", placeOf(a))
	}
	day, err := api.Day("endDate", req.GetEndDate())
	if err != nil {
		return nil, err
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.EndRoleAssignmentResponse, error) {
		a, err := s.change(ctx, tx, req, req.GetName(), func(t tenure, today time.Time) (tenure, error) {
			return t.end(day, today, req.GetReason())
		})
		return &pb.EndRoleAssignmentResponse{RoleAssignment: a}, err
	})
}

func (s *Service) change(ctx context.Context, tx *database.Tx, req proto.Message, name string, step func(t tenure, today time.Time) (tenure, error)) (*pb.RoleAssignment, error) {
	a, err := s.store.changeAssignment(ctx, tx, req, name, step)
	if err != nil {
		return nil, err
	}
	return a, announce(ctx, tx, a, "UPDATED")
}

// announce tells those whom the educator's record concerns, and the district of the role, which may be one that the
// educator has left.
func announce(ctx context.Context, tx *database.Tx, a *pb.RoleAssignment, kind string) error {
	educator := api.PartUUID(a.Name, 0)
	tx.Concerns(educator)
	tx.Wrote(a.Name)
	streams, keys, err := record.Audience(ctx, tx.Client, educator, tx.Now)
	if err != nil {
		return err
	}
	if district := districtOf(a); !slices.Contains(streams, district) {
		streams = append(streams, district)
	}
	tx.Emit(database.Change{Streams: streams, Resource: a.Name, Type: "btlc/RoleAssignment", Version: api.VersionOf(a.Etag), Kind: kind, NaturalKeys: keys, State: feedState(a)})
	return nil
}

// feedState is what a consumer needs to know. Dates are texts such as 2026-09-30; no endDate while there is none.
func feedState(a *pb.RoleAssignment) map[string]any {
	state := map[string]any{"educator": educatorOf(a.Name), "role": a.Role, "state": api.EnumWord(a.State), "startDate": isoDate(a.StartDate)}
	if a.EndDate != nil {
		state["endDate"] = isoDate(a.EndDate)
	}
	return state
}

func isoDate(d *date.Date) string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }
