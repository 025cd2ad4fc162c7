package enrollment

import (
	"fmt"
	"net/url"
	"slices"

	"github.com/btlc/btlc/internal/api"
)

// The kinds of sessions: on the evening of the week that a section chooses, and on Saturdays.
const (
	evenings  = "EVENING"
	saturdays = "SATURDAY"
)

// mostMeetings is how many meetings a section can have, which are numbered up to it.
const mostMeetings = 100

// sessions are a number of meetings of a course at the same hours, in minutes since midnight.
type sessions struct {
	kind              string
	count, start, end int32
}

func (s sessions) minutes() int32 { return s.count * (s.end - s.start) }

// timetable is the session pattern of a course, and over how many weeks it is spread.
type timetable struct {
	pattern []sessions
	weeks   int32
}

func (t timetable) meetings() (count, minutes int32) {
	for _, s := range t.pattern {
		count, minutes = count+s.count, minutes+s.minutes()
	}
	return count, minutes
}

// check says what is wrong with a timetable; field is the path of the course version that has it.
func (t timetable) check(field string) []api.Violation {
	var violations []api.Violation
	refuse := func(path, format string, args ...any) {
		violations = append(violations, api.Violation{Field: field + "." + path, Description: fmt.Sprintf(format, args...)})
	}
	if len(t.pattern) == 0 {
		refuse("sessionPattern", "is required: the latest version has none")
	}
	byKind := map[string]int32{}
	for i, s := range t.pattern {
		if s.end <= s.start {
			refuse(fmt.Sprintf("sessionPattern[%d].endTime", i), "is after startTime on the same day")
		}
		byKind[s.kind] += s.count
	}
	if byKind[evenings]+byKind[saturdays] > mostMeetings {
		refuse("sessionPattern", "has more than %d meetings", mostMeetings)
	}
	for _, kind := range []struct{ word, noun string }{{evenings, "evenings"}, {saturdays, "Saturdays"}} {
		if n := byKind[kind.word]; n > t.weeks {
			refuse("weeks", "are %d, too few for %d %s", t.weeks, n, kind.noun)
		}
	}
	return violations
}

// checkGoals says which served goals are none: each is a competency of the course's core skill, once.
func checkGoals(field string, goals, competencies []string) []api.Violation {
	var violations []api.Violation
	for i, goal := range goals {
		path := fmt.Sprintf("%s[%d].competency", field, i)
		switch {
		case !slices.Contains(competencies, goal):
			violations = append(violations, api.Violation{Field: path, Description: "is a competency of the course's core skill in the latest framework"})
		case slices.Contains(goals[:i], goal):
			violations = append(violations, api.Violation{Field: path, Description: "is given once"})
		}
	}
	return violations
}

// checkAddresses says which addresses of resources are none; empty ones are of resources that are not on the web.
func checkAddresses(field string, addresses []string) []api.Violation {
	var violations []api.Violation
	for i, address := range addresses {
		if address == "" {
			continue
		}
		if u, err := url.Parse(address); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			violations = append(violations, api.Violation{Field: fmt.Sprintf("%s[%d].url", field, i), Description: "is an address on the web: https://…"})
		}
	}
	return violations
}
