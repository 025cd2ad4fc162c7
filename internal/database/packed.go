package database

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Packed is a query whose rows come as one: how many there are, and a bytea of all of them in their order, NULL when there are
// none. A row is its values as PostgreSQL sends them (SendUUID and its kin), one after the other. from is what follows the
// list of a SELECT. Reading many small rows one by one, each value by way of its text and database/sql's conversions,
// costs more than finding them. record_send would say of each value what type it is, which costs the database more.
func Packed(from string, values ...string) string {
	return `SELECT count(*), string_agg(` + strings.Join(values, ` || `) + `, '') ` + from
}

// SendUUID and its kin are the SQL of a value in a Packed query, for PackedRows to read. A row that has a NULL is no row, which is
// found when they are read; only SendDate and SendTime may be of NULL.
func SendUUID(value string) string { return `uuid_send(` + value + `)` }

// SendInt32 is for PackedRows.Int32.
func SendInt32(value string) string { return `int4send(` + value + `)` }

// SendDate is for PackedRows.Date.
func SendDate(value string) string { return `date_send(coalesce(` + value + `, '-infinity'))` }

// SendTime is for PackedRows.Time, and for what is never NULL SendMicros is cheaper.
func SendTime(value string) string { return SendMicros(`coalesce(` + value + `, '-infinity')`) }

// SendMicros is for PackedRows.Micros.
func SendMicros(value string) string { return `timestamptz_send(` + value + `)` }

// SendText is for PackedRows.Text.
func SendText(value string) string {
	return `int4send(octet_length(` + value + `)) || textsend(` + value + `)`
}

// SendWords is for as many calls of PackedRows.Word: of values in which no comma can be, like ids and states.
func SendWords(values ...string) string {
	return `textsend(` + strings.Join(values, ` || ',' || `) + ` || ',')`
}

// ErrPacked says that packed rows hold something else than what was read from them.
var ErrPacked = errors.New("packed rows are not what they were taken for")

// epoch is where PostgreSQL counts days and microseconds from, in seconds of Unix.
const epoch = 946684800

// PackedRows reads the rows of a Packed query: for each row Next, and then each value in its order by the method of its kind.
// What is read from something else is empty, with an error in the end.
type PackedRows struct {
	rest   []byte
	left   int // rows
	faulty bool
}

// ReadPacked reads from the two columns of a Packed query.
func ReadPacked(count int, rows []byte) PackedRows { return PackedRows{rest: rows, left: count} }

// Next goes to the next row. After the last one, or a fault, it is false.
func (p *PackedRows) Next() bool {
	if p.left == 0 || p.faulty {
		return false
	}
	p.left--
	return true
}

// Err is ErrPacked when there were not as many rows as were counted, each of the values that were read.
func (p *PackedRows) Err() error {
	if p.faulty || p.left > 0 || len(p.rest) > 0 {
		return ErrPacked
	}
	return nil
}

// Text is a text, as part of the rows' own memory.
func (p *PackedRows) Text() []byte { return p.take(int(p.Int32())) }

// Word is the next of words, as part of the rows' own memory.
func (p *PackedRows) Word() []byte {
	word := p.take(bytes.IndexByte(p.rest, ','))
	p.take(1)
	return word
}

// UUID is a uuid.
func (p *PackedRows) UUID() (id uuid.UUID) {
	copy(id[:], p.take(len(id)))
	return id
}

// Int32 is an integer.
func (p *PackedRows) Int32() int32 {
	if value := p.take(4); value != nil {
		return int32(binary.BigEndian.Uint32(value)) // #nosec G115 -- two's complement
	}
	return 0
}

// Date is a date, as midnight in UTC; the zero time for NULL.
func (p *PackedRows) Date() time.Time {
	days := p.Int32()
	if days == math.MinInt32 {
		return time.Time{}
	}
	p.faulty = p.faulty || days == math.MaxInt32 // for ever
	return time.Unix(epoch+int64(days)*24*60*60, 0).UTC()
}

// Time is a timestamptz, in UTC; the zero time for NULL.
func (p *PackedRows) Time() time.Time {
	if micros := p.Micros(); micros != math.MinInt64 {
		return time.UnixMicro(micros).UTC()
	}
	return time.Time{}
}

// Micros is a timestamptz in microseconds of Unix; the least number for NULL.
func (p *PackedRows) Micros() int64 {
	value := p.take(8)
	if value == nil {
		return 0
	}
	micros := int64(binary.BigEndian.Uint64(value)) // #nosec G115 -- two's complement
	if micros == math.MinInt64 {
		return micros
	}
	p.faulty = p.faulty || micros == math.MaxInt64 // for ever
	return micros + epoch*1_000_000
}

// take takes bytes from what is left; after a fault, none.
func (p *PackedRows) take(n int) []byte {
	if n < 0 || n > len(p.rest) || p.faulty {
		p.faulty = true
		return nil
	}
	taken := p.rest[:n:n]
	p.rest = p.rest[n:]
	return taken
}
