package enrollment

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/btlc/btlc/internal/api"
)

// missed is a meeting of three hours that somebody missed, with meetings of other sections to make up for it.
func missed() (sheet, map[string]mark) {
	person := uuid.UUID{1}
	s := sheet{span: meets(1, 180), section: uuid.UUID{5}, meeting: uuid.UUID{6}, states: map[uuid.UUID]string{person: "ENROLLED"}, makeUps: map[uuid.UUID]makeUp{}}
	marks := map[string]mark{}
	add := func(name string, change func(at *makeUp)) {
		at := makeUp{span: meets(1, 240), section: uuid.UUID{7}, sameCourse: true, seated: map[uuid.UUID]bool{}, used: map[uuid.UUID]uuid.UUID{}}
		change(&at)
		id := uuid.UUID{8, byte(len(marks))}
		s.makeUps[id] = at
		marks[name] = mark{registration: person, kind: "MAKE_UP", makeUp: id, makeUpSection: at.section}
	}
	add("good", func(*makeUp) {})
	add("short", func(at *makeUp) { at.end = at.start.Add(time.Hour) })
	add("own section", func(at *makeUp) { at.section = s.section })
	add("other course", func(at *makeUp) { at.sameCourse = false })
	add("to come", func(at *makeUp) { at.start, at.end = at.end, at.end.Add(time.Hour) })
	add("seated", func(at *makeUp) { at.seated[person] = true })
	add("used", func(at *makeUp) { at.used[person] = uuid.UUID{9} })
	return s, marks
}

func TestMakeUps(t *testing.T) {
	s, marks := missed()
	with := func(name string, change func(m *mark)) mark {
		m := marks[name]
		change(&m)
		return m
	}
	for name, c := range map[string]struct {
		mark   mark
		fields []string
	}{
		"good":                        {with("good", func(m *mark) { m.minutes = 180 }), nil},
		"shorter than what is missed": {with("short", func(m *mark) { m.minutes = 60 }), nil},
		"longer than it took":         {with("short", func(m *mark) { m.minutes = 61 }), []string{"marks[0].minutes"}},
		"longer than what is missed":  {with("good", func(m *mark) { m.minutes = 181 }), []string{"marks[0].minutes"}},
		"of the own section":          {marks["own section"], []string{"marks[0].makeUpMeeting"}},
		"of another course":           {marks["other course"], []string{"marks[0].makeUpMeeting"}},
		"to come":                     {marks["to come"], []string{"marks[0].makeUpMeeting"}},
		"of a section that is taken":  {marks["seated"], []string{"marks[0].makeUpMeeting"}},
		"for two meetings":            {marks["used"], []string{"marks[0].makeUpMeeting"}},
		"of nowhere":                  {with("good", func(m *mark) { m.makeUp = uuid.UUID{99} }), []string{"marks[0].makeUpMeeting"}},
		"by another section's name":   {with("good", func(m *mark) { m.makeUpSection = uuid.UUID{99} }), []string{"marks[0].makeUpMeeting"}},
		"without a meeting":           {with("good", func(m *mark) { m.makeUp = uuid.Nil }), []string{"marks[0].makeUpMeeting"}},
		"present elsewhere":           {with("good", func(m *mark) { m.kind = "PRESENT" }), []string{"marks[0].makeUpMeeting"}},
		"excused elsewhere":           {with("good", func(m *mark) { m.kind, m.minutes = "EXCUSED", 1 }), []string{"marks[0].makeUpMeeting", "marks[0].minutes"}},
	} {
		err := s.check([]mark{c.mark}, s.start.Add(time.Hour))
		e, _ := errors.AsType[*api.Error](err)
		switch {
		case c.fields == nil && err != nil:
			t.Errorf("%s: got %v", name, err)
		case c.fields != nil && (e == nil || e.Reason != api.InvalidRequest || !slices.Equal(fieldsOf(e.Violations), c.fields)):
			t.Errorf("%s: got %v, want %v", name, err, c.fields)
		}
	}
}

func TestTimes(t *testing.T) {
	s, marks := missed()
	at := func(minutes float64) time.Time { return s.start.Add(time.Duration(minutes * float64(time.Minute))) }
	present := func(arrive, leave float64, minutes int32) mark {
		m := mark{registration: uuid.UUID{1}, kind: "PRESENT", minutes: minutes}
		if arrive != 0 {
			m.arrive = at(arrive)
		}
		if leave != 0 {
			m.leave = at(leave)
		}
		return m
	}
	excused, elsewhere := present(10, 20, 0), present(100, 0, 0)
	excused.kind = "EXCUSED"
	elsewhere.kind, elsewhere.makeUp, elsewhere.makeUpSection = "MAKE_UP", marks["good"].makeUp, marks["good"].makeUpSection
	elsewhereAllDay := elsewhere
	elsewhereAllDay.arrive = at(-1)
	for name, c := range map[string]struct {
		mark    mark
		minutes int32
		fields  []string
	}{
		"came late":                    {present(10, 0, 0), 170, nil},
		"left early":                   {present(0, 100, 0), 100, nil},
		"came late and left early":     {present(10, 100, 0), 90, nil},
		"part of a minute is none":     {present(10.5, 100.9, 0), 90, nil},
		"came before and left after":   {present(-10, 300, 0), 180, nil},
		"says the same twice":          {present(10, 100, 90), 90, nil},
		"contradicts itself":           {present(10, 100, 91), 90, []string{"marks[0].minutes"}},
		"came after the end":           {present(180, 0, 0), 0, []string{"marks[0].arriveTime"}},
		"left before the beginning":    {present(0, -1, 0), 0, []string{"marks[0].leaveTime"}},
		"left before coming":           {present(100, 50, 0), 0, []string{"marks[0].leaveTime"}},
		"excused":                      {excused, 10, []string{"marks[0].arriveTime", "marks[0].leaveTime"}},
		"by the other meeting's times": {elsewhere, 140, nil},
		"no more than what is missed":  {elsewhereAllDay, 180, nil},
	} {
		err := s.check([]mark{c.mark}, s.end)
		e, _ := errors.AsType[*api.Error](err)
		switch {
		case c.fields == nil && err != nil:
			t.Errorf("%s: got %v", name, err)
		case c.fields != nil && (e == nil || !slices.Equal(fieldsOf(e.Violations), c.fields)):
			t.Errorf("%s: got %v, want %v", name, err, c.fields)
		}
		if got := s.counted(c.mark); got != c.minutes {
			t.Errorf("%s: got %d minutes, want %d", name, got, c.minutes)
		}
	}
}

// Whatever is entered: minutes are none for who was away, and never more than the meeting that is entered or the one that
// the person was at.
func TestMinutesNeverExceedTheMeeting(t *testing.T) {
	s, all := missed()
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.SampledFrom([]mark{all["good"], all["short"], all["used"], {registration: uuid.UUID{1}}}).Draw(t, "meeting")
		m.kind = rapid.SampledFrom([]string{"PRESENT", "MAKE_UP", "EXCUSED", "ABSENT"}).Draw(t, "kind")
		m.minutes = rapid.Int32Range(0, 300).Draw(t, "minutes")
		moment := func(name string) time.Time {
			if rapid.Bool().Draw(t, name+" told") {
				return s.start.Add(time.Duration(rapid.IntRange(-3600, 6*3600).Draw(t, name)) * time.Second)
			}
			return time.Time{}
		}
		m.arrive, m.leave = moment("arrive"), moment("leave")
		if s.check([]mark{m}, s.end) != nil {
			return
		}
		got := s.counted(m)
		was := s.where(m)
		if got < 0 || got > s.minutes() || got > was.minutes() {
			t.Fatalf("%d minutes of %d at a meeting of %d", got, s.minutes(), was.minutes())
		}
		if m.kind != "PRESENT" && m.kind != "MAKE_UP" && got != 0 {
			t.Fatalf("%d minutes of somebody who was %s", got, m.kind)
		}
		if m.timed() && m.kind == "PRESENT" {
			if earlier := m.leave.Sub(m.arrive); !m.arrive.IsZero() && !m.leave.IsZero() && time.Duration(got)*time.Minute > earlier {
				t.Fatalf("%d minutes in %s", got, earlier)
			}
		}
	})
}
