package enrollment

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/internal/api"
)

func TestSheetCheck(t *testing.T) {
	enrolled, other, withdrawn, recorded := uuid.UUID{1}, uuid.UUID{2}, uuid.UUID{3}, uuid.UUID{4}
	tip := line{id: uuid.UUID{10}, registration: recorded, minutes: 60}
	s := sheet{
		span: meets(1, 180), states: map[uuid.UUID]string{enrolled: "ENROLLED", other: "COMPLETED", withdrawn: "WITHDRAWN", recorded: "ENROLLED"},
		counts: map[uuid.UUID]line{recorded: tip},
	}
	present := func(r uuid.UUID, minutes int32) mark { return mark{registration: r, kind: "PRESENT", minutes: minutes} }
	correcting := func(of uuid.UUID) mark {
		return mark{registration: recorded, kind: "PRESENT", minutes: 90, corrects: of}
	}
	elsewhere := correcting(tip.id)
	elsewhere.elsewhere = true
	for name, c := range map[string]struct {
		marks  []mark
		early  bool
		reason api.Reason
		fields []string
	}{
		"all well":               {marks: []mark{present(enrolled, 180), {registration: other, kind: "ABSENT"}, correcting(tip.id)}},
		"present for no minutes": {marks: []mark{present(enrolled, 0)}},
		"not begun":              {marks: []mark{present(enrolled, 180)}, early: true, reason: api.InvalidRequest, fields: []string{"parent"}},
		"of nobody":              {marks: []mark{present(uuid.UUID{99}, 1), present(uuid.Nil, 1), present(uuid.Nil, 1)}, reason: api.InvalidRequest, fields: []string{"marks[0].registration", "marks[1].registration", "marks[2].registration"}},
		"withdrawn":              {marks: []mark{present(enrolled, 1), present(withdrawn, 1)}, reason: api.StateConflict, fields: []string{"marks[1].registration"}},
		"withdrawn and recorded": {marks: []mark{present(recorded, 1), present(withdrawn, 1)}, reason: api.StateConflict, fields: []string{"marks[1].registration", "marks[0].registration"}},
		"withdrawn and too long": {marks: []mark{present(withdrawn, 181)}, reason: api.InvalidRequest, fields: []string{"marks[0].minutes", "marks[0].registration"}},
		"twice":                  {marks: []mark{present(enrolled, 1), present(other, 1), present(enrolled, 1)}, reason: api.InvalidRequest, fields: []string{"marks[2].registration"}},
		"longer than it took":    {marks: []mark{present(enrolled, 181)}, reason: api.InvalidRequest, fields: []string{"marks[0].minutes"}},
		"excused with minutes":   {marks: []mark{{registration: enrolled, kind: "EXCUSED", minutes: 1}}, reason: api.InvalidRequest, fields: []string{"marks[0].minutes"}},
		"recorded":               {marks: []mark{present(enrolled, 1), present(recorded, 1)}, reason: api.AlreadyRecorded, fields: []string{"marks[1].registration"}},
		"corrects nothing":       {marks: []mark{{registration: enrolled, kind: "ABSENT", corrects: tip.id}}, reason: api.InvalidRequest, fields: []string{"marks[0].corrects"}},
		"corrects another":       {marks: []mark{correcting(uuid.UUID{11})}, reason: api.InvalidRequest, fields: []string{"marks[0].corrects"}},
		"of another meeting":     {marks: []mark{elsewhere}, reason: api.InvalidRequest, fields: []string{"marks[0].corrects"}},
		"everything at once": {
			marks: []mark{present(recorded, 200), present(withdrawn, 1), present(enrolled, 1), {registration: other, kind: "ABSENT", minutes: 5}},
			early: true, reason: api.InvalidRequest, fields: []string{"parent", "marks[0].minutes", "marks[3].minutes", "marks[1].registration", "marks[0].registration"},
		},
	} {
		now := s.start
		if c.early {
			now = now.Add(-time.Second)
		}
		err := s.check(c.marks, now)
		if c.reason == "" {
			if err != nil {
				t.Errorf("%s: got %v", name, err)
			}
			continue
		}
		e, _ := errors.AsType[*api.Error](err)
		if e == nil || e.Reason != c.reason || !slices.Equal(fieldsOf(e.Violations), c.fields) {
			t.Errorf("%s: got %v, want %s of %v", name, e, c.reason, c.fields)
		}
	}
}

// Attendance is of those who have a seat, or had one to the end.
func TestSheetCheckOfStates(t *testing.T) {
	r := uuid.UUID{1}
	for state, refused := range map[string]bool{
		"ENROLLED": false, "COMPLETED": false, "NOT_COMPLETED": false,
		"WITHDRAWN": true, "WAITLISTED": true, "OFFERED": true, "DECLINED": true, "EXPIRED": true, "AWAITING_ROLE": true,
	} {
		s := sheet{span: meets(1, 180), states: map[uuid.UUID]string{r: state}}
		err := s.check([]mark{{registration: r, kind: "PRESENT", minutes: 1}}, s.start)
		e, _ := errors.AsType[*api.Error](err)
		if !refused && err != nil || refused && (e == nil || e.Reason != api.StateConflict || e.Metadata["state"] != state || !slices.Equal(fieldsOf(e.Violations), []string{"marks[0].registration"})) {
			t.Errorf("%s: got %v", state, err)
		}
	}
}

// Who is told that there is an entry is told its name, to correct it by.
func TestSheetCheckNamesTheEntry(t *testing.T) {
	r := uuid.UUID{1}
	s := sheet{span: meets(1, 180), section: uuid.UUID{5}, meeting: uuid.UUID{6}, states: map[uuid.UUID]string{r: "ENROLLED"}, counts: map[uuid.UUID]line{r: {id: uuid.UUID{7}}}}
	want := api.Name("btlc/AttendanceEntry", s.section, s.meeting, uuid.UUID{7})
	for _, m := range []mark{{registration: r, kind: "ABSENT"}, {registration: r, kind: "ABSENT", corrects: uuid.UUID{8}}} {
		e, _ := errors.AsType[*api.Error](s.check([]mark{m}, s.start))
		if e == nil || len(e.Violations) != 1 || !strings.Contains(e.Violations[0].Description, want) {
			t.Errorf("got %v, want it to name %s", e, want)
		}
	}
}
