package enrollment

import (
	"context"

	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/schedule"
)

// GetSchoolCalendar gets a school calendar.
func (s *Service) GetSchoolCalendar(ctx context.Context, req *pb.GetSchoolCalendarRequest) (*pb.GetSchoolCalendarResponse, error) {
	row, err := s.store.schoolCalendar(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	return &pb.GetSchoolCalendarResponse{SchoolCalendar: calendarProto(row)}, nil
}

// ListSchoolCalendars lists school calendars.
func (s *Service) ListSchoolCalendars(ctx context.Context, req *pb.ListSchoolCalendarsRequest) (*pb.ListSchoolCalendarsResponse, error) {
	return s.store.listSchoolCalendars(ctx, req)
}

// CreateSchoolCalendar creates a school calendar.
func (s *Service) CreateSchoolCalendar(ctx context.Context, req *pb.CreateSchoolCalendarRequest) (*pb.CreateSchoolCalendarResponse, error) {
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.CreateSchoolCalendarResponse, error) {
		c, err := s.store.createSchoolCalendar(ctx, tx, req.GetSchoolCalendarId(), req.GetSchoolCalendar())
		if err != nil {
			return nil, err
		}
		tx.Wrote(c.Name)
		return &pb.CreateSchoolCalendarResponse{SchoolCalendar: c}, nil
	})
}

// UpdateSchoolCalendar updates a school calendar. Schedules that were proposed around it stay as they are.
func (s *Service) UpdateSchoolCalendar(ctx context.Context, req *pb.UpdateSchoolCalendarRequest) (*pb.UpdateSchoolCalendarResponse, error) {
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.UpdateSchoolCalendarResponse, error) {
		c, err := s.store.updateSchoolCalendar(ctx, tx, req)
		if err != nil {
			return nil, err
		}
		tx.Wrote(c.Name)
		return &pb.UpdateSchoolCalendarResponse{SchoolCalendar: c}, nil
	})
}

// ProposeSchedule proposes the meetings of a section, to be given to CreateSection. Nothing is kept of it.
func (s *Service) ProposeSchedule(ctx context.Context, req *pb.ProposeScheduleRequest) (*pb.ProposeScheduleResponse, error) {
	in, err := s.store.scheduleInput(ctx, req)
	if err != nil {
		return nil, err
	}
	proposed, faults := schedule.Propose(in)
	if len(faults) > 0 {
		return nil, unplanned(faults)
	}
	answer := &pb.ProposeScheduleResponse{}
	for _, m := range proposed.Meetings {
		answer.Meetings = append(answer.Meetings, &pb.Meeting{
			MeetingNumber: m.Number, StartTime: api.Timestamp(m.Start), EndTime: api.Timestamp(m.End), Room: req.GetRoom(),
		})
	}
	for _, skipped := range proposed.Skipped {
		answer.PassedOverDays = append(answer.PassedOverDays, &pb.PassedOverDay{Date: api.Date(skipped.Day), Reason: skipped.Why})
	}
	return answer, nil
}

// askedFields are the fields of a request by those of what a schedule is made of. What is not among them is the course
// version's, which the name tells.
var askedFields = map[string]string{"first": "startDate", "evening": "evening"}

// unplanned says why there is no schedule: the request is wrong, or the calendar and the course version do not go together.
func unplanned(faults []schedule.Fault) error {
	asked, conflict := []api.Violation{}, api.Errorf(api.StateConflict, "The meetings of the course version do not fit into its weeks.")
	for _, fault := range faults {
		field, known := askedFields[fault.Field]
		switch {
		case known:
			asked = append(asked, api.Violation{Field: field, Description: fault.Description})
		case fault.Field == schedule.FieldCalendar:
			conflict.Violations = append(conflict.Violations, api.Violation{Field: "schoolCalendar", Description: fault.Description})
		default:
			conflict.Violations = append(conflict.Violations, api.Violation{Field: "name", Description: "has a course version whose " + fault.Field + " " + fault.Description})
		}
	}
	if len(asked) > 0 {
		return api.Invalid(asked...)
	}
	return conflict
}
