package oneroster

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/btlc/btlc/internal/tabular"
)

const (
	// maxColumns bounds a row; the longest header of OneRoster has about 30 columns, and districts may add some.
	maxColumns = 200
	// bufferBytes is how much of a file is held at a time.
	bufferBytes = 64 << 10
)

// scanner reads the records of a CSV file (RFC 4180) one at a time. encoding/csv would hold a record of any length.
type scanner struct {
	*reader
	in      io.Reader
	buffer  []byte
	ahead   []byte   // of the buffer, what is still to be read
	filled  int64    // how many bytes of the file have been in the buffer
	ended   error    // why there is no more to put into it
	at      Source   // where the record begins
	line    int      // of the next byte
	columns []string // of the header, once it is read
	text    []byte   // of the record's fields
	ends    []int    // of each field in text
	fields  int      // of the record, those that are too many included
	row     [][]byte
	long    bool // the field at hand is longer than fields may be, so that the rest of it is read over
	unfit   bool // the record is not to be used, as a fault already says
}

func (r *reader) scan(file string, in io.Reader) *scanner {
	return &scanner{reader: r, in: in, buffer: make([]byte, bufferBytes), at: Source{File: file, Line: 1}, line: 1}
}

// fill puts at least so many bytes ahead, where there are none, or as many as the file still has; io.EOF for none.
func (s *scanner) fill(least int) error {
	n := 0
	for n < least && s.ended == nil {
		var more int
		more, s.ended = s.in.Read(s.buffer[n:])
		n += more
	}
	s.ahead, s.filled = s.buffer[:n], s.filled+int64(n)
	switch {
	case n > 0:
		return nil
	case errors.Is(s.ended, io.EOF):
		return io.EOF
	}
	return s.broken(s.at)
}

// offset is how many bytes of the file were read.
func (s *scanner) offset() int64 { return s.filled - int64(len(s.ahead)) }

// encoding refuses what is not UTF-8 by its first bytes, and reads over UTF-8's own mark.
func (s *scanner) encoding() error {
	if err := s.fill(4); errors.Is(err, io.EOF) {
		return nil
	} else if err != nil {
		return err
	}
	if rest, marked := bytes.CutPrefix(s.ahead, []byte{0xEF, 0xBB, 0xBF}); marked {
		s.ahead = rest
		return nil
	}
	found, order := tabular.Wide(s.ahead)
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

// spoil notes a fault by which the record is of no use.
func (s *scanner) spoil(reason Reason, got, want string) {
	s.unfit = true
	s.fault(reason, "", got, want)
}

// column is the name of a field.
func (s *scanner) column(i int) string {
	if i < len(s.columns) {
		return s.columns[i]
	}
	return "field " + strconv.Itoa(i+1)
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
	s.text, s.ends, s.fields, s.at.Line, s.long, s.unfit = s.text[:0], s.ends[:0], 0, s.line, false, false
	if s.plain() {
		return s.row, nil
	}
	returned := false // what was read last is a carriage return, which is right before a line feed alone
	for state := atStart; ; {
		if n := s.ordinary(state); n > 0 {
			if returned {
				s.returnedAlone()
			}
			if state == afterQuote {
				s.quoteWithin()
			}
			s.take(s.ahead[:n])
			s.ahead = s.ahead[n:]
			if state != inQuotes {
				state, returned = inPlain, false
			}
		}
		blank := state == atStart && s.fields == 0
		if len(s.ahead) == 0 {
			switch err := s.fill(1); {
			case err == nil:
				continue
			case !errors.Is(err, io.EOF):
				return nil, err
			case state == inQuotes:
				return nil, s.stop(BadSyntax, "a quoted field that does not end, in "+s.column(s.fields), "a closing quote; the file may be cut off")
			}
			if returned {
				s.returnedAlone()
			}
			if blank {
				return nil, io.EOF
			}
			return s.finish(), nil
		}
		c := s.ahead[0]
		s.ahead = s.ahead[1:]
		if c == '\n' {
			s.line++
		} else if returned {
			s.returnedAlone()
		}
		returned = c == '\r'
		switch {
		case state == inQuotes: // and c is a quote
			state = afterQuote
		case c == ',':
			s.endField()
			state = atStart
		case c == '\n' && blank:
			rest := bytes.TrimLeft(s.ahead, "\n")
			s.line += len(s.ahead) - len(rest)
			s.at.Line, s.ahead = s.line, rest
		case c == '\n':
			return s.finish(), nil
		case c == '\r':
		case state == atStart:
			state = inQuotes
		case state == afterQuote:
			s.take(quote)
			state = inQuotes
		default:
			s.quoteWithin()
			s.take(quote)
			state = inPlain
		}
	}
}

// plain reads a record that is ahead as a whole, and of which nothing is to be said, without a look at each byte: as most are.
// It tells whether it did; record reads any other.
func (s *scanner) plain() bool {
	end := bytes.IndexByte(s.ahead, '\n')
	if end <= 0 || end > s.limits.FieldBytes {
		return false
	}
	rest := bytes.TrimSuffix(s.ahead[:end], []byte{'\r'})
	if len(rest) == 0 || bytes.IndexByte(rest, '"') >= 0 || bytes.IndexByte(rest, '\r') >= 0 || bytes.IndexByte(rest, 0) >= 0 || !utf8.Valid(rest) {
		return false
	}
	s.row = s.row[:0]
	for comma := 0; comma >= 0; {
		if len(s.row) == maxColumns {
			return false
		}
		field := rest
		if comma = bytes.IndexByte(rest, ','); comma >= 0 {
			field, rest = rest[:comma], rest[comma+1:]
		}
		s.row = append(s.row, field)
	}
	s.ahead = s.ahead[end+1:]
	s.line++
	return true
}

var (
	quote = []byte{'"'}
	// meaning has the bytes that mean something outside of quotes.
	meaning = [256]bool{',': true, '"': true, '\r': true, '\n': true}
)

// ordinary is how many of the bytes ahead mean nothing but themselves.
func (s *scanner) ordinary(state int) int {
	if state == inQuotes {
		n := bytes.IndexByte(s.ahead, '"')
		if n < 0 {
			n = len(s.ahead)
		}
		s.line += bytes.Count(s.ahead[:n], []byte{'\n'})
		return n
	}
	for n, c := range s.ahead {
		if meaning[c] {
			return n
		}
	}
	return len(s.ahead)
}

// take puts text into the field at hand, unless that becomes too long.
func (s *scanner) take(text []byte) {
	switch {
	case s.long:
	case len(s.text)-s.begin()+len(text) > s.limits.FieldBytes:
		s.spoil(TooLarge, "a longer field, in "+s.column(s.fields), fmt.Sprintf("at most %d bytes in a field; a closing quote may be missing", s.limits.FieldBytes))
		s.text, s.long = s.text[:s.begin()], true
	default:
		s.text = append(s.text, text...)
	}
}

func (s *scanner) quoteWithin() {
	s.fault(BadSyntax, s.column(s.fields), "a quote in the middle of a field", "the field in quotes, and its own quotes doubled")
}

// returnedAlone is told once in a record: that may be all of a file with other ends of lines.
func (s *scanner) returnedAlone() {
	if !s.unfit && !s.faults.beyond() {
		s.fault(BadSyntax, "", "a carriage return alone, in "+s.column(s.fields), "lines that end with a line feed")
	}
	s.unfit = true
}

// begin is where in text the field begins that is being read.
func (s *scanner) begin() int {
	if len(s.ends) == 0 {
		return 0
	}
	return s.ends[len(s.ends)-1]
}

func (s *scanner) endField() {
	s.fields++
	s.long = false
	if s.fields <= maxColumns {
		s.ends = append(s.ends, len(s.text))
		return
	}
	s.text = s.text[:s.begin()]
	if s.fields == maxColumns+1 {
		s.spoil(TooLarge, "more fields", fmt.Sprintf("at most %d in a row", maxColumns))
	}
}

func (s *scanner) finish() [][]byte {
	s.endField()
	s.row = s.row[:0]
	begin := 0
	for i, end := range s.ends {
		field := s.text[begin:end]
		nul := bytes.IndexByte(field, 0) >= 0
		switch {
		case !nul && utf8.Valid(field), s.faults.beyond():
		case nul:
			s.fault(BadEncoding, s.column(i), "a NUL byte", "text")
		default:
			s.fault(BadEncoding, s.column(i), "bytes that are not UTF-8", "UTF-8; the file may have been saved in a code page of Windows")
		}
		s.row = append(s.row, field)
		begin = end
	}
	return s.row
}
