package legacy

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

const header = "term,course,section,site,employee_id,state_educator_id,email,given_name,family_name,completed,minutes,complete_date,source\n"

var today = time.Date(2026, time.November, 23, 9, 0, 0, 0, time.UTC)

func mustRead(t *testing.T, text string, opts Options) *Plan {
	t.Helper()
	if opts.Today.IsZero() {
		opts.Today = today
	}
	plan, err := Read(strings.NewReader(text), opts)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func TestRead(t *testing.T) {
	plan := mustRead(t, header+
		"fall-2012,using-data,A,North School,E1,,,Person,One,yes,2250,2012-12-11,attendance binder 2012\n"+
		"spring-2011,using-data,A,North School,,S2,,Person,Two,no,,,list of sites\n"+
		",,,,,,,,,,,,\n\n"+
		"fall-2012,using-data,A,North School,,,three@example.org,\"=Person\",'+Three,yes,,,attendance binder 2012\n", Options{})
	minutes := 2250
	want := &Plan{
		Sections: []Section{
			{Term{"spring", 2011}, "using-data", "A", "North School", []Person{
				{Line: 3, StateEducatorID: "S2", GivenName: "Person", FamilyName: "Two", Source: "list of sites"},
			}},
			{Term{"fall", 2012}, "using-data", "A", "North School", []Person{
				{2, "E1", "", "", "Person", "One", true, &minutes, time.Date(2012, time.December, 11, 0, 0, 0, 0, time.UTC), "attendance binder 2012"},
				{Line: 6, Email: "three@example.org", GivenName: "=Person", FamilyName: "+Three", Completed: true, Source: "attendance binder 2012"},
			}},
		},
		Counts: Counts{Rows: 3, Sections: 2, Completed: 2},
	}
	if !reflect.DeepEqual(plan, want) {
		t.Errorf("got  %+v\nwant %+v", plan, want)
	}
}

// good is a row to spoil.
const good = "spring-2011,using-data,A,North School,E1,S1,one@example.org,Person,One,yes,2250,2011-05-31,binder\n"

func TestFaults(t *testing.T) {
	spoilt := func(old, by string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("no %s to spoil", old)
		}
		return header + strings.Replace(good, old, by, 1)
	}
	for name, c := range map[string]struct {
		text string
		opts Options
		want string // the first fault
	}{
		"empty file":             {"", Options{}, "line 1: an empty file; want a header"},
		"header alone":           {header, Options{}, "line 1: no rows follow"},
		"no column":              {strings.Replace(header, "site,", "", 1) + good, Options{}, "line 1, site: no such column"},
		"unknown column":         {"phone," + header + "," + good, Options{}, "line 1: column 1 has a name that is not known"},
		"column twice":           {"term," + header + "," + good, Options{}, "line 1, term: the column is there twice"},
		"no key column":          {"term,course,section,site,given_name,family_name,completed,source\n", Options{}, "line 1: nothing to find a person by"},
		"quote in the header":    {"\n\nte\"rm\n", Options{}, "line 3: the header is not CSV"},
		"UTF-16":                 {"\xFF\xFEt\x00e\x00", Options{}, "line 1: UTF-16; want UTF-8"},
		"UTF-16 without a mark":  {"\x00t\x00e", Options{}, "line 1: UTF-16; want UTF-8"},
		"UTF-32":                 {"\xFF\xFE\x00\x00t\x00\x00\x00", Options{}, "line 1: UTF-32; want UTF-8"},
		"too long":               {header + good + good, Options{Limits: Limits{Bytes: int64(len(header + good))}}, "line 3: the file goes on"},
		"too many rows":          {header + good + strings.Replace(good, "A", "B", 1), Options{Limits: Limits{Rows: 1}}, "line 3: more rows; want at most 1"},
		"code page":              {spoilt("Person", "P\xE9rson"), Options{}, "line 2, given_name: bytes that are not UTF-8"},
		"line end in a field":    {spoilt("North School", "\"North\nSchool\""), Options{}, "line 2, site: control characters"},
		"long label":             {spoilt("A", strings.Repeat("A", 65)), Options{}, "line 2, section: too long; want at most 64"},
		"too few fields":         {header + "spring-2011,using-data\n", Options{}, "line 2: 2 fields; want 13"},
		"quote in a field":       {spoilt("North", "No\"rth"), Options{}, "line 2: a quote is out of place"},
		"quote not closed":       {spoilt("North", "\"North"), Options{}, "line 2: a quote is out of place"},
		"no source":              {spoilt("binder", ""), Options{}, "line 2, source: empty"},
		"no season":              {spoilt("spring-2011", "2011"), Options{}, "line 2, term: not a term"},
		"another season":         {spoilt("spring", "summer"), Options{}, "line 2, term: not a term"},
		"before the program":     {spoilt("spring-2011", "fall-2010"), Options{}, "line 2, term: not a term"},
		"term to come":           {spoilt("spring-2011", "spring-2027"), Options{}, "line 2, term: the term has not begun"},
		"no id of a course":      {spoilt("using-data", "Using Data"), Options{}, "line 2, course: not an id"},
		"unknown course":         {spoilt("using-data", "using-dates"), Options{Courses: []string{"using-data"}}, "line 2, course: the catalog has no such course; want one of using-data"},
		"nobody":                 {spoilt("E1,S1,one@example.org", ",,"), Options{}, "line 2: nothing to find the person by"},
		"no address":             {spoilt("one@example.org", "One <one@example.org>"), Options{}, "line 2, email: not an address"},
		"neither yes nor no":     {spoilt("yes", "Y"), Options{}, "line 2, completed: want yes or no"},
		"minutes with a sign":    {spoilt("2250", "-5"), Options{}, "line 2, minutes: want a whole number"},
		"minutes beyond a term":  {spoilt("2250", "10001"), Options{}, "line 2, minutes: want a whole number"},
		"another form of date":   {spoilt("2011-05-31", "5/31/2011"), Options{}, "line 2, complete_date: want a day as"},
		"date without the rest":  {spoilt("yes", "no"), Options{}, "line 2, complete_date: a day for somebody who did not complete"},
		"date before the term":   {spoilt("2011-05-31", "2010-12-31"), Options{}, "line 2, complete_date: the day is not in the season"},
		"date after the term":    {spoilt("2011-05-31", "2011-09-01"), Options{}, "line 2, complete_date: the day is not in the season"},
		"date to come":           {spoilt("spring-2011,", "fall-2026,"), Options{Today: time.Date(2011, time.May, 1, 0, 0, 0, 0, time.UTC)}, "line 2, term: the term has not begun"},
		"completed tomorrow":     {spoilt("2011-05-31", "2011-05-02"), Options{Today: time.Date(2011, time.May, 1, 23, 0, 0, 0, time.UTC)}, "line 2, complete_date: the day lies in the future"},
		"same employee id":       {header + good + strings.Replace(good, "S1,one", "S2,two", 1), Options{}, "line 3, employee_id: line 2 has the same person"},
		"same state id":          {header + good + strings.Replace(good, "E1,S1,one", "E2,S1,two", 1), Options{}, "line 3, state_educator_id: line 2 has the same person"},
		"same address otherwise": {header + good + strings.Replace(good, "E1,S1,one", "E2,S2,ONE", 1), Options{}, "line 3, email: line 2 has the same person"},
		"two sites":              {header + good + strings.Replace(good, "North School,E1,S1,one", "South School,E2,S2,two", 1), Options{}, "line 3, site: not the site that line 2 has"},
	} {
		t.Run(name, func(t *testing.T) {
			plan := mustRead(t, c.text, c.opts)
			if len(plan.Faults) == 0 || !strings.HasPrefix(plan.Faults[0].String(), c.want) {
				t.Errorf("got %v\nwant %s", plan.Faults, c.want)
			}
		})
	}
}

func TestFaultsAreNotOfEachOther(t *testing.T) {
	// One thing is wrong in each row, and one fault is told; the sound row is in the plan.
	plan := mustRead(t, header+good+
		"spring-2011,using-data,A,North School,E2,,,Person,Two,maybe,,2011-05-31,binder\n"+
		"summer-2011,using-data,A,North School,E3,,,Person,Three,yes,,2012-05-31,binder\n"+
		"spring-2011,using-data,A,North School,E4,,\x01,Person,Four,yes,,,binder\n", Options{})
	if want := (Counts{Rows: 4, Refused: 3, Sections: 1, Completed: 1, Faults: 3}); plan.Counts != want {
		t.Errorf("got %+v of %v", plan.Counts, plan.Faults)
	}
}

func TestSamePersonInAnotherSection(t *testing.T) {
	plan := mustRead(t, header+good+strings.Replace(good, ",A,North", ",B,South", 1)+strings.Replace(good, "using-data,A,North", "shared-leadership,A,South", 1), Options{})
	if want := (Counts{Rows: 3, Sections: 3, Completed: 3}); plan.Counts != want {
		t.Errorf("got %+v of %v", plan.Counts, plan.Faults)
	}
}

func TestFaultsAreListedToALimit(t *testing.T) {
	plan := mustRead(t, header+strings.Repeat("x\n", 9), Options{Limits: Limits{Faults: 4}})
	if len(plan.Faults) != 4 || plan.Counts.Faults != 9 || plan.Counts.Refused != 9 {
		t.Errorf("got %+v", plan)
	}
}

func TestReadingFails(t *testing.T) {
	broken := errors.New("the line is broken")
	if _, err := Read(iotest.ErrReader(broken), Options{Today: today}); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func TestTermsInOrder(t *testing.T) {
	var last Term
	for _, id := range []string{"spring-2011", "fall-2011", "spring-2012", "fall-2012"} {
		term, err := ParseTerm(id)
		if err != nil || term.String() != id || compareTerms(last, term) >= 0 || compareTerms(term, last) <= 0 {
			t.Errorf("%s: %v, %v", id, term, err)
		}
		last = term
	}
	for _, id := range []string{"", "spring", "spring-11", "fall-02011", "Spring-2011", "winter-2011", "spring-2010", "spring-2011 "} {
		if _, err := ParseTerm(id); !errors.Is(err, ErrTerm) {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func TestTermsHaveDaysAndTitles(t *testing.T) {
	for id, want := range map[string]string{
		"spring-2011": "Spring 2011, from 2011-01-01 to 2011-08-31", "fall-2011": "Fall 2011, from 2011-07-01 to 2012-02-29", "fall-2012": "Fall 2012, from 2012-07-01 to 2013-02-28",
	} {
		term, err := ParseTerm(id)
		if err != nil {
			t.Fatal(err)
		}
		first, last := term.Days()
		if got := fmt.Sprintf("%s, from %s to %s", term.Title(), first.Format(time.DateOnly), last.Format(time.DateOnly)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
