package oneroster

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/btlc/btlc/internal/tabular"
)

// maxColumns bounds a row; the longest header of OneRoster has about 30 columns, and districts may add some.
const maxColumns = 200

// scanner reads the records of a CSV file (RFC 4180) one at a time. encoding/csv would hold a record of any length.
type scanner struct {
	*reader
	in      *bufio.Reader
	at      Source   // where the record begins
	line    int      // of the next byte
	columns []string // of the header, once it is read
	text    []byte   // of the record's fields
	ends    []int    // of each field in text
	row     [][]byte
}

func (r *reader) scan(file string, in io.Reader) *scanner {
	return &scanner{reader: r, in: bufio.NewReaderSize(in, 64<<10), at: Source{File: file, Line: 1}, line: 1}
}

// encoding refuses what is not UTF-8 by its first bytes, and reads over UTF-8's own mark.
func (s *scanner) encoding() error {
	head, err := s.in.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return s.broken(s.at)
	}
	if bytes.HasPrefix(head, []byte{0xEF, 0xBB, 0xBF}) {
		_, err = s.in.Discard(3)
		return err
	}
	found, order := tabular.Wide(head)
	if found == "" {
		return nil
	}
	if order != "" {
		found += ", " + order
	}
	return s.stop(BadEncoding, found, "UTF-8")
}

// stop notes a fault at the record after which the file is not read any further.
func (s *scanner) stop(reason Reason, got, want string) error {
	s.fault(reason, "", got, want)
	return errStop
}

func (s *scanner) fault(reason Reason, column, got, want string) {
	s.faults.add(Fault{Reason: reason, Source: s.at, Column: column, Got: got, Want: want})
}

// column is the name of the field that is being read.
func (s *scanner) column() string {
	if i := len(s.ends); i < len(s.columns) {
		return s.columns[i]
	}
	return fmt.Sprintf("field %d", len(s.ends)+1)
}

// Where in a field the scanner is.
const (
	atStart = iota
	inPlain
	inQuotes
	afterQuote // which closes the field, or is the first of two that stand for one
)

// record reads the next record, which is valid until the one after it; io.EOF at the end. Empty lines are no records.
func (s *scanner) record() ([][]byte, error) {
	s.text, s.ends, s.at.Line = s.text[:0], s.ends[:0], s.line
	for state := atStart; ; {
		c, err := s.in.ReadByte()
		blank := state == atStart && len(s.ends) == 0
		switch {
		case errors.Is(err, io.EOF) && state == inQuotes:
			return nil, s.stop(BadSyntax, "a quoted field that does not end, in "+s.column(), "a closing quote; the file may be cut off")
		case errors.Is(err, io.EOF) && blank:
			return nil, io.EOF
		case errors.Is(err, io.EOF):
			return s.finish()
		case err != nil:
			return nil, s.broken(s.at)
		}
		if c == '\n' {
			s.line++
		}
		switch {
		case state == inQuotes && c == '"':
			state = afterQuote
		case state == inQuotes:
			s.text = append(s.text, c)
		case c == ',':
			s.endField()
			state = atStart
		case c == '\n' && blank:
			s.at.Line = s.line
		case c == '\n':
			return s.finish()
		case c == '\r':
			if next, err := s.in.Peek(1); err != nil || next[0] != '\n' {
				return nil, s.stop(BadSyntax, "a carriage return alone, in "+s.column(), "lines that end with a line feed")
			}
		case c == '"' && state == atStart:
			state = inQuotes
		case c == '"' && state == afterQuote:
			s.text = append(s.text, c)
			state = inQuotes
		case c == '"', state == afterQuote:
			s.fault(BadSyntax, s.column(), "a quote in the middle of a field", "the field in quotes, and its own quotes doubled")
			s.text = append(s.text, c)
			state = inPlain
		default:
			s.text = append(s.text, c)
			state = inPlain
		}
		if len(s.text)-s.begin() > s.limits.FieldBytes {
			return nil, s.stop(TooLarge, "a longer field, in "+s.column(), fmt.Sprintf("at most %d bytes in a field; a closing quote may be missing", s.limits.FieldBytes))
		}
		if len(s.ends) >= maxColumns {
			return nil, s.stop(TooLarge, "more fields", fmt.Sprintf("at most %d in a row", maxColumns))
		}
	}
}

// begin is where in text the field begins that is being read.
func (s *scanner) begin() int {
	if len(s.ends) == 0 {
		return 0
	}
	return s.ends[len(s.ends)-1]
}

func (s *scanner) endField() {
	switch field := s.text[s.begin():]; {
	case bytes.IndexByte(field, 0) >= 0:
		s.fault(BadEncoding, s.column(), "a NUL byte", "text")
	case !utf8.Valid(field):
		s.fault(BadEncoding, s.column(), "bytes that are not UTF-8", "UTF-8; the file may have been saved in a code page of Windows")
	}
	s.ends = append(s.ends, len(s.text))
}

func (s *scanner) finish() ([][]byte, error) {
	s.endField()
	s.row = s.row[:0]
	begin := 0
	for _, end := range s.ends {
		s.row = append(s.row, s.text[begin:end:end])
		begin = end
	}
	return s.row, nil
}
