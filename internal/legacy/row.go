package legacy

import (
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/btlc/btlc/internal/tabular"
)

// How long the text of a column may be, in characters: as in the directory, where the plan's people go.
var lengths = map[string]int{
	colSection: 64, colSite: 200, colEmployee: 64, colState: 64, colEmail: 254, colGiven: 100, colFamily: 100, colSource: 200,
}

// wordLength bounds all other columns.
const wordLength = 63

// mostMinutes is far beyond any course: somebody typed an id, or a date.
const mostMinutes = 10_000

// courseID is what the ids of courses look like.
var courseID = regexp.MustCompile(`^[a-z][a-z0-9-]{1,62}$`)

// row is a row that has as many fields as the header.
type row struct {
	*reader
	line   int
	fields []string
}

func (r *row) refuse(column, problem string) { r.fault(r.line, column, problem) }

// get is a field without spaces around it; empty where the column is not there, or after a fault. A field that looks like a
// formula is text like any other, also when an apostrophe keeps a spreadsheet from running it.
func (r *row) get(column string) (value string, sound bool) {
	i, there := r.index[column]
	if !there {
		return "", true
	}
	value = strings.TrimSpace(tabular.Restore(r.fields[i]))
	most, listed := lengths[column]
	if !listed {
		most = wordLength
	}
	switch {
	case !utf8.ValidString(value):
		r.refuse(column, "bytes that are not UTF-8; want UTF-8, and not a code page of Windows")
	case strings.ContainsFunc(value, unicode.IsControl):
		r.refuse(column, "control characters or line ends; want text in one line")
	case utf8.RuneCountInString(value) > most:
		r.refuse(column, fmt.Sprintf("too long; want at most %d characters", most))
	default:
		return value, true
	}
	return "", false
}

// must is a field that has to be filled; empty after a fault.
func (r *row) must(column string) string {
	value, sound := r.get(column)
	if sound && value == "" {
		r.refuse(column, "empty; want a value")
	}
	return value
}

// may is a field that may be empty.
func (r *row) may(column string) string {
	value, _ := r.get(column)
	return value
}

// place is which section the row is of.
func (r *row) place() place {
	at := place{course: r.must(colCourse), label: r.must(colSection)}
	if id := r.must(colTerm); id != "" {
		term, err := ParseTerm(id)
		switch {
		case err != nil:
			r.refuse(colTerm, fmt.Sprintf("not a term; want a season and a year as spring-2011 or fall-2012, from %d on", FirstYear))
		case term.begin().After(r.today()):
			r.refuse(colTerm, "the term has not begun; want one of the past")
		}
		at.term = term
	}
	switch {
	case at.course == "":
	case !courseID.MatchString(at.course):
		r.refuse(colCourse, "not an id of a course; want one as using-data")
	case r.opts.Courses != nil && !slices.Contains(r.opts.Courses, at.course):
		r.refuse(colCourse, "the catalog has no such course; want one of "+strings.Join(r.opts.Courses, ", "))
	}
	return at
}

// today is the day of the import, as days are here: in UTC.
func (r *row) today() time.Time {
	year, month, day := r.opts.Today.Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// person is whom the row is about, and where it is from.
func (r *row) person() Person {
	faults := r.plan.Counts.Faults
	p := Person{Line: r.line, EmployeeID: r.may(colEmployee), StateEducatorID: r.may(colState), Email: r.may(colEmail)}
	if address, err := mail.ParseAddress(p.Email); p.Email != "" && (err != nil || address.Address != p.Email) {
		r.refuse(colEmail, "not an address; want one as name@example.org")
	}
	if p.EmployeeID+p.StateEducatorID+p.Email == "" && r.plan.Counts.Faults == faults {
		r.refuse("", "nothing to find the person by; want "+oneKey)
	}
	p.GivenName, p.FamilyName, p.Source = r.must(colGiven), r.must(colFamily), r.must(colSource)
	return p
}

// completion is what became of the person in the section. A term with a fault is not held against the date.
func (r *row) completion(term Term, p *Person) {
	completed := r.must(colCompleted)
	if p.Completed = completed == "yes"; !p.Completed && completed != "no" && completed != "" {
		r.refuse(colCompleted, "want yes or no")
	}
	if text := r.may(colMinutes); text != "" {
		minutes, err := strconv.ParseUint(text, 10, 32)
		if err != nil || minutes > mostMinutes {
			r.refuse(colMinutes, fmt.Sprintf("want a whole number of at most %d", mostMinutes))
		}
		whole := int(minutes)
		p.Minutes = &whole
	}
	text := r.may(colCompleteDate)
	if text == "" {
		return
	}
	day, err := time.Parse(time.DateOnly, text)
	p.CompleteDate = day
	switch {
	case err != nil:
		r.refuse(colCompleteDate, "want a day as 2011-05-31")
	case completed == "no":
		r.refuse(colCompleteDate, "a day for somebody who did not complete; want it empty, or yes in "+colCompleted)
	case day.After(r.today()):
		r.refuse(colCompleteDate, "the day lies in the future")
	case term != Term{} && (day.Before(term.begin()) || !day.Before(term.over())):
		r.refuse(colCompleteDate, fmt.Sprintf("the day is not in the season of the term; want one from %s on and before %s",
			term.begin().Format(time.DateOnly), term.over().Format(time.DateOnly)))
	}
}
