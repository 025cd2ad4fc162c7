package legacy

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Term is the spring or the fall of a year.
type Term struct {
	// Season is spring or fall.
	Season string
	Year   int
}

// FirstYear is the year in whose spring the first courses were held.
const FirstYear = 2011

// ErrTerm is of a text that is not a season and a year of the program.
var ErrTerm = errors.New("legacy: not a term as spring-2011 or fall-2012")

var termID = regexp.MustCompile(`^(spring|fall)-([0-9]{4})$`)

// ParseTerm reads a term's id: spring-2011. Errors: ErrTerm.
func ParseTerm(id string) (Term, error) {
	parts := termID.FindStringSubmatch(id)
	if parts == nil {
		return Term{}, ErrTerm
	}
	year, err := strconv.Atoi(parts[2])
	if err != nil || year < FirstYear {
		return Term{}, ErrTerm
	}
	return Term{parts[1], year}, nil
}

// String is the term's id.
func (t Term) String() string { return fmt.Sprintf("%s-%04d", t.Season, t.Year) }

func compareTerms(a, b Term) int {
	// Spring comes before fall, which is the other order than that of the alphabet.
	return cmp.Or(cmp.Compare(a.Year, b.Year), cmp.Compare(b.Season, a.Season))
}

// begin is the first day on which a course of the term may have begun. Districts set the days, and none of those years are
// on record: only the half of the year is known.
func (t Term) begin() time.Time {
	if t.Season == "fall" {
		return time.Date(t.Year, time.July, 1, 0, 0, 0, 0, time.UTC)
	}
	return time.Date(t.Year, time.January, 1, 0, 0, 0, 0, time.UTC)
}

// over is the day after the last on which a course of the term may have been completed: two months after the half year, for
// work that was handed in late.
func (t Term) over() time.Time { return t.begin().AddDate(0, 8, 0) }

// Days are the first day of the term and the last, in UTC: an assumption, and as wide as a term can have been. Springs and
// falls overlap.
func (t Term) Days() (first, last time.Time) { return t.begin(), t.over().AddDate(0, 0, -1) }

// Title is the term as people call it: Spring 2011.
func (t Term) Title() string {
	return fmt.Sprintf("%s%s %d", strings.ToUpper(t.Season[:1]), t.Season[1:], t.Year)
}
