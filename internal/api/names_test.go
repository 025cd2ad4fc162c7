package api

import (
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/type/date"

	rolepb "github.com/btlc/btlc/gen/go/btlc/roleinventory/v1"
)

func mustDay(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

func TestNames(t *testing.T) {
	school := Name("btlc/School", "bps", someUUID)
	if school != "districts/bps/schools/"+someUUID {
		t.Errorf("made %s", school)
	}
	if ids, ok := IDs("btlc/School", school); !ok || ids[0] != "bps" || ids[1] != someUUID {
		t.Errorf("took it apart as %v %v", ids, ok)
	}
	for _, bad := range []string{"", "districts/bps", school + "/x", "districts/BPS/schools/" + someUUID, "districts/bps/schools/0190A8A4-7C1E-7B7A-9D51-3F0C2F5D9A10"} {
		if _, ok := IDs("btlc/School", bad); ok {
			t.Errorf("%q is taken for a school", bad)
		}
	}
	if Part(school, 0) != "bps" || LastUUID(school).String() != someUUID || PartUUID(school, 1).String() != someUUID || LastWord("courses/using-data") != "using-data" {
		t.Error("parts of a name")
	}
}

func TestEnumWords(t *testing.T) {
	for _, state := range []rolepb.RoleAssignmentState{rolepb.RoleAssignmentState_ROLE_ASSIGNMENT_STATE_CONFIRMED, rolepb.RoleAssignmentState_ROLE_ASSIGNMENT_STATE_ENDED} {
		if back := EnumOf[rolepb.RoleAssignmentState](EnumWord(state)); back != state {
			t.Errorf("%v came back as %v", state, back)
		}
	}
	if EnumWord(rolepb.RoleAssignmentState_ROLE_ASSIGNMENT_STATE_CONFIRMED) != "CONFIRMED" || EnumOf[rolepb.RoleAssignmentState]("NONE") != 0 {
		t.Error("words of enums")
	}
}

func TestDays(t *testing.T) {
	if day, err := Day("x", &date.Date{Year: 2024, Month: 2, Day: 29}); err != nil || !day.Equal(mustDay(2024, 2, 29)) {
		t.Errorf("%v %v", day, err)
	}
	for _, bad := range []*date.Date{nil, {Year: 2026, Month: 2, Day: 29}, {Year: 2026, Month: 0, Day: 1}, {Year: 0, Month: 1, Day: 1}} {
		if _, err := Day("x", bad); err == nil {
			t.Errorf("%v is taken for a day", bad)
		}
	}
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	if day := LocalDay(time.Date(2026, 11, 2, 3, 0, 0, 0, time.UTC), zone); !day.Equal(mustDay(2026, 11, 1)) {
		t.Errorf("three in the morning UTC is still the day before in Boston: %v", day)
	}
}
