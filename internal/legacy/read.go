package legacy

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/btlc/btlc/internal/tabular"
)

// reader makes a plan of one file.
type reader struct {
	opts     Options
	plan     *Plan
	lines    *csv.Reader
	header   []string
	index    map[string]int
	sections map[place]*section
}

// place is what tells sections apart.
type place struct {
	term          Term
	course, label string
}

// section is a section with what its rows are held against.
type section struct {
	Section
	line int
	// people has the line of each person, by each of their keys.
	people map[string]int
}

// errStop ends the reading; why, the plan's last fault says.
var errStop = errors.New("legacy: not read any further")

// Read makes a plan of a file: CSV by RFC 4180 in UTF-8, with a header. What is wrong with it the plan says; an error is one
// of reading.
func Read(in io.Reader, opts Options) (*Plan, error) {
	opts.Limits = opts.Limits.withDefaults()
	text, err := io.ReadAll(io.LimitReader(in, opts.Limits.Bytes+1))
	if err != nil {
		return nil, fmt.Errorf("legacy: reading the file: %w", err)
	}
	r := &reader{opts: opts, plan: &Plan{}, index: map[string]int{}, sections: map[place]*section{}}
	if err := r.read(text); err != nil && !errors.Is(err, errStop) {
		return nil, err
	}
	for _, s := range r.sections {
		r.plan.Sections = append(r.plan.Sections, s.Section)
	}
	slices.SortFunc(r.plan.Sections, func(a, b Section) int {
		return cmp.Or(compareTerms(a.Term, b.Term), strings.Compare(a.Course, b.Course), strings.Compare(a.Label, b.Label))
	})
	r.plan.Counts.Sections = len(r.plan.Sections)
	return r.plan, nil
}

func (r *reader) read(text []byte) error {
	// The whole file is held against its limit first: of one that is cut off no row is a fact.
	if most := r.opts.Limits.Bytes; int64(len(text)) > most {
		return r.stop(1+bytes.Count(text, []byte("\n")), fmt.Sprintf("the file goes on; want at most %d bytes", most))
	}
	if found, _ := tabular.Wide(text); found != "" {
		return r.stop(1, found+"; want UTF-8")
	}
	r.lines = csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\xEF\xBB\xBF"))))
	r.lines.FieldsPerRecord = -1
	r.lines.ReuseRecord = true
	if err := r.readHeader(); err != nil {
		return err
	}
	for {
		switch more, err := r.readRow(); {
		case err != nil:
			return err
		case !more && r.plan.Counts.Rows == 0:
			return r.stop(1, "no rows follow; want one for each person in a section")
		case !more:
			return nil
		}
	}
}

func (r *reader) readHeader() error {
	names, err := r.lines.Read()
	if errors.Is(err, io.EOF) {
		return r.stop(1, "an empty file; want a header with "+strings.Join(needed, ", ")+" and "+oneKey)
	}
	var syntax *csv.ParseError
	if errors.As(err, &syntax) {
		return r.stop(syntax.StartLine, "the header is not CSV: a quote is out of place")
	}
	if err != nil {
		return err
	}
	line, _ := r.lines.FieldPos(0)
	faults := r.plan.Counts.Faults
	for i, name := range names {
		name = strings.TrimSpace(name)
		known := slices.Contains(needed, name) || slices.Contains(keys, name) || slices.Contains(optional, name)
		if _, twice := r.index[name]; twice && known {
			r.fault(line, name, "the column is there twice; want it once")
		}
		if !known {
			r.fault(line, "", fmt.Sprintf("column %d has a name that is not known here; want it corrected, or the column taken out", i+1))
		}
		r.header = append(r.header, name)
		r.index[name] = i
	}
	for _, name := range needed {
		if _, there := r.index[name]; !there {
			r.fault(line, name, "no such column; want one of exactly this name")
		}
	}
	if !slices.ContainsFunc(keys, func(name string) bool { _, there := r.index[name]; return there }) {
		r.fault(line, "", "nothing to find a person by; want "+oneKey)
	}
	if r.plan.Counts.Faults > faults {
		return errStop
	}
	return nil
}

// readRow reads one row into the plan, and tells whether there was one.
func (r *reader) readRow() (bool, error) {
	fields, err := r.lines.Read()
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	var syntax *csv.ParseError
	if err != nil && !errors.As(err, &syntax) {
		return false, err
	}
	var line int
	if syntax != nil {
		line = syntax.StartLine
	} else {
		line, _ = r.lines.FieldPos(0)
		// Spreadsheets end a file with rows of commas.
		if !slices.ContainsFunc(fields, func(field string) bool { return strings.TrimSpace(field) != "" }) {
			return true, nil
		}
	}
	counts := &r.plan.Counts
	if counts.Rows == r.opts.Limits.Rows {
		return false, r.stop(line, fmt.Sprintf("more rows; want at most %d", r.opts.Limits.Rows))
	}
	counts.Rows++
	faults := counts.Faults
	switch {
	case syntax != nil:
		r.fault(line, "", "a quote is out of place; want fields with quotes in quotes, their own doubled, and all of them closed")
	case len(fields) != len(r.header):
		r.fault(line, "", fmt.Sprintf("%d fields; want %d, as in the header", len(fields), len(r.header)))
	default:
		r.enter(&row{reader: r, line: line, fields: fields})
	}
	if counts.Faults > faults {
		counts.Refused++
	}
	return true, nil
}

// enter puts a row without fault into the plan.
func (r *reader) enter(row *row) {
	faults := r.plan.Counts.Faults
	at, site, p := row.place(), row.must(colSite), row.person()
	row.completion(at.term, &p)
	if r.plan.Counts.Faults > faults {
		return
	}
	s := r.sections[at]
	switch {
	case s == nil:
		s = &section{Section: Section{Term: at.term, Course: at.course, Label: at.label, Site: site}, line: row.line, people: map[string]int{}}
	case s.Site != site:
		row.refuse(colSite, fmt.Sprintf("not the site that line %d has for this section; want one site", s.line))
	}
	ids := map[string]string{colEmployee: p.EmployeeID, colState: p.StateEducatorID, colEmail: strings.ToLower(p.Email)}
	for _, column := range keys {
		if first := s.people[column+":"+ids[column]]; ids[column] != "" && first > 0 {
			row.refuse(column, fmt.Sprintf("line %d has the same person in this section; want one row", first))
		}
	}
	if r.plan.Counts.Faults > faults {
		return
	}
	for column, id := range ids {
		if id != "" {
			s.people[column+":"+id] = row.line
		}
	}
	s.People = append(s.People, p)
	r.sections[at] = s
	if p.Completed {
		r.plan.Counts.Completed++
	}
}

func (r *reader) stop(line int, problem string) error {
	r.fault(line, "", problem)
	return errStop
}

func (r *reader) fault(line int, column, problem string) {
	r.plan.Counts.Faults++
	if len(r.plan.Faults) < r.opts.Limits.Faults {
		r.plan.Faults = append(r.plan.Faults, Fault{line, column, problem})
	}
}
