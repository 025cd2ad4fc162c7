package notice

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestTimes(t *testing.T) {
	at := func(zone *time.Location, month time.Month, day, hour, minute int) time.Time {
		return time.Date(2026, month, day, hour, minute, 0, 0, zone)
	}
	east := boston(t)
	saoPaulo, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		zone       *time.Location
		start, end time.Time
		want       string
	}{
		{east, at(time.UTC, time.October, 6, 20, 30), at(time.UTC, time.October, 6, 22, 30), "Tuesday, October 6, 2026, 4:30 PM to 6:30 PM EDT"},
		{east, at(time.UTC, time.December, 1, 15, 0), at(time.UTC, time.December, 1, 17, 0), "Tuesday, December 1, 2026, 10:00 AM to 12:00 PM EST"},
		{east, at(time.UTC, time.December, 1, 15, 0), time.Time{}, "Tuesday, December 1, 2026, 10:00 AM EST"},
		{
			east, at(east, time.October, 6, 23, 0), at(east, time.October, 7, 1, 0),
			"Tuesday, October 6, 2026, 11:00 PM EDT to Wednesday, October 7, 2026, 1:00 AM EDT",
		},
		{ // the clocks go back at two
			east, at(time.UTC, time.November, 1, 5, 30), at(time.UTC, time.November, 1, 6, 30),
			"Sunday, November 1, 2026, 1:30 AM EDT to Sunday, November 1, 2026, 1:30 AM EST",
		},
		{saoPaulo, at(time.UTC, time.October, 6, 20, 30), at(time.UTC, time.October, 6, 22, 30), "Tuesday, October 6, 2026, 5:30 PM to 7:30 PM UTC-03"},
	} {
		if got := (view{Data: Data{Zone: c.zone}}).Time(Meeting{Start: c.start, End: c.end}); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.SampledFrom([]rune("a \r\n\t\x00\u2028\u202e\u0085\xff")))).Draw(t, "text")
		got := line(text)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool {
			return unicode.IsControl(r) || r != ' ' && unicode.IsSpace(r) || unicode.Is(unicode.Bidi_Control, r)
		}) || strings.TrimSpace(got) != got {
			t.Fatalf("%q became %q", text, got)
		}
		if again := line(got); again != got {
			t.Fatalf("%q became %q", got, again)
		}
	})
}

// No word is lost or broken, and a line is longer than it may be only for one word that is.
func TestWrap(t *testing.T) {
	word := rapid.StringMatching(`[a-zä.]{1,30}`)
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(10, 78).Draw(t, "width")
		indent := rapid.SampledFrom([]string{"", "  "}).Draw(t, "indent")
		text := indent + strings.Join(rapid.SliceOf(word).Draw(t, "words"), " ") + "\n"
		got := wrap(text, width)
		if !slices.Equal(strings.Fields(got), strings.Fields(text)) {
			t.Fatalf("%q became %q", text, got)
		}
		for l := range strings.Lines(got) {
			l = strings.TrimRight(l, "\n")
			if utf8.RuneCountInString(l) > width && len(strings.Fields(l)) > 1 || strings.HasSuffix(l, " ") && strings.TrimSpace(l) != "" {
				t.Fatalf("line %q is wider than %d", l, width)
			}
		}
	})
	if got, want := wrap("  one two three\n\nfour five six\n", 11), "  one two\n    three\n\nfour five\nsix\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
