package tabular

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// ByteOrderMark before a file makes Excel read it as UTF-8. Other programs need none, and some take it for a part of the
// first column's name.
const ByteOrderMark = "\uFEFF"

const (
	lineEnd = "\r\n"
	// full is at which size a writer hands on what it gathered.
	full = 64 << 10
)

// Writer writes a table row by row, and keeps no more than one block of them. It is not safe for concurrent use.
type Writer struct {
	to    io.Writer
	table Table
	buf   []byte
	err   error
}

// NewWriter writes the header of a table, after a ByteOrderMark if it is to have one. Errors: ErrTable.
func NewWriter(to io.Writer, table Table, mark bool) (*Writer, error) {
	if err := table.Check(); err != nil {
		return nil, err
	}
	w := &Writer{to: to, table: table, buf: make([]byte, 0, full+full/8)}
	if mark {
		w.buf = append(w.buf, ByteOrderMark...)
	}
	w.buf = table.AppendHeader(w.buf)
	return w, nil
}

// Row writes a row: a cell for each column, in their order. Errors: ErrRow and ErrText, after which rows can still be
// written, or the first error of the writer below, which stays.
func (w *Writer) Row(cells ...Cell) error {
	if w.err != nil {
		return w.err
	}
	buf, err := w.table.AppendRow(w.buf, cells...)
	if err != nil {
		return err
	}
	if w.buf = buf; len(buf) >= full {
		return w.Flush()
	}
	return nil
}

// Flush hands on what was gathered. It is to be called after the last row.
func (w *Writer) Flush() error {
	if w.err == nil && len(w.buf) > 0 {
		_, w.err = w.to.Write(w.buf)
		w.buf = w.buf[:0]
	}
	return w.err
}

// AppendHeader appends the line of column names.
func (t Table) AppendHeader(to []byte) []byte {
	for i, c := range t {
		if i > 0 {
			to = append(to, ',')
		}
		to = append(to, c.Name...)
	}
	return append(to, lineEnd...)
}

// AppendRow appends the line of a row: a cell for each column, in their order. With an error, ErrRow or ErrText, nothing
// is appended.
func (t Table) AppendRow(to []byte, cells ...Cell) ([]byte, error) {
	start := len(to)
	if len(cells) != len(t) {
		return to, fmt.Errorf("%w: %d cells for %d columns", ErrRow, len(cells), len(t))
	}
	for i := range cells {
		cell := &cells[i]
		if cell.kind != t[i].Kind && cell.kind != 0 {
			return to[:start], fmt.Errorf("%w: %s is of kind %s, not %s", ErrRow, t[i].Name, t[i].Kind, cell.kind)
		}
		if i > 0 {
			to = append(to, ',')
		}
		var ok bool
		if to, ok = cell.append(to); !ok {
			return to[:start], fmt.Errorf("%w: %s", ErrText, t[i].Name)
		}
	}
	if len(t) == 1 && len(to) == start {
		to = append(to, `""`...) // readers skip an empty line
	}
	return append(to, lineEnd...), nil
}

// append appends the field; not ok for a text that is none.
func (c *Cell) append(to []byte) ([]byte, bool) {
	switch c.kind {
	case Text:
		return appendText(to, c.text), utf8.ValidString(c.text)
	case Integer:
		return strconv.AppendInt(to, c.number, 10), true
	case Decimal:
		return append(to, c.text...), decimal(c.text)
	case Boolean:
		return strconv.AppendBool(to, c.number == 1), true
	case Date:
		return time.Unix(c.number, 0).UTC().AppendFormat(to, time.DateOnly), true
	case Time:
		return time.Unix(c.number, int64(c.nanos)).UTC().AppendFormat(to, time.RFC3339Nano), true
	default:
		return to, true
	}
}

// plain tells for every byte whether it may be in a field without quotes.
var plain = func() (table [256]bool) {
	for b := range table {
		table[b] = b >= ' ' && !strings.ContainsRune(`",;`, rune(b))
	}
	return table
}()

func appendText(to []byte, text string) []byte {
	harmful := risky(text)
	if !harmful && bare(text) {
		return append(to, text...)
	}
	to = append(to, '"')
	if harmful {
		to = append(to, apostrophe)
	}
	for {
		before, after, found := strings.Cut(text, `"`)
		to = append(to, before...)
		if !found {
			return append(to, '"')
		}
		to = append(to, `""`...)
		text = after
	}
}

// bare tells whether a text needs no quotes: readers that trim leave what is quoted alone, so spaces at its ends need them.
func bare(text string) bool {
	if text == "" {
		return true
	}
	if text[0] == ' ' || text[len(text)-1] == ' ' {
		return false
	}
	for i := range len(text) {
		if !plain[text[i]] {
			return false
		}
	}
	return true
}

// decimal tells whether a text is a number: -?digits(.digits)?
func decimal(text string) bool {
	text = strings.TrimPrefix(text, "-")
	whole, fraction, pointed := strings.Cut(text, ".")
	return digits(whole) && (!pointed || digits(fraction))
}

func digits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}
