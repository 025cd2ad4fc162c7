package enrollment

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/attendanceentry"
	entmeeting "github.com/btlc/btlc/ent/meeting"
	"github.com/btlc/btlc/ent/predicate"
	entsection "github.com/btlc/btlc/ent/section"
	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/record"
)

var meetingList = &api.ListSpec{Default: "meeting_number", Columns: map[string]api.Column{
	"meeting_number": {Name: entmeeting.FieldMeetingNumber, Kind: api.NumberColumn}, "start_time": {Name: entmeeting.FieldStartTime, Kind: api.InstantColumn},
	"create_time": {Name: entmeeting.FieldCreateTime, Kind: api.InstantColumn},
}}

func meetingProto(row *ent.Meeting) *pb.Meeting {
	return &pb.Meeting{
		Name: api.Name("btlc/Meeting", row.SectionID, row.ID), MeetingNumber: row.MeetingNumber,
		StartTime: api.Timestamp(row.StartTime), EndTime: api.Timestamp(row.EndTime), Location: row.Location, Room: row.Room,
		CreateTime: api.Timestamp(row.CreateTime), UpdateTime: api.Timestamp(row.UpdateTime), Etag: api.Etag(row.Version), Resources: resourcesProto(row.Resources),
	}
}

func spanOf(row *ent.Meeting) span {
	return span{number: row.MeetingNumber, start: row.StartTime, end: row.EndTime}
}

func ofMeeting(name string) predicate.Meeting {
	return entmeeting.And(entmeeting.ID(api.LastUUID(name)), entmeeting.SectionID(api.PartUUID(name, 0)))
}

// inputSpans reads the times of the meetings that come with a new section.
func inputSpans(in []*pb.Meeting) ([]span, error) {
	spans := make([]span, len(in))
	for i, m := range in {
		s, err := inputSpan(fmt.Sprintf("section.meetings[%d]", i), m)
		if err != nil {
			return nil, err
		}
		spans[i] = s
	}
	return spans, nil
}

func inputSpan(field string, m *pb.Meeting) (span, error) {
	start, err := instant(field+".startTime", m.GetStartTime())
	if err != nil {
		return span{}, err
	}
	end, err := instant(field+".endTime", m.GetEndTime())
	return span{number: m.GetMeetingNumber(), start: start, end: end}, err
}

func (s store) createMeetings(ctx context.Context, tx *database.Tx, section uuid.UUID, in []*pb.Meeting, spans []span) error {
	creates := make([]*ent.MeetingCreate, len(in))
	for i, m := range in {
		creates[i] = tx.Meeting.Create().SetSectionID(section).SetMeetingNumber(spans[i].number).SetStartTime(spans[i].start).SetEndTime(spans[i].end).
			SetLocation(m.GetLocation()).SetRoom(m.GetRoom()).SetCreateTime(tx.Now).SetUpdateTime(tx.Now)
	}
	return tx.Meeting.CreateBulk(creates...).Exec(ctx)
}

// spans are the times of a section's meetings.
func (s store) spans(ctx context.Context, db *ent.Client, section uuid.UUID) ([]span, error) {
	rows, err := db.Meeting.Query().Where(entmeeting.SectionID(section)).All(ctx)
	if err != nil {
		return nil, err
	}
	spans := make([]span, len(rows))
	for i, row := range rows {
		spans[i] = spanOf(row)
	}
	return spans, nil
}

// meetingIDs are the meetings of a section in their order.
func (s store) meetingIDs(ctx context.Context, section uuid.UUID) ([]uuid.UUID, error) {
	return s.db.Ent().Meeting.Query().Where(entmeeting.SectionID(section)).Order(ent.Asc(entmeeting.FieldMeetingNumber)).IDs(ctx)
}

func (s store) meeting(ctx context.Context, name string, v viewer) (*ent.Meeting, error) {
	row, err := s.db.Ent().Meeting.Query().Where(ofMeeting(name), entmeeting.HasSectionWith(visibleTo(v))).Only(ctx)
	if err != nil {
		return nil, orMissing(err, name)
	}
	return row, nil
}

func (s store) listMeetings(ctx context.Context, req *pb.ListMeetingsRequest, v viewer) (*pb.ListMeetingsResponse, error) {
	q, err := api.ParseList(req, meetingList)
	if err != nil {
		return nil, err
	}
	query := s.db.Ent().Meeting.Query()
	if api.LastWord(req.GetParent()) == "-" {
		query.Where(entmeeting.HasSectionWith(visibleTo(v)))
	} else {
		id := api.LastUUID(req.GetParent())
		if found, err := s.sectionVisible(ctx, id, v); err != nil || !found {
			return nil, orMissing(err, req.GetParent())
		}
		query.Where(entmeeting.SectionID(id))
	}
	rows, err := query.Where(predicate.Meeting(q.Apply)).All(ctx)
	if err != nil {
		return nil, err
	}
	items, next := api.Page(q, rows, meetingProto)
	return &pb.ListMeetingsResponse{Meetings: items, NextPageToken: next}, nil
}

// updateMeeting changes a meeting, and says what it was. The section is held before the meeting is, as by whoever books
// people for its meetings.
func (s store) updateMeeting(ctx context.Context, tx *database.Tx, req *pb.UpdateMeetingRequest) (of *section, before, after *ent.Meeting, err error) {
	name := req.GetMeeting().GetName()
	if of, err = s.one(ctx, tx.Client, tx.Section.Query().Where(entsection.ID(api.PartUUID(name, 0))).ForUpdate(), name); err != nil {
		return nil, nil, nil, err
	}
	if before, err = tx.Meeting.Query().Where(ofMeeting(name)).ForUpdate().Only(ctx); err != nil {
		return nil, nil, nil, orMissing(err, name)
	}
	next, err := api.ApplyMask(ctx, req, meetingProto(before))
	if err != nil {
		return nil, nil, nil, err
	}
	to, err := inputSpan("meeting", next)
	if err != nil {
		return nil, nil, nil, err
	}
	if wrong := to.check("meeting"); len(wrong) > 0 {
		return nil, nil, nil, api.Invalid(wrong...)
	}
	if err := s.checkAttended(ctx, tx, before.ID, to); err != nil {
		return nil, nil, nil, err
	}
	after, err = before.Update().SetStartTime(to.start).SetEndTime(to.end).SetLocation(next.Location).SetRoom(next.Room).SetUpdateTime(tx.Now).AddVersion(1).Save(ctx)
	return of, before, after, movingConflicts.Translate(err)
}

// setResources gives a meeting other resources. It holds the meeting alone: nothing else rests on them.
func (s store) setResources(ctx context.Context, tx *database.Tx, req *pb.SetMeetingResourcesRequest) (*pb.Meeting, error) {
	row, err := tx.Meeting.Query().Where(ofMeeting(req.GetName())).ForUpdate().Only(ctx)
	if err != nil {
		return nil, orMissing(err, req.GetName())
	}
	if err := api.CheckEtag(ctx, req.ProtoReflect(), meetingProto(row)); err != nil {
		return nil, err
	}
	if row, err = row.Update().SetResources(resourcesOf(req.GetResources())).SetUpdateTime(tx.Now).AddVersion(1).Save(ctx); err != nil {
		return nil, err
	}
	return meetingProto(row), nil
}

// moveOf is what a change of a meeting moves; nil when it stays where and when it was.
func moveOf(before, after *ent.Meeting) *record.MeetingMove {
	if before.StartTime.Equal(after.StartTime) && before.EndTime.Equal(after.EndTime) && before.Room == after.Room && before.Location == after.Location {
		return nil
	}
	return &record.MeetingMove{
		Section: after.SectionID, Meeting: after.ID, MeetingNumber: after.MeetingNumber,
		OldStart: before.StartTime, OldEnd: before.EndTime, NewStart: after.StartTime, NewEnd: after.EndTime,
		OldRoom: before.Room, NewRoom: after.Room, OldLocation: before.Location, NewLocation: after.Location,
	}
}

// checkAttended says whether somebody was present for longer than a meeting is to be: people of its section, and those who
// made up at it for a meeting of another one. The correction of a make-up may name another meeting or none, so that each
// entry is read with its own.
func (s store) checkAttended(ctx context.Context, tx *database.Tx, meeting uuid.UUID, to span) error {
	rows, err := tx.AttendanceEntry.Query().Where(attendanceentry.Or(attendanceentry.MeetingID(meeting), attendanceentry.MakeUpMeetingID(meeting))).WithCorrection().All(ctx)
	if err != nil {
		return err
	}
	for _, e := range rows {
		if e.Edges.Correction == nil && e.Minutes > to.minutes() {
			return api.Errorf(api.StateConflict, "Somebody's attendance of %d minutes is recorded: correct it before the meeting takes %d.", e.Minutes, to.minutes())
		}
	}
	return nil
}
