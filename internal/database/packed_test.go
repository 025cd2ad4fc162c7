package database_test

import (
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/database/databasetest"
)

// packedRow has a value of each type that packed rows are read as. A nil is NULL.
type packedRow struct {
	text   *string
	id     *uuid.UUID
	number *int32
	day    *time.Time
	moment *time.Time
}

func drawRow(t *rapid.T) (row packedRow) {
	if rapid.Bool().Draw(t, "has a text") {
		row.text = new(rapid.StringOfN(rapid.RuneFrom([]rune("aé\"\\\x01,(")), 0, 8, -1).Draw(t, "text"))
	}
	if rapid.Bool().Draw(t, "has an id") {
		row.id = new(uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id")))
	}
	if rapid.Bool().Draw(t, "has a number") {
		row.number = new(rapid.OneOf(rapid.Int32(), rapid.SampledFrom([]int32{math.MinInt32, math.MaxInt32})).Draw(t, "number"))
	}
	if rapid.Bool().Draw(t, "has a day") {
		row.day = new(time.Date(2000, 1, rapid.IntRange(-700_000, 2_000_000).Draw(t, "day"), 0, 0, 0, 0, time.UTC))
	}
	if rapid.Bool().Draw(t, "has a moment") {
		row.moment = new(time.UnixMicro(rapid.Int64Range(-60_000_000_000_000_000, 250_000_000_000_000_000).Draw(t, "moment")).UTC())
	}
	return row
}

// orZero is what a pointer leads to, and the zero value for nil.
func orZero[T any](p *T) (value T) {
	if p != nil {
		value = *p
	}
	return value
}

func packed(t interface{ Fatal(...any) }, db *sql.DB, query string, arguments ...any) (count int, raw []byte) {
	if err := db.QueryRow(database.Packed(query), arguments...).Scan(&count, &raw); err != nil {
		t.Fatal(err)
	}
	return count, raw
}

// Rows of any values come as they are, in their order.
func TestPackedRows(t *testing.T) {
	db := open(t, databasetest.New(t, migrations))
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.Custom(drawRow), 1, 4).Draw(t, "rows")
		var values []string
		var arguments []any
		for _, row := range rows {
			n := len(arguments)
			values = append(values, fmt.Sprintf("($%d::text, $%d::uuid, $%d::int, $%d::date, $%d::timestamptz)", n+1, n+2, n+3, n+4, n+5))
			arguments = append(arguments, row.text, row.id, row.number, row.day, row.moment)
		}
		count, raw := packed(t, db, "VALUES "+strings.Join(values, ", "), arguments...)
		got := database.ReadPacked(raw)
		for i, want := range rows {
			if !got.Next() {
				t.Fatalf("no row %d of %d", i, len(rows))
			}
			text, id, number, day, moment := got.Text(), got.UUID(), got.Int32(), got.Date(), got.Time()
			if (text == nil) != (want.text == nil) || string(text) != orZero(want.text) || id != orZero(want.id) || number != orZero(want.number) ||
				!day.Equal(orZero(want.day)) || !moment.Equal(orZero(want.moment)) {
				t.Fatalf("row %d is %q %s %d %s %s", i, text, id, number, day, moment)
			}
		}
		if got.Next() || got.Err() != nil || count != len(rows) {
			t.Fatalf("after %d rows: %d counted, %v", len(rows), count, got.Err())
		}
	})
}

// What is no rows, or other rows than they are read as, is a fault and not a value.
func TestPackedRowsThatAreOthers(t *testing.T) {
	db := open(t, databasetest.New(t, migrations))
	if count, raw := packed(t, db, "SELECT 1 WHERE false"); count != 0 || raw != nil {
		t.Errorf("of no rows: %d, %x", count, raw)
	}
	for name, c := range map[string]struct {
		query string
		read  func(*database.PackedRows)
	}{
		"another type":    {"SELECT 1", func(p *database.PackedRows) { p.UUID() }},
		"a column short":  {"SELECT 1, 2", func(p *database.PackedRows) { p.Int32() }},
		"a column over":   {"SELECT 1", func(p *database.PackedRows) { p.Int32(); p.Int32() }},
		"a day for ever":  {"SELECT 'infinity'::date", func(p *database.PackedRows) { p.Date() }},
		"always":          {"SELECT '-infinity'::timestamptz", func(p *database.PackedRows) { p.Time() }},
		"text for a time": {"SELECT '8 bytes.'::text", func(p *database.PackedRows) { p.Time() }},
	} {
		_, raw := packed(t, db, c.query)
		rows := database.ReadPacked(raw)
		for rows.Next() {
			c.read(&rows)
		}
		if err := rows.Err(); !errors.Is(err, database.ErrPacked) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Bytes of any kind, such as rows cut off, end with a fault or as rows; nothing is read beyond them.
func TestPackedRowsOfAnyBytes(t *testing.T) {
	db := open(t, databasetest.New(t, migrations))
	_, whole := packed(t, db, "SELECT 'text'::text, gen_random_uuid(), 1, now() FROM generate_series(1, 2)")
	read := func(raw []byte) (rows int, err error) {
		p := database.ReadPacked(raw)
		for ; p.Next(); rows++ {
			p.Text()
			p.UUID()
			p.Int32()
			p.Time()
		}
		return rows, p.Err()
	}
	for n := range whole {
		if rows, err := read(whole[:n]); (err == nil) != (n == 0 || n == len(whole)/2) {
			t.Errorf("%d of %d bytes: %d rows, %v", n, len(whole), rows, err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")
		if rows, err := read(raw); err == nil && rows*4 > len(raw) {
			t.Fatalf("%d rows in %d bytes", rows, len(raw))
		}
	})
}

// BenchmarkPackedRows reads rows like those of a look-up of 100 persons, packed and one by one, by a prepared statement.
func BenchmarkPackedRows(b *testing.B) {
	const rows = 400
	query := fmt.Sprintf(`SELECT n::text, '0190a8a4-7c1e-7b7a-9d51-3f0c2f5d9a10'::uuid, 'using-data-certificate'::text, 'ACTIVE'::text,
		'2026-01-01 12:00:00.123456Z'::timestamptz, '2026-01-01 12:00:00.123456Z'::timestamptz, n FROM generate_series(1, %d) n`, rows)
	db, err := database.Open(b.Context(), databasetest.New(b, migrations), database.PoolOptions{})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	var key, kind, status string
	var id uuid.UUID
	var issued, since time.Time
	var version int32
	for name, read := range map[string]struct {
		query string
		into  func(*sql.Rows) (int, error)
	}{
		"packed": {database.Packed(query), func(found *sql.Rows) (n int, err error) {
			var count int
			var raw []byte
			for found.Next() {
				if err := found.Scan(&count, &raw); err != nil {
					return 0, err
				}
			}
			got := database.ReadPacked(raw)
			for ; got.Next(); n++ {
				key, id, kind, status = string(got.Text()), got.UUID(), string(got.Text()), string(got.Text())
				issued, since, version = got.Time(), got.Time(), got.Int32()
			}
			return n, errors.Join(got.Err(), found.Err())
		}},
		"one by one": {query, func(found *sql.Rows) (n int, err error) {
			for ; found.Next(); n++ {
				if err := found.Scan(&key, &id, &kind, &status, &issued, &since, &version); err != nil {
					return 0, err
				}
			}
			return n, found.Err()
		}},
	} {
		b.Run(name, func(b *testing.B) {
			statement, err := db.PrepareContext(b.Context(), read.query)
			if err != nil {
				b.Fatal(err)
			}
			defer statement.Close()
			b.ReportAllocs()
			for b.Loop() {
				found, err := statement.QueryContext(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				if n, err := read.into(found); err != nil || n != rows {
					b.Fatal(n, err)
				}
				if err := found.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
