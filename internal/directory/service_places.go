package directory

import (
	"context"
	"time"

	pb "github.com/btlc/btlc/gen/go/btlc/directory/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

// GetDistrict gets a district.
func (s *Service) GetDistrict(ctx context.Context, req *pb.GetDistrictRequest) (*pb.GetDistrictResponse, error) {
	d, err := s.store.district(ctx, req.GetName())
	return &pb.GetDistrictResponse{District: d}, err
}

// ListDistricts lists districts.
func (s *Service) ListDistricts(ctx context.Context, req *pb.ListDistrictsRequest) (*pb.ListDistrictsResponse, error) {
	return s.store.listDistricts(ctx, req)
}

// CreateDistrict creates a district.
func (s *Service) CreateDistrict(ctx context.Context, req *pb.CreateDistrictRequest) (*pb.CreateDistrictResponse, error) {
	if err := checkTimeZone(req.GetDistrict().GetTimeZone()); err != nil {
		return nil, err
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.CreateDistrictResponse, error) {
		d, err := s.store.createDistrict(ctx, tx, req.GetDistrictId(), req.GetDistrict())
		if err != nil {
			return nil, err
		}
		tx.Wrote(d.Name)
		return &pb.CreateDistrictResponse{District: d}, nil
	})
}

// UpdateDistrict updates a district.
func (s *Service) UpdateDistrict(ctx context.Context, req *pb.UpdateDistrictRequest) (*pb.UpdateDistrictResponse, error) {
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.UpdateDistrictResponse, error) {
		d, err := s.store.updateDistrict(ctx, tx, req)
		if err != nil {
			return nil, err
		}
		tx.Wrote(d.Name)
		return &pb.UpdateDistrictResponse{District: d}, checkTimeZone(d.TimeZone)
	})
}

func checkTimeZone(zone string) error {
	if _, err := time.LoadLocation(zone); err != nil || zone == "" || zone == "Local" {
		return api.InvalidField("district.timeZone", "is an IANA time zone such as America/New_York")
	}
	return nil
}

// GetSchool gets a school.
func (s *Service) GetSchool(ctx context.Context, req *pb.GetSchoolRequest) (*pb.GetSchoolResponse, error) {
	school, err := s.store.school(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	hidePrincipals(ctx, school)
	return &pb.GetSchoolResponse{School: school}, nil
}

// ListSchools lists the schools of a district.
func (s *Service) ListSchools(ctx context.Context, req *pb.ListSchoolsRequest) (*pb.ListSchoolsResponse, error) {
	answer, err := s.store.listSchools(ctx, req)
	if err != nil {
		return nil, err
	}
	hidePrincipals(ctx, answer.GetSchools()...)
	return answer, nil
}

// hidePrincipals leaves out the addresses of principals that are not for the caller: those of schools that they neither may
// change nor confirm roles at.
func hidePrincipals(ctx context.Context, schools ...*pb.School) {
	for _, school := range schools {
		if !access.May(ctx, "directory.write", school.Name) && !access.May(ctx, "assignments.confirm", school.Name) {
			school.PrincipalEmail = ""
		}
	}
}

// CreateSchool creates a school.
func (s *Service) CreateSchool(ctx context.Context, req *pb.CreateSchoolRequest) (*pb.CreateSchoolResponse, error) {
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.CreateSchoolResponse, error) {
		school, err := s.store.createSchool(ctx, tx, req.GetParent(), req.GetSchool())
		if err != nil {
			return nil, err
		}
		tx.Wrote(school.Name)
		return &pb.CreateSchoolResponse{School: school}, nil
	})
}

// UpdateSchool updates a school.
func (s *Service) UpdateSchool(ctx context.Context, req *pb.UpdateSchoolRequest) (*pb.UpdateSchoolResponse, error) {
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.UpdateSchoolResponse, error) {
		school, err := s.store.updateSchool(ctx, tx, req)
		if err != nil {
			return nil, err
		}
		tx.Wrote(school.Name)
		return &pb.UpdateSchoolResponse{School: school}, nil
	})
}

// GetInstitution gets an institution.
func (s *Service) GetInstitution(ctx context.Context, req *pb.GetInstitutionRequest) (*pb.GetInstitutionResponse, error) {
	institution, err := s.store.institution(ctx, req.GetName())
	return &pb.GetInstitutionResponse{Institution: institution}, err
}

// ListInstitutions lists institutions.
func (s *Service) ListInstitutions(ctx context.Context, req *pb.ListInstitutionsRequest) (*pb.ListInstitutionsResponse, error) {
	return s.store.listInstitutions(ctx, req)
}

// CreateInstitution creates an institution.
func (s *Service) CreateInstitution(ctx context.Context, req *pb.CreateInstitutionRequest) (*pb.CreateInstitutionResponse, error) {
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.CreateInstitutionResponse, error) {
		institution, err := s.store.createInstitution(ctx, tx, req.GetInstitutionId(), req.GetInstitution())
		if err != nil {
			return nil, err
		}
		tx.Wrote(institution.Name)
		return &pb.CreateInstitutionResponse{Institution: institution}, nil
	})
}

// UpdateInstitution updates an institution.
func (s *Service) UpdateInstitution(ctx context.Context, req *pb.UpdateInstitutionRequest) (*pb.UpdateInstitutionResponse, error) {
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.UpdateInstitutionResponse, error) {
		institution, err := s.store.updateInstitution(ctx, tx, req)
		if err != nil {
			return nil, err
		}
		tx.Wrote(institution.Name)
		return &pb.UpdateInstitutionResponse{Institution: institution}, nil
	})
}
