// Package legacy reads past sections, and who completed them, from a CSV file, and plans what is to be entered of it.
//
// The program has been held since spring 2011, longer than there has been a system of record. What remains of those years
// are binders, spreadsheets and the lists of sites; somebody types them into one file, a row for each person in each section,
// and says in each row where it is from. Nothing is entered before the whole file has been read and is without fault.
package legacy

import (
	"fmt"
	"strings"
	"time"
)

// Plan is what a file would enter. A plan with faults is for reading, not for carrying out: its sections have the sound rows
// alone.
type Plan struct {
	// Sections are in the order of their terms, then by course and label.
	Sections []Section
	// Faults has the first of them, in the order of lines.
	Faults []Fault
	// Counts says how many there are of each.
	Counts Counts
}

// Section is a section that was held.
type Section struct {
	Term Term
	// Course is a course's id. Example: using-data.
	Course string
	// Label tells sections of one course in one term apart. Example: A.
	Label string
	// Site is where it was held.
	Site string
	// People are those who took part, in the order of lines. No two have an employee id, a state educator id or an address in
	// common.
	People []Person
}

// Person is somebody's part in a section.
type Person struct {
	// Line is the row in the file.
	Line int
	// EmployeeID, StateEducatorID and Email are by what the person is found; at least one is there.
	EmployeeID, StateEducatorID, Email string
	GivenName, FamilyName              string
	// Completed tells whether the person completed the course.
	Completed bool
	// Minutes is how long the person took part, or nil where the source does not tell.
	Minutes *int
	// CompleteDate is the day of completion in UTC, or zero where the source does not tell.
	CompleteDate time.Time
	// Source is where the row is from. Example: attendance binder 2011.
	Source string
}

// Counts are sizes of a file and its plan.
type Counts struct {
	// Rows are those under the header, without empty ones.
	Rows int
	// Refused are rows with a fault; every other row is a person in a section.
	Refused   int
	Sections  int
	Completed int
	// Faults may be more than the plan lists.
	Faults int
}

// Fault is one thing that is wrong with the file. It never shows what is in a field: columns may be shifted, or the header
// missing, and a name be anywhere.
type Fault struct {
	// Line is where the row begins; the header is line 1.
	Line int
	// Column is the column's name; empty when the fault is not about one.
	Column string
	// Problem says what is wrong, and what would be right.
	Problem string
}

func (f Fault) String() string {
	if f.Column == "" {
		return fmt.Sprintf("line %d: %s", f.Line, f.Problem)
	}
	return fmt.Sprintf("line %d, %s: %s", f.Line, f.Column, f.Problem)
}

// Options say what a file is held against.
type Options struct {
	// Today is the day of the import; what is later lies in the future.
	Today time.Time
	// Courses are the ids that the catalog has. Nil takes any.
	Courses []string
	// Limits bound what reading costs.
	Limits Limits
}

// Limits bound what reading a file may cost. A limit that is zero is the one of DefaultLimits.
type Limits struct {
	// Bytes is how long the file may be.
	Bytes int64
	// Rows is how many rows it may have.
	Rows int
	// Faults is how many faults are listed. All are counted.
	Faults int
}

// DefaultLimits are ample for everybody who ever took a course.
var DefaultLimits = Limits{Bytes: 32 << 20, Rows: 100_000, Faults: 100}

func (l Limits) withDefaults() Limits {
	if l.Bytes <= 0 {
		l.Bytes = DefaultLimits.Bytes
	}
	if l.Rows <= 0 {
		l.Rows = DefaultLimits.Rows
	}
	if l.Faults <= 0 {
		l.Faults = DefaultLimits.Faults
	}
	return l
}

// The columns of a file. Their order is free.
const (
	colTerm         = "term"
	colCourse       = "course"
	colSection      = "section"
	colSite         = "site"
	colEmployee     = "employee_id"
	colState        = "state_educator_id"
	colEmail        = "email"
	colGiven        = "given_name"
	colFamily       = "family_name"
	colCompleted    = "completed"
	colMinutes      = "minutes"
	colCompleteDate = "complete_date"
	colSource       = "source"
)

var (
	// needed columns have a value in each row.
	needed = []string{colTerm, colCourse, colSection, colSite, colGiven, colFamily, colCompleted, colSource}
	// keys are by what a person is found: one of them is filled.
	keys = []string{colEmployee, colState, colEmail}
	// optional columns may be empty, or not be there.
	optional = []string{colMinutes, colCompleteDate}
)

// oneKey is what a row, and the header, have to have one of.
var oneKey = "one of " + strings.Join(keys, ", ")
