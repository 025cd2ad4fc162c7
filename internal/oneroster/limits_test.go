package oneroster

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

// drawFaulty draws an export of version 1.2 whose rows are right and wrong in all ways.
func drawFaulty(t *rapid.T) export {
	e := example12()
	draw := func(file, id string, most int, columns ...[]string) {
		var text strings.Builder
		text.WriteString(e[file][:strings.Index(e[file], "\n")+1])
		for n := range rapid.IntRange(1, most).Draw(t, "rows of "+file) {
			fields := []string{fmt.Sprint(id, n)}
			switch rapid.IntRange(0, 20).Draw(t, "id") {
			case 0:
				fields[0] = ""
			case 1:
				fields[0] = fmt.Sprint(id, n/2)
			}
			for i, of := range columns {
				fields = append(fields, rapid.SampledFrom(of).Draw(t, fmt.Sprint("field ", i)))
			}
			row := strings.Join(fields, ",") + "\n"
			switch rapid.IntRange(0, 60).Draw(t, "spoilt") {
			case 0:
				row = "cut off\n"
			case 1:
				row = strings.Replace(row, ",", ",\x00", 1)
			case 2:
				row = strings.Replace(row, ",", ",\r", 1)
			case 3:
				row = strings.Replace(row, ",", ",in \"the\" middle", 1)
			case 4:
				row = strings.Replace(row, ",", ",\""+strings.Repeat("\n", 50)+"\"", 1)
			case 5:
				row = strings.Repeat(row, maxColumns)
				row = strings.ReplaceAll(row, "\n", "")
			case 6:
				row = "\"open " + row
			}
			text.WriteString(row)
		}
		e[file] = text.String()
	}
	or := func(more ...string) []string { return append(slices.Repeat(more[:1], 12), more[1:]...) }
	nothing := []string{""}
	draw("orgs.csv", "o", 8, or("", "tobedeleted", "x"), nothing, or("Name", ""), []string{"district", "school", "school", "team", "local"}, []string{"0100", "0200", "0300", ""}, []string{"", "o0", "o1", "o4", "o9"})
	draw("roles.csv", "r", 12, or("", "tobedeleted", "x"), nothing, slices.Concat(or("u0"), or("u1"), or("u3"), or("u5", "u12", "")), or("primary", "x"), or("teacher", "student", "pupil"), or("", "2026-01-01", "x"), or("", "2025-01-01", "x"), []string{"o0", "o0", "o1", "o6", "o9"}, nothing)
	draw("users.csv", "u", 10, or("", "tobedeleted", "x"), nothing, or("true", "false", "x"), nothing, nothing, or("Person", ""), or("Name", ""), nothing, []string{"E1", "E2", "E3", "E4", ""}, or("", "a@example.org", "x"))
	return e
}

// What is told of a roster past a limit is told of it with higher limits too, and of the rows before the limit as much: but for what
// may be among the rows of which nothing is kept.
func TestLimitsHideNothingBeforeThem(t *testing.T) {
	outer := t
	rapid.Check(t, func(t *rapid.T) {
		e := drawFaulty(t)
		high := Limits{FieldBytes: 40, Faults: 1000}
		low := high
		low.Rows, low.Orgs, low.StaffRoles = rapid.IntRange(1, 12).Draw(t, "rows"), rapid.IntRange(1, 8).Draw(t, "orgs"), rapid.IntRange(1, 12).Draw(t, "roles of staff")
		low.FileBytes = int64(rapid.IntRange(len(e["manifest.csv"]), 1000).Draw(t, "bytes"))
		told := func(limits Limits) []Fault {
			_, err := readBytes(e.zip(outer), ReadOptions{Limits: limits})
			faults, _ := errors.AsType[*Faults](err)
			if faults == nil {
				return nil
			}
			return faults.List
		}
		all, some := told(high), told(low)
		past := map[string]int{} // the line from which on a file is past a limit
		for _, f := range some {
			if strings.Contains(f.Want, "from here on") && past[f.Source.File] == 0 {
				past[f.Source.File] = f.Source.Line
			}
		}
		same := func(f Fault) func(Fault) bool {
			return func(g Fault) bool { return f.Reason == g.Reason && f.Source == g.Source && f.Column == g.Column }
		}
		twice := slices.ContainsFunc(all, func(f Fault) bool {
			return f.Source.File == "users.csv" && f.Reason == Duplicate && f.Column == "sourcedId"
		})
		for _, f := range some {
			ofUser := f.Column == "userSourcedId" && f.Reason == BadReference && twice // not told where one of two rows may be that user's
			if !strings.Contains(f.Want, "from here on") && !slices.ContainsFunc(all, same(f)) && !ofUser {
				t.Errorf("with low limits alone: %s %v", f.Reason, f)
			}
		}
		for _, f := range all {
			var hidden bool
			switch f.Source.File {
			case "orgs.csv":
				hidden = past["orgs.csv"] > 0 && (f.Source.Line == 0 || f.Reason == BadReference || f.Reason == Cycle || f.Reason == Duplicate && f.Column == "identifier")
			case "roles.csv":
				hidden = past["orgs.csv"] > 0 && f.Reason == BadReference && f.Column == "orgSourcedId"
			case "users.csv":
				hidden = past["roles.csv"] > 0 && f.Column != "sourcedId" && f.Column != "" // who is staff is not known
			}
			if line := past[f.Source.File]; (line == 0 || f.Source.Line < line) && !hidden && !slices.ContainsFunc(some, same(f)) {
				t.Errorf("not with low limits: %s %v", f.Reason, f)
			}
		}
		if t.Failed() {
			t.Logf("%+v\n%s\nhigh: %v\nlow: %v", low, e, all, some)
		}
	})
}

// Records are the same however their bytes come, and those of encoding/csv where nothing is wrong with them.
func TestRecords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.SampledFrom([]string{"a", "word", "é", ",", ",", ",", `"`, `"`, `""`, "\n", "\r", "\x00", "\xff", strings.Repeat("x", 200), strings.Repeat(",", 100)})
		var text string
		for range rapid.IntRange(0, 12).Draw(t, "lines") {
			text += strings.Join(rapid.SliceOfN(part, 0, 4).Draw(t, "line"), "") + rapid.SampledFrom([]string{"\n", "\n", "\n", "\r\n", ""}).Draw(t, "end")
		}
		records, faults := recordsOf(strings.NewReader(text))
		slowly, slowFaults := recordsOf(iotest.OneByteReader(strings.NewReader(text)))
		if !reflect.DeepEqual(records, slowly) || !reflect.DeepEqual(faults, slowFaults) {
			t.Fatalf("of %q\nat once:      %q %v\nbyte by byte: %q %v", text, records, faults, slowly, slowFaults)
		}
		if len(faults) > 0 {
			return
		}
		oracle := csv.NewReader(strings.NewReader(text))
		oracle.FieldsPerRecord = -1
		want, err := oracle.ReadAll()
		for i := range records {
			for j := range records[i] {
				records[i][j] = strings.ReplaceAll(records[i][j], "\r\n", "\n") // as encoding/csv does within quotes
			}
		}
		if err != nil || !reflect.DeepEqual(records, want) {
			t.Fatalf("of %q\ngot  %q\nwant %q, %v", text, records, want, err)
		}
	})
}

// recordsOf are all records of a file, each but the unfit, and the faults.
func recordsOf(in io.Reader) (records [][]string, faults []Fault) {
	r := &reader{limits: Limits{FieldBytes: 300}, faults: &faultList{most: 1000}, source: &source{}}
	s := r.scan("users.csv", in)
	for {
		row, err := s.record()
		if err != nil {
			return records, r.faults.List
		}
		if s.unfit {
			continue
		}
		var record []string
		for _, field := range row {
			record = append(record, string(field))
		}
		records = append(records, record)
	}
}
