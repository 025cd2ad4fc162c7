package ical

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	ics "github.com/arran4/golang-ical"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the golden file")

// small is a feed of two meetings, before and after daylight saving ends.
func small() Feed {
	return Feed{
		Name: "Using Data, fall 2026", Description: "Meetings of the section; evenings and Saturdays.",
		Stamp: time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC),
		Events: []Event{{
			UID: "0190a8a4-7c1e-7b7a-9d51-3f0c2f5d9a11@btlc", Summary: "Using Data: meeting 8", Location: "Room 12; second floor", Sequence: 1, Cancelled: true,
			Start: time.Date(2026, 11, 3, 21, 30, 0, 0, time.UTC), End: time.Date(2026, 11, 4, 0, 30, 0, 0, time.UTC), Modified: time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC),
		}, {
			UID: "0190a8a4-7c1e-7b7a-9d51-3f0c2f5d9a10@btlc", Summary: "Using Data: meeting 7", URL: "https://btlc.example/v1/sections/1/meetings/7?a=b,c;d",
			Description: "Bring:\n- the data of your school, C:\\data\n- questions about it that two teachers of your team would answer differently",
			Start:       time.Date(2026, 10, 27, 16, 30, 0, 0, time.FixedZone("EDT", -4*3600)), End: time.Date(2026, 10, 27, 19, 30, 0, 0, time.FixedZone("EDT", -4*3600)),
			Modified: time.Date(2026, 8, 31, 9, 15, 30, 999, time.UTC),
		}},
	}
}

func TestGolden(t *testing.T) {
	const golden = "testdata/small.ics"
	got := small().Bytes()
	if *update {
		if err := os.WriteFile(golden, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestOrderOfEventsDoesNotMatter(t *testing.T) {
	feed := small()
	feed.Events = append(feed.Events, Event{UID: "b", Start: feed.Stamp}, Event{UID: "a", Start: feed.Stamp})
	want := feed.Bytes()
	given := feed.Events[0].UID
	slices.Reverse(feed.Events)
	if !bytes.Equal(feed.Bytes(), want) {
		t.Error("the order of events is that of the input")
	}
	if slices.Reverse(feed.Events); feed.Events[0].UID != given {
		t.Error("the caller's events were moved")
	}
}

func TestWebAddress(t *testing.T) {
	for address, want := range map[string]string{
		"https://btlc.example/a?b=c,d;e#f": "https://btlc.example/a?b=c,d;e#f",
		"http://127.0.0.1:8080/é x":        "http://127.0.0.1:8080/%C3%A9%20x",
		"":                                 "",
		"/sections/1":                      "",
		"https:///path":                    "",
		"javascript:alert(1)":              "",
		"mailto:nobody@btlc.example":       "",
		"https://btlc.example/\r\nATTENDEE:mailto:a@b.example": "",
		"https://btlc.example/\nX-A:b":                         "",
		"https://btlc.example/?a=\u0085X-A:b":                  "",
		"https://btlc.example/?a=\xff":                         "",
		"https://btlc.example/?a= b":                           "",
		"https://btlc.example/?a=\\nX-A:b":                     "",
	} {
		if got := webAddress(address); got != want {
			t.Errorf("%q: got %q, want %q", address, got, want)
		}
	}
}

func TestTextsInjectNothing(t *testing.T) {
	for _, newline := range []string{"\r\n", "\n", "\r", "\n\n", "\r\n ", "\u0085", "\u2028", "\u2029", "\v", "\f", "\x00", "\\n", "\x1b", "\x7f"} {
		evil := "Data" + strings.Join([]string{"", "END:VEVENT", "END:VCALENDAR", "BEGIN:VCALENDAR", "BEGIN:VEVENT", "ATTENDEE:mailto:a@b.example", ""}, newline)
		feed := Feed{Name: evil, Description: evil, Events: []Event{{UID: evil, Summary: evil, Description: evil, Location: evil, URL: "https://btlc.example/?q=" + evil}}}
		var names []string
		for _, l := range unfolded(t, feed.Bytes()) {
			name, _, _ := strings.Cut(l, ":")
			names = append(names, name)
		}
		want := "BEGIN VERSION PRODID METHOD NAME X-WR-CALNAME DESCRIPTION X-WR-CALDESC REFRESH-INTERVAL;VALUE=DURATION X-PUBLISHED-TTL " +
			"BEGIN UID DTSTAMP DTSTART DTEND SUMMARY DESCRIPTION LOCATION SEQUENCE LAST-MODIFIED STATUS END END"
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%q: got %s, want %s", newline, got, want)
		}
	}
}

type failer interface {
	Helper()
	Fatalf(string, ...any)
}

// unfolded are the content lines of a file, read as RFC 5545 3.1 says: lines of at most 75 octets that end in CRLF, of
// which those that begin with a space continue the one before. No line may have half a character or a control character.
func unfolded(t failer, file []byte) []string {
	t.Helper()
	text, ends := strings.CutSuffix(string(file), "\r\n")
	if !ends {
		t.Fatalf("the last line does not end")
	}
	var whole []string
	for _, l := range strings.Split(text, "\r\n") {
		if len(l) > 75 || !utf8.ValidString(l) || strings.ContainsFunc(l, func(r rune) bool { return unicode.IsControl(r) && r != '\t' }) {
			t.Fatalf("no line of a calendar (%d octets): %q", len(l), l)
		}
		if rest, continues := strings.CutPrefix(l, " "); continues && len(whole) > 0 {
			whole[len(whole)-1] += rest
		} else {
			whole = append(whole, l)
		}
	}
	return whole
}

// texts are of what people and machines write, with what means something to iCalendar more often than by chance.
var texts = rapid.Custom(func(t *rapid.T) string {
	parts := rapid.SliceOfN(rapid.OneOf(
		rapid.String(), rapid.SampledFrom([]string{
			",", ";", ":", "\\", "\\n", "\\\\", "\"", "\r\n", "\n", "\r", "\n ", "\t", " ", "<", ">", "\x00", "\x7f", "\u0085", "\u2028", "\xff", "\xe2\x82", "é", "語", "👩‍🏫",
			"BEGIN:VEVENT", "END:VCALENDAR", strings.Repeat("x", 80), strings.Repeat("語", 40), strings.Repeat(" ", 90), strings.Repeat("\n", 40), strings.Repeat("👩‍🏫 ", 20),
		})), 0, 12).Draw(t, "parts")
	return strings.Join(parts, "")
})

var instants = rapid.Custom(func(t *rapid.T) time.Time {
	offset := rapid.IntRange(-14*3600, 14*3600).Draw(t, "offset")
	return time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "second"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanosecond")).In(time.FixedZone("", offset))
})

var feeds = rapid.Custom(func(t *rapid.T) Feed {
	return Feed{
		Name: texts.Draw(t, "name"), Description: texts.Draw(t, "description"), Stamp: instants.Draw(t, "stamp"),
		Events: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Event {
			return Event{
				UID: texts.Draw(t, "uid"), Summary: texts.Draw(t, "summary"), Description: texts.Draw(t, "description"), Location: texts.Draw(t, "location"),
				URL: rapid.SampledFrom([]string{"", "https://btlc.example/"}).Draw(t, "site") + texts.Draw(t, "path"), Start: instants.Draw(t, "start"), End: instants.Draw(t, "end"),
				Modified: instants.Draw(t, "modified"), Sequence: rapid.IntRange(0, 1<<31-1).Draw(t, "sequence"), Cancelled: rapid.Bool().Draw(t, "cancelled"),
			}
		}), 0, 4).Draw(t, "events"),
	}
})

// readable is a text as a program is to show it, said in other words than the code's: what ends a line is a line feed, or
// a space where there is one line, and other control characters are gone.
func readable(text string, oneLine bool) string {
	var b strings.Builder
	feed := '\n'
	if oneLine {
		feed = ' '
	}
	runes := []rune(strings.ToValidUTF8(text, "\ufffd"))
	for i, r := range runes {
		switch {
		case r == '\n' && i > 0 && runes[i-1] == '\r':
		case strings.ContainsRune("\r\n\u0085\u2028\u2029", r):
			b.WriteRune(feed)
		case r == '\t' || !unicode.In(r, unicode.Cc):
			b.WriteRune(r)
		}
	}
	return b.String()
}

func TestFeedsAreReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		feed := feeds.Draw(t, "feed")
		file := feed.Bytes()
		if !bytes.Equal(file, feed.Bytes()) {
			t.Fatal("other bytes of the same feed")
		}
		unfolded(t, file)
		read, err := ics.ParseCalendar(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		properties := map[string]string{"VERSION": "2.0", "PRODID": productID, "METHOD": "PUBLISH", "REFRESH-INTERVAL": refresh, "X-PUBLISHED-TTL": refresh}
		properties["NAME"] = readable(feed.Name, true)
		properties["X-WR-CALNAME"] = properties["NAME"]
		if description := readable(feed.Description, false); description != "" {
			properties["DESCRIPTION"], properties["X-WR-CALDESC"] = description, description
		}
		if got := len(read.CalendarProperties); got != len(properties) {
			t.Fatalf("%d properties, want %d", got, len(properties))
		}
		for _, p := range read.CalendarProperties {
			if want, known := properties[p.IANAToken]; !known || p.Value != want {
				t.Fatalf("%s: got %q, want %q", p.IANAToken, p.Value, want)
			}
		}
		slices.SortFunc(feed.Events, order)
		events := read.Events()
		if len(events) != len(feed.Events) || len(read.Components) != len(events) {
			t.Fatalf("%d events of %d components, want %d", len(events), len(read.Components), len(feed.Events))
		}
		for i, e := range feed.Events {
			want := map[string]string{
				"UID": readable(e.UID, true), "DTSTAMP": utc(feed.Stamp), "DTSTART": utc(e.Start), "DTEND": utc(e.End), "SUMMARY": readable(e.Summary, true),
				"SEQUENCE": fmt.Sprint(e.Sequence), "LAST-MODIFIED": utc(e.Modified), "STATUS": map[bool]string{false: "CONFIRMED", true: "CANCELLED"}[e.Cancelled],
			}
			optional := map[string]string{"DESCRIPTION": readable(e.Description, false), "LOCATION": readable(e.Location, true), "URL": webAddress(e.URL)}
			for name, value := range optional {
				if value != "" {
					want[name] = value
				}
			}
			got := map[string]string{}
			for _, p := range events[i].Properties {
				got[p.IANAToken] = p.Value
			}
			if len(got) != len(want) || len(events[i].Properties) != len(want) {
				t.Fatalf("got %q, want %q", got, want)
			}
			for name, value := range want {
				if got[name] != value {
					t.Fatalf("%s: got %q, want %q", name, got[name], value)
				}
			}
			start, err := events[i].GetStartAt()
			if err != nil || !start.Equal(e.Start.Truncate(time.Second)) {
				t.Fatalf("starts at %v (%v), want %v", start, err, e.Start)
			}
		}
	})
}

func utc(t time.Time) string { return t.UTC().Format("20060102T150405Z") }
