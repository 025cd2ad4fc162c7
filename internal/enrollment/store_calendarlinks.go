package enrollment

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/calendarlink"
	entmeeting "github.com/btlc/btlc/ent/meeting"
	"github.com/btlc/btlc/ent/predicate"
	entregistration "github.com/btlc/btlc/ent/registration"
	entsection "github.com/btlc/btlc/ent/section"
	"github.com/btlc/btlc/ent/sectionfacilitator"
	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

var linkList = &api.ListSpec{Default: "create_time", Columns: map[string]api.Column{
	"section": {Name: calendarlink.FieldSectionID, Kind: api.UUIDNameColumn, FilterOnly: true}, "educator": {Name: calendarlink.FieldEducatorID, Kind: api.UUIDNameColumn, FilterOnly: true},
	"create_time": {Name: calendarlink.FieldCreateTime, Kind: api.InstantColumn},
}}

var linkConflicts = api.Conflicts{"calendar_links_educators_educator": absent("calendarLink.educator", "educator")}

// link is a calendar link as plain values: of a section or of an educator.
type link struct {
	id                uuid.UUID
	section, educator *uuid.UUID
	recordedBy        string
	created           time.Time
}

func linkOf(row *ent.CalendarLink) *link {
	return &link{id: row.ID, section: row.SectionID, educator: row.EducatorID, recordedBy: row.RecordedBy, created: row.CreateTime}
}

func (l *link) proto() *pb.CalendarLink {
	out := &pb.CalendarLink{Name: api.Name("btlc/CalendarLink", l.id), CreateTime: api.Timestamp(l.created), Etag: api.Etag(1)}
	if l.section != nil {
		out.Section = api.Name("btlc/Section", *l.section)
	}
	if l.educator != nil {
		out.Educator = api.Name("btlc/Educator", *l.educator)
	}
	return out
}

func (s store) link(ctx context.Context, db *ent.Client, name string) (*link, error) {
	row, err := db.CalendarLink.Get(ctx, api.LastUUID(name))
	if err != nil {
		return nil, orMissing(err, name)
	}
	return linkOf(row), nil
}

// listLinks lists the links of these educators and those that the caller made, or all.
func (s store) listLinks(ctx context.Context, req *pb.ListCalendarLinksRequest, everywhere bool, educators []uuid.UUID, caller string) ([]*link, string, error) {
	q, err := api.ParseList(req, linkList)
	if err != nil {
		return nil, "", err
	}
	query := s.db.Ent().CalendarLink.Query()
	if !everywhere {
		query.Where(calendarlink.Or(calendarlink.EducatorIDIn(educators...), calendarlink.And(calendarlink.EducatorIDIsNil(), calendarlink.RecordedBy(caller))))
	}
	rows, err := query.Where(predicate.CalendarLink(q.Apply)).All(ctx)
	if err != nil {
		return nil, "", err
	}
	items, next := api.Page(q, rows, linkOf)
	return items, next, nil
}

func (s store) createLink(ctx context.Context, tx *database.Tx, in *pb.CalendarLink, hash []byte, by string) (*link, error) {
	row, err := tx.CalendarLink.Create().SetNillableSectionID(api.OptionalUUID(in.GetSection())).SetNillableEducatorID(api.OptionalUUID(in.GetEducator())).
		SetTokenHash(hash).SetRecordedBy(by).SetCreateTime(tx.Now).Save(ctx)
	if err != nil {
		return nil, linkConflicts.Translate(err)
	}
	return linkOf(row), nil
}

func (s store) deleteLink(ctx context.Context, tx *database.Tx, l *link) error {
	err := tx.CalendarLink.DeleteOneID(l.id).Exec(ctx)
	if ent.IsNotFound(err) {
		return api.Missing(api.Name("btlc/CalendarLink", l.id))
	}
	return err
}

// calendar is what the link with this hash shows; false when there is none.
func (s store) calendar(ctx context.Context, hash []byte) (Calendar, bool, error) {
	row, err := s.db.Ent().CalendarLink.Query().Where(calendarlink.TokenHash(hash)).Only(ctx)
	if ent.IsNotFound(err) {
		return Calendar{}, false, nil
	} else if err != nil {
		return Calendar{}, false, err
	}
	show := s.sectionCalendar
	id := row.SectionID
	if row.EducatorID != nil {
		show, id = s.personCalendar, row.EducatorID
	}
	c, err := show(ctx, *id, row.CreateTime)
	return c, true, err
}

// notDrafts are the sections that people go by, or went by until they were cancelled.
var notDrafts = entsection.StateNEQ("DRAFT")

func (s store) sectionCalendar(ctx context.Context, id uuid.UUID, since time.Time) (Calendar, error) {
	occasions, err := s.occasions(ctx, entsection.ID(id))
	if err != nil {
		return Calendar{}, err
	}
	name := "Course meetings"
	if len(occasions) > 0 {
		name = occasions[0].course
	}
	return calendarOf(name, since, occasions), nil
}

// personCalendar has what a person takes and leads. What was cancelled stays, so that programs strike it.
func (s store) personCalendar(ctx context.Context, id uuid.UUID, since time.Time) (Calendar, error) {
	registrations, err := s.db.Ent().Registration.Query().Where(entregistration.EducatorID(id)).All(ctx)
	if err != nil {
		return Calendar{}, err
	}
	var sections []uuid.UUID
	for _, r := range registrations {
		since = latest(since, r.UpdateTime)
		switch {
		case r.State == "ENROLLED", r.State == "COMPLETED", r.State == "NOT_COMPLETED", r.State == "WITHDRAWN" && r.Reason == sectionCancelled:
			sections = append(sections, r.SectionID)
		}
	}
	leads, err := s.db.Ent().SectionFacilitator.Query().Where(sectionfacilitator.EducatorID(id)).All(ctx)
	if err != nil {
		return Calendar{}, err
	}
	for _, l := range leads {
		since, sections = latest(since, l.CreateTime), append(sections, l.SectionID)
	}
	occasions, err := s.occasions(ctx, entsection.IDIn(sections...))
	return calendarOf("My course meetings", since, occasions), err
}

// occasions are the meetings of sections: two queries, however many they are.
func (s store) occasions(ctx context.Context, of predicate.Section) ([]occasion, error) {
	rows, err := s.db.Ent().Section.Query().Where(of, notDrafts).WithCourseVersion(func(q *ent.CourseVersionQuery) { q.WithCourse() }).All(ctx)
	if err != nil {
		return nil, err
	}
	ids, byID, counts := make([]uuid.UUID, len(rows)), map[uuid.UUID]*ent.Section{}, map[uuid.UUID]int32{}
	for i, row := range rows {
		ids[i], byID[row.ID] = row.ID, row
	}
	meetings, err := s.db.Ent().Meeting.Query().Where(entmeeting.SectionIDIn(ids...)).All(ctx)
	if err != nil {
		return nil, err
	}
	for _, m := range meetings {
		counts[m.SectionID]++
	}
	occasions := make([]occasion, len(meetings))
	for i, m := range meetings {
		of := byID[m.SectionID]
		occasions[i] = occasion{
			meeting: m.ID, course: of.Edges.CourseVersion.Edges.Course.Title, section: of.DisplayName, number: m.MeetingNumber, count: counts[m.SectionID],
			start: m.StartTime, end: m.EndTime, room: m.Room, location: m.Location, site: of.Site, version: m.Version, modified: m.UpdateTime,
			cancelled: of.State == "CANCELLED", sectionModified: of.UpdateTime,
		}
		for _, r := range m.Resources {
			occasions[i].resources = append(occasions[i].resources, resource{r.Title, r.URL})
		}
	}
	return occasions, nil
}
