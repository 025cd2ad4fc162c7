package oneroster

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// days are few, and around the day of the plan, so that what begins and ends meets.
var days = []Date{"2026-08-29", "2026-08-30", "2026-08-31", today, "2026-09-02", "2026-09-03"}

func drawAddresses(t *rapid.T) []string {
	return rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a@example.org", "b@example.org", "c@example.org", "D@example.org", "e@example.org"}), 0, 4, rapid.ID).Draw(t, "addresses")
}

func drawState(t *rapid.T) State {
	var s State
	for i, code := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"1", "2", "3", "4"}), 0, 4, rapid.ID).Draw(t, "codes on record") {
		school := School{ID: fmt.Sprint("s", i), Name: rapid.SampledFrom([]string{"North", "South"}).Draw(t, "name"), Code: code}
		if rapid.IntRange(0, 9).Draw(t, "coded") == 0 {
			school.Code = ""
		}
		s.Schools = append(s.Schools, school)
	}
	addresses := drawAddresses(t)
	for i, number := range rapid.SliceOfNDistinct(rapid.IntRange(0, 7), 0, 6, rapid.ID).Draw(t, "numbers on record") {
		p := Person{ID: fmt.Sprint("p", i), GivenName: "Person", FamilyName: rapid.SampledFrom([]string{"One", "Two"}).Draw(t, "name"), EmployeeNumber: fmt.Sprint("E", number)}
		if rapid.IntRange(0, 5).Draw(t, "numbered") == 0 {
			p.EmployeeNumber = ""
		}
		if len(addresses) > 0 {
			has := rapid.IntRange(0, min(2, len(addresses))).Draw(t, "addresses of a person")
			p.Emails, addresses = addresses[:has], addresses[has:] // with the next one's behind it
		}
		s.People = append(s.People, p)
	}
	if len(s.People) == 0 {
		return s
	}
	s.Elsewhere = map[string]bool{rapid.SampledFrom(s.People).Draw(t, "elsewhere").ID: true}
	s.OtherNumbers = map[string]string{}
	numbered := slices.DeleteFunc(slices.Clone(s.People), func(p Person) bool { return p.EmployeeNumber == "" })
	for _, number := range rapid.SliceOfNDistinct(rapid.IntRange(0, 7), 0, 2, rapid.ID).Draw(t, "other numbers") {
		if other := fmt.Sprint("E", number); len(numbered) > 0 && !slices.ContainsFunc(s.People, func(p Person) bool { return p.EmployeeNumber == other }) {
			s.OtherNumbers[other] = rapid.SampledFrom(numbered).Draw(t, "of").ID
		}
	}
	places := []string{""}
	for _, school := range s.Schools {
		places = append(places, school.ID)
	}
	for i := range rapid.IntRange(0, 10).Draw(t, "employments") {
		e := Employment{
			ID: fmt.Sprint("e", i), PersonID: rapid.SampledFrom(s.People).Draw(t, "person").ID, SchoolID: rapid.SampledFrom(places).Draw(t, "place"),
			Start: rapid.SampledFrom(days).Draw(t, "start"), End: rapid.SampledFrom(append([]Date{""}, days...)).Draw(t, "end"),
		}
		if e.End != "" {
			e.Start, e.End = min(e.Start, e.End), max(e.Start, e.End)
		}
		s.Employments = append(s.Employments, e)
	}
	return s
}

func drawRoster(t *rapid.T) *Roster {
	r := &Roster{Version: "1.2"}
	places := []string{""}
	for i, code := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"1", "2", "3", "4"}), 1, 4, rapid.ID).Draw(t, "codes") {
		r.Schools = append(r.Schools, RosterSchool{Code: code, Name: rapid.SampledFrom([]string{"North", "South", "West"}).Draw(t, "name"), Source: Source{"orgs.csv", i + 2}})
		places = append(places, code)
	}
	for i, number := range rapid.SliceOfNDistinct(rapid.IntRange(0, 7), 0, 6, rapid.ID).Draw(t, "numbers") {
		s := Staff{
			EmployeeNumber: fmt.Sprint("E", number), GivenName: "Person", FamilyName: rapid.SampledFrom([]string{"One", "Two"}).Draw(t, "name"),
			Email:  rapid.SampledFrom([]string{"", "a@example.org", "A@example.org", "d@example.org", "e@example.org", "f@example.org", "g@example.org"}).Draw(t, "address"),
			Active: rapid.IntRange(0, 5).Draw(t, "active") > 0, Source: Source{"users.csv", i + 2},
		}
		for range rapid.IntRange(0, 3).Draw(t, "roles") {
			role := Role{
				School: rapid.SampledFrom(places).Draw(t, "place"), Name: "teacher", Source: Source{"roles.csv", i + 2},
				Begin: rapid.SampledFrom(append([]Date{""}, days...)).Draw(t, "begin"), End: rapid.SampledFrom(append([]Date{"", ""}, days...)).Draw(t, "end"),
			}
			if role.Begin != "" && role.End != "" {
				role.Begin, role.End = min(role.Begin, role.End), max(role.Begin, role.End)
			}
			s.Roles = append(s.Roles, role)
		}
		r.Staff = append(r.Staff, s)
	}
	return r
}

// A plan that is made leaves nothing to plan, and can be undone: whatever was on record and is in the roster.
func TestPlansConvergeAndCanBeUndone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before, roster := drawState(t), drawRoster(t)
		kept := fmt.Sprintf("%+v", before)
		plan := MakePlan(before, roster, lenient())
		shuffled := State{shuffle(t, before.Schools), shuffle(t, before.People), shuffle(t, before.Employments), before.OtherNumbers, before.Elsewhere}
		if again := MakePlan(shuffled, roster, lenient()); !reflect.DeepEqual(again, plan) {
			t.Fatalf("of the same in another order:\n%s\nfirst:\n%s", told(again), told(plan))
		}
		after, err := Apply(before, plan)
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprintf("%+v", before) != kept {
			t.Fatal("what was given was changed")
		}
		checkRest(t, before, after, roster, plan)
		back, err := Apply(after, Undo(plan))
		if err != nil {
			t.Fatal(err)
		}
		if !same(before.Schools, back.Schools) || !same(before.People, back.People) || !same(before.Employments, back.Employments) {
			t.Fatalf("undone: %+v\nbefore: %+v\nplan:\n%s", back, before, told(plan))
		}
		checkRecord(t, before, after)
		checkPlaces(t, after, roster, plan)
		checkCounts(t, before, plan)
	})
}

// checkRest: a plan leaves nothing to plan, but for the names and addresses of those whom it employed again, and what waited for
// the address of somebody who has left by it: the next one has that. Nobody is changed who does not work there, and nobody renamed who works elsewhere too.
func checkRest(t *rapid.T, before, after State, roster *Roster, plan Plan) {
	works := func(s State, id string) bool {
		return slices.ContainsFunc(s.Employments, func(e Employment) bool { return e.PersonID == id && e.Covers(today) })
	}
	for _, c := range plan.Changes {
		if c.Person != nil && c.Person.Before != nil && (!works(before, c.Person.Before.ID) || c.Kind == NameChanged && before.Elsewhere[c.Person.Before.ID]) {
			t.Fatalf("%s of %+v, who is not this district's to change", c.Kind, *c.Person.Before)
		}
	}
	next := MakePlan(after, roster, lenient())
	waited := slices.ContainsFunc(plan.Questions, func(q Question) bool { return q.Kind == EmailOfAnother && !works(after, q.RecordID) })
	for _, c := range next.Changes {
		if !waited && (c.Person == nil || c.Person.Before == nil || works(before, c.Person.Before.ID)) {
			t.Fatalf("left to do:\n%s\nafter:\n%s", told(next), told(plan))
		}
	}
	last, err := Apply(after, next)
	if err != nil {
		t.Fatal(err)
	}
	if rest := MakePlan(last, roster, lenient()); len(rest.Changes) > 0 {
		t.Fatalf("left to do after two:\n%s\nafter:\n%s", told(rest), told(next))
	}
}

func shuffle[T any](t *rapid.T, list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return rapid.Permutation(list).Draw(t, "in another order")
}

// same compares lists, of which an empty one may be nil.
func same[T any](a, b []T) bool { return len(a) == 0 && len(b) == 0 || reflect.DeepEqual(a, b) }

// checkRecord: codes and numbers stay unique and with those who had them, and so do the addresses of those who work there; nothing
// is lost; what was over is as it was; and nobody begins at a place before they had left it.
func checkRecord(t *rapid.T, before, after State) {
	owners := map[string]string{}
	own := func(key, id string) {
		if other, taken := owners[key]; taken && other != id {
			t.Fatalf("%s is %s's and %s's", key, other, id)
		}
		owners[key] = id
	}
	for _, s := range slices.Concat(before.Schools, after.Schools) {
		if s.Code != "" {
			own("code "+s.Code, s.ID)
		}
	}
	works := map[string]bool{}
	for _, e := range before.Employments {
		works[e.PersonID] = works[e.PersonID] || e.Covers(today)
	}
	had := map[string][]string{} // addresses, by person
	for _, p := range before.People {
		had[p.ID] = p.Emails
		for _, address := range p.Emails {
			if works[p.ID] {
				own(strings.ToLower(address), p.ID)
			}
		}
	}
	for _, p := range slices.Concat(before.People, after.People) {
		if p.EmployeeNumber != "" {
			own("number "+p.EmployeeNumber, p.ID)
		}
		for _, address := range p.Emails {
			if !slices.Contains(had[p.ID], address) {
				own(strings.ToLower(address), p.ID)
			}
		}
	}
	if len(after.Schools) < len(before.Schools) || len(after.People) < len(before.People) || len(after.Employments) < len(before.Employments) {
		t.Fatal("something is lost")
	}
	for i, e := range after.Employments {
		if e.End != "" && e.End < e.Start {
			t.Fatalf("ends before it begins: %+v", e)
		}
		if i < len(before.Employments) {
			if was := before.Employments[i]; !was.runs(today) && was != e {
				t.Fatalf("%+v became %+v", was, e)
			}
			continue
		}
		if slices.ContainsFunc(before.Employments, func(was Employment) bool {
			return was.PersonID == e.PersonID && was.SchoolID == e.SchoolID && (was.End == "" || was.End >= e.Start) && was.Start <= max(e.Start, today)
		}) {
			t.Fatalf("%+v was there already: %+v", e, before.Employments)
		}
	}
}

// checkPlaces: who is in the roster, with no question about them or their schools, works where it says and nowhere else.
func checkPlaces(t *rapid.T, after State, roster *Roster, plan Plan) {
	codes, ids, known := map[string]string{"": ""}, map[string]string{}, map[string]bool{"": true}
	for _, s := range after.Schools {
		codes[s.ID] = s.Code
		known[s.Code] = true
	}
	for _, p := range after.People {
		ids[p.EmployeeNumber] = p.ID
	}
	maps.Copy(ids, after.OtherNumbers)
	roles := map[string][]Role{} // of a person, in all rows that say that they are there
	for _, s := range roster.Staff {
		if id := ids[s.EmployeeNumber]; s.Active {
			roles[id] = append(roles[id], s.Roles...)
		}
	}
	for _, c := range plan.Changes {
		if c.Kind == MovedTo && c.Employment.After.Start > Date(today).add(1) {
			t.Fatalf("%+v is a move, and leaves somebody nowhere until then", *c.Employment.After)
		}
	}
	for _, s := range roster.Staff {
		id := ids[s.EmployeeNumber]
		asked := func(q Question) bool { return q.RecordID == id && q.Held }
		unknown := func(role Role) bool { return !known[role.School] }
		if !s.Active || id == "" || slices.ContainsFunc(plan.Questions, asked) || slices.ContainsFunc(roles[id], unknown) {
			continue
		}
		for _, e := range after.Employments {
			here := func(role Role) bool { return role.School == codes[e.SchoolID] && (role.End == "" || role.End >= today) }
			if e.PersonID == id && e.runs(today) && !slices.ContainsFunc(roles[id], here) {
				t.Fatalf("%+v of %s goes on", e, s.EmployeeNumber)
			}
		}
		for _, role := range roles[id] {
			there := func(e Employment) bool {
				begun := role.Begin == "" || role.Begin > today || e.Start <= Date(today).add(1)
				return e.PersonID == id && codes[e.SchoolID] == role.School && (e.End == "" || e.End >= today) && begun
			}
			if (role.End == "" || role.End > today) && !slices.ContainsFunc(after.Employments, there) {
				t.Fatalf("%s does not work at %q: %+v", s.EmployeeNumber, role.School, after.Employments)
			}
		}
	}
}

// checkCounts: the numbers are those of the changes, and everything that went on is counted as something.
func checkCounts(t *rapid.T, before State, plan Plan) {
	kinds := map[Kind]int{}
	for _, c := range plan.Changes {
		kinds[c.Kind]++
	}
	c := plan.Counts
	want := map[Kind]int{
		SchoolAdded: c.SchoolsAdded, SchoolRenamed: c.SchoolsRenamed, PersonAdded: c.PeopleAdded, NameChanged: c.NamesChanged, EmailAdded: c.EmailsAdded,
		EmploymentAdded: c.EmploymentsAdded, EmploymentEnded: c.EmploymentsEnded, MovedFrom: c.EmploymentsMoved, MovedTo: c.EmploymentsMoved,
	}
	for kind, count := range want {
		if kinds[kind] != count {
			t.Fatalf("%d of %s, counted %d", kinds[kind], kind, count)
		}
	}
	running := 0
	for _, e := range before.Employments {
		if e.runs(today) {
			running++
		}
	}
	if c.EmploymentsRunning != running || c.EmploymentsEnded+c.EmploymentsMoved > running {
		t.Fatalf("%d go on, counted %d, %d end", running, c.EmploymentsRunning, c.EmploymentsEnded+c.EmploymentsMoved)
	}
}

// Read gives a roster or faults, never both or neither, and of a roster a plan that leads somewhere.
func FuzzRead(f *testing.F) {
	for _, e := range []export{example12(), example11()} {
		f.Add(e["manifest.csv"], e["orgs.csv"], e["users.csv"], e["roles.csv"])
	}
	f.Fuzz(func(t *testing.T, manifest, orgs, users, roles string) {
		e := export{"manifest.csv": manifest, "orgs.csv": orgs, "users.csv": users, "roles.csv": roles}
		roster, err := readBytes(e.zip(t), ReadOptions{})
		if err != nil {
			if faults := faultsOf(t, roster, err); faults.Total < 1 || len(faults.List) != min(faults.Total, DefaultLimits.Faults) {
				t.Fatalf("%d faults, %d listed", faults.Total, len(faults.List))
			}
			return
		}
		plan := MakePlan(onRecord(), roster, lenient())
		after := apply(t, onRecord(), plan)
		if next := MakePlan(after, roster, lenient()); len(next.Changes) > 0 {
			t.Fatalf("left to do:\n%s\nafter:\n%s", told(next), told(plan))
		}
		if back := apply(t, after, Undo(plan)); !reflect.DeepEqual(back, onRecord()) {
			t.Fatalf("undone: %+v", back)
		}
	})
}

// FuzzArchive: no bytes make Read fail other than with faults.
func FuzzArchive(f *testing.F) {
	f.Add(example12().zip(f))
	f.Add(archive(f, entry{name: "manifest.csv", flags: encrypted}))
	f.Fuzz(func(t *testing.T, b []byte) {
		if roster, err := readBytes(b, ReadOptions{}); err != nil && faultsOf(t, roster, err).Total == 0 {
			t.Fatal(err)
		}
	})
}
