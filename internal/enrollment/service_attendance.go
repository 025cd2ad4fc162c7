package enrollment

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

// GetAttendanceEntry gets an attendance entry.
func (s *Service) GetAttendanceEntry(ctx context.Context, req *pb.GetAttendanceEntryRequest) (*pb.GetAttendanceEntryResponse, error) {
	entry, owner, err := s.store.attendanceEntry(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	if err := access.Authorize(ctx, req.GetName(), owner.readers()...); err != nil {
		return nil, err
	}
	api.Saw(ctx, owner.row.EducatorID)
	return &pb.GetAttendanceEntryResponse{AttendanceEntry: entry}, nil
}

// ListAttendanceEntries lists the attendance entries that the caller may see.
func (s *Service) ListAttendanceEntries(ctx context.Context, req *pb.ListAttendanceEntriesRequest) (*pb.ListAttendanceEntriesResponse, error) {
	everywhere, educators := reach(ctx)
	answer, whose, err := s.store.listAttendanceEntries(ctx, req, viewerOf(ctx), everywhere, educators)
	if err != nil {
		return nil, err
	}
	api.Saw(ctx, whose...)
	return answer, nil
}

// RecordAttendance enters the attendance of a meeting, all of it or nothing: a facilitator of the section or staff does.
func (s *Service) RecordAttendance(ctx context.Context, req *pb.RecordAttendanceRequest) (*pb.RecordAttendanceResponse, error) {
	facilitators, err := s.store.facilitators(ctx, s.store.db.Ent(), api.PartUUID(req.GetParent(), 0))
	if err != nil {
		return nil, err
	}
	if err := access.Authorize(ctx, req.GetParent(), scopesOf(facilitators...)...); err != nil {
		return nil, err
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.RecordAttendanceResponse, error) {
		h, err := s.store.heldMeeting(ctx, tx, req.GetParent())
		if err != nil {
			return nil, err
		}
		marks, err := marksOf(req)
		if err != nil {
			return nil, err
		}
		sheet, owners, err := s.store.sheet(ctx, tx, h, marks)
		if err != nil {
			return nil, err
		}
		if err := sheet.check(marks, tx.Now); err != nil {
			return nil, err
		}
		late := isLate(tx.Now, sheet.start, h.zone, h.entryDays)
		entries, err := s.store.enter(ctx, tx, h, sheet, marks, late, access.CallerOf(ctx).Principal)
		if err != nil {
			return nil, err
		}
		tx.Wrote(req.GetParent())
		tx.Concerns(owners...)
		return &pb.RecordAttendanceResponse{Entries: entries}, nil
	})
}

// marksOf is the marks of a request as plain values.
func marksOf(req *pb.RecordAttendanceRequest) ([]mark, error) {
	marks := make([]mark, len(req.GetMarks()))
	var wrong []api.Violation
	for i, m := range req.GetMarks() {
		marks[i] = mark{kind: api.EnumWord(m.GetKind()), note: m.GetNote(), minutes: m.GetMinutes()}
		if api.Part(m.GetRegistration(), 0) == api.Part(req.GetParent(), 0) {
			marks[i].registration = api.LastUUID(m.GetRegistration())
		}
		if name := m.GetCorrects(); name != "" {
			marks[i].corrects = api.LastUUID(name)
			marks[i].elsewhere = api.Name("btlc/Meeting", api.Part(name, 0), api.Part(name, 1)) != req.GetParent()
		}
		if name := m.GetMakeUpMeeting(); name != "" {
			marks[i].makeUp, marks[i].makeUpSection = api.LastUUID(name), api.PartUUID(name, 0)
		}
		for _, at := range []struct {
			field string
			said  *timestamppb.Timestamp
			to    *time.Time
		}{{"arriveTime", m.GetArriveTime(), &marks[i].arrive}, {"leaveTime", m.GetLeaveTime(), &marks[i].leave}} {
			if at.said == nil {
				continue
			}
			t, err := instant(fmt.Sprintf("marks[%d].%s", i, at.field), at.said)
			if e, invalid := errors.AsType[*api.Error](err); invalid {
				wrong = append(wrong, e.Violations...)
			}
			*at.to = t
		}
	}
	if len(wrong) > 0 {
		return nil, api.Invalid(wrong...)
	}
	return marks, nil
}

// GetAttendanceSummary adds up what counts of a registration's attendance.
func (s *Service) GetAttendanceSummary(ctx context.Context, req *pb.GetAttendanceSummaryRequest) (*pb.GetAttendanceSummaryResponse, error) {
	found, err := s.store.registration(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	if err := access.Authorize(ctx, req.GetName(), found.readers()...); err != nil {
		return nil, err
	}
	api.Saw(ctx, found.row.EducatorID)
	lines, err := s.store.lines(ctx, found.row.ID)
	if err != nil {
		return nil, err
	}
	meetings, err := s.store.meetingIDs(ctx, found.row.SectionID)
	if err != nil {
		return nil, err
	}
	byMeeting, total := attended(lines)
	answer := &pb.GetAttendanceSummaryResponse{Minutes: total, ContactMinutes: found.section.row.Edges.CourseVersion.ContactMinutes}
	for _, id := range meetings {
		m := &pb.AttendedMeeting{Meeting: api.Name("btlc/Meeting", found.row.SectionID, id)}
		if l, ok := byMeeting[id]; ok {
			m.Minutes, m.Entry = l.minutes, api.Name("btlc/AttendanceEntry", found.row.SectionID, id, l.id)
		}
		answer.Meetings = append(answer.Meetings, m)
	}
	return answer, nil
}
