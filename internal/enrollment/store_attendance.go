package enrollment

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/attendanceentry"
	entmeeting "github.com/btlc/btlc/ent/meeting"
	"github.com/btlc/btlc/ent/predicate"
	entregistration "github.com/btlc/btlc/ent/registration"
	entsection "github.com/btlc/btlc/ent/section"
	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/record"
)

var attendanceList = &api.ListSpec{Default: "create_time", Columns: map[string]api.Column{
	"registration": {Name: attendanceentry.FieldRegistrationID, Kind: api.UUIDNameColumn}, "late": {Name: attendanceentry.FieldLate, Kind: api.FlagColumn},
	"create_time": {Name: attendanceentry.FieldCreateTime, Kind: api.InstantColumn},
}}

func attendanceProto(section uuid.UUID, row *ent.AttendanceEntry) *pb.AttendanceEntry {
	out := &pb.AttendanceEntry{
		Name: api.Name("btlc/AttendanceEntry", section, row.MeetingID, row.ID), Registration: api.Name("btlc/Registration", section, row.RegistrationID),
		Kind: api.EnumOf[pb.AttendanceKind](row.Kind), Minutes: row.Minutes, Note: row.Note, Late: row.Late, RecordedBy: row.RecordedBy,
		CreateTime: api.Timestamp(row.CreateTime),
	}
	if row.ArriveTime != nil {
		out.ArriveTime = api.Timestamp(*row.ArriveTime)
	}
	if row.LeaveTime != nil {
		out.LeaveTime = api.Timestamp(*row.LeaveTime)
	}
	if at := row.Edges.MakeUpMeeting; at != nil {
		out.MakeUpMeeting = api.Name("btlc/Meeting", at.SectionID, at.ID)
	}
	if row.CorrectsID != nil {
		out.Corrects = api.Name("btlc/AttendanceEntry", section, row.MeetingID, *row.CorrectsID)
	}
	return out
}

// linesOf are those of the entries that count, as plain values.
func linesOf(entries []*ent.AttendanceEntry) []line {
	counting := record.Counting(entries)
	lines := make([]line, len(counting))
	for i, e := range counting {
		lines[i] = line{id: e.ID, meeting: e.MeetingID, registration: e.RegistrationID, minutes: e.Minutes}
	}
	return lines
}

// lines are what counts of a registration's attendance.
func (s store) lines(ctx context.Context, registration uuid.UUID) ([]line, error) {
	rows, err := s.db.Ent().AttendanceEntry.Query().Where(attendanceentry.RegistrationID(registration)).All(ctx)
	return linesOf(rows), err
}

// attendanceEntry is an entry and the registration that it is about.
func (s store) attendanceEntry(ctx context.Context, name string) (*pb.AttendanceEntry, *registration, error) {
	section := api.PartUUID(name, 0)
	row, err := s.db.Ent().AttendanceEntry.Query().Where(attendanceentry.ID(api.LastUUID(name)), attendanceentry.MeetingID(api.PartUUID(name, 1)),
		attendanceentry.HasMeetingWith(entmeeting.SectionID(section))).WithMakeUpMeeting().Only(ctx)
	if err != nil {
		return nil, nil, orMissing(err, name)
	}
	owner, err := s.registration(ctx, api.Name("btlc/Registration", section, row.RegistrationID))
	return attendanceProto(section, row), owner, err
}

// listAttendanceEntries lists entries and says whose they are.
func (s store) listAttendanceEntries(ctx context.Context, req *pb.ListAttendanceEntriesRequest, v viewer, everywhere bool, educators []uuid.UUID) (*pb.ListAttendanceEntriesResponse, []uuid.UUID, error) {
	q, err := api.ParseList(req, attendanceList)
	if err != nil {
		return nil, nil, err
	}
	query := s.db.Ent().AttendanceEntry.Query()
	if section, meeting := api.PartUUID(req.GetParent(), 0), api.PartUUID(req.GetParent(), 1); section != uuid.Nil || meeting != uuid.Nil {
		if found, err := s.parentVisible(ctx, section, meeting, v); err != nil || !found {
			return nil, nil, orMissing(err, req.GetParent())
		}
		if meeting != uuid.Nil {
			query.Where(attendanceentry.MeetingID(meeting))
		} else {
			query.Where(attendanceentry.HasMeetingWith(entmeeting.SectionID(section)))
		}
	}
	if !everywhere {
		query.Where(attendanceentry.HasRegistrationWith(readableBy(educators)))
	}
	rows, err := query.Where(predicate.AttendanceEntry(q.Apply)).WithMeeting().WithRegistration().WithMakeUpMeeting().All(ctx)
	if err != nil {
		return nil, nil, err
	}
	var whose []uuid.UUID
	items, next := api.Page(q, rows, func(row *ent.AttendanceEntry) *pb.AttendanceEntry {
		whose = append(whose, row.Edges.Registration.EducatorID)
		return attendanceProto(row.Edges.Meeting.SectionID, row)
	})
	return &pb.ListAttendanceEntriesResponse{AttendanceEntries: items, NextPageToken: next}, whose, nil
}

// parentVisible says whether there is what a list's parent names, and the caller may see it: a meeting of a section, of
// any section, or a section when the meeting is any. uuid.Nil stands for any.
func (s store) parentVisible(ctx context.Context, section, meeting uuid.UUID, v viewer) (bool, error) {
	if meeting == uuid.Nil {
		return s.sectionVisible(ctx, section, v)
	}
	query := s.db.Ent().Meeting.Query().Where(entmeeting.ID(meeting), entmeeting.HasSectionWith(visibleTo(v)))
	if section != uuid.Nil {
		query.Where(entmeeting.SectionID(section))
	}
	return query.Exist(ctx)
}

// held is a meeting whose attendance is entered.
type held struct {
	row       *ent.Meeting
	course    string
	zone      *time.Location
	entryDays int32
}

// heldMeeting is the meeting, held against changes. Any number of entries hold it at once.
func (s store) heldMeeting(ctx context.Context, tx *database.Tx, name string) (*held, error) {
	row, err := tx.Meeting.Query().Where(ofMeeting(name)).ForShare(keyShare).Only(ctx)
	if err != nil {
		return nil, orMissing(err, name)
	}
	of, err := tx.Section.Query().Where(entsection.ID(row.SectionID)).WithCourseVersion().Only(ctx)
	if err != nil {
		return nil, err
	}
	zone, err := s.zoneOf(of)
	return &held{row: row, course: of.Edges.CourseVersion.CourseID, zone: zone, entryDays: of.Edges.CourseVersion.AttendanceEntryDays}, err
}

// sheet reads what marks are checked against, and says whom they are about: with no more queries for many than for one.
func (s store) sheet(ctx context.Context, tx *database.Tx, h *held, marks []mark) (sheet, []uuid.UUID, error) {
	ids := make([]uuid.UUID, len(marks))
	for i, m := range marks {
		ids[i] = m.registration
	}
	out := sheet{span: spanOf(h.row), section: h.row.SectionID, meeting: h.row.ID, states: map[uuid.UUID]string{}, counts: map[uuid.UUID]line{}}
	registrations, err := tx.Registration.Query().Where(entregistration.SectionID(h.row.SectionID), entregistration.IDIn(ids...)).Order(ent.Asc(entregistration.FieldID)).ForShare(keyShare).All(ctx)
	if err != nil {
		return out, nil, err
	}
	var owners []uuid.UUID
	for _, r := range registrations {
		out.states[r.ID] = r.State
		owners = append(owners, r.EducatorID)
	}
	entries, err := tx.AttendanceEntry.Query().Where(attendanceentry.MeetingID(h.row.ID), attendanceentry.RegistrationIDIn(ids...)).All(ctx)
	if err != nil {
		return out, nil, err
	}
	for _, l := range linesOf(entries) {
		out.counts[l.registration] = l
	}
	out.makeUps, err = s.makeUps(ctx, tx, h, marks, registrations)
	return out, owners, err
}

// meanwhile is what it means that somebody else entered or corrected the same attendance at the same time.
func meanwhile() *api.Error {
	return api.Errorf(api.AlreadyRecorded, "Somebody else entered some of this attendance at the same time. Nothing was entered: list the entries and correct them.")
}

var attendanceConflicts = api.Conflicts{
	"attendance_entry_once": meanwhile, "attendance_entries_corrects_id_key": meanwhile,
}

// enter writes the entries, all at once.
func (s store) enter(ctx context.Context, tx *database.Tx, h *held, on sheet, marks []mark, late bool, by string) ([]*pb.AttendanceEntry, error) {
	creates := make([]*ent.AttendanceEntryCreate, len(marks))
	for i, m := range marks {
		creates[i] = tx.AttendanceEntry.Create().SetMeetingID(h.row.ID).SetRegistrationID(m.registration).SetKind(m.kind).SetMinutes(on.counted(m)).
			SetNote(m.note).SetLate(late).SetRecordedBy(by).SetCreateTime(tx.Now)
		if m.arrive.After(on.where(m).start) {
			creates[i].SetArriveTime(m.arrive)
		}
		if !m.leave.IsZero() {
			creates[i].SetLeaveTime(m.leave)
		}
		if m.makeUp != uuid.Nil {
			creates[i].SetMakeUpMeetingID(m.makeUp)
		}
		if m.corrects != uuid.Nil {
			creates[i].SetCorrectsID(m.corrects)
		}
	}
	rows, err := tx.AttendanceEntry.CreateBulk(creates...).Save(ctx)
	if err != nil {
		return nil, attendanceConflicts.Translate(err)
	}
	entries := make([]*pb.AttendanceEntry, len(rows))
	for i, row := range rows {
		if at, made := on.makeUps[marks[i].makeUp]; made {
			row.Edges.MakeUpMeeting = &ent.Meeting{ID: marks[i].makeUp, SectionID: at.section}
		}
		entries[i] = attendanceProto(h.row.SectionID, row)
	}
	return entries, nil
}
