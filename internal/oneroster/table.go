package oneroster

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// table reads a CSV file with a header, row by row. Columns are found by name: their order, which OneRoster fixes too, is not
// insisted on.
type table struct {
	*scanner
	index map[string]int
	rows  int
	most  int
	// seen are the sourcedIds, up to the limit.
	seen *ids
	// over is set when the file is past a limit: nothing of the row at hand, or of those after it, is kept.
	over bool
	// lengthy is set once it is past the limit of bytes, which is told.
	lengthy bool
	// private tables do not show their values in faults.
	private bool
	// bad is set when the row at hand has a fault.
	bad bool
}

// each reads a file, if it is there, and calls visit for each row that has as many fields as the header. A row that it could not
// call visit for, and a file that it could not read to the end, leave lost set.
func (r *reader) each(file string, most int, columns []string, visit func(*table)) error {
	r.lost = false
	in, err := r.files[file].Open()
	if err != nil {
		err = r.broken(Source{File: file})
	} else {
		defer in.Close()
		t := &table{scanner: r.scan(file, in), most: most, seen: newIDs(), private: file == usersFile}
		err = t.read(columns, visit)
	}
	if errors.Is(err, errStop) {
		r.lost = true
		return nil
	}
	return err
}

func (t *table) read(columns []string, visit func(*table)) error {
	if err := t.header(columns); err != nil {
		return err
	}
	for {
		switch more, err := t.next(); {
		case err != nil:
			return err
		case !more && t.rows == 0:
			return t.stop(MissingValue, "no rows", "at least one; a file without rows would say that nobody is left")
		case !more:
			return nil
		}
		visit(t)
	}
}

func (t *table) header(columns []string) error {
	if err := t.encoding(); err != nil {
		return err
	}
	names, err := t.record()
	switch {
	case errors.Is(err, io.EOF):
		return t.stop(BadHeader, "an empty file", "a header with "+strings.Join(columns, ", "))
	case err != nil:
		return err
	case t.unfit:
		return errStop
	}
	faults := t.faults.Total
	t.index = make(map[string]int, len(names))
	for i, name := range names {
		if _, twice := t.index[string(name)]; twice {
			t.fault(BadHeader, quoted(string(name)), "the column twice", "it once")
		}
		t.index[string(name)] = i
		t.columns = append(t.columns, string(name))
	}
	for _, column := range columns {
		if _, there := t.index[column]; there {
			continue
		}
		got := "no such column"
		if i := slices.IndexFunc(t.columns, func(name string) bool { return strings.EqualFold(strings.TrimSpace(name), column) }); i >= 0 {
			got = quoted(t.columns[i])
		}
		t.fault(BadHeader, column, got, "a column of exactly this name")
	}
	if t.faults.Total > faults {
		return errStop
	}
	return nil
}

// next reads the next row that has as many fields as the header.
func (t *table) next() (bool, error) {
	for {
		row, err := t.record()
		if err != nil && !errors.Is(err, io.EOF) {
			return false, err
		}
		if t.offset() > t.limits.FileBytes && !t.lengthy {
			t.lengthy = true
			t.pass("a longer file", fmt.Sprintf("at most %d bytes", t.limits.FileBytes))
		}
		if err != nil {
			return false, nil
		}
		if t.rows++; t.rows == t.most+1 {
			t.pass("more rows", fmt.Sprintf("at most %d", t.most))
		}
		t.bad = false
		switch {
		case t.unfit:
		case len(row) == len(t.columns):
			return true, nil
		case !t.faults.beyond():
			t.fault(BadSyntax, "", fmt.Sprintf("%d fields", len(row)), fmt.Sprintf("%d, as in the header", len(t.columns)))
		}
		t.lost = true
	}
}

// pass notes that the file goes past a limit at the row at hand.
func (t *table) pass(got, want string) {
	if !t.over {
		t.over = true
		t.seen.close()
	}
	t.fault(TooLarge, "", got, want+"; from here on rows are read for faults alone")
}

// refuse notes a fault of a field, and shows what is in it unless that may be about a person.
func (t *table) refuse(reason Reason, column, value, want string) {
	t.bad = true
	if t.faults.beyond() {
		return
	}
	got := quoted(value)
	if t.private || value == "" {
		got = ""
	}
	t.fault(reason, column, got, want)
}

// get is a field of at most so many characters, without spaces around it. A column that is not there is empty.
func (t *table) get(column string, most int) string {
	i, there := t.index[column]
	if !there {
		return ""
	}
	text := bytes.TrimSpace(t.row[i])
	value := string(text)
	switch {
	case len(text) <= most && plain(text):
	case !utf8.ValidString(value) || strings.ContainsRune(value, 0): // told already
		t.bad = true
		return ""
	case strings.ContainsFunc(value, unicode.IsControl):
		t.refuse(BadEncoding, column, value, "text without control characters")
	case utf8.RuneCountInString(value) > most:
		t.refuse(BadValue, column, value, fmt.Sprintf("at most %d characters", most))
	}
	return value
}

// plain tells whether a text has nothing but visible ASCII characters and spaces, so that no closer look is needed.
func plain(text []byte) bool {
	for _, c := range text {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// must is a field that has to be filled.
func (t *table) must(column string, most int) string {
	bad := t.bad
	t.bad = false
	value := t.get(column, most)
	if value == "" && !t.bad {
		t.refuse(MissingValue, column, "", "a value")
	}
	t.bad = t.bad || bad
	return value
}

// choice is what a field may hold: one of a few words, or also one of the district's own, which begin with ext:.
type choice struct {
	words      []string
	extensible bool
	want       string
}

func oneOf(words ...string) choice { return choice{words: words, want: strings.Join(words, ", ")} }

func oneOrOwn(words ...string) choice {
	return choice{words, true, strings.Join(words, ", ") + ", or one of the district's own that begins with " + extension}
}

// one is a field with one of a few words.
func (t *table) one(column string, of choice) string {
	value := t.must(column, idLength)
	if value != "" && !slices.Contains(of.words, value) && !(of.extensible && strings.HasPrefix(value, extension)) {
		t.refuse(BadValue, column, value, of.want)
	}
	return value
}

// deleted reads the column status, which is empty in an export that has all.
func (t *table) deleted() bool {
	value := t.get("status", idLength)
	if value != "" && value != "active" && value != toBeDeleted {
		t.refuse(BadValue, "status", value, "active, tobedeleted or nothing")
	}
	return value == toBeDeleted
}

// id is the row's sourcedId, which no other row of the file may have.
func (t *table) id() string {
	id := t.must("sourcedId", idLength)
	if id == "" {
		t.lost = true
		return ""
	}
	digest := t.seen.digest(id)
	switch first := t.seen.line(digest); {
	case first > 0:
		t.lost = true
		if !t.faults.beyond() {
			t.fault(Duplicate, "sourcedId", fmt.Sprintf("the id of line %d", first), "an id that no other row has")
		}
	case !t.over:
		t.seen.lines[digest] = t.at.Line
	}
	return id
}

// date reads a day, or none.
func (t *table) date(column string) Date {
	value := t.get(column, idLength)
	if value == "" {
		return ""
	}
	day, err := ParseDate(value)
	if err != nil {
		t.refuse(BadValue, column, value, "a date as 2026-08-31")
	}
	return day
}

// Date is a day as 2026-08-31; empty for none. Dates compare as strings do.
type Date string

var errNoDate = errors.New("no date as 2026-08-31")

// ParseDate reads a day of the years 1900 to 2999.
func ParseDate(text string) (Date, error) {
	if len(text) != len(time.DateOnly) {
		return "", errNoDate // time.Parse would say so too, at some length
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return "", err
	}
	if day.Year() < 1900 || day.Year() > 2999 {
		return "", fmt.Errorf("%s is not between 1900 and 2999", text)
	}
	return Date(text), nil
}

// add is the day so many days later.
func (d Date) add(days int) Date {
	day, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return d
	}
	return Date(day.AddDate(0, 0, days).Format(time.DateOnly))
}
