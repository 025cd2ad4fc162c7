package enrollment_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/btlc/btlc/ent"
	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/enrollment"
	"github.com/btlc/btlc/internal/program"
)

// termWorld is a term with sections of two courses and applications that wait, made up by a seed.
type termWorld struct {
	*world
	sections []uuid.UUID
	// evenings are those of the sections; free are people who have not applied.
	evenings map[uuid.UUID]time.Weekday
	free     []string
	roles    []uuid.UUID
}

func newTerm(t *testing.T, sections, people int, seed uint64) *termWorld {
	t.Helper()
	w := &termWorld{world: newWorld(t, 1, 0), evenings: map[uuid.UUID]time.Weekday{}}
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	rules := rulesOfSeats[0]
	rules.Placement = traced(program.PlacementWeights{Placed: 1000, RoleAlike: 100, SiteFirst: 30, SiteOther: 10})
	w.service = enrollment.New(w.db, zone, []program.EnrollmentRules{rules})
	ctx, to, random := t.Context(), w.db.Ent(), rand.New(rand.NewPCG(seed, 1))
	to.Course.Create().SetID("shared-leadership").SetTitle("Shared Leadership").SetCoreSkill("shared-leadership").SetSources([]string{}).ExecX(ctx)
	other := to.CourseVersion.Create().SetCourseID("shared-leadership").SetVersionNumber(1).SetContactMinutes(0).SetWeeks(12).SetMeetingCount(0).
		SetFeeCurrency("USD").SetFeeUnits(1000).SetCredits(3).SetAttendanceEntryDays(1).SetSources([]string{}).SaveX(ctx)
	versions, courses := []uuid.UUID{to.Section.GetX(ctx, w.section).CourseVersionID, other.ID}, []string{"using-data", "shared-leadership"}
	for i, family := range []string{"mentor", "team-leader", "coach"} {
		to.RoleFamily.Create().SetID(family).SetTitle(family).SetSources([]string{}).ExecX(ctx)
		role := to.Role.Create().SetDistrictID("bps").SetDisplayName(family).SetKind("FORMAL").SetRoleFamilyID(family).SaveX(ctx)
		w.roles = append(w.roles, role.ID)
		w.employ(t, role.ID, "CONFIRMED", people/3+sections+10*i)
	}
	random.Shuffle(len(w.educators), func(i, j int) { w.educators[i], w.educators[j] = w.educators[j], w.educators[i] })
	capacity := people/sections + 1
	var meetings []*ent.MeetingCreate
	for i := range sections {
		made := to.Section.Create().SetCourseVersionID(versions[i%2]).SetTermID("fall-2026").SetState("OPEN").SetCapacity(int32(capacity)).SetTimeZone("America/New_York").
			SetSite(fmt.Sprint("Site ", i%4)).SetRegistrationOpenTime(now.Add(-time.Hour)).SetRegistrationCloseTime(now.Add(time.Hour)).SaveX(ctx)
		w.sections = append(w.sections, made.ID)
		to.SectionFacilitator.Create().SetSectionID(made.ID).SetEducatorID(api.LastUUID(w.educators[i])).ExecX(ctx)
		// 22:30 UTC of a Monday and the three days after it, for three weeks.
		first := time.Date(2026, 11, 30, 22, 30, 0, 0, time.UTC).AddDate(0, 0, i/2%4)
		w.evenings[made.ID] = first.Weekday()
		for week := range 3 {
			start := first.AddDate(0, 0, 7*week)
			meetings = append(meetings, to.Meeting.Create().SetSectionID(made.ID).SetMeetingNumber(int32(week+1)).SetStartTime(start).SetEndTime(start.Add(3*time.Hour)))
		}
	}
	to.Meeting.CreateBulk(meetings...).ExecX(ctx)
	w.makeApplications(t, people, courses, random)
	return w
}

// makeApplications has people apply, those who lead sections among them; one in ten for both courses.
func (w *termWorld) makeApplications(t *testing.T, people int, courses []string, random *rand.Rand) {
	t.Helper()
	ctx, to := t.Context(), w.db.Ent()
	var applications []*ent.ApplicationCreate
	var members []*ent.ApplicationMemberCreate
	apply := func(course string, party []string) {
		id := uuid.Must(uuid.NewV7())
		evenings, sites := []int{}, []string{}
		for day := 1; day <= 4; day++ {
			if random.IntN(3) > 0 {
				evenings = append(evenings, day)
			}
		}
		for _, site := range random.Perm(4)[:random.IntN(3)] {
			sites = append(sites, fmt.Sprint("Site ", site))
		}
		applications = append(applications, to.Application.Create().SetID(id).SetTermID("fall-2026").SetCourseID(course).SetEvenings(evenings).SetSites(sites).SetState("SUBMITTED").SetSubmitTime(now))
		for i, who := range party {
			members = append(members, to.ApplicationMember.Create().SetApplicationID(id).SetEducatorID(api.LastUUID(who)).SetPosition(int32(i)).SetState("ACCEPTED").
				SetDetails(map[string]any{"acknowledgedFramework": "frameworks/btlc-1"}))
		}
	}
	for i := 0; i < people; {
		size := min(1+max(0, random.IntN(8)-4), people-i)
		at := random.IntN(2)
		apply(courses[at], w.educators[i:i+size])
		if random.IntN(10) == 0 {
			apply(courses[1-at], w.educators[i:i+size])
		}
		i += size
	}
	w.free = w.educators[people:]
	to.Application.CreateBulk(applications...).ExecX(ctx)
	for part := range slices.Chunk(members, 1000) {
		to.ApplicationMember.CreateBulk(part...).ExecX(ctx)
	}
}

func (w *termWorld) propose(t *testing.T) *pb.PlacementProposal {
	t.Helper()
	answer, err := call(t.Context(), w.world, staff, "ProposePlacements", w.service.ProposePlacements, &pb.ProposePlacementsRequest{Parent: "terms/fall-2026"})
	if err != nil {
		t.Fatal(err)
	}
	return answer.PlacementProposal
}

func (w *termWorld) apply(t *testing.T, proposal string) *pb.PlacementProposal {
	t.Helper()
	answer, err := call(t.Context(), w.world, staff, "ApplyPlacementProposal", w.service.ApplyPlacementProposal, &pb.ApplyPlacementProposalRequest{Name: proposal})
	if err != nil {
		t.Fatal(err)
	}
	return answer.PlacementProposal
}

// placements are those of a proposal, by the names of the applications.
func (w *termWorld) placements(t *testing.T, proposal string) map[string]*pb.Placement {
	t.Helper()
	all, token := map[string]*pb.Placement{}, ""
	for {
		answer, err := call(t.Context(), w.world, staff, "ListPlacements", w.service.ListPlacements, &pb.ListPlacementsRequest{Parent: proposal, PageSize: 100, PageToken: token})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range answer.Placements {
			all[p.Application] = p
		}
		if token = answer.NextPageToken; token == "" {
			return all
		}
	}
}

func (w *world) none(t *testing.T, what, query string) {
	t.Helper()
	var found int
	if err := w.db.SQL().QueryRowContext(t.Context(), query).Scan(&found); err != nil {
		t.Fatal(err)
	}
	if found > 0 {
		t.Errorf("%d %s", found, what)
	}
}

// checkPlaced compares the tables with the rules that hold whatever is applied, and with the placements that are applied.
func (w *termWorld) checkPlaced(t *testing.T, all map[string]*pb.Placement) {
	t.Helper()
	w.none(t, "sections that are oversold, or count otherwise", `SELECT count(*) FROM sections s WHERE s.seats_taken > s.capacity OR s.seats_taken <>
		(SELECT count(*) FROM registrations r WHERE r.section_id = s.id AND r.state = 'ENROLLED')`)
	w.none(t, "people who take what they lead", `SELECT count(*) FROM registrations r JOIN section_facilitators f ON f.section_id = r.section_id AND f.educator_id = r.educator_id`)
	w.none(t, "people on one evening in two sections", `SELECT count(*) FROM registrations a JOIN registrations b ON a.educator_id = b.educator_id AND a.id < b.id
		JOIN meetings m ON m.section_id = a.section_id JOIN meetings n ON n.section_id = b.section_id AND n.start_time = m.start_time`)
	rows := w.db.Ent().Registration.Query().WithApplication().AllX(t.Context())
	of := map[string][]uuid.UUID{}
	for _, r := range rows {
		if r.ApplicationID == nil {
			continue
		}
		a := r.Edges.Application
		name := api.Name("btlc/Application", a.TermID, a.ID)
		of[name] = append(of[name], r.SectionID)
		if day := int(w.evenings[r.SectionID]); len(a.Evenings) > 0 && !slices.Contains(a.Evenings, day) || a.State != "PLACED" {
			t.Errorf("%s, which is %s and can come on %v, is in a section of day %d", name, a.State, a.Evenings, day)
		}
	}
	for name, p := range all {
		var want []uuid.UUID
		if p.State == pb.Placement_STATE_APPLIED {
			want = slices.Repeat([]uuid.UUID{api.LastUUID(p.Section)}, int(p.PartySize))
		}
		if !slices.Equal(of[name], want) {
			t.Errorf("%s is %v in %s, %d people, and has registrations in %v", name, p.State, p.Section, p.PartySize, of[name])
		}
	}
}

func TestAProposalIsAppliedAsItIs(t *testing.T) {
	t.Parallel()
	w := newTerm(t, 12, 240, 1)
	made := w.propose(t)
	if again := w.propose(t); again.Value != made.Value || !slices.EqualFunc(again.Sections, made.Sections, func(a, b *pb.SectionPlan) bool { return proto.Equal(a, b) }) {
		t.Error("the same applications have another proposal")
	}
	if made.Gap > 0.1 || made.Rules != "enrollment-test" || made.Weights.GetFirstSite() != 30 {
		t.Errorf("the gap is %.3f, by %s with %v", made.Gap, made.Rules, made.Weights)
	}
	proposed := w.placements(t, made.Name)
	placed := 0
	for name, p := range proposed {
		if len(p.Reasons) == 0 {
			t.Errorf("%s has no reason", name)
		}
		if p.Section != "" {
			placed++
		}
	}
	if placed != int(made.PlacedCount) || len(proposed)-placed != int(made.UnplacedCount) {
		t.Errorf("%d of %d are placed, told are %d and %d", placed, len(proposed), made.PlacedCount, made.UnplacedCount)
	}
	applied := w.apply(t, made.Name)
	if applied.State != pb.PlacementProposal_STATE_APPLIED || applied.ApplyTime == nil {
		t.Errorf("it is %v", applied.State)
	}
	after := w.placements(t, made.Name)
	for name, p := range after {
		if p.Section != proposed[name].Section || p.State == pb.Placement_STATE_FAILED || (p.State == pb.Placement_STATE_APPLIED) != (p.Section != "") {
			t.Errorf("%s was proposed for %q and is %v in %q: %s", name, proposed[name].Section, p.State, p.Section, p.Failure)
		}
	}
	w.checkPlaced(t, after)
	for _, plan := range applied.Sections {
		family := w.db.Ent().Section.GetX(t.Context(), api.LastUUID(plan.Section)).RoleFamilyID
		if plan.RoleFamily != "" && (family == nil || *family != api.LastWord(plan.RoleFamily)) {
			t.Errorf("%s is for %v, proposed was %s", plan.Section, family, plan.RoleFamily)
		}
	}
	before := w.digest(t)
	if again := w.apply(t, made.Name); !proto.Equal(again, applied) {
		t.Errorf("applied again it is %v", again)
	}
	if got := w.digest(t); got != before {
		t.Error("applying again changes something")
	}
}

// digest is a digest of the rows that applying writes.
func (w *termWorld) digest(t *testing.T) (digest string) {
	t.Helper()
	if err := w.db.SQL().QueryRowContext(t.Context(), `SELECT md5(
		(SELECT string_agg(r::text, ',' ORDER BY id) FROM registrations r) || (SELECT string_agg(p::text, ',' ORDER BY id) FROM placements p) ||
		(SELECT string_agg(s::text, ',' ORDER BY id) FROM sections s) || (SELECT string_agg(a::text, ',' ORDER BY id) FROM applications a) ||
		(SELECT string_agg(o::text, ',' ORDER BY id) FROM placement_proposals o) || (SELECT count(*)::text FROM seating_entries))`).Scan(&digest); err != nil {
		t.Fatal(err)
	}
	return digest
}

func TestSomebodyTakesTheSeatsMeanwhile(t *testing.T) {
	t.Parallel()
	w := newTerm(t, 6, 90, 2)
	made := w.propose(t)
	got := atOnce(len(w.free)+2, func(i int) error {
		if i < 2 {
			_, err := call(t.Context(), w.world, staff, "ApplyPlacementProposal", w.service.ApplyPlacementProposal, &pb.ApplyPlacementProposalRequest{Name: made.Name})
			return err
		}
		who := w.free[i-2]
		_, err := call(t.Context(), w.world, educatorCaller(who), "CreateRegistration", w.service.CreateRegistration, &pb.CreateRegistrationRequest{
			Parent: api.Name("btlc/Section", w.sections[i%len(w.sections)]), Registration: detailed(who),
		})
		return err
	})
	if got[""] < 2 || got[""]+got[api.SeatUnavailable] != len(w.free)+2 {
		t.Errorf("got %v, want seats or refusals and nothing else", got)
	}
	all := w.placements(t, made.Name)
	failed := 0
	for name, p := range all {
		if p.State == pb.Placement_STATE_FAILED {
			failed++
			if p.Failure == "" {
				t.Errorf("%s failed without a reason", name)
			}
		}
	}
	if failed == 0 {
		t.Error("everybody found a seat: nobody was faster")
	}
	w.checkPlaced(t, all)
}

func TestWhatFailsIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := newTerm(t, 4, 40, 3)
	made := w.propose(t)
	var victim *pb.Placement
	for _, p := range w.placements(t, made.Name) {
		if p.Section != "" && p.PartySize > 1 {
			victim = p
		}
	}
	lost := w.db.Ent().ApplicationMember.Query().AllX(t.Context())
	var who uuid.UUID
	for _, m := range lost {
		if m.ApplicationID == api.LastUUID(victim.Application) {
			who = m.EducatorID
		}
	}
	setRole := func(state string) {
		if _, err := w.db.SQL().ExecContext(t.Context(), `UPDATE role_assignments SET state = $1 WHERE educator_id = $2`, state, who); err != nil {
			t.Fatal(err)
		}
	}
	setRole("DISPUTED")
	w.apply(t, made.Name)
	all := w.placements(t, made.Name)
	if p := all[victim.Application]; p.State != pb.Placement_STATE_FAILED || p.Failure == "" {
		t.Errorf("it is %v: %s", p.State, p.Failure)
	}
	w.checkPlaced(t, all)
	setRole("CONFIRMED")
	if again := w.apply(t, made.Name); again.State != pb.PlacementProposal_STATE_APPLIED {
		t.Errorf("it is %v", again.State)
	}
	all = w.placements(t, made.Name)
	if p := all[victim.Application]; p.State != pb.Placement_STATE_APPLIED || p.Failure != "" {
		t.Errorf("tried again it is %v: %s", p.State, p.Failure)
	}
	w.checkPlaced(t, all)
}

func TestEditsKeepTheRules(t *testing.T) {
	t.Parallel()
	w := newTerm(t, 8, 120, 4)
	made := w.propose(t)
	edit := func(application, section string) (*pb.PlacementProposal, error) {
		answer, err := call(t.Context(), w.world, staff, "EditPlacement", w.service.EditPlacement, &pb.EditPlacementRequest{Name: made.Name, Application: application, Section: section})
		return answer.GetPlacementProposal(), err
	}
	moved, refused := 0, 0
	for name, p := range w.placements(t, made.Name) {
		if p.Section == "" {
			continue
		}
		for _, section := range w.sections {
			edited, err := edit(name, api.Name("btlc/Section", section))
			switch {
			case err == nil:
				moved++
				if edited.Value > edited.Bound {
					t.Errorf("worth %v, more than the bound of %v", edited.Value, edited.Bound)
				}
			case reason(err) == api.StateConflict:
				refused++
			default:
				t.Fatal(err)
			}
		}
		if moved > 10 && refused > 10 {
			break
		}
	}
	if moved == 0 || refused == 0 {
		t.Fatalf("%d edits were made, %d refused", moved, refused)
	}
	var out string
	for name, p := range w.placements(t, made.Name) {
		if p.Section != "" && !p.Pinned {
			out = name
			break
		}
	}
	edited, err := edit(out, "")
	if err != nil {
		t.Fatal(err)
	}
	all := w.placements(t, made.Name)
	var sum float64
	placed := 0
	for _, p := range all {
		sum += p.Value
		if p.Section != "" {
			placed++
		}
	}
	if p := all[out]; p.Section != "" || !p.Pinned || p.Value != 0 {
		t.Errorf("taken out it is in %q, worth %v", p.Section, p.Value)
	}
	if sum != edited.Value || placed != int(edited.PlacedCount) {
		t.Errorf("the placements are worth %v and %d, told are %v and %d", sum, placed, edited.Value, edited.PlacedCount)
	}
	w.apply(t, made.Name)
	w.checkPlaced(t, w.placements(t, made.Name))
	if _, err := edit(out, api.Name("btlc/Section", w.sections[0])); reason(err) != api.StateConflict {
		t.Errorf("an edit of what is applied: %v", err)
	}
}
