package server_test

import "testing"

// settleSchedules fills a world with a school calendar, and with a calendar link of each of its educators.
func (w *world) settleSchedules(t testing.TB) {
	t.Helper()
	v := w.variables
	w.do(t, "staff", "CreateSchoolCalendar", map[string]any{"schoolCalendarId": "boston-2026", "schoolCalendar": map[string]any{"displayName": "Boston 2026-27"}})
	for variable, educator := range map[string]string{"calendarLink": "educator", "otherCalendarLink": "otherEducator"} {
		made := w.do(t, educator, "CreateCalendarLink", map[string]any{"calendarLink": map[string]any{"educator": v[educator]}})
		v[variable] = text(made, "calendarLink.name")
	}
}
