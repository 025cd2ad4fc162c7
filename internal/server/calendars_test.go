package server_test

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"

	"github.com/btlc/btlc/internal/api"
)

// calendarLink makes a link and gives the path of its address, and its name.
func (w *world) calendarLink(t *testing.T, as string, of map[string]any) (path, name string) {
	t.Helper()
	made := w.do(t, as, "CreateCalendarLink", map[string]any{"calendarLink": of})
	path, ours := strings.CutPrefix(text(made, "calendarLink.url"), w.rest.base)
	if !ours || !strings.HasPrefix(path, "/calendars/") || !strings.HasSuffix(path, ".ics") {
		t.Fatalf("the address %s is not ours", text(made, "calendarLink.url"))
	}
	return path, text(made, "calendarLink.name")
}

// events reads a calendar and gives the meetings of Using Data, each as what it says under some names, in order of time.
func (w *world) events(t *testing.T, path string, names ...string) [][]string {
	t.Helper()
	res, body := w.ask(t, http.MethodGet, path, nil, nil)
	if res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s", path, res.StatusCode, body)
	}
	read, err := ics.ParseCalendar(bytes.NewReader(body))
	must(t, err)
	var all [][]string
	for _, e := range read.Events() {
		if !strings.HasPrefix(e.GetProperty(ics.ComponentPropertySummary).Value, "Using Data") {
			continue
		}
		var said []string
		for _, name := range names {
			value := ""
			if p := e.GetProperty(ics.ComponentProperty(name)); p != nil {
				value = p.Value
			}
			said = append(said, value)
		}
		all = append(all, said)
	}
	return all
}

// settled is a world with a section that one educator takes and the facilitator leads.
func settled(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.settle(t)
	return w
}

// A calendar tells of meetings as they are now: programs see that one has moved, by its sequence, and that a section is cancelled.
func TestCalendars(t *testing.T) {
	t.Parallel()
	w := settled(t)
	v := w.variables
	ofSection, _ := w.calendarLink(t, "facilitator", map[string]any{"section": v["section"]})
	ofEducator, name := w.calendarLink(t, "educator", map[string]any{"educator": v["educator"]})
	ofFacilitator, _ := w.calendarLink(t, "facilitator", map[string]any{"educator": v["facilitator"]})
	ofNobody, _ := w.calendarLink(t, "colleague", map[string]any{"educator": v["colleague"]})
	paths := []string{ofSection, ofEducator, ofFacilitator}
	for _, path := range paths {
		got := w.events(t, path, "SUMMARY", "SEQUENCE", "STATUS", "DTSTART")
		if len(got) != 11 || !slices.Equal(got[0], []string{"Using Data: meeting 1 of 11", "0", "CONFIRMED", "20260904T203000Z"}) {
			t.Errorf("%s: %v", path, got)
		}
	}
	before := w.events(t, ofEducator, "UID")
	w.clock.Add(int64(time.Hour))
	w.do(t, "staff", "UpdateMeeting", map[string]any{"meeting": map[string]any{
		"name": v["meeting"], "startTime": "2026-09-03T20:30:00Z", "endTime": "2026-09-03T23:30:00Z", "room": "Room 12", "location": "Library",
	}})
	for _, path := range paths {
		got := w.events(t, path, "SUMMARY", "SEQUENCE", "STATUS", "DTSTART", "LOCATION", "LAST-MODIFIED")
		if !slices.Equal(got[0], []string{"Using Data: meeting 1 of 11", "1", "CONFIRMED", "20260903T203000Z", "Room 12, Library", "20261120T160000Z"}) || got[1][1] != "0" {
			t.Errorf("%s, after the first meeting moved: %v", path, got)
		}
		if strings.Contains(strings.Join(got[1], " "), "Room") {
			t.Errorf("%s: the room is told of another meeting: %v", path, got[1])
		}
	}
	if after := w.events(t, ofEducator, "UID"); !slices.Equal(after[0], before[0]) {
		t.Errorf("the meeting that moved is another event: %v, %v", before[0], after[0])
	}
	w.do(t, "staff", "CancelSection", map[string]any{"name": v["section"], "reason": "No room"})
	for _, path := range paths {
		got := w.events(t, path, "STATUS", "SEQUENCE")
		if len(got) != 11 || !slices.Equal(got[0], []string{"CANCELLED", "2"}) || !slices.Equal(got[1], []string{"CANCELLED", "1"}) {
			t.Errorf("%s, after the section was cancelled: %v", path, got)
		}
	}
	w.do(t, "educator", "DeleteCalendarLink", map[string]any{"name": name})
	w.noCalendar(t, ofEducator)
	if got := w.events(t, ofNobody, "SUMMARY", "DESCRIPTION"); len(got) != 11 {
		t.Errorf("who leads another section: %v", got)
	}
}

// What there is to read for a meeting stands in its event, whatever it is called, and in no other.
func TestCalendarsTellWhatToRead(t *testing.T) {
	t.Parallel()
	w := settled(t)
	v := w.variables
	path, _ := w.calendarLink(t, "educator", map[string]any{"educator": v["educator"]})
	before := w.events(t, path, "DESCRIPTION")[0][0]
	w.clock.Add(int64(time.Hour))
	w.do(t, "facilitator", "SetMeetingResources", map[string]any{"name": v["meeting"], "resources": []any{
		map[string]any{"title": "A reader; \\n, END:VEVENT"}, map[string]any{"title": "Protocols", "url": "https://example.org/a?b=c,d;e"},
	}})
	got := w.events(t, path, "DESCRIPTION", "SEQUENCE", "LAST-MODIFIED", "DTSTART")
	want := strings.TrimSpace(before + "\n- A reader; \\n, END:VEVENT\n- Protocols https://example.org/a?b=c,d;e")
	if len(got) != 11 || !slices.Equal(got[0], []string{want, "1", "20261120T160000Z", "20260904T203000Z"}) || got[1][0] != before || got[1][1] != "0" {
		t.Errorf("got %q, want %q in the first alone", got, want)
	}
}

// noCalendar checks that an address shows nothing, and says no more than any other that does.
func (w *world) noCalendar(t *testing.T, path string) {
	t.Helper()
	res, body := w.ask(t, http.MethodGet, path, nil, nil)
	unknown, nothing := w.ask(t, http.MethodGet, "/calendars/"+strings.Repeat("A", 43)+".ics", nil, nil)
	if res.StatusCode != http.StatusNotFound || unknown.StatusCode != http.StatusNotFound || !bytes.Equal(body, nothing) ||
		res.Header.Get("Content-Type") != unknown.Header.Get("Content-Type") || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s: %d %s; unknown: %d %s", path, res.StatusCode, body, unknown.StatusCode, nothing)
	}
}

// Programs that know what a calendar says are told that it is so still.
func TestCalendarsAreRevalidated(t *testing.T) {
	t.Parallel()
	w := settled(t)
	path, _ := w.calendarLink(t, "educator", map[string]any{"educator": w.variables["educator"]})
	res, _ := w.ask(t, http.MethodGet, path, nil, nil)
	h := res.Header
	if h.Get("Content-Type") != "text/calendar; charset=utf-8" || h.Get("Cache-Control") != "private, max-age=300" || h.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("answered with %v", h)
	}
	known := []map[string]string{{"If-None-Match": h.Get("ETag")}, {"If-Modified-Since": h.Get("Last-Modified")}}
	for _, headers := range known {
		if res, body := w.ask(t, http.MethodGet, path, headers, nil); res.StatusCode != http.StatusNotModified || len(body) > 0 || res.Header.Get("ETag") != h.Get("ETag") {
			t.Errorf("%v: %d %s", headers, res.StatusCode, body)
		}
	}
	w.clock.Add(int64(time.Minute))
	w.do(t, "staff", "UpdateMeeting", map[string]any{"meeting": map[string]any{"name": w.variables["meeting"], "room": "Room 12"}})
	for _, headers := range append(known, map[string]string{"If-None-Match": h.Get("ETag"), "If-Modified-Since": "Fri, 20 Nov 2026 15:01:00 GMT"}) {
		if res, _ := w.ask(t, http.MethodGet, path, headers, nil); res.StatusCode != http.StatusOK {
			t.Errorf("%v, after a change: %d", headers, res.StatusCode)
		}
	}
	for _, other := range []string{strings.TrimSuffix(path, ".ics"), path + "x", "/calendars/.ics", "/calendars/%00.ics"} {
		w.noCalendar(t, other)
	}
}

// Of two records that are one person's, each with a seat at the same time, neither becomes the other; when the seats are at
// other times, one person has both.
func TestMergeOfBooked(t *testing.T) {
	t.Parallel()
	w := settled(t)
	v := w.variables
	var names []string
	for _, section := range []string{"section", "otherSection"} {
		made := w.do(t, "staff", "CreateEducator", map[string]any{"educator": map[string]any{"givenName": "Robin", "familyName": "Of " + section}})
		names = append(names, text(made, "educator.name"))
		w.server.DB().Ent().Registration.Create().SetSectionID(api.LastUUID(v[section])).SetEducatorID(api.LastUUID(text(made, "educator.name"))).
			SetRegisterDate(startOfTime).SetStateTime(startOfTime).SetImportedSource("a binder").ExecX(t.Context())
	}
	merge := func() *api.Error {
		return w.grpc.call(t, methodNamed(t, "MergeEducators"), w.keys["staff"], marshal(t, map[string]any{"name": names[0], "duplicate": names[1]}), nil).err
	}
	if err := merge(); err == nil || err.Reason != api.StateConflict || err.Metadata["constraint"] != "nobody_is_booked_twice" {
		t.Fatalf("merging two who are at two meetings at once: %v", err)
	}
	for _, meeting := range w.do(t, "staff", "ListMeetings", map[string]any{"parent": v["otherSection"]})["meetings"].([]any) {
		later := func(field string) string {
			at, err := time.Parse(time.RFC3339, text(meeting, field))
			must(t, err)
			return at.Add(6 * time.Hour).Format(time.RFC3339)
		}
		w.do(t, "staff", "UpdateMeeting", map[string]any{"meeting": map[string]any{"name": text(meeting, "name"), "startTime": later("startTime"), "endTime": later("endTime")}})
	}
	if err := merge(); err != nil {
		t.Fatalf("merging two who are at different meetings: %v", err)
	}
	var booked int
	must(t, w.pool.QueryRowContext(t.Context(), `SELECT count(*) FROM bookings WHERE educator_id = $1`, api.LastUUID(names[0])).Scan(&booked))
	if booked != 22 {
		t.Errorf("the person is booked for %d meetings, want those of both sections", booked)
	}
}
