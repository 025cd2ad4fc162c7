package enrollment

import (
	"slices"
	"testing"
)

func TestTimetables(t *testing.T) {
	asWritten := []sessions{{evenings, 8, 16*60 + 30, 19*60 + 30}, {saturdays, 3, 8*60 + 30, 12*60 + 30}}
	for name, c := range map[string]struct {
		of   timetable
		want []string
	}{
		"that of the program": {timetable{asWritten, 12}, nil},
		"nothing":             {timetable{nil, 12}, []string{"v.sessionPattern"}},
		"no time":             {timetable{[]sessions{{evenings, 1, 600, 600}}, 12}, []string{"v.sessionPattern[0].endTime"}},
		"backwards":           {timetable{[]sessions{{evenings, 1, 60, 120}, {saturdays, 1, 600, 599}}, 12}, []string{"v.sessionPattern[1].endTime"}},
		"more evenings":       {timetable{[]sessions{{evenings, 5, 60, 120}, {evenings, 4, 180, 240}}, 8}, []string{"v.weeks"}},
		"more of both":        {timetable{asWritten, 2}, []string{"v.weeks", "v.weeks"}},
		"too many":            {timetable{[]sessions{{evenings, 60, 60, 120}, {saturdays, 41, 60, 120}}, 60}, []string{"v.sessionPattern"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := fieldsOf(c.of.check("v")); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
	if count, minutes := (timetable{asWritten, 12}).meetings(); count != 11 || minutes != 36*60 {
		t.Errorf("%d meetings of %d minutes, want 11 of 36 hours", count, minutes)
	}
}

func TestServedGoals(t *testing.T) {
	got := fieldsOf(checkGoals("g", []string{"a-1", "b-1", "a-2", "a-1"}, []string{"a-1", "a-2"}))
	if want := []string{"g[1].competency", "g[3].competency"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestAddresses(t *testing.T) {
	got := fieldsOf(checkAddresses("r", []string{"https://example.org/a", "", "ftp://example.org", "example.org", "https://", "http://127.0.0.1/x"}))
	if want := []string{"r[2].url", "r[3].url", "r[4].url"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
