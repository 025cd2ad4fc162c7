package legacy

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/btlc/btlc/internal/tabular"
)

// checkPlan holds a plan against itself and the length of its file.
func checkPlan(t *rapid.T, text []byte, plan *Plan) {
	lines := 1 + bytes.Count(text, []byte("\n"))
	for _, f := range plan.Faults {
		if f.Line < 1 || f.Line > lines || f.Problem == "" {
			t.Fatalf("%+v in a file of %d lines", f, lines)
		}
	}
	people, completed := 0, 0
	for _, s := range plan.Sections {
		if len(s.People) == 0 {
			t.Fatalf("a section without people: %+v", s)
		}
		for _, p := range s.People {
			people++
			if p.Completed {
				completed++
			}
		}
	}
	c := plan.Counts
	if c.Rows-c.Refused != people || c.Completed != completed || c.Sections != len(plan.Sections) || c.Faults < len(plan.Faults) || c.Refused > c.Faults {
		t.Fatalf("%+v, but %d people of whom %d completed", plan, people, completed)
	}
	if c.Faults == 0 && c.Rows == 0 {
		t.Fatal("nothing, and no fault")
	}
}

func TestWhateverBytes(t *testing.T) {
	pieces := []string{
		header, good, "term", "spring-2011", "fall-2026", "using-data", "yes", "no", "2011-05-31", "E1", "one@example.org", ",", ",,", "\n", "\r\n", "\r", "\"", "\"\"",
		"=1+1", "'=1", "\x00", "\xFF\xFE", "\xEF\xBB\xBF", "\xE9", " ", "North School",
	}
	rapid.Check(t, func(t *rapid.T) {
		var text []byte
		if rapid.Bool().Draw(t, "with a header") {
			text = append(text, header...)
		}
		for _, piece := range rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(pieces), rapid.StringN(0, 4, 8), rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 4), func(b []byte) string { return string(b) })), 0, 30).Draw(t, "pieces") {
			text = append(text, piece...)
		}
		plan, err := Read(bytes.NewReader(text), Options{Today: today, Limits: Limits{Rows: rapid.IntRange(1, 4).Draw(t, "rows")}})
		if err != nil {
			t.Fatal(err)
		}
		checkPlan(t, text, plan)
	})
}

// What is in a field, no fault shows: neither of a row nor of a file without a header.
func TestFaultsTellNothingOfPersons(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fields := strings.Split(strings.TrimSpace(good), ",")
		for _, i := range rapid.SliceOfNDistinct(rapid.IntRange(0, len(fields)-1), 1, 5, rapid.ID).Draw(t, "fields") {
			fields[i] = rapid.SampledFrom([]string{"Zzyzx", "Zzyzx@", "\x01Zzyzx", "Zzyzx\xE9", "Zzy\"zx", strings.Repeat("Zzyzx", 90)}).Draw(t, "value")
		}
		row := strings.Join(fields, ",") + "\n"
		for _, text := range []string{header + row, row, header + good + row} {
			plan, err := Read(strings.NewReader(text), Options{Today: today, Courses: []string{"using-data"}})
			if err != nil {
				t.Fatal(err)
			}
			if shown := fmt.Sprintf("%q", plan.Faults); strings.Contains(shown, "zyzx") {
				t.Fatal(shown)
			}
		}
	})
}

// drawSections makes sections in the order of a plan, without lines.
func drawSections(t *rapid.T) []Section {
	word := rapid.StringMatching(`[=+@'A-Za-z0-9é,"](  ?[A-Za-z"'=,-]{1,6}){0,2}`)
	var sections []Section
	for _, term := range []Term{{"spring", 2011}, {"fall", 2011}, {"spring", 2012}} {
		for _, course := range []string{"shared-leadership", "using-data"} {
			for _, label := range []string{"A", "B"} {
				if sections != nil && !rapid.Bool().Draw(t, "held") {
					continue
				}
				s := Section{Term: term, Course: course, Label: label, Site: word.Draw(t, "site")}
				for i := range rapid.IntRange(1, 4).Draw(t, "people") {
					s.People = append(s.People, drawPerson(t, term, i, word))
				}
				sections = append(sections, s)
			}
		}
	}
	return sections
}

func drawPerson(t *rapid.T, term Term, i int, word *rapid.Generator[string]) Person {
	p := Person{GivenName: word.Draw(t, "given name"), FamilyName: word.Draw(t, "family name"), Source: word.Draw(t, "source"), Completed: rapid.Bool().Draw(t, "completed")}
	which := rapid.IntRange(1, 7).Draw(t, "keys")
	if which&1 != 0 {
		p.EmployeeID = fmt.Sprintf("=E%d", i)
	}
	if which&2 != 0 {
		p.StateEducatorID = fmt.Sprintf("%08d", i)
	}
	if which&4 != 0 {
		p.Email = fmt.Sprintf("p%d@example.org", i)
	}
	if rapid.Bool().Draw(t, "minutes told") {
		minutes := rapid.IntRange(0, mostMinutes).Draw(t, "minutes")
		p.Minutes = &minutes
	}
	if p.Completed && rapid.Bool().Draw(t, "date told") {
		p.CompleteDate = term.begin().AddDate(0, 0, rapid.IntRange(0, 240).Draw(t, "day"))
	}
	return p
}

func fieldsOf(s Section, p Person) map[string]string {
	fields := map[string]string{
		colTerm: s.Term.String(), colCourse: s.Course, colSection: s.Label, colSite: s.Site, colEmployee: p.EmployeeID, colState: p.StateEducatorID, colEmail: p.Email,
		colGiven: p.GivenName, colFamily: p.FamilyName, colCompleted: "no", colSource: p.Source,
	}
	if p.Completed {
		fields[colCompleted] = "yes"
	}
	if p.Minutes != nil {
		fields[colMinutes] = strconv.Itoa(*p.Minutes)
	}
	if !p.CompleteDate.IsZero() {
		fields[colCompleteDate] = p.CompleteDate.Format(time.DateOnly)
	}
	return fields
}

// protected is a text as it may stand in a file: with an apostrophe before what could be a formula, or without one, unless
// its own would be taken for it.
func protected(t *rapid.T, text string) string {
	field := "'" + text
	if tabular.Restore(field) == text && (tabular.Restore(text) != text || rapid.Bool().Draw(t, "protected")) {
		return field
	}
	return text
}

// A good file gives its rows and nothing else, whatever the order of its columns and rows.
func TestGoodFile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sections := drawSections(t)
		columns := rapid.Permutation(slices.Concat(needed, keys, optional)).Draw(t, "columns")
		var rows []struct{ section, person int }
		for i, s := range sections {
			for j := range s.People {
				rows = append(rows, struct{ section, person int }{i, j})
			}
		}
		want := make([]Section, len(sections))
		for i, s := range sections {
			want[i] = s
			want[i].People = nil
		}
		var text bytes.Buffer
		out := csv.NewWriter(&text)
		out.UseCRLF = rapid.Bool().Draw(t, "CRLF")
		write := func(fields []string) {
			if err := out.Write(fields); err != nil {
				t.Fatal(err)
			}
		}
		write(columns)
		for i, row := range rapid.Permutation(rows).Draw(t, "rows") {
			s := sections[row.section]
			p := s.People[row.person]
			values := fieldsOf(s, p)
			fields := make([]string, len(columns))
			for c, column := range columns {
				fields[c] = protected(t, values[column])
			}
			write(fields)
			p.Line = i + 2
			want[row.section].People = append(want[row.section].People, p)
		}
		out.Flush()
		plan, err := Read(&text, Options{Today: today})
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(plan.Sections, want) || plan.Counts.Rows != len(rows) || plan.Counts.Faults > 0 {
			t.Fatalf("got  %+v\nwant %+v", plan, want)
		}
	})
}
