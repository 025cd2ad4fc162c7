package server_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/btlc/btlc/internal/api"
)

var (
	termSections = flag.Int("term-sections", 4, "sections of the simulated term, one course after the other")
	termPeople   = flag.Int("term-people", 80, "persons of the simulated term")
	termSeed     = flag.Uint64("term-seed", 1, "seed of the simulated term")
)

// simulatedCourses are those that the sections of the term take turns in.
var simulatedCourses = []string{"using-data", "supporting-instruction", "shared-leadership", "professional-expertise"}

// term is a term from its calendar to its completions, by the RPCs that staff call.
type term struct {
	*world
	t         *testing.T
	random    *rand.Rand
	people    []string // names of educators
	sections  []string
	partners  map[string][]string // the members of each application
	meetings  []simulatedMeeting
	completed sync.Map // by registration, whether it counts as completed
}

type simulatedMeeting struct {
	name, section string
	start         time.Time
	minutes       int
}

// TestATerm takes a term from its school calendar to its completions: schedules around holidays, applications alone and
// with partners, a placement proposal that is applied, a waitlist, attendance of every meeting, money, feedback,
// completion. `make soak` does it with 60 sections and 1,500 persons.
func TestATerm(t *testing.T) {
	t.Parallel()
	began := time.Now()
	s := &term{world: newWorld(t), t: t, random: rand.New(rand.NewPCG(*termSeed, *termSeed)), partners: map[string][]string{}}
	step := func(what string, do func()) {
		from := time.Now()
		do()
		t.Logf("%-12s %6.2f s", what, time.Since(from).Seconds())
	}
	step("people", s.makePeople)
	step("sections", s.makeSections)
	step("applications", s.apply)
	step("placements", s.place)
	step("waitlist", s.waitlist)
	step("attendance", s.attend)
	step("completion", s.complete)
	step("money", s.pay)
	t.Logf("%d sections, %d persons, seed %d: %.1f s", *termSections, *termPeople, *termSeed, time.Since(began).Seconds())
}

// ask calls an RPC as staff, from any goroutine.
func (s *term) ask(rpc string, request map[string]any) (map[string]any, error) {
	r := s.grpc.call(s.t, methodNamed(s.t, rpc), s.keys["staff"], marshal(s.t, request), nil)
	if r.err != nil {
		return nil, fmt.Errorf("%s: %w %v", rpc, r.err, r.err.Violations)
	}
	return r.answer, nil
}

// each does something for many at once, as many callers do.
func each[T any](s *term, all []T, do func(T) error) {
	s.t.Helper()
	var group errgroup.Group
	group.SetLimit(6)
	for _, one := range all {
		group.Go(func() error { return do(one) })
	}
	must(s.t, group.Wait())
}

// makePeople puts on record persons of ten schools who hold a role of one of three families. Directly, since how people
// come on record is not what is looked at here.
func (s *term) makePeople() {
	ctx, db := s.t.Context(), s.server.DB().Ent()
	var schools []uuid.UUID
	for i := range 10 {
		schools = append(schools, db.School.Create().SetDistrictID("bps").SetDisplayName(fmt.Sprint("School ", i)).SaveX(ctx).ID)
	}
	families := []string{"mentor", "team-leader", "content-area-leader"}
	var roles []uuid.UUID
	for _, family := range families {
		roles = append(roles, db.Role.Create().SetDistrictID("bps").SetDisplayName("Role of "+family).SetKind("FORMAL").SetRoleFamilyID(family).SaveX(ctx).ID)
	}
	from := startOfTime.AddDate(-1, 0, 0)
	for i := range *termPeople + *termSections { // the last of them lead the sections
		family := min(s.random.IntN(5), len(families)-1) // uneven
		person := db.Educator.Create().SetGivenName("Given").SetFamilyName(fmt.Sprint("Family ", i)).SaveX(ctx)
		db.Employment.Create().SetEducatorID(person.ID).SetDistrictID("bps").SetSchoolID(schools[i/4%len(schools)]).SetStartDate(from).ExecX(ctx)
		db.RoleAssignment.Create().SetEducatorID(person.ID).SetRoleID(roles[family]).SetDistrictID("bps").SetSchoolID(schools[i/4%len(schools)]).SetState("CONFIRMED").SetStartDate(from).
			SetConfirmTime(startOfTime).SetConfirmedBy("people/principal").SetReportedBy("people/principal").ExecX(ctx)
		s.people = append(s.people, api.Name("btlc/Educator", person.ID))
	}
}

// makeSections makes sections of a spring by proposed schedules, and opens them.
func (s *term) makeSections() {
	s.do(s.t, "staff", "CreateTerm", map[string]any{"termId": "spring-2027", "term": map[string]any{"displayName": "Spring 2027", "startDate": day(2027, 1, 25), "endDate": day(2027, 6, 20)}})
	s.do(s.t, "staff", "CreateSchoolCalendar", map[string]any{"schoolCalendarId": "boston", "schoolCalendar": map[string]any{
		"displayName": "Made up for 2027", "closedDays": []any{map[string]any{"title": "Winter recess", "firstDate": day(2027, 2, 15), "lastDate": day(2027, 2, 19)}},
	}})
	s.sections = make([]string, *termSections)
	numbers := make([]int, *termSections)
	for i := range numbers {
		numbers[i] = i
	}
	each(s, numbers, func(i int) error {
		version := "courses/" + simulatedCourses[i%4] + "/versions/1"
		evening := []string{"TUESDAY", "WEDNESDAY", "THURSDAY"}[i/4%3]
		proposed, err := s.ask("ProposeSchedule", map[string]any{"name": version, "schoolCalendar": "schoolCalendars/boston", "startDate": day(2027, 1, 25), "evening": evening, "room": fmt.Sprint("Room ", i)})
		if err != nil {
			return err
		}
		made, err := s.ask("CreateSection", map[string]any{"section": map[string]any{
			"courseVersion": version, "term": "terms/spring-2027", "capacity": capacityOf(), "site": fmt.Sprint("Site ", i/4%10), "facilitators": []any{s.people[*termPeople+i]},
			"registrationOpenTime": "2026-11-01T00:00:00Z", "registrationCloseTime": "2027-01-20T00:00:00Z", "meetings": proposed["meetings"],
		}})
		if err != nil {
			return err
		}
		s.sections[i] = text(made, "section.name")
		_, err = s.ask("OpenSection", map[string]any{"name": s.sections[i]})
		return err
	})
	s.people = s.people[:*termPeople]
}

// capacityOf is how many seats a section needs for the most of the people to find one.
func capacityOf() int { return *termPeople / *termSections + 1 }

// apply has everybody apply, some with partners of their school.
func (s *term) apply() {
	var parties [][]string
	for i := 0; i < len(s.people); {
		size := 1
		if s.random.IntN(7) == 0 {
			size = 2 + s.random.IntN(3)
		}
		size = min(size, len(s.people)-i)
		parties = append(parties, s.people[i:i+size])
		i += size
	}
	type wish struct {
		party    []string
		course   string
		evenings []any
		sites    []any
	}
	var wishes []wish
	for i, party := range parties {
		w := wish{party: party, course: "courses/" + simulatedCourses[i%4]}
		for _, evening := range []string{"TUESDAY", "WEDNESDAY", "THURSDAY"} {
			if s.random.IntN(4) > 0 {
				w.evenings = append(w.evenings, evening)
			}
		}
		if s.random.IntN(2) == 0 {
			w.sites = []any{fmt.Sprint("Site ", s.random.IntN(10))}
			w.evenings = nil // who names a site comes on any evening
		}
		wishes = append(wishes, w)
	}
	var lock sync.Mutex
	each(s, wishes, func(w wish) error {
		details := map[string]any{"acknowledgedFramework": s.variables["framework"], "strengths": "Runs meetings.", "learningGoals": "To lead with data."}
		members := []any{}
		for i, person := range w.party {
			member := map[string]any{"educator": person}
			if i == 0 {
				member["registration"] = with(details, "educator", person)
			}
			members = append(members, member)
		}
		made, err := s.ask("CreateApplication", map[string]any{"parent": "terms/spring-2027", "application": map[string]any{"course": w.course, "evenings": w.evenings, "sites": w.sites, "members": members}})
		if err != nil {
			return err
		}
		name := text(made, "application.name")
		for _, person := range w.party[1:] {
			if _, err := s.ask("AcceptInvitation", map[string]any{"name": name, "educator": person, "registration": with(details, "educator", person)}); err != nil {
				return err
			}
		}
		lock.Lock()
		s.partners[name] = w.party
		lock.Unlock()
		_, err = s.ask("SubmitApplication", map[string]any{"name": name})
		return err
	})
}

func with(of map[string]any, key string, value any) map[string]any {
	out := map[string]any{key: value}
	for k, v := range of {
		out[k] = v
	}
	return out
}

// place has a proposal made and applied: it is near its bound, nothing is oversold, and partners are together.
func (s *term) place() {
	made := s.do(s.t, "staff", "ProposePlacements", map[string]any{"parent": "terms/spring-2027"})
	proposal := text(made, "placementProposal.name")
	gap, _ := at(made, "placementProposal.gap")
	if share, _ := gap.(float64); share > 0.1 {
		s.t.Errorf("the proposal is %.1f %% away from the bound", 100*share)
	}
	s.do(s.t, "staff", "ApplyPlacementProposal", map[string]any{"name": proposal})
	placed := s.count(`SELECT count(*) FROM placements WHERE state = 'APPLIED'`)
	if failed := s.count(`SELECT count(*) FROM placements WHERE state = 'FAILED'`); failed > 0 || placed == 0 {
		s.t.Errorf("%d applications are placed, %d failed", placed, failed)
	}
	s.none("partners in different sections", `SELECT count(*) FROM (SELECT application_id FROM registrations WHERE application_id IS NOT NULL GROUP BY 1 HAVING count(DISTINCT section_id) > 1) g`)
	s.none("partners of whom only some are placed", `SELECT count(*) FROM applications a WHERE a.state = 'PLACED' AND
		(SELECT count(*) FROM application_members m WHERE m.application_id = a.id) <> (SELECT count(*) FROM registrations r WHERE r.application_id = a.id)`)
	s.seats()
}

// waitlist fills each section, has one more wait, and gives that one the seat of somebody who withdraws.
func (s *term) waitlist() {
	unplaced := []string{}
	rows, err := s.owner.QueryContext(s.t.Context(), `SELECT m.educator_id FROM application_members m WHERE NOT EXISTS (SELECT FROM registrations r WHERE r.educator_id = m.educator_id) ORDER BY 1`)
	must(s.t, err)
	defer rows.Close()
	for rows.Next() {
		var id uuid.UUID
		must(s.t, rows.Scan(&id))
		unplaced = append(unplaced, api.Name("btlc/Educator", id))
	}
	must(s.t, rows.Err())
	section := s.sections[0]
	s.do(s.t, "staff", "UpdateSection", map[string]any{"section": map[string]any{"name": section, "capacity": s.count(`SELECT seats_taken FROM sections WHERE id = $1`, api.LastUUID(section))}, "updateMask": "capacity"})
	latecomer := s.latecomer(unplaced)
	made := s.do(s.t, "staff", "CreateRegistration", map[string]any{"parent": section, "joinWaitlist": true, "registration": map[string]any{"educator": latecomer, "acknowledgedFramework": s.variables["framework"]}})
	if state := text(made, "registration.state"); state != "REGISTRATION_STATE_WAITLISTED" {
		s.t.Fatalf("one too many is %s", state)
	}
	waits := text(made, "registration.name")
	seated := s.do(s.t, "staff", "ListRegistrations", map[string]any{"parent": section, "filter": "state = ENROLLED", "pageSize": 1})
	s.do(s.t, "staff", "WithdrawRegistration", map[string]any{"name": text(seated, "registrations.0.name"), "reason": "moved away"})
	s.do(s.t, "staff", "AcceptOffer", map[string]any{"name": waits})
	if sentences, _ := at(s.do(s.t, "staff", "ExplainPlacement", map[string]any{"name": waits}), "sentences"); sentences == nil {
		s.t.Error("the placement is not explained")
	}
	s.seats()
}

// latecomer is somebody who is in no section yet; a new one when all are.
func (s *term) latecomer(unplaced []string) string {
	if len(unplaced) > 0 {
		return unplaced[0]
	}
	ctx, db := s.t.Context(), s.server.DB().Ent()
	role := db.Role.Query().FirstX(ctx)
	person := db.Educator.Create().SetGivenName("Given").SetFamilyName("Late").SaveX(ctx)
	db.Employment.Create().SetEducatorID(person.ID).SetDistrictID("bps").SetStartDate(startOfTime.AddDate(-1, 0, 0)).ExecX(ctx)
	db.RoleAssignment.Create().SetEducatorID(person.ID).SetRoleID(role.ID).SetDistrictID(role.DistrictID).SetState("CONFIRMED").SetStartDate(startOfTime.AddDate(-1, 0, 0)).
		SetConfirmTime(startOfTime).SetConfirmedBy("people/principal").SetReportedBy("people/principal").ExecX(ctx)
	return api.Name("btlc/Educator", person.ID)
}

// attend starts every section and enters every meeting in one call each, on its own day.
func (s *term) attend() {
	for _, section := range s.sections {
		listed := s.do(s.t, "staff", "ListMeetings", map[string]any{"parent": section, "pageSize": 100})
		for i := range len(listed["meetings"].([]any)) {
			start, err := time.Parse(time.RFC3339, text(listed, fmt.Sprintf("meetings.%d.startTime", i)))
			must(s.t, err)
			end, err := time.Parse(time.RFC3339, text(listed, fmt.Sprintf("meetings.%d.endTime", i)))
			must(s.t, err)
			s.meetings = append(s.meetings, simulatedMeeting{text(listed, fmt.Sprintf("meetings.%d.name", i)), section, start, int(end.Sub(start).Minutes())})
		}
	}
	byDay := map[int64][]simulatedMeeting{}
	var days []int64
	for _, m := range s.meetings {
		day := m.start.Unix() / 86400
		if byDay[day] == nil {
			days = append(days, day)
		}
		byDay[day] = append(byDay[day], m)
	}
	slices.Sort(days)
	s.clock.Store(time.Unix(days[0]*86400, 0).UnixNano())
	each(s, s.sections, func(section string) error {
		_, err := s.ask("StartSection", map[string]any{"name": section})
		return err
	})
	seated := map[string][]any{}
	for _, section := range s.sections {
		seated[section], _ = s.do(s.t, "staff", "ListRegistrations", map[string]any{"parent": section, "filter": "state = ENROLLED", "pageSize": 1000})["registrations"].([]any)
	}
	for _, day := range days {
		s.clock.Store(time.Unix((day+1)*86400, 0).Add(5 * time.Hour).UnixNano())
		type entered struct {
			meeting simulatedMeeting
			marks   []any
		}
		var sheets []entered
		for _, m := range byDay[day] {
			marks := []any{}
			for _, r := range seated[m.section] {
				mark := map[string]any{"registration": text(r.(map[string]any), "name"), "kind": "ATTENDANCE_KIND_PRESENT", "minutes": m.minutes}
				switch s.random.IntN(12) {
				case 0:
					mark["kind"], mark["minutes"] = "ATTENDANCE_KIND_EXCUSED", 0
				case 1:
					delete(mark, "minutes")
					mark["arriveTime"] = m.start.Add(20 * time.Minute).Format(time.RFC3339)
				}
				marks = append(marks, mark)
			}
			sheets = append(sheets, entered{m, marks})
		}
		each(s, sheets, func(sheet entered) error {
			_, err := s.ask("RecordAttendance", map[string]any{"parent": sheet.meeting.name, "marks": sheet.marks})
			return err
		})
	}
}

// complete completes every registration by the policy, and then every section.
func (s *term) complete() {
	rows, err := s.owner.QueryContext(s.t.Context(), `SELECT r.section_id, r.id, coalesce(sum(a.minutes), 0) FROM registrations r LEFT JOIN attendance_entries a ON a.registration_id = r.id
		AND NOT EXISTS (SELECT FROM attendance_entries c WHERE c.corrects_id = a.id) WHERE r.state = 'ENROLLED' GROUP BY 1, 2`)
	must(s.t, err)
	defer rows.Close()
	type seat struct {
		name    string
		minutes int
	}
	var seats []seat
	for rows.Next() {
		var section, id uuid.UUID
		var minutes int
		must(s.t, rows.Scan(&section, &id, &minutes))
		seats = append(seats, seat{api.Name("btlc/Registration", section, id), minutes})
	}
	must(s.t, rows.Err())
	each(s, seats, func(r seat) error {
		completed := r.minutes >= 2160*80/100
		if !completed {
			if _, err := s.ask("CompleteRegistration", map[string]any{"name": r.name, "completed": true}); err == nil {
				return fmt.Errorf("%s is completed with %d minutes", r.name, r.minutes)
			}
		}
		_, err := s.ask("CompleteRegistration", map[string]any{"name": r.name, "completed": completed})
		s.completed.Store(r.name, completed)
		return err
	})
	each(s, s.sections, func(section string) error {
		_, err := s.ask("CompleteSection", map[string]any{"name": section})
		return err
	})
	s.none("registrations left open", `SELECT count(*) FROM registrations WHERE state NOT IN ('COMPLETED', 'NOT_COMPLETED', 'WITHDRAWN')`)
	if s.count(`SELECT count(*) FROM registrations WHERE state = 'COMPLETED'`) == 0 {
		s.t.Error("nobody has completed a course")
	}
}

// pay has every seat paid but each tenth, and adds everything up.
func (s *term) pay() {
	var names []string
	s.completed.Range(func(name, _ any) bool {
		names = append(names, name.(string))
		return true
	})
	each(s, names, func(name string) error {
		if api.LastUUID(name)[15]%10 == 0 {
			return nil
		}
		_, err := s.ask("CreateLedgerEntry", map[string]any{"parent": name, "ledgerEntry": map[string]any{"kind": "KIND_PAYMENT", "amount": map[string]any{"currencyCode": "USD", "units": 1000}, "reference": "cheque 17"}})
		return err
	})
	charged := s.count(`SELECT count(*) FROM ledger_entries WHERE kind = 'CHARGE'`)
	if want := s.count(`SELECT count(*) FROM registrations`); charged != want {
		s.t.Errorf("%d seats are charged, %d were taken", charged, want)
	}
	var owed int
	page := s.do(s.t, "staff", "ListBalances", map[string]any{"pageSize": 1000})
	for {
		for i := range len(page["balances"].([]any)) {
			units, _ := at(page, fmt.Sprintf("balances.%d.owed.units", i))
			var amount int
			_, _ = fmt.Sscan(fmt.Sprint(units), &amount) // absent when nothing is owed
			owed += amount
		}
		next := text(page, "nextPageToken")
		if next == "" {
			break
		}
		page = s.do(s.t, "staff", "ListBalances", map[string]any{"pageSize": 1000, "pageToken": next})
	}
	if want := s.count(`SELECT coalesce(sum(CASE kind WHEN 'CHARGE' THEN amount_minor ELSE -amount_minor END), 0)::bigint / 100 FROM ledger_entries WHERE kind IN ('CHARGE', 'PAYMENT', 'REFUND')`); owed != want {
		s.t.Errorf("the balances say that %d is owed, the entries %d", owed, want)
	}
}

func (s *term) count(query string, arguments ...any) (n int) {
	s.t.Helper()
	must(s.t, s.owner.QueryRowContext(s.t.Context(), query, arguments...).Scan(&n))
	return n
}

// none says that there is none of something.
func (s *term) none(what, query string) {
	s.t.Helper()
	if n := s.count(query); n != 0 {
		s.t.Errorf("%s: %d", what, n)
	}
}

// seats looks whether the seats that are taken are those of the registrations, and no more than there are.
func (s *term) seats() {
	s.t.Helper()
	s.none("sections that are oversold", `SELECT count(*) FROM sections WHERE seats_taken > capacity`)
	s.none("sections whose seats are miscounted", `SELECT count(*) FROM sections s WHERE seats_taken <> (SELECT count(*) FROM registrations r WHERE r.section_id = s.id AND r.state IN ('ENROLLED', 'OFFERED'))`)
	s.none("sections whose waitlist is miscounted", `SELECT count(*) FROM sections s WHERE waiting_count <> (SELECT count(*) FROM registrations r WHERE r.section_id = s.id AND r.state = 'WAITLISTED')`)
}
