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

// packedRow has a value of each kind that packed rows are read as. A nil is NULL.
type packedRow struct {
	text, word string
	id         uuid.UUID
	number     int32
	day        *time.Time
	moment     *time.Time
}

func drawRow(t *rapid.T) (row packedRow) {
	row.text = rapid.StringOfN(rapid.RuneFrom([]rune("aé\"\\\x01,(")), 0, 8, -1).Draw(t, "text")
	row.word = rapid.StringOfN(rapid.RuneFrom([]rune("aé-_ \x01")), 0, 8, -1).Draw(t, "word")
	row.id = uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
	row.number = rapid.OneOf(rapid.Int32(), rapid.SampledFrom([]int32{math.MinInt32, math.MaxInt32})).Draw(t, "number")
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
	if err := db.QueryRow(query, arguments...).Scan(&count, &raw); err != nil {
		t.Fatal(err)
	}
	return count, raw
}

// Rows of any values come as they are, in their order.
func TestPackedRows(t *testing.T) {
	db := open(t, databasetest.New(t, migrations))
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.Custom(drawRow), 0, 4).Draw(t, "rows")
		values := []string{"(NULL::text, NULL::text, NULL::uuid, NULL::int, NULL::date, NULL::timestamptz)"}
		var arguments []any
		for _, row := range rows {
			n := len(arguments)
			values = append(values, fmt.Sprintf("($%d, $%d, $%d, $%d, $%d, $%d)", n+1, n+2, n+3, n+4, n+5, n+6))
			arguments = append(arguments, row.text, row.word, row.id, row.number, row.day, row.moment)
		}
		count, raw := packed(t, db, database.Packed("FROM (VALUES "+strings.Join(values, ", ")+") r(a, b, id, n, day, moment) WHERE id IS NOT NULL",
			database.SendText("a"), database.SendWords("b", "'and'", "b"), database.SendUUID("id"), database.SendInt32("n"), database.SendDate("day"), database.SendTime("moment")), arguments...)
		got := database.ReadPacked(count, raw)
		for i, want := range rows {
			if !got.Next() {
				t.Fatalf("no row %d of %d", i, len(rows))
			}
			text, words := string(got.Text()), [3]string{string(got.Word()), string(got.Word()), string(got.Word())}
			id, number, day, moment := got.UUID(), got.Int32(), got.Date(), got.Time()
			if text != want.text || words != [3]string{want.word, "and", want.word} || id != want.id || number != want.number ||
				!day.Equal(orZero(want.day)) || !moment.Equal(orZero(want.moment)) {
				t.Fatalf("row %d is %q %q %s %d %s %s", i, text, words, id, number, day, moment)
			}
		}
		if got.Next() || got.Err() != nil || count != len(rows) {
			t.Fatalf("after %d rows: %d counted, %v", len(rows), count, got.Err())
		}
	})
}

// What is other rows than they are read as is a fault and not a value.
func TestPackedRowsThatAreOthers(t *testing.T) {
	db := open(t, databasetest.New(t, migrations))
	const one, two = "FROM generate_series(1, 1)", "FROM generate_series(1, 2) n"
	for name, c := range map[string]struct {
		query string
		read  func(*database.PackedRows)
	}{
		"a value short":         {database.Packed(one, database.SendInt32("1"), database.SendInt32("2")), func(p *database.PackedRows) { p.Int32() }},
		"a value over":          {database.Packed(one, database.SendInt32("1")), func(p *database.PackedRows) { p.Int32(); p.Int32() }},
		"a day for ever":        {database.Packed(one, database.SendDate("'infinity'::date")), func(p *database.PackedRows) { p.Date() }},
		"for ever":              {database.Packed(one, database.SendTime("'infinity'::timestamptz")), func(p *database.PackedRows) { p.Time() }},
		"a word that is none":   {database.Packed(one, database.SendText("'text'")), func(p *database.PackedRows) { p.Word() }},
		"words with a comma":    {database.Packed(one, database.SendWords("'a,b'")), func(p *database.PackedRows) { p.Word() }},
		"a NULL in one of rows": {database.Packed(two, database.SendInt32("nullif(n, 2)")), func(p *database.PackedRows) { p.Int32() }},
		"a length below zero":   {database.Packed(one, database.SendInt32("-1")), func(p *database.PackedRows) { p.Text() }},
	} {
		count, raw := packed(t, db, c.query)
		rows := database.ReadPacked(count, raw)
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
	count, whole := packed(t, db, database.Packed("FROM generate_series(1, 2)", database.SendText("'text'"), database.SendUUID("gen_random_uuid()"),
		database.SendWords("'word'"), database.SendDate("'2026-01-01'::date"), database.SendTime("now()")))
	read := func(count int, raw []byte) (rows int, err error) {
		p := database.ReadPacked(count, raw)
		for ; p.Next(); rows++ {
			p.Text()
			p.UUID()
			p.Word()
			p.Date()
			p.Time()
		}
		return rows, p.Err()
	}
	for n := range len(whole) + 1 {
		if rows, err := read(count, whole[:n]); (err == nil) != (n == len(whole)) {
			t.Errorf("%d of %d bytes: %d rows, %v", n, len(whole), rows, err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		count, raw := rapid.IntRange(0, 5).Draw(t, "count"), rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")
		if rows, err := read(count, raw); err == nil && rows != count {
			t.Fatalf("%d rows of %d in %d bytes", rows, count, len(raw))
		}
	})
}

// BenchmarkPackedRows reads rows like those of a look-up of 100 persons, packed and one by one, by a prepared statement.
func BenchmarkPackedRows(b *testing.B) {
	const rows = 400
	columns := []string{"n::text", "'0190a8a4-7c1e-7b7a-9d51-3f0c2f5d9a10'::uuid", "'using-data-certificate'::text", "'ACTIVE'::text",
		"timestamptz '2026-01-01 12:00:00.123456Z'", "timestamptz '2026-01-01 12:00:00.123456Z'", "n"}
	from := fmt.Sprintf("FROM generate_series(1, %d) n", rows)
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
		"packed": {database.Packed(from, database.SendText(columns[0]), database.SendUUID(columns[1]), database.SendWords(columns[2], columns[3]),
			database.SendMicros(columns[4]), database.SendMicros(columns[5]), database.SendInt32(columns[6])), func(found *sql.Rows) (n int, err error) {
			var count int
			var raw []byte
			for found.Next() {
				if err := found.Scan(&count, &raw); err != nil {
					return 0, err
				}
			}
			got := database.ReadPacked(count, raw)
			for ; got.Next(); n++ {
				key, id, kind, status = string(got.Text()), got.UUID(), string(got.Word()), string(got.Word())
				issued, since, version = got.Time(), got.Time(), got.Int32()
			}
			return n, errors.Join(got.Err(), found.Err())
		}},
		"one by one": {"SELECT " + strings.Join(columns, ", ") + " " + from, func(found *sql.Rows) (n int, err error) {
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
