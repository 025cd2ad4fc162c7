package enrollment

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/btlc/btlc/internal/api"
)

func TestSignInOpensAndEnds(t *testing.T) {
	s := meets(1, 180)
	for name, c := range map[string]struct {
		at   time.Time
		open bool
	}{
		"too early":         {s.start.Add(-earlySignIn - time.Second), false},
		"a quarter before":  {s.start.Add(-earlySignIn), true},
		"in the beginning":  {s.start, true},
		"at the last":       {s.end.Add(-time.Second), true},
		"when it is over":   {s.end, false},
		"on some other day": {s.end.AddDate(0, 0, 1), false},
	} {
		if err := s.checkSignIn(c.at); (err == nil) != c.open || !c.open && reasonOf(err) != api.StateConflict {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// RFC 6238, appendix B, gives eight digits: six are their end.
func TestSignInCodeIsThatOfTheStandard(t *testing.T) {
	for seconds, want := range map[int64]string{59: "287082", 1111111109: "081804", 1234567890: "005924", 20000000000: "353130"} {
		code, until, err := signInCode([]byte("12345678901234567890"), time.Unix(seconds, 0), 30*time.Second)
		if err != nil || code != want || until.Unix() != (seconds/30+1)*30 {
			t.Errorf("at %d: got %s until %s, %v; want %s", seconds, code, until, err, want)
		}
	}
}

// A code is taken while it is shown and for one period more, and never before.
func TestACodeIsTakenForTwoPeriods(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		period := time.Duration(rapid.IntRange(10, 120).Draw(t, "period")) * time.Second
		key := rapid.SliceOfN(rapid.Byte(), signInKeyBytes, signInKeyBytes).Draw(t, "key")
		shown := time.Unix(rapid.Int64Range(1_000_000_000, 3_000_000_000).Draw(t, "shown"), 0)
		code, until, err := signInCode(key, shown, period)
		if err != nil {
			t.Fatal(err)
		}
		from := until.Add(-period)
		given := from.Add(time.Duration(rapid.Int64Range(int64(-3*period), int64(4*period)).Draw(t, "given after")))
		right, err := shownLately(code, key, given, period)
		if err != nil {
			t.Fatal(err)
		}
		inTime := !given.Before(from) && given.Before(until.Add(period))
		if inTime && !right {
			t.Fatalf("the code of %s until %s is refused at %s", from, until, given)
		}
		if right && !inTime && !repeats(t, code, key, given, period) {
			t.Fatalf("the code of %s until %s is taken at %s", from, until, given)
		}
	})
}

// repeats says whether a code comes again by chance, which one in a million does.
func repeats(t *rapid.T, code string, key []byte, at time.Time, period time.Duration) bool {
	for _, moment := range []time.Time{at, at.Add(-period)} {
		if other, _, err := signInCode(key, moment, period); err != nil {
			t.Fatal(err)
		} else if other == code {
			return true
		}
	}
	return false
}

func TestNoKeyNoCode(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	code, _, err := signInCode(nil, now, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if right, err := shownLately(code, nil, now, time.Minute); err != nil || right {
		t.Errorf("what an empty key gives is taken: %v, %v", right, err)
	}
}

func TestAttempts(t *testing.T) {
	for _, c := range []struct {
		attempts attempts
		right    bool
		want     api.Reason
		left     string
	}{
		{attempts{0, 3}, true, "", ""},
		{attempts{0, 3}, false, api.SignInCodeWrong, "2"},
		{attempts{2, 3}, true, "", ""},
		{attempts{2, 3}, false, api.SignInCodeWrong, "0"},
		{attempts{3, 3}, true, api.SignInAttemptsSpent, ""},
		{attempts{4, 3}, false, api.SignInAttemptsSpent, ""},
	} {
		e := c.attempts.refuse(c.right)
		if (e == nil) != (c.want == "") || e != nil && (e.Reason != c.want || e.Metadata["attemptsLeft"] != c.left) {
			t.Errorf("%+v: got %v, want %s", c, e, c.want)
		}
	}
}

func TestSignInAndOut(t *testing.T) {
	meeting, r := meets(1, 180), uuid.UUID{1}
	now := meeting.start.Add(time.Hour)
	in := &presence{id: uuid.UUID{2}, registration: r, kind: "PRESENT", by: "me", arrived: meeting.start.Add(time.Minute)}
	out := &presence{id: uuid.UUID{3}, registration: r, kind: "PRESENT", by: "me", left: now}
	absent := &presence{id: uuid.UUID{4}, registration: r, kind: "ABSENT", by: "them"}
	theirs := &presence{id: uuid.UUID{5}, registration: r, kind: "PRESENT", by: "them"}

	if m, err := signIn(nil, r, now, ""); err != nil || m == nil || !m.arrive.Equal(now) || m.kind != "PRESENT" || !m.leave.IsZero() || m.registration != r {
		t.Errorf("who comes: got %+v, %v", m, err)
	}
	for _, there := range []*presence{in, theirs} {
		if m, err := signIn(there, r, now, "line"); m != nil || err != nil {
			t.Errorf("who is there: got %+v, %v", m, err)
		}
	}
	for _, otherwise := range []*presence{out, absent} {
		_, err := signIn(otherwise, r, now, "line")
		if e, _ := errors.AsType[*api.Error](err); e == nil || e.Reason != api.AlreadyRecorded || e.Metadata["entry"] != "line" {
			t.Errorf("%+v: got %v", otherwise, err)
		}
	}

	m, err := signOut(in, "me", meeting, now)
	if err != nil || m == nil || m.corrects != in.id || !m.arrive.Equal(in.arrived) || !m.leave.Equal(now) || (sheet{span: meeting}).counted(*m) != 59 {
		t.Errorf("who leaves: got %+v, %v", m, err)
	}
	if m, err := signOut(out, "me", meeting, now); m != nil || err != nil {
		t.Errorf("who left: got %+v, %v", m, err)
	}
	for name, c := range map[string]struct {
		said *presence
		at   time.Time
	}{"never came": {nil, now}, "absent": {absent, now}, "entered by others": {theirs, now}, "over": {in, meeting.end}} {
		if m, err := signOut(c.said, "me", meeting, c.at); m != nil || reasonOf(err) != api.StateConflict {
			t.Errorf("%s: got %+v, %v", name, m, err)
		}
	}
}

func TestExceptions(t *testing.T) {
	unmet := []api.Violation{{Field: "attendance", Description: "too little"}}
	for _, c := range []struct {
		unmet      []api.Violation
		said, want string
	}{{nil, "", ""}, {nil, "needless", ""}, {unmet, " ill in May ", "ill in May"}} {
		if got, err := excepted(c.unmet, c.said); err != nil || got != c.want {
			t.Errorf("%+v: got %q, %v", c, got, err)
		}
	}
	_, err := excepted(unmet, "  ")
	if e, _ := errors.AsType[*api.Error](err); e == nil || e.Reason != api.RequirementsUnmet || len(e.Violations) != 1 || e.Violations[0] != unmet[0] {
		t.Errorf("got %v", err)
	}
}
