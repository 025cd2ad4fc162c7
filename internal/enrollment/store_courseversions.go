package enrollment

import (
	"context"
	"fmt"
	"strconv"

	moneypb "google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/genproto/googleapis/type/timeofday"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/competency"
	"github.com/btlc/btlc/ent/coreskill"
	"github.com/btlc/btlc/ent/course"
	"github.com/btlc/btlc/ent/courseversion"
	"github.com/btlc/btlc/ent/framework"
	"github.com/btlc/btlc/ent/predicate"
	"github.com/btlc/btlc/ent/schema"
	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/money"
)

var versionList = &api.ListSpec{Default: "version_number", Columns: map[string]api.Column{
	"version_number": {Name: courseversion.FieldVersionNumber, Kind: api.NumberColumn}, "create_time": {Name: courseversion.FieldCreateTime, Kind: api.InstantColumn},
}}

func versionName(row *ent.CourseVersion) string {
	return api.Name("btlc/CourseVersion", row.CourseID, row.VersionNumber)
}

func versionProto(row *ent.CourseVersion) *pb.CourseVersion {
	out := &pb.CourseVersion{
		Name: versionName(row), VersionNumber: row.VersionNumber, ContactMinutes: row.ContactMinutes, Weeks: row.Weeks, MeetingCount: row.MeetingCount,
		Fee: &moneypb.Money{CurrencyCode: row.FeeCurrency, Units: row.FeeUnits}, Credits: row.Credits, AttendanceEntryDays: row.AttendanceEntryDays,
		Sources: row.Sources, Assumptions: row.Assumptions, CreateTime: api.Timestamp(row.CreateTime), ChangeNote: row.ChangeNote,
	}
	for _, s := range row.SessionPattern {
		out.SessionPattern = append(out.SessionPattern, &pb.SessionPattern{
			Kind: api.EnumOf[pb.SessionKind](s.Kind), Count: s.Count, StartTime: timeOfDay(s.StartMinute), EndTime: timeOfDay(s.EndMinute),
		})
	}
	for _, u := range row.Syllabus {
		out.Syllabus = append(out.Syllabus, &pb.SyllabusUnit{Title: u.Title, Description: u.Description, Resources: resourcesProto(u.Resources)})
	}
	out.Resources = resourcesProto(row.Resources)
	for _, g := range row.ServedGoals {
		out.ServedGoals = append(out.ServedGoals, &pb.ServedGoal{Competency: g.Competency, Note: g.Note})
	}
	return out
}

func resourcesProto(resources []schema.CourseResource) []*pb.CourseResource {
	var out []*pb.CourseResource
	for _, r := range resources {
		out = append(out, &pb.CourseResource{Title: r.Title, Url: r.URL})
	}
	return out
}

// resourcesOf are resources as rows have them: an empty list for none.
func resourcesOf(in []*pb.CourseResource) []schema.CourseResource {
	resources := make([]schema.CourseResource, len(in))
	for i, r := range in {
		resources[i] = schema.CourseResource{Title: r.GetTitle(), URL: r.GetUrl()}
	}
	return resources
}

func timeOfDay(minute int32) *timeofday.TimeOfDay {
	return &timeofday.TimeOfDay{Hours: minute / 60, Minutes: minute % 60}
}

// minuteOfDay is a time of day in minutes since midnight, 24:00 included.
func minuteOfDay(field string, t *timeofday.TimeOfDay) (int32, *api.Violation) {
	whole := t.GetSeconds() == 0 && t.GetNanos() == 0
	if within := t.GetHours() >= 0 && t.GetHours() < 24 && t.GetMinutes() >= 0 && t.GetMinutes() < 60; whole && within || t.GetHours() == 24 && t.GetMinutes() == 0 && whole {
		return t.GetHours()*60 + t.GetMinutes(), nil
	}
	return 0, &api.Violation{Field: field, Description: "is a time of day in whole minutes, from 00:00 to 24:00"}
}

func versionRow(ctx context.Context, db *ent.Client, name string) (*ent.CourseVersion, error) {
	number, err := strconv.ParseInt(api.LastWord(name), 10, 32)
	if err != nil || strconv.FormatInt(number, 10) != api.LastWord(name) {
		number = 0 // versions are counted from 1: there is no `01` and no `latest`
	}
	return db.CourseVersion.Query().Where(courseversion.CourseID(api.Part(name, 0)), courseversion.VersionNumber(int32(number))).Only(ctx)
}

func (s store) courseVersion(ctx context.Context, name string) (*pb.CourseVersion, error) {
	row, err := versionRow(ctx, s.db.Ent(), name)
	if err != nil {
		return nil, orMissing(err, name)
	}
	return versionProto(row), nil
}

func (s store) listCourseVersions(ctx context.Context, req *pb.ListCourseVersionsRequest) (*pb.ListCourseVersionsResponse, error) {
	q, err := api.ParseList(req, versionList)
	if err != nil {
		return nil, err
	}
	query := s.db.Ent().CourseVersion.Query()
	if parent := api.LastWord(req.GetParent()); parent != "-" {
		if found, err := s.db.Ent().Course.Query().Where(course.ID(parent)).Exist(ctx); err != nil || !found {
			return nil, orMissing(err, req.GetParent())
		}
		query.Where(courseversion.CourseID(parent))
	}
	rows, err := query.Where(predicate.CourseVersion(q.Apply)).All(ctx)
	if err != nil {
		return nil, err
	}
	items, next := api.Page(q, rows, versionProto)
	return &pb.ListCourseVersionsResponse{CourseVersions: items, NextPageToken: next}, nil
}

// timetableOf is how the meetings of a version are spread.
func timetableOf(row *ent.CourseVersion) timetable {
	t := timetable{weeks: row.Weeks}
	for _, s := range row.SessionPattern {
		t.pattern = append(t.pattern, sessions{kind: s.Kind, count: s.Count, start: s.StartMinute, end: s.EndMinute})
	}
	return t
}

// createCourseVersion makes the next version of a course, whose row is held meanwhile, so that each number is given once.
func (s store) createCourseVersion(ctx context.Context, tx *database.Tx, parent string, in *pb.CourseVersion) (*pb.CourseVersion, error) {
	of, err := tx.Course.Query().Where(course.ID(api.LastWord(parent))).ForUpdate().Only(ctx)
	if err != nil {
		return nil, orMissing(err, parent)
	}
	latest, err := tx.CourseVersion.Query().Where(courseversion.CourseID(of.ID)).Order(ent.Desc(courseversion.FieldVersionNumber)).First(ctx)
	if err != nil {
		return nil, err
	}
	next, wrong := amended(latest, in)
	times := timetableOf(next)
	wrong = append(wrong, times.check("courseVersion")...)
	competencies, err := skillCompetencies(ctx, tx.Client, of.CoreSkill)
	if err != nil {
		return nil, err
	}
	goals := make([]string, len(next.ServedGoals))
	for i, g := range next.ServedGoals {
		goals[i] = g.Competency
	}
	wrong = append(wrong, checkGoals("courseVersion.servedGoals", goals, competencies)...)
	if wrong = append(wrong, checkVersionResources(in)...); len(wrong) > 0 {
		return nil, api.Invalid(wrong...)
	}
	meetings, minutes := times.meetings()
	made, err := tx.CourseVersion.Create().SetCourseID(of.ID).SetVersionNumber(latest.VersionNumber + 1).SetContactMinutes(minutes).SetWeeks(next.Weeks).SetMeetingCount(meetings).
		SetFeeCurrency(next.FeeCurrency).SetFeeUnits(next.FeeUnits).SetCredits(next.Credits).SetAttendanceEntryDays(next.AttendanceEntryDays).
		SetSessionPattern(next.SessionPattern).SetSyllabus(next.Syllabus).SetResources(next.Resources).SetServedGoals(next.ServedGoals).SetChangeNote(next.ChangeNote).
		SetSources([]string{}).SetCreateTime(tx.Now).Save(ctx)
	if err != nil {
		return nil, err
	}
	return versionProto(made), nil
}

// amended is the latest version with what is given in its place, and what is wrong with that. Goals and note are about one
// version alone.
func amended(latest *ent.CourseVersion, in *pb.CourseVersion) (*ent.CourseVersion, []api.Violation) {
	next := *latest
	next.ServedGoals, next.ChangeNote = []schema.ServedGoal{}, in.GetChangeNote()
	var wrong []api.Violation
	for _, given := range []struct {
		value int32
		to    *int32
	}{{in.GetWeeks(), &next.Weeks}, {in.GetCredits(), &next.Credits}, {in.GetAttendanceEntryDays(), &next.AttendanceEntryDays}} {
		if given.value != 0 {
			*given.to = given.value
		}
	}
	if fee := in.GetFee(); fee != nil {
		if err := money.CheckCurrency(fee.GetCurrencyCode()); err != nil {
			wrong = append(wrong, api.Violation{Field: "courseVersion.fee.currencyCode", Description: "is a currency that is counted in hundredths (ISO 4217), such as USD"})
		}
		if fee.GetUnits() < 0 || fee.GetUnits() > money.MaxMinor/100 || fee.GetNanos() != 0 {
			wrong = append(wrong, api.Violation{Field: "courseVersion.fee", Description: fmt.Sprintf("is a whole amount from 0 to %d", money.MaxMinor/100)})
		}
		next.FeeCurrency, next.FeeUnits = fee.GetCurrencyCode(), fee.GetUnits()
	}
	if given := in.GetSessionPattern(); len(given) > 0 {
		next.SessionPattern = nil
		for i, p := range given {
			path := fmt.Sprintf("courseVersion.sessionPattern[%d]", i)
			start, early := minuteOfDay(path+".startTime", p.GetStartTime())
			end, late := minuteOfDay(path+".endTime", p.GetEndTime())
			for _, v := range []*api.Violation{early, late} {
				if v != nil {
					wrong = append(wrong, *v)
				}
			}
			next.SessionPattern = append(next.SessionPattern, schema.SessionPattern{Kind: api.EnumWord(p.GetKind()), Count: p.GetCount(), StartMinute: start, EndMinute: end})
		}
	}
	if given := in.GetSyllabus(); len(given) > 0 {
		next.Syllabus = nil
		for _, u := range given {
			next.Syllabus = append(next.Syllabus, schema.SyllabusUnit{Title: u.GetTitle(), Description: u.GetDescription(), Resources: resourcesOf(u.GetResources())})
		}
	}
	if given := in.GetResources(); len(given) > 0 {
		next.Resources = resourcesOf(given)
	}
	for _, g := range in.GetServedGoals() {
		next.ServedGoals = append(next.ServedGoals, schema.ServedGoal{Competency: g.GetCompetency(), Note: g.GetNote()})
	}
	return &next, wrong
}

// checkVersionResources says what is wrong with the resources that a version is given; those of the latest were checked when
// it was made.
func checkVersionResources(in *pb.CourseVersion) []api.Violation {
	wrong := checkAddresses("courseVersion.resources", addressesOf(in.GetResources()))
	for i, unit := range in.GetSyllabus() {
		wrong = append(wrong, checkAddresses(fmt.Sprintf("courseVersion.syllabus[%d].resources", i), addressesOf(unit.GetResources()))...)
	}
	return wrong
}

// skillCompetencies are the ids of a core skill's competencies in the latest framework.
func skillCompetencies(ctx context.Context, db *ent.Client, skill string) ([]string, error) {
	latest, err := db.Framework.Query().Order(ent.Desc(framework.FieldVersionNumber)).FirstID(ctx)
	if err != nil {
		return nil, err
	}
	return db.Competency.Query().Where(competency.FrameworkID(latest), competency.HasCoreSkillWith(coreskill.Code(skill))).
		Select(competency.FieldCode).Strings(ctx)
}
