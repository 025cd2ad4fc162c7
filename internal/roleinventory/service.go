// Package roleinventory keeps the leadership roles of districts and who holds them.
package roleinventory

import (
	"context"

	"github.com/google/uuid"

	pb "github.com/btlc/btlc/gen/go/btlc/roleinventory/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

// Service answers for role families, roles and role assignments.
type Service struct {
	pb.UnimplementedRoleInventoryServiceServer
	store     store
	confirmed Confirmed
}

// Confirmed does what others have to do when a role of an educator is confirmed, in the transaction in which it is. Its
// error undoes the confirmation.
type Confirmed func(ctx context.Context, tx *database.Tx, educator uuid.UUID) error

// New makes the service; confirmed may be nil.
func New(db *database.DB, confirmed Confirmed) *Service {
	if confirmed == nil {
		confirmed = func(context.Context, *database.Tx, uuid.UUID) error { return nil }
	}
	return &Service{store: store{db}, confirmed: confirmed}
}

// GetRoleFamily gets a role family.
func (s *Service) GetRoleFamily(ctx context.Context, req *pb.GetRoleFamilyRequest) (*pb.GetRoleFamilyResponse, error) {
	family, err := s.store.family(ctx, req.GetName())
	return &pb.GetRoleFamilyResponse{RoleFamily: family}, err
}

// ListRoleFamilies lists role families.
func (s *Service) ListRoleFamilies(ctx context.Context, req *pb.ListRoleFamiliesRequest) (*pb.ListRoleFamiliesResponse, error) {
	return s.store.listFamilies(ctx, req)
}

// GetRole gets a role.
func (s *Service) GetRole(ctx context.Context, req *pb.GetRoleRequest) (*pb.GetRoleResponse, error) {
	role, err := s.store.role(ctx, req.GetName())
	return &pb.GetRoleResponse{Role: role}, err
}

// ListRoles lists the roles of a district.
func (s *Service) ListRoles(ctx context.Context, req *pb.ListRolesRequest) (*pb.ListRolesResponse, error) {
	return s.store.listRoles(ctx, req)
}

// CreateRole creates a role.
func (s *Service) CreateRole(ctx context.Context, req *pb.CreateRoleRequest) (*pb.CreateRoleResponse, error) {
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.CreateRoleResponse, error) {
		role, err := s.store.createRole(ctx, tx, req.GetParent(), req.GetRole())
		if err != nil {
			return nil, err
		}
		tx.Wrote(role.Name)
		return &pb.CreateRoleResponse{Role: role}, nil
	})
}

// UpdateRole updates a role.
func (s *Service) UpdateRole(ctx context.Context, req *pb.UpdateRoleRequest) (*pb.UpdateRoleResponse, error) {
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.UpdateRoleResponse, error) {
		role, err := s.store.updateRole(ctx, tx, req)
		if err != nil {
			return nil, err
		}
		tx.Wrote(role.Name)
		return &pb.UpdateRoleResponse{Role: role}, nil
	})
}
