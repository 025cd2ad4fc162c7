// Package ical writes a feed of events for calendar programs: iCalendar (RFC 5545) with the names and refresh intervals of
// RFC 7986 and those that programs knew before it. Pure: the same feed is the same bytes.
//
// Times are written as UTC instants, so that no time zone has to be described and whoever subscribes sees them on the wall
// clock of the place where they are. The library escapes and folds; what it lets through, this package removes.
package ical

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	ics "github.com/arran4/golang-ical"
)

// MediaType is that of a feed.
const MediaType = "text/calendar; charset=utf-8"

const (
	productID = "-//BTLC//Meetings//EN"
	// refresh is how often programs are asked to look again (RFC 5545 3.3.6); many have an interval of their own.
	refresh = "PT1H"
)

// Feed is a calendar to subscribe to.
type Feed struct {
	Name        string
	Description string
	// Stamp is when the feed was made of what it tells (DTSTAMP). The time of the newest change makes the bytes, and
	// with them an ETag, stay until there is another.
	Stamp  time.Time
	Events []Event
}

// Event is something that takes place. Texts are of any kind: what iCalendar cannot have is left out of them.
type Event struct {
	UID         string // the same as long as it is the same event, and no other's anywhere
	Summary     string // one line
	Description string // may have lines
	Location    string // one line
	URL         string // absolute, http or https; any other is left out
	Start, End  time.Time
	Modified    time.Time
	Sequence    int  // grows with each change, from 0: by it programs know the newer of two
	Cancelled   bool // it stays in the feed, so that programs strike it
}

// Bytes is the feed as a file, its events in order of time.
func (f Feed) Bytes() []byte {
	calendar := ics.NewCalendar()
	calendar.SetProductId(productID)
	calendar.SetMethod(ics.MethodPublish)
	calendar.SetName(line(f.Name))
	if description := lines(f.Description); description != "" {
		calendar.SetDescription(description)
		calendar.SetXWRCalDesc(description)
	}
	calendar.SetRefreshInterval(refresh)
	calendar.SetXPublishedTTL(refresh)
	for _, e := range slices.SortedFunc(slices.Values(f.Events), order) {
		calendar.AddVEvent(e.component(f.Stamp))
	}
	// The library ends lines as the machine does unless told; the standard has one way.
	return []byte(calendar.Serialize(ics.WithNewLine("\r\n"), ics.WithLineLength(75)))
}

func order(a, b Event) int {
	return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.UID, b.UID))
}

func (e Event) component(stamp time.Time) *ics.VEvent {
	c := ics.NewEvent(line(e.UID))
	c.SetDtStampTime(stamp)
	c.SetStartAt(e.Start)
	c.SetEndAt(e.End)
	c.SetSummary(line(e.Summary))
	if description := lines(e.Description); description != "" {
		c.SetDescription(description)
	}
	if location := line(e.Location); location != "" {
		c.SetLocation(location)
	}
	if address := webAddress(e.URL); address != "" {
		c.SetURL(address)
	}
	c.SetSequence(e.Sequence)
	c.SetLastModifiedAt(e.Modified)
	c.SetStatus(ics.ObjectStatusConfirmed)
	if e.Cancelled {
		c.SetStatus(ics.ObjectStatusCancelled)
	}
	return c
}

// breaks are all the ways to end a line. The library escapes the line feed alone, and some programs take others for one.
var breaks = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n")

// lines is a text as iCalendar may have it: UTF-8, without control characters but the tabulator and line feeds.
func lines(text string) string {
	text = breaks.Replace(strings.ToValidUTF8(text, "\ufffd"))
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, text)
}

// line is lines in one.
func line(text string) string { return strings.ReplaceAll(lines(text), "\n", " ") }

// webAddress is an address as it may stand in a calendar, where nothing escapes it; "" for what is none.
func webAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	written := u.String()
	if strings.ContainsFunc(written, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("\"<>\\^`{|}", r) }) {
		return ""
	}
	return written
}
