// Package tabular writes tables as CSV that programs and spreadsheets of partners read alike.
//
// The form is that of RFC 4180 with a header: UTF-8, fields parted by commas, lines ended by CR LF, fields in double
// quotes where they need to be. Columns are declared, and always come all and in the declared order. Times are RFC 3339
// in UTC ("2026-11-22T21:55:00Z"), dates ISO 8601 ("2026-11-22"), truth values "true" and "false"; what has no value is
// an empty field.
//
// # Text that looks like a formula
//
// A spreadsheet runs a field that begins with =, +, - or @ as a formula, whoever wrote it. As OWASP advises against this
// CSV injection, a text field gets an apostrophe before it, by which spreadsheets keep it as text (some show the
// apostrophe), and double quotes around it
//
//   - if its first visible character is one of = + - @ or their full-width forms ＝ ＋ － ＠, whatever spaces, control and
//     invisible characters are before it,
//   - if its first character is a tab, a carriage return, a line feed or a NUL,
//   - if either is so after apostrophes at its beginning.
//
// The last rule makes this reversible: who reads a field that begins with an apostrophe, and of whose rest one of the
// three is true, takes this one apostrophe away (Restore), and no other: "'t Hart" is as it was. Numbers, dates, times
// and truth values are what they are declared to be, and are left alone: -5 in a column of integers stays -5.
//
// Fields with semicolons or tabs are in double quotes too. A program that is told to part fields elsewhere than at
// commas still reads other fields than were written; the apostrophes are of no use there.
package tabular

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Kind is what the fields of a column are.
type Kind uint8

// The kinds of columns.
const (
	Text Kind = iota + 1
	Integer
	Decimal
	Boolean
	Date
	Time
)

var kindNames = [...]string{
	Text: "text", Integer: "integer", Decimal: "decimal number", Boolean: "true or false",
	Date: "date (ISO 8601)", Time: "time (RFC 3339, UTC)",
}

// String is the kind in words of the documentation.
func (k Kind) String() string {
	if k < Text || k > Time {
		return fmt.Sprintf("kind %d", uint8(k))
	}
	return kindNames[k]
}

// Column declares a column.
type Column struct {
	// Name is the header, in the spelling of JSON fields: "issueTime".
	Name string
	Kind Kind
	// Description is for partners: meaning, who sets it, when it is empty. One line.
	Description string
}

// Table is the columns of a file, in their order.
type Table []Column

// What is wrong with a table or a row.
var (
	// ErrTable: a table without columns, or a column without a fitting name, a kind or a description.
	ErrTable = errors.New("tabular: not a table")
	// ErrRow: a row that has more or fewer cells than the table has columns, or a cell of another kind.
	ErrRow = errors.New("tabular: the row is not one of the table")
	// ErrText: a text is not UTF-8, or that of a decimal number is not one.
	ErrText = errors.New("tabular: the text cannot be written")
)

var columnName = regexp.MustCompile(`^[a-z][A-Za-z0-9]*$`)

// Check finds every fault of a declaration. Errors: ErrTable.
func (t Table) Check() error {
	if len(t) == 0 {
		return fmt.Errorf("%w: it has no columns", ErrTable)
	}
	var faults []error
	seen := map[string]bool{}
	for _, c := range t {
		switch {
		case !columnName.MatchString(c.Name) || seen[c.Name]:
			faults = append(faults, fmt.Errorf("%w: %q is not a name, or one that comes twice", ErrTable, c.Name))
		case c.Kind < Text || c.Kind > Time:
			faults = append(faults, fmt.Errorf("%w: %s is of no kind", ErrTable, c.Name))
		case c.Description == "" || strings.ContainsAny(c.Description, "\r\n|"):
			faults = append(faults, fmt.Errorf("%w: %s is not described in one line without bars", ErrTable, c.Name))
		}
		seen[c.Name] = true
	}
	return errors.Join(faults...)
}

// Markdown is the table's documentation: a row for each column.
func (t Table) Markdown() string {
	var b strings.Builder
	b.WriteString("| column | kind | meaning |\n| --- | --- | --- |\n")
	for _, c := range t {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", c.Name, c.Kind, c.Description)
	}
	return b.String()
}
