package enrollment

import (
	"context"

	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

// GetCourse gets a course.
func (s *Service) GetCourse(ctx context.Context, req *pb.GetCourseRequest) (*pb.GetCourseResponse, error) {
	c, err := s.store.course(ctx, req.GetName())
	return &pb.GetCourseResponse{Course: c}, err
}

// ListCourses lists courses.
func (s *Service) ListCourses(ctx context.Context, req *pb.ListCoursesRequest) (*pb.ListCoursesResponse, error) {
	return s.store.listCourses(ctx, req)
}

// GetCourseVersion gets a course version.
func (s *Service) GetCourseVersion(ctx context.Context, req *pb.GetCourseVersionRequest) (*pb.GetCourseVersionResponse, error) {
	v, err := s.store.courseVersion(ctx, req.GetName())
	return &pb.GetCourseVersionResponse{CourseVersion: v}, err
}

// ListCourseVersions lists the versions of a course.
func (s *Service) ListCourseVersions(ctx context.Context, req *pb.ListCourseVersionsRequest) (*pb.ListCourseVersionsResponse, error) {
	return s.store.listCourseVersions(ctx, req)
}

// CreateCourseVersion makes the next version of a course.
func (s *Service) CreateCourseVersion(ctx context.Context, req *pb.CreateCourseVersionRequest) (*pb.CreateCourseVersionResponse, error) {
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.CreateCourseVersionResponse, error) {
		v, err := s.store.createCourseVersion(ctx, tx, req.GetParent(), req.GetCourseVersion())
		if err != nil {
			return nil, err
		}
		tx.Wrote(v.Name)
		return &pb.CreateCourseVersionResponse{CourseVersion: v}, nil
	})
}

// GetTerm gets a term.
func (s *Service) GetTerm(ctx context.Context, req *pb.GetTermRequest) (*pb.GetTermResponse, error) {
	t, err := s.store.term(ctx, req.GetName())
	return &pb.GetTermResponse{Term: t}, err
}

// ListTerms lists terms.
func (s *Service) ListTerms(ctx context.Context, req *pb.ListTermsRequest) (*pb.ListTermsResponse, error) {
	return s.store.listTerms(ctx, req)
}

// CreateTerm creates a term.
func (s *Service) CreateTerm(ctx context.Context, req *pb.CreateTermRequest) (*pb.CreateTermResponse, error) {
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.CreateTermResponse, error) {
		t, err := s.store.createTerm(ctx, tx, req.GetTermId(), req.GetTerm())
		if err != nil {
			return nil, err
		}
		tx.Wrote(t.Name)
		return &pb.CreateTermResponse{Term: t}, nil
	})
}

// UpdateTerm updates a term.
func (s *Service) UpdateTerm(ctx context.Context, req *pb.UpdateTermRequest) (*pb.UpdateTermResponse, error) {
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.UpdateTermResponse, error) {
		t, err := s.store.updateTerm(ctx, tx, req)
		if err != nil {
			return nil, err
		}
		tx.Wrote(t.Name)
		return &pb.UpdateTermResponse{Term: t}, nil
	})
}
