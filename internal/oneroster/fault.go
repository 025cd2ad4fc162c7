package oneroster

import (
	"fmt"
	"strings"
)

// Reason says of what kind a fault is. Reasons are stable.
type Reason string

// What may be wrong with an export.
const (
	// BadArchive: the ZIP is damaged, cut off, encrypted, or has entries that no roster has.
	BadArchive Reason = "BAD_ARCHIVE"
	// TooLarge: a limit is exceeded. From there on the file was read for faults alone, or, as the fault says, not at all.
	TooLarge Reason = "TOO_LARGE"
	// BadManifest: the manifest names another version, a delta, or files that are not there.
	BadManifest Reason = "BAD_MANIFEST"
	// BadEncoding: the text is not UTF-8, or holds characters that no text holds.
	BadEncoding Reason = "BAD_ENCODING"
	// BadHeader: a column is missing or there twice.
	BadHeader Reason = "BAD_HEADER"
	// BadSyntax: the file is not CSV, or ends in the middle.
	BadSyntax Reason = "BAD_SYNTAX"
	// MissingValue: a field that has to be filled is empty.
	MissingValue Reason = "MISSING_VALUE"
	// BadValue: a field holds what it may not.
	BadValue Reason = "BAD_VALUE"
	// Duplicate: what has to be unique is there twice.
	Duplicate Reason = "DUPLICATE"
	// BadReference: what is referred to does not exist.
	BadReference Reason = "BAD_REFERENCE"
	// Cycle: an organization is its own ancestor.
	Cycle Reason = "CYCLE"
)

// Fault is one thing that is wrong with an export.
type Fault struct {
	// Reason is its kind.
	Reason Reason
	// Source is where it is.
	Source Source
	// Column is the column's name, or its ordinal where it has none (field 3); empty when it is not about one.
	Column string
	// Got is what is there. Names, addresses and numbers of persons are never in it.
	Got string
	// Want says what would be right.
	Want string
}

func (f Fault) String() string {
	var b strings.Builder
	b.WriteString(either(f.Source.File, "the ZIP"))
	if f.Source.Line > 0 {
		fmt.Fprintf(&b, ", line %d", f.Source.Line)
	}
	if f.Column != "" {
		b.WriteString(", " + f.Column)
	}
	b.WriteString(": ")
	if f.Got != "" {
		b.WriteString("got " + f.Got + ", ")
	}
	return b.String() + "want " + f.Want
}

// Faults is the error of an export that is wrong.
type Faults struct {
	// List has the first of them, in the order of reading.
	List []Fault
	// Total is how many there are.
	Total int
}

func (f *Faults) Error() string {
	lines := []string{fmt.Sprintf("the roster has %d faults:", f.Total)}
	if f.Total == 1 {
		lines[0] = "the roster has 1 fault:"
	}
	for _, fault := range f.List {
		lines = append(lines, "  "+fault.String())
	}
	if more := f.Total - len(f.List); more > 0 {
		lines = append(lines, fmt.Sprintf("  and %d more", more))
	}
	return strings.Join(lines, "\n")
}

// faultList collects faults, of which it lists the first most.
type faultList struct {
	Faults
	most int
}

func (l *faultList) add(f Fault) {
	l.Total++
	if len(l.List) < l.most {
		l.List = append(l.List, f)
	}
}

// beyond counts a fault that is not listed any more, so that nobody needs to put it into words. It tells whether it did.
func (l *faultList) beyond() bool {
	if len(l.List) < l.most {
		return false
	}
	l.Total++
	return true
}

// quoted is a value as a fault shows it.
func quoted(text string) string {
	const most = 80
	if len(text) > most {
		return fmt.Sprintf("%.80q…", text)
	}
	return fmt.Sprintf("%q", text)
}
