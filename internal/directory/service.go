// Package directory keeps the people and places of the program: districts and schools, educators, institutions.
package directory

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	pb "github.com/btlc/btlc/gen/go/btlc/directory/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/record"
)

// Service answers for districts, schools, educators and institutions.
type Service struct {
	pb.UnimplementedDirectoryServiceServer
	store store
	// rosters are whose turn it is to have one read.
	rosters *api.Turns
}

// New makes the service.
func New(db *database.DB) *Service {
	return &Service{store: store{db}, rosters: api.NewTurns("rosters being read", maxRosters, maxRostersOfOne, turnPatience)}
}

// authorize decides whether the caller may see an educator.
func (s *Service) authorize(ctx context.Context, educator uuid.UUID, name string) error {
	scopes, err := record.Scopes(ctx, s.store.db.Ent(), educator, s.store.db.Now())
	if err != nil {
		return err
	}
	return access.Authorize(ctx, name, scopes...)
}

// GetEducator gets an educator.
func (s *Service) GetEducator(ctx context.Context, req *pb.GetEducatorRequest) (*pb.GetEducatorResponse, error) {
	id := api.LastUUID(req.GetName())
	if err := s.authorize(ctx, id, req.GetName()); err != nil {
		return nil, err
	}
	p, err := s.store.educator(ctx, s.store.db.Ent(), id, req.GetName())
	if err != nil {
		return nil, err
	}
	return &pb.GetEducatorResponse{Educator: visible(ctx, p.proto())}, nil
}

// places are the districts of which the caller may see what is on record of an educator, for somebody of a district or of a
// school its own and no other; everywhere is true for the program's staff and for the educator.
func places(ctx context.Context, educator string) (everywhere bool, districts []string) {
	everywhere, scopes := access.Reach(ctx)
	if everywhere || access.Is(ctx, educator) {
		return true, nil
	}
	for _, scope := range scopes {
		if strings.HasPrefix(scope, "districts/") {
			districts = append(districts, api.Name("btlc/District", api.Part(scope, 0)))
		}
	}
	return false, districts
}

// visible is an educator as the caller may see them: a district sees its own employee id and no other's.
func visible(ctx context.Context, educator *pb.Educator) *pb.Educator {
	if everywhere, districts := places(ctx, educator.Name); !everywhere {
		educator.ExternalIds = slices.DeleteFunc(educator.ExternalIds, func(id *pb.ExternalId) bool {
			return id.District != "" && !slices.Contains(districts, id.District)
		})
	}
	return educator
}

// LookupEducator finds an educator by a number or address.
func (s *Service) LookupEducator(ctx context.Context, req *pb.LookupEducatorRequest) (*pb.LookupEducatorResponse, error) {
	given := 0
	for _, key := range []string{req.GetEmployeeId(), req.GetStateEducatorId(), req.GetEmail()} {
		if key != "" {
			given++
		}
	}
	if given != 1 {
		return nil, api.InvalidField("employeeId", "is given, or stateEducatorId, or email: exactly one of them")
	}
	if (req.GetEmployeeId() == "") != (req.GetDistrict() == "") {
		return nil, api.InvalidField("district", "goes with employeeId")
	}
	id, err := s.store.findEducator(ctx, req)
	if err != nil {
		return nil, err
	}
	const asked = "educators:lookup"
	if err := s.authorize(ctx, id, asked); err != nil {
		return nil, err
	}
	p, err := s.store.educator(ctx, s.store.db.Ent(), id, asked)
	if err != nil {
		return nil, err
	}
	seen := visible(ctx, p.proto())
	if req.GetEmployeeId() != "" && !slices.ContainsFunc(seen.ExternalIds, func(id *pb.ExternalId) bool { return id.District == req.GetDistrict() }) {
		return nil, api.Missing(asked) // who may not see a number must not find out whose it is
	}
	return &pb.LookupEducatorResponse{Educator: seen}, nil
}

// ListEducators lists the educators that the caller may see.
func (s *Service) ListEducators(ctx context.Context, req *pb.ListEducatorsRequest) (*pb.ListEducatorsResponse, error) {
	everywhere, scopes := access.Reach(ctx)
	answer, err := s.store.listEducators(ctx, req, everywhere, scopes)
	if err != nil {
		return nil, err
	}
	for _, e := range answer.Educators {
		visible(ctx, e)
	}
	return answer, nil
}

// CreateEducator creates an educator.
func (s *Service) CreateEducator(ctx context.Context, req *pb.CreateEducatorRequest) (*pb.CreateEducatorResponse, error) {
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.CreateEducatorResponse, error) {
		p, err := s.store.createEducator(ctx, tx, req.GetEducator())
		if err != nil {
			return nil, err
		}
		return &pb.CreateEducatorResponse{Educator: p.proto()}, announceEducator(ctx, tx, p, "CREATED")
	})
}

// UpdateEducator updates an educator; a change of name keeps the earlier one.
func (s *Service) UpdateEducator(ctx context.Context, req *pb.UpdateEducatorRequest) (*pb.UpdateEducatorResponse, error) {
	if err := s.authorize(ctx, api.LastUUID(req.GetEducator().GetName()), req.GetEducator().GetName()); err != nil {
		return nil, err
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.UpdateEducatorResponse, error) {
		p, err := s.store.lockedEducator(ctx, tx, req.GetEducator().GetName(), false)
		if err != nil {
			return nil, err
		}
		next, err := api.ApplyMask(ctx, req, p.proto())
		if err != nil {
			return nil, err
		}
		news := educatorNews{educator: p.row.ID, version: p.row.Version + 1, kind: "UPDATED", changed: differingFields(p.proto(), next)}
		if _, news.before, err = record.Audience(ctx, tx.Client, p.row.ID, tx.Now); err != nil {
			return nil, err
		}
		err = record.Retell(ctx, tx, []uuid.UUID{p.row.ID}, func() (err error) {
			p, err = s.store.updateEducator(ctx, tx, p, next)
			return err
		})
		if err != nil {
			return nil, err
		}
		return &pb.UpdateEducatorResponse{Educator: p.proto()}, announceEducators(ctx, tx, []educatorNews{news})
	})
}

// GetEmployment gets an employment.
func (s *Service) GetEmployment(ctx context.Context, req *pb.GetEmploymentRequest) (*pb.GetEmploymentResponse, error) {
	if err := s.authorize(ctx, api.PartUUID(req.GetName(), 0), req.GetName()); err != nil {
		return nil, err
	}
	e, err := s.store.employment(ctx, s.store.db.Ent(), req.GetName())
	if err != nil {
		return nil, err
	}
	if everywhere, districts := places(ctx, api.Name("btlc/Educator", api.PartUUID(req.GetName(), 0))); !everywhere && !slices.Contains(districts, e.District) {
		return nil, api.Missing(req.GetName())
	}
	return &pb.GetEmploymentResponse{Employment: e}, nil
}

// ListEmployments lists the employments of an educator.
func (s *Service) ListEmployments(ctx context.Context, req *pb.ListEmploymentsRequest) (*pb.ListEmploymentsResponse, error) {
	id := api.LastUUID(req.GetParent())
	if err := s.authorize(ctx, id, req.GetParent()); err != nil {
		return nil, err
	}
	if found, err := s.store.educatorExists(ctx, s.store.db.Ent(), id); err != nil || !found {
		return nil, orMissing(err, req.GetParent())
	}
	api.Saw(ctx, id)
	everywhere, districts := places(ctx, req.GetParent())
	return s.store.listEmployments(ctx, req, everywhere, districts)
}

// CreateEmployment records that an educator works somewhere.
func (s *Service) CreateEmployment(ctx context.Context, req *pb.CreateEmploymentRequest) (*pb.CreateEmploymentResponse, error) {
	id := api.LastUUID(req.GetParent())
	if err := s.authorize(ctx, id, req.GetParent()); err != nil {
		return nil, err
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.CreateEmploymentResponse, error) {
		if found, err := s.store.educatorExists(ctx, tx.Client, id); err != nil || !found {
			return nil, orMissing(err, req.GetParent())
		}
		var e *pb.Employment
		err := s.store.changeEmployment(ctx, tx, id, req.GetEmployment().GetDistrict(), func() (err error) {
			if e, err = s.store.createEmployment(ctx, tx, id, req.GetEmployment()); err != nil {
				return err
			}
			return s.store.announceEmployment(ctx, tx, id, nil, e)
		})
		return &pb.CreateEmploymentResponse{Employment: e}, err
	})
}

// UpdateEmployment changes an employment; an end date ends it.
func (s *Service) UpdateEmployment(ctx context.Context, req *pb.UpdateEmploymentRequest) (*pb.UpdateEmploymentResponse, error) {
	id := api.PartUUID(req.GetEmployment().GetName(), 0)
	if err := s.authorize(ctx, id, req.GetEmployment().GetName()); err != nil {
		return nil, err
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.UpdateEmploymentResponse, error) {
		before, err := s.store.employment(ctx, tx.Client, req.GetEmployment().GetName())
		if err != nil {
			return nil, err
		}
		var e *pb.Employment
		err = s.store.changeEmployment(ctx, tx, id, before.District, func() (err error) {
			if e, err = s.store.updateEmployment(ctx, tx, req); err != nil {
				return err
			}
			return s.store.announceEmployment(ctx, tx, id, before, e)
		})
		return &pb.UpdateEmploymentResponse{Employment: e}, err
	})
}
