package database

import (
	"encoding/binary"
	"errors"
	"math"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq/oid"
)

// Packed is a query whose rows come as one: how many there are, and a bytea of all of them in their order, in the binary form
// in which PostgreSQL sends rows (record_send); NULL when there are none. Reading many small rows one by one, each value by way of
// its text and database/sql's conversions, costs more than finding them.
func Packed(query string) string {
	return `SELECT count(*), string_agg(record_send(r), '') FROM (` + query + `) r`
}

// ErrPacked says that packed rows hold something else than what was read from them.
var ErrPacked = errors.New("packed rows are not what they were taken for")

// epoch is where PostgreSQL counts days and microseconds from, in seconds of Unix.
const epoch = 946684800

// PackedRows reads the rows of a Packed query: for each row Next, and then each column in its order by the method of its
// type. A value that is NULL or not of that type reads as empty, the latter with an error in the end.
type PackedRows struct {
	rest    []byte
	columns uint32 // left in the row
	faulty  bool
}

// ReadPacked reads from the second column of a Packed query.
func ReadPacked(rows []byte) PackedRows { return PackedRows{rest: rows} }

// Next goes to the next row. After the last one, or a fault, it is false.
func (p *PackedRows) Next() bool {
	if len(p.rest) == 0 {
		return false
	}
	p.faulty = p.faulty || p.columns > 0
	p.columns = binary.BigEndian.Uint32(p.take(4))
	return !p.faulty
}

// Err is ErrPacked when any value was not what it was read as, or a row not read to its end.
func (p *PackedRows) Err() error {
	if p.faulty || p.columns > 0 {
		return ErrPacked
	}
	return nil
}

// Text is a text, as part of the rows' own memory.
func (p *PackedRows) Text() []byte {
	_, value := p.value()
	return value
}

// UUID is a uuid, of which uuid.Nil stands for NULL.
func (p *PackedRows) UUID() (id uuid.UUID) {
	copy(id[:], p.of(oid.T_uuid, len(id)))
	return id
}

// Int32 is an integer, and 0 for NULL.
func (p *PackedRows) Int32() int32 {
	if value := p.of(oid.T_int4, 4); value != nil {
		return int32(binary.BigEndian.Uint32(value)) // #nosec G115 -- two's complement
	}
	return 0
}

// Date is a date, as midnight in UTC; the zero time for NULL.
func (p *PackedRows) Date() time.Time {
	value := p.of(oid.T_date, 4)
	if value == nil {
		return time.Time{}
	}
	days := int32(binary.BigEndian.Uint32(value)) // #nosec G115 -- two's complement
	p.faulty = p.faulty || days == math.MaxInt32 || days == math.MinInt32
	return time.Unix(epoch+int64(days)*24*60*60, 0).UTC()
}

// Time is a timestamptz, in UTC; the zero time for NULL.
func (p *PackedRows) Time() time.Time {
	value := p.of(oid.T_timestamptz, 8)
	if value == nil {
		return time.Time{}
	}
	micros := int64(binary.BigEndian.Uint64(value)) // #nosec G115 -- two's complement
	p.faulty = p.faulty || micros == math.MaxInt64 || micros == math.MinInt64
	return time.UnixMicro(micros).Add(epoch * time.Second).UTC()
}

// of is a value of a type whose values have that many bytes; nil for NULL.
func (p *PackedRows) of(want oid.Oid, size int) []byte {
	kind, value := p.value()
	if value != nil && (kind != want || len(value) != size) {
		p.faulty = true
		return nil
	}
	return value
}

// value is the next value of the row with its type; nil for NULL.
func (p *PackedRows) value() (oid.Oid, []byte) {
	if p.columns == 0 {
		p.faulty = true
		return 0, nil
	}
	p.columns--
	kind := oid.Oid(binary.BigEndian.Uint32(p.take(4)))
	size := int32(binary.BigEndian.Uint32(p.take(4))) // #nosec G115 -- it is signed: -1 is NULL
	if size < 0 {
		return kind, nil
	}
	return kind, p.take(int(size))
}

// take takes bytes from what is left; after a fault, zeros.
func (p *PackedRows) take(n int) []byte {
	if p.faulty || n > len(p.rest) {
		p.faulty = true
		return make([]byte, min(n, 8))
	}
	taken := p.rest[:n:n]
	p.rest = p.rest[n:]
	return taken
}
