package tabular

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// people has a column of each kind.
var people = Table{
	{"educator", Text, "Resource name of the educator."},
	{"note", Text, "What was noted; empty if nothing was."},
	{"minutes", Integer, "Minutes attended."},
	{"score", Decimal, "Mean score; empty before the first."},
	{"eligible", Boolean, "Whether the requirements are met."},
	{"startDate", Date, "First day, in local time."},
	{"issueTime", Time, "When it was issued."},
}

func row(t *testing.T, table Table, cells ...Cell) string {
	t.Helper()
	line, err := table.AppendRow(nil, cells...)
	if err != nil {
		t.Fatal(err)
	}
	return string(line)
}

// text is the field that a text is written as.
func text(t *testing.T, content string) string {
	t.Helper()
	return strings.TrimSuffix(row(t, Table{people[0], people[1]}, Cell{}, String(content)), lineEnd)[1:]
}

func TestFile(t *testing.T) {
	const header = "educator,note,minutes,score,eligible,startDate,issueTime\r\n"
	east := time.FixedZone("", 3600)
	for _, mark := range []bool{false, true} {
		var file bytes.Buffer
		w, err := NewWriter(&file, people, mark)
		if err != nil {
			t.Fatal(err)
		}
		for _, cells := range [][]Cell{
			{String("educators/1"), String(`says "no", twice`), Int(-5), Number("-0.25"), Bool(true), Day(2026, time.March, 1), At(time.Date(2026, 3, 1, 0, 30, 0, 0, east))},
			{String("educators/2"), String("two\r\nlines"), Int(math.MinInt64), Number("10"), Bool(false), Day(1, time.January, 1), At(time.Date(2026, 3, 1, 0, 0, 0, 120_000_000, time.UTC))},
			{{}, {}, {}, {}, {}, {}, {}},
		} {
			if err := w.Row(cells...); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		want := header +
			`educators/1,"says ""no"", twice",-5,-0.25,true,2026-03-01,2026-02-28T23:30:00Z` + "\r\n" +
			"educators/2,\"two\r\nlines\",-9223372036854775808,10,false,0001-01-01,2026-03-01T00:00:00.12Z\r\n" +
			",,,,,,\r\n"
		if mark {
			want = "\xef\xbb\xbf" + want
		}
		if got := file.String(); got != want {
			t.Errorf("written:\n%q\nwant:\n%q", got, want)
		}
	}
}

func TestFormulas(t *testing.T) {
	for content, want := range map[string]string{
		"=1+1":                   `"'=1+1"`,
		"+1 617 555 0100":        `"'+1 617 555 0100"`,
		"-5":                     `"'-5"`,
		"@SUM(A1)":               `"'@SUM(A1)"`,
		"\t=1":                   "\"'\t=1\"",
		"\ttab":                  "\"'\ttab\"",
		"\rreturn":               "\"'\rreturn\"",
		"\nfeed":                 "\"'\nfeed\"",
		"\x00nul":                "\"'\x00nul\"",
		"＝1":                     `"'＝1"`,
		"＋1":                     `"'＋1"`,
		"－1":                     `"'－1"`,
		"＠A":                     `"'＠A"`,
		"  =1":                   `"'  =1"`,
		"\u00a0=1":               "\"'\u00a0=1\"",
		"\u3000＝1":               "\"'\u3000＝1\"",
		"\u200b=1":               "\"'\u200b=1\"",
		"\ufeff=1":               "\"'\ufeff=1\"",
		"\u202e=1":               "\"'\u202e=1\"",
		`=HYPERLINK("x"),A1`:     `"'=HYPERLINK(""x""),A1"`,
		"'=1":                    `"''=1"`,
		"''=1":                   `"'''=1"`,
		"' =1":                   `"'' =1"`,
		"Ivy 't Hart":            "Ivy 't Hart",
		"'t Hart":                "'t Hart",
		"''":                     "''",
		"a=1":                    "a=1",
		"1-2":                    "1-2",
		"(=1)":                   "(=1)",
		" '=1":                   `" '=1"`,
		"a;=1":                   `"a;=1"`,
		"a\t=1":                  "\"a\t=1\"",
		" padded ":               `" padded "`,
		"":                       "",
		" ":                      `" "`,
		"Ελένη, 学校":              `"Ελένη, 学校"`,
		"educators/0199-no-harm": "educators/0199-no-harm",
	} {
		if got := text(t, content); got != want {
			t.Errorf("%q is written %s, want %s", content, got, want)
		}
	}
}

func TestRefusedRows(t *testing.T) {
	good := []Cell{String("a"), String("b"), Int(1), Number("1"), Bool(true), Day(2026, 1, 1), At(time.Unix(0, 0))}
	with := func(at int, cell Cell) []Cell {
		cells := slices.Clone(good)
		cells[at] = cell
		return cells
	}
	for what, refused := range map[string]struct {
		cells []Cell
		want  error
	}{
		"too few":           {good[1:], ErrRow},
		"too many":          {append(slices.Clone(good), Cell{}), ErrRow},
		"text as integer":   {with(2, String("=1")), ErrRow},
		"integer as text":   {with(0, Int(1)), ErrRow},
		"not UTF-8":         {with(1, String("\xff")), ErrText},
		"formula as number": {with(3, Number("=1")), ErrText},
		"exponent":          {with(3, Number("1e5")), ErrText},
		"no number":         {with(3, Number("")), ErrText},
		"only a sign":       {with(3, Number("-")), ErrText},
		"only a fraction":   {with(3, Number(".5")), ErrText},
		"no fraction":       {with(3, Number("5.")), ErrText},
	} {
		before := []byte("before")
		if after, err := people.AppendRow(before, refused.cells...); !errors.Is(err, refused.want) || !bytes.Equal(after, before) {
			t.Errorf("%s: %v with %q", what, err, after)
		}
	}
}

func TestRefusedTables(t *testing.T) {
	for what, table := range map[string]Table{
		"no columns":  {},
		"no name":     {{"", Text, "d"}},
		"a formula":   {{"=a", Text, "d"}},
		"twice":       {{"a", Text, "d"}, {"a", Integer, "d"}},
		"no kind":     {{"a", 0, "d"}},
		"other kinds": {{"a", Time + 1, "d"}},
		"undescribed": {{"a", Text, ""}},
		"two lines":   {{"a", Text, "d\ne"}},
	} {
		if _, err := NewWriter(io.Discard, table, false); !errors.Is(err, ErrTable) {
			t.Errorf("%s: %v", what, err)
		}
	}
	err := Table{{"A", Text, "d"}, {"b", Text, ""}}.Check()
	if err == nil || !strings.Contains(err.Error(), `"A"`) || !strings.Contains(err.Error(), "b is not described") {
		t.Errorf("not every fault is told: %v", err)
	}
}

func TestMarkdown(t *testing.T) {
	const want = "| column | kind | meaning |\n| --- | --- | --- |\n" +
		"| `educator` | text | Resource name of the educator. |\n| `issueTime` | time (RFC 3339, UTC) | When it was issued. |\n"
	if got := (Table{people[0], people[6]}).Markdown(); got != want {
		t.Errorf("%s", got)
	}
}

// A reader of RFC 4180 finds the rows that were written. Go's own makes LF of CR LF within fields, as its documentation says.
func checkReading(t interface {
	Helper()
	Fatalf(string, ...any)
}, table Table, rows [][]string) {
	t.Helper()
	file := table.AppendHeader(nil)
	for _, row := range rows {
		cells := make([]Cell, len(row))
		for i, content := range row {
			cells[i] = String(content)
		}
		var err error
		if file, err = table.AppendRow(file, cells...); err != nil {
			t.Fatalf("%q: %v", row, err)
		}
	}
	read, err := csv.NewReader(bytes.NewReader(file)).ReadAll()
	if err != nil || len(read) != 1+len(rows) {
		t.Fatalf("%q is read as %q, %v", file, read, err)
	}
	for i, row := range rows {
		for j, content := range row {
			got, want := Restore(read[1+i][j]), strings.ReplaceAll(content, "\r\n", "\n")
			if got != want {
				t.Fatalf("%q is read as %q", want, got)
			}
			if read[1+i][j] != "" && strings.ContainsAny(read[1+i][j][:1], "=+-@\t\r\n\x00") {
				t.Fatalf("%q is a formula", read[1+i][j])
			}
		}
	}
}

// awkward are texts of what matters to a reader or a spreadsheet.
var awkward = rapid.StringOf(rapid.RuneFrom([]rune("a1 ',;\"\r\n\t=+-@＝＋－＠\u00a0\u200b\ufeffé学\x00")))

func TestReadersFindWhatWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(1, 4).Draw(t, "columns")
		table := Table{{"a", Text, "d"}, {"b", Text, "d"}, {"c", Text, "d"}, {"d", Text, "d"}}[:width]
		checkReading(t, table, rapid.SliceOf(rapid.SliceOfN(awkward, width, width)).Draw(t, "rows"))
	})
}

func FuzzText(f *testing.F) {
	for _, seed := range []string{"", "=1", "'=1", "' \t+", "\r\n", "a\"b", "\u3000＠", "\ufeff"} {
		f.Add(seed, "x")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		a, b = strings.ToValidUTF8(a, "?"), strings.ToValidUTF8(b, "?")
		checkReading(t, people[:2], [][]string{{a, b}, {b, a}})
		checkReading(t, people[:1], [][]string{{a}, {b}})
	})
}

// failing takes so many bytes.
type failing struct{ left int }

var errFull = errors.New("the disk is full")

func (f *failing) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestFailingWriter(t *testing.T) {
	w, err := NewWriter(&failing{left: 3 * full}, people[:1], false)
	if err != nil {
		t.Fatal(err)
	}
	cell := String(strings.Repeat("a", 1000))
	written := 0
	for err == nil && written < 1000 {
		err = w.Row(cell)
		written++
	}
	if !errors.Is(err, errFull) || written < 2*full/1000 {
		t.Errorf("after %d rows: %v", written, err)
	}
	if err := w.Row(cell); !errors.Is(err, errFull) {
		t.Errorf("the error is forgotten: %v", err)
	}
	if err := w.Flush(); !errors.Is(err, errFull) {
		t.Errorf("the error is forgotten: %v", err)
	}
}

// A row that is refused leaves the file as it was.
func TestRowsAfterARefusedOne(t *testing.T) {
	var file bytes.Buffer
	w, err := NewWriter(&file, people[:1], false)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Row(String("\xff")); !errors.Is(err, ErrText) {
		t.Fatal(err)
	}
	if err := errors.Join(w.Row(String("b")), w.Row(Cell{}), w.Flush()); err != nil {
		t.Fatal(err)
	}
	if want := "educator\r\nb\r\n\"\"\r\n"; file.String() != want {
		t.Errorf("%q, want %q", file.String(), want)
	}
}

// exported is a row as exports have it.
func exported(w *Writer, at time.Time) error {
	return w.Row(String("educators/01990000-0000-7000-8000-000000000001"), String("credentialTypes/using-data-certificate"),
		String("CREDENTIAL_STATUS_ACTIVE"), Int(3), At(at), Day(2031, 6, 30), Bool(true), String("Teaching, with data"))
}

var export = Table{
	{"educator", Text, "d"}, {"credentialType", Text, "d"}, {"status", Text, "d"}, {"version", Integer, "d"},
	{"issueTime", Time, "d"}, {"expireDate", Date, "d"}, {"renewable", Boolean, "d"}, {"title", Text, "d"},
}

func TestRowsAllocateNothing(t *testing.T) {
	w, err := NewWriter(io.Discard, export, false)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 22, 21, 55, 0, 123_000_000, time.UTC)
	if count := testing.AllocsPerRun(10_000, func() { err = errors.Join(err, exported(w, at)) }); count != 0 || err != nil {
		t.Errorf("%v allocations a row, %v", count, err)
	}
}

func BenchmarkRow(b *testing.B) {
	w, err := NewWriter(io.Discard, export, false)
	if err != nil {
		b.Fatal(err)
	}
	at := time.Date(2026, 11, 22, 21, 55, 0, 123_000_000, time.UTC)
	b.ReportAllocs()
	for b.Loop() {
		if err := exported(w, at); err != nil {
			b.Fatal(err)
		}
	}
}
