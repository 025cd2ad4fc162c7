package enrollment

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

func TestPlaces(t *testing.T) {
	for name, c := range map[string]struct {
		of   occasion
		want string
	}{
		"nothing":             {occasion{}, ""},
		"the site":            {occasion{site: "Harbor Street School"}, "Harbor Street School"},
		"another place":       {occasion{site: "Harbor Street School", location: "Library"}, "Library"},
		"a room alone":        {occasion{room: "Room 12"}, "Room 12"},
		"a room of the site":  {occasion{site: "Harbor Street School", room: "Room 12"}, "Room 12, Harbor Street School"},
		"a room that says it": {occasion{site: "Harbor Street School", room: "Harbor Street School, room 12"}, "Harbor Street School, room 12"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.of.place(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestDescriptions(t *testing.T) {
	reader, protocols := resource{"A reader", ""}, resource{"Protocols", "https://example.org/a?b=c,d;e"}
	for name, c := range map[string]struct {
		of   occasion
		want string
	}{
		"nothing":        {occasion{}, ""},
		"a section":      {occasion{section: "Tuesdays"}, "Tuesdays"},
		"with resources": {occasion{section: "Tuesdays", resources: []resource{reader, protocols}}, "Tuesdays\n- A reader\n- Protocols https://example.org/a?b=c,d;e"},
		"without a name": {occasion{resources: []resource{protocols}}, "- Protocols https://example.org/a?b=c,d;e"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.of.event().Description; got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// Whatever happens to a meeting, programs take what came later for the newer, and know it for the same meeting.
func TestLaterEventsAreNewer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
		o := occasion{meeting: uuid.New(), course: "Using Data", number: 3, count: 11, start: at, end: at.Add(time.Hour), version: 1, modified: at, sectionModified: at}
		before := o.event()
		for range rapid.IntRange(1, 8).Draw(t, "changes") {
			at = at.Add(time.Minute)
			seat := false
			switch rapid.SampledFrom([]string{"move", "read", "cancel", "seat"}).Draw(t, "change") {
			case "move":
				o.version, o.modified, o.start = o.version+1, at, o.start.Add(time.Hour)
			case "read":
				o.version, o.modified, o.resources = o.version+1, at, append(o.resources, resource{title: "A reader"})
			case "cancel":
				if o.cancelled {
					continue
				}
				o.cancelled, o.sectionModified = true, at
			case "seat":
				if o.cancelled {
					continue // what is cancelled has no seats
				}
				o.sectionModified, seat = at, true
			}
			after := o.event()
			switch {
			case after.UID != before.UID || after.Summary != before.Summary:
				t.Fatalf("another event: %+v, %+v", before, after)
			case seat && after != before:
				t.Fatalf("a seat changed the event: %+v, %+v", before, after)
			case !seat && (after.Sequence <= before.Sequence || !after.Modified.After(before.Modified)):
				t.Fatalf("not newer: %+v, %+v", before, after)
			}
			before = after
		}
	})
}

func TestWhenACalendarChanged(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 9, n, 0, 0, 0, 0, time.UTC) }
	c := calendarOf("Mine", day(4), []occasion{{modified: day(1), sectionModified: day(2)}, {modified: day(3), sectionModified: day(1)}})
	if !c.Feed.Stamp.Equal(day(3)) || !c.Modified.Equal(day(4)) || len(c.Feed.Events) != 2 {
		t.Errorf("stamped %s, modified %s, %d events", c.Feed.Stamp, c.Modified, len(c.Feed.Events))
	}
	if c = calendarOf("Mine", day(1), []occasion{{modified: day(1), sectionModified: day(2)}}); !c.Modified.Equal(day(2)) {
		t.Errorf("modified %s, want the change of the section", c.Modified)
	}
}
