package enrollment

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/type/dayofweek"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/predicate"
	"github.com/btlc/btlc/ent/schema"
	"github.com/btlc/btlc/ent/schoolcalendar"
	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/schedule"
)

var calendarList = &api.ListSpec{Default: "name", Columns: map[string]api.Column{
	"name": {Name: schoolcalendar.FieldID, Kind: api.WordNameColumn}, "display_name": {Name: schoolcalendar.FieldDisplayName, FilterOnly: true},
	"create_time": {Name: schoolcalendar.FieldCreateTime, Kind: api.InstantColumn},
}}

var calendarConflicts = api.Conflicts{
	"school_calendars_pkey": func() *api.Error { return api.Errorf(api.AlreadyExists, "There is a calendar with this id already.") },
}

// calendarDay is a day as the calendar's row has it, which is written by us alone.
func calendarDay(text string) time.Time {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return time.Time{}
	}
	return day
}

func calendarProto(row *ent.SchoolCalendar) *pb.SchoolCalendar {
	out := &pb.SchoolCalendar{
		Name: api.Name("btlc/SchoolCalendar", row.ID), DisplayName: row.DisplayName, Source: row.Source,
		CreateTime: api.Timestamp(row.CreateTime), UpdateTime: api.Timestamp(row.UpdateTime), Etag: api.Etag(row.Version),
	}
	for _, c := range row.ClosedDays {
		closed := &pb.ClosedDay{Title: c.Title, FirstDate: api.Date(calendarDay(c.First))}
		if c.Last != c.First {
			closed.LastDate = api.Date(calendarDay(c.Last))
		}
		out.ClosedDays = append(out.ClosedDays, closed)
	}
	return out
}

// closedDays are the closed days of a calendar, in order; they may overlap.
func closedDays(in []*pb.ClosedDay) ([]schema.ClosedDay, error) {
	days := make([]schema.ClosedDay, len(in))
	var wrong []api.Violation
	for i, c := range in {
		path := fmt.Sprintf("schoolCalendar.closedDays[%d]", i)
		first, err := api.Day(path+".firstDate", c.GetFirstDate())
		if err != nil {
			return nil, err
		}
		last := first
		if c.GetLastDate() != nil {
			if last, err = api.Day(path+".lastDate", c.GetLastDate()); err != nil {
				return nil, err
			}
		}
		if last.Before(first) {
			wrong = append(wrong, api.Violation{Field: path + ".lastDate", Description: "is not before firstDate"})
		}
		days[i] = schema.ClosedDay{Title: c.GetTitle(), First: first.Format(time.DateOnly), Last: last.Format(time.DateOnly)}
	}
	if len(wrong) > 0 {
		return nil, api.Invalid(wrong...)
	}
	slices.SortStableFunc(days, func(a, b schema.ClosedDay) int {
		return cmp.Or(strings.Compare(a.First, b.First), strings.Compare(a.Last, b.Last))
	})
	return days, nil
}

func (s store) schoolCalendar(ctx context.Context, name string) (*ent.SchoolCalendar, error) {
	row, err := s.db.Ent().SchoolCalendar.Get(ctx, api.LastWord(name))
	if err != nil {
		return nil, orMissing(err, name)
	}
	return row, nil
}

func (s store) listSchoolCalendars(ctx context.Context, req *pb.ListSchoolCalendarsRequest) (*pb.ListSchoolCalendarsResponse, error) {
	q, err := api.ParseList(req, calendarList)
	if err != nil {
		return nil, err
	}
	rows, err := s.db.Ent().SchoolCalendar.Query().Where(predicate.SchoolCalendar(q.Apply)).All(ctx)
	if err != nil {
		return nil, err
	}
	items, next := api.Page(q, rows, calendarProto)
	return &pb.ListSchoolCalendarsResponse{SchoolCalendars: items, NextPageToken: next}, nil
}

func (s store) createSchoolCalendar(ctx context.Context, tx *database.Tx, id string, in *pb.SchoolCalendar) (*pb.SchoolCalendar, error) {
	days, err := closedDays(in.GetClosedDays())
	if err != nil {
		return nil, err
	}
	row, err := tx.SchoolCalendar.Create().SetID(id).SetDisplayName(in.GetDisplayName()).SetClosedDays(days).SetSource(in.GetSource()).
		SetCreateTime(tx.Now).SetUpdateTime(tx.Now).Save(ctx)
	if err != nil {
		return nil, calendarConflicts.Translate(err)
	}
	return calendarProto(row), nil
}

func (s store) updateSchoolCalendar(ctx context.Context, tx *database.Tx, req *pb.UpdateSchoolCalendarRequest) (*pb.SchoolCalendar, error) {
	name := req.GetSchoolCalendar().GetName()
	row, err := tx.SchoolCalendar.Query().Where(schoolcalendar.ID(api.LastWord(name))).ForUpdate().Only(ctx)
	if err != nil {
		return nil, orMissing(err, name)
	}
	next, err := api.ApplyMask(ctx, req, calendarProto(row))
	if err != nil {
		return nil, err
	}
	days, err := closedDays(next.ClosedDays)
	if err != nil {
		return nil, err
	}
	row, err = row.Update().SetDisplayName(next.DisplayName).SetClosedDays(days).SetSource(next.Source).SetUpdateTime(tx.Now).AddVersion(1).Save(ctx)
	if err != nil {
		return nil, err
	}
	return calendarProto(row), nil
}

// scheduleInput is what a schedule is to be proposed for, as plain values.
func (s store) scheduleInput(ctx context.Context, req *pb.ProposeScheduleRequest) (schedule.Input, error) {
	in := schedule.Input{Zone: s.zone, Evening: weekday(req.GetEvening())}
	version, err := versionRow(ctx, s.db.Ent(), req.GetName())
	if err != nil {
		return in, orMissing(err, req.GetName())
	}
	if in.First, err = api.Day("startDate", req.GetStartDate()); err != nil {
		return in, err
	}
	in.Weeks = int(version.Weeks)
	for _, p := range timetableOf(version).pattern {
		in.Patterns = append(in.Patterns, schedule.Pattern{Kind: strings.ToLower(p.kind), Count: int(p.count), Start: int(p.start), End: int(p.end)})
	}
	if req.GetSchoolCalendar() == "" {
		return in, nil
	}
	calendar, err := s.db.Ent().SchoolCalendar.Get(ctx, api.LastWord(req.GetSchoolCalendar()))
	if ent.IsNotFound(err) {
		return in, absent("schoolCalendar", "school calendar")()
	} else if err != nil {
		return in, err
	}
	for _, c := range calendar.ClosedDays {
		in.Closed = append(in.Closed, schedule.ClosedDay{First: calendarDay(c.First), Last: calendarDay(c.Last), Title: c.Title})
	}
	return in, nil
}

// weekday is a day of the week as Go counts them, from Sunday, where the contract counts from Monday.
func weekday(day dayofweek.DayOfWeek) time.Weekday { return time.Weekday(day % 7) }
