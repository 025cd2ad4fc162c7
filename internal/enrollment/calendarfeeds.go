package enrollment

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/internal/ical"
)

// Calendar is what an address shows to calendar programs.
type Calendar struct {
	Feed ical.Feed
	// Modified is when something that it tells of was last changed, or may have been.
	Modified time.Time
}

// resource is what people are given or asked to read for a meeting; its address is empty when it is not on the web.
type resource struct{ title, address string }

// occasion is a meeting as people have it in their calendars, of a section that they were told of.
type occasion struct {
	meeting              uuid.UUID
	course, section      string // title and name, for people
	number, count        int32
	start, end           time.Time
	room, location, site string
	version              int32 // of the meeting, from 1
	modified             time.Time
	resources            []resource
	cancelled            bool
	sectionModified      time.Time
}

// event is the occasion in a calendar. A program takes the event with the higher sequence for the newer one, so that each
// change of the meeting raises it, and so does the end of the section.
func (o occasion) event() ical.Event {
	e := ical.Event{
		UID: o.meeting.String(), Summary: fmt.Sprintf("%s: meeting %d of %d", o.course, o.number, o.count), Description: o.description(), Location: o.place(),
		Start: o.start, End: o.end, Modified: o.modified, Sequence: int(o.version) - 1, Cancelled: o.cancelled,
	}
	if o.cancelled {
		e.Sequence++
		if o.sectionModified.After(e.Modified) {
			e.Modified = o.sectionModified
		}
	}
	return e
}

// description is the section, and what there is to read, a line each.
func (o occasion) description() string {
	text := []string{o.section}
	for _, r := range o.resources {
		text = append(text, strings.TrimSpace("- "+r.title+" "+r.address))
	}
	if o.section == "" {
		text = text[1:]
	}
	return strings.Join(text, "\n")
}

// place is the room and where it is: the section's site when the meeting has no other place.
func (o occasion) place() string {
	where := o.location
	if where == "" {
		where = o.site
	}
	switch {
	case o.room == "":
		return where
	case strings.Contains(o.room, where): // "" included
		return o.room
	}
	return o.room + ", " + where
}

// calendarOf is the calendar of these occasions, stamped with the newest change of an event. since is the latest change
// that is known of what may be in it no more.
func calendarOf(name string, since time.Time, occasions []occasion) Calendar {
	c := Calendar{Feed: ical.Feed{Name: name}, Modified: since}
	for _, o := range occasions {
		e := o.event()
		c.Feed.Events = append(c.Feed.Events, e)
		c.Feed.Stamp = latest(c.Feed.Stamp, e.Modified)
		c.Modified = latest(c.Modified, e.Modified, o.sectionModified)
	}
	return c
}

func latest(times ...time.Time) time.Time { return slices.MaxFunc(times, time.Time.Compare) }
