package enrollment

import (
	"slices"
	"testing"
	"time"

	"github.com/btlc/btlc/internal/api"
)

func fieldsOf(violations []api.Violation) []string {
	fields := []string{}
	for _, v := range violations {
		fields = append(fields, v.Field)
	}
	return fields
}

func meets(number int32, minutes int) span {
	start := time.Date(2026, 9, 1, 20, 30, 0, 0, time.UTC).AddDate(0, 0, 7*int(number))
	return span{number: number, start: start, end: start.Add(time.Duration(minutes) * time.Minute)}
}

func TestCheckMeetings(t *testing.T) {
	backwards := span{number: 1, start: meets(1, 0).start, end: meets(1, 0).start.Add(-time.Second)}
	for name, c := range map[string]struct {
		meetings []span
		want     []string
	}{
		"none":               {},
		"good":               {meetings: []span{meets(2, 180), meets(1, 24*60)}},
		"a number twice":     {meetings: []span{meets(1, 180), meets(2, 180), meets(1, 180)}, want: []string{"m[2].meetingNumber"}},
		"no length":          {meetings: []span{meets(1, 0)}, want: []string{"m[0].endTime"}},
		"ends first":         {meetings: []span{backwards}, want: []string{"m[0].endTime"}},
		"over a day":         {meetings: []span{meets(1, 24*60+1)}, want: []string{"m[0].endTime"}},
		"everything at once": {meetings: []span{meets(1, 0), meets(1, -5)}, want: []string{"m[0].endTime", "m[1].meetingNumber", "m[1].endTime"}},
	} {
		if got := fieldsOf(checkMeetings("m", c.meetings)); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

func TestCheckOffer(t *testing.T) {
	var eleven []span
	for i := range int32(8) {
		eleven = append(eleven, meets(i+1, 180))
	}
	for i := range int32(3) {
		eleven = append(eleven, meets(i+9, 240))
	}
	longer := slices.Clone(eleven)
	longer[0].end = longer[0].end.Add(30 * time.Second)
	for name, c := range map[string]struct {
		meetings []span
		want     []string
	}{
		"as the course version": {meetings: eleven},
		"one too few":           {meetings: eleven[1:], want: []string{"meetings", "contactMinutes"}},
		"half a minute over":    {meetings: longer, want: []string{"contactMinutes"}},
		"split in more":         {meetings: append(slices.Clone(eleven[:10]), meets(11, 120), meets(12, 120)), want: []string{"meetings"}},
	} {
		if got := fieldsOf(checkOffer(c.meetings, 11, 2160)); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

func TestIsLate(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	meeting := time.Date(2026, 11, 10, 19, 30, 0, 0, zone) // already the 11th in UTC
	for name, c := range map[string]struct {
		now  time.Time
		days int32
		want bool
	}{
		"at once":                          {now: meeting, days: 0},
		"the same evening":                 {now: time.Date(2026, 11, 10, 23, 59, 0, 0, zone), days: 0},
		"past midnight":                    {now: time.Date(2026, 11, 11, 0, 0, 0, 0, zone), days: 0, want: true},
		"the last minute of the day after": {now: time.Date(2026, 11, 11, 23, 59, 0, 0, zone), days: 1},
		"two days after":                   {now: time.Date(2026, 11, 12, 0, 0, 0, 0, zone), days: 1, want: true},
	} {
		if got := isLate(c.now, meeting, zone, c.days); got != c.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}
