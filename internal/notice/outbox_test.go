package notice

import (
	"context"
	"errors"
	"maps"
	"net/mail"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/btlc/btlc/internal/api"
)

func TestKinds(t *testing.T) {
	for _, c := range []struct {
		from, to  string
		cancelled bool
		want      Kind
	}{
		{"", "ENROLLED", false, Registered},
		{"OFFERED", "ENROLLED", false, Registered},
		{"AWAITING_ROLE", "ENROLLED", false, Registered},
		{"", "WAITLISTED", false, Waitlisted},
		{"", "AWAITING_ROLE", false, RoleAwaited},
		{"WAITLISTED", "OFFERED", false, Offered},
		{"OFFERED", "EXPIRED", false, OfferExpired},
		{"AWAITING_ROLE", "EXPIRED", false, Withdrawn},
		{"OFFERED", "DECLINED", false, Withdrawn},
		{"ENROLLED", "WITHDRAWN", false, Withdrawn},
		{"WAITLISTED", "WITHDRAWN", false, Withdrawn},
		{"ENROLLED", "WITHDRAWN", true, SectionCancelled},
		{"ENROLLED", "COMPLETED", false, Completed},
		{"ENROLLED", "NOT_COMPLETED", false, ""},
		{"OFFERED", "OFFERED", false, ""},
		{"WITHDRAWN", "WITHDRAWN", true, ""},
	} {
		if got, ok := kindOf(c.from, c.to, c.cancelled); got != c.want || ok != (c.want != "") {
			t.Errorf("from %q to %s, cancelled %v: %q, %v, want %q", c.from, c.to, c.cancelled, got, ok, c.want)
		}
	}
}

// What is kept of a notice is what it was, and no more than its kind needs.
func TestFacts(t *testing.T) {
	at := time.Date(2026, 10, 6, 20, 30, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		var told facts
		if rapid.Bool().Draw(t, "deadline") {
			told.Deadline = at.Add(time.Duration(rapid.Int64Range(0, 1e18).Draw(t, "after")))
		}
		if rapid.Bool().Draw(t, "moved") {
			for range rapid.IntRange(1, 3).Draw(t, "meetings") {
				told.Moves = append(told.Moves, moved{rapid.Int32Range(1, 40).Draw(t, "number"), place{at, at.Add(time.Hour), rapid.String().Draw(t, "where")}, place{Start: at, End: at}})
			}
		}
		if rapid.Bool().Draw(t, "asked") {
			told.Assignment = uuid.New()
		}
		if rapid.Bool().Draw(t, "webhook") {
			told.Since, told.Failure = at.Add(time.Duration(rapid.Int64Range(0, 1e18).Draw(t, "since"))), rapid.String().Draw(t, "failure")
		}
		row, err := told.row()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := factsOf(row); err != nil || !reflect.DeepEqual(got, told) {
			t.Fatalf("kept %v, read %+v, %v, want %+v", row, got, err, told)
		}
	})
	if row, err := (facts{}).row(); err != nil || len(row) != 0 {
		t.Errorf("of nothing it keeps %v, %v", row, err)
	}
}

func TestPreference(t *testing.T) {
	for _, kind := range kinds {
		heeded := kind != RoleToConfirm // which is to the school
		if !(preference{}).wants(kind) || (preference{muted: true}).wants(kind) == heeded || (preference{kinds: []string{string(kind)}}).wants(kind) == heeded {
			t.Errorf("%s is not heeded", kind)
		}
	}
	if !(preference{kinds: []string{"OFFERED"}}).wants(Registered) {
		t.Error("one kind mutes another")
	}
}

func TestObjections(t *testing.T) {
	now := time.Date(2026, 10, 6, 12, 0, 0, 0, time.UTC)
	good := due{kind: Offered, to: mail.Address{Address: "ana@example.org"}, wanted: true, state: "OFFERED", created: now, data: Data{Deadline: now.Add(time.Second)}}
	if o, ok := good.objection(now); ok {
		t.Errorf("a good one: %+v", o)
	}
	for what, c := range map[string]struct {
		change        func(*due)
		verb, failure string
	}{
		"unwanted":      {func(d *due) { d.wanted = false }, suppress, unwanted},
		"no address":    {func(d *due) { d.to = mail.Address{Name: "Ana"} }, suppress, unreachable},
		"past deadline": {func(d *due) { d.data.Deadline = now }, suppress, offerOver},
		"own principal": {func(d *due) { d.kind, d.state, d.reported, d.oneself = RoleToConfirm, awaitingRole, true, true }, suppress, oneself},
		"no contact":    {func(d *due) { d.kind, d.to.Address = WebhookFailed, "" }, suppress, contactless},
		"no principal":  {func(d *due) { d.kind, d.to.Address = RoleToConfirm, "" }, suppress, unaddressed},
		"taken":         {func(d *due) { d.state = "ENROLLED" }, suppress, offerOver},
		"too old":       {func(d *due) { d.created = now.Add(-stale) }, fail, tooLate},
	} {
		d := good
		c.change(&d)
		if o, ok := d.objection(now); !ok || o.verb != c.verb || o.failure != c.failure || o.tried {
			t.Errorf("%s: %+v, %v", what, o, ok)
		}
	}
	other := good
	other.kind, other.state, other.data.Deadline = Registered, "ENROLLED", time.Time{}
	if o, ok := other.objection(now); ok {
		t.Errorf("who is registered needs no offer: %+v", o)
	}
	other.state = "WITHDRAWN"
	if o, ok := other.objection(now); !ok || o.verb != suppress || o.failure != outdated || o.tried {
		t.Errorf("who has withdrawn since: %+v, %v", o, ok)
	}
}

// Of each kind, the states of a registration in which it is still so.
func TestHolds(t *testing.T) {
	states := []string{"ENROLLED", "WITHDRAWN", "COMPLETED", "NOT_COMPLETED", "AWAITING_ROLE", "WAITLISTED", "OFFERED", "DECLINED", "EXPIRED"}
	for kind, want := range map[Kind][]string{
		Registered: {"ENROLLED", "COMPLETED", "NOT_COMPLETED"}, Waitlisted: {"WAITLISTED"}, Offered: {"OFFERED"}, RoleAwaited: {"AWAITING_ROLE"}, MeetingMoved: {"ENROLLED"}, RoleToConfirm: {"AWAITING_ROLE"},
		OfferExpired: states, Withdrawn: states, SectionCancelled: states, Completed: states,
	} {
		good := due{kind: kind, reported: true, data: Data{Moves: []Move{{}}}}
		for _, state := range states {
			good.state = state
			if got := good.holds(); got != slices.Contains(want, state) {
				t.Errorf("%s of who is %s: %v", kind, state, got)
			}
		}
		good.state, good.seated = want[0], true
		if got := good.holds(); got == (kind == Withdrawn || kind == OfferExpired) {
			t.Errorf("%s to who has a seat: %v", kind, got)
		}
	}
	if (due{kind: RoleToConfirm, state: "AWAITING_ROLE"}).holds() {
		t.Error("a principal is asked about a role that is reported no more")
	}
	for _, state := range []string{"ENABLED", "DISABLED", "FAILED"} {
		for kind, want := range map[Kind]string{WebhookFailing: "ENABLED", WebhookFailed: "FAILED"} {
			if got := (due{kind: kind, state: state, failing: true}).holds(); got != (state == want) {
				t.Errorf("%s of a subscription that is %s: %v", kind, state, got)
			}
			if (due{kind: kind, state: state}).holds() {
				t.Errorf("%s of a subscription that is %s and has begun anew", kind, state)
			}
		}
	}
	if (due{kind: MeetingMoved, state: "ENROLLED"}).holds() {
		t.Error("told of no move")
	}
}

func TestMovesThatStillHold(t *testing.T) {
	at := time.Date(2026, 10, 6, 20, 30, 0, 0, time.UTC)
	told := Meeting{Number: 4, Start: at, End: at.Add(time.Hour), Place: "Library"}
	for what, c := range map[string]struct {
		now  Meeting
		want bool
	}{
		"as told":            {told, true},
		"in another zone":    {Meeting{4, at.In(time.FixedZone("", 3600)), told.End, "Library"}, true},
		"at another time":    {Meeting{4, at.Add(time.Minute), told.End, "Library"}, false},
		"longer":             {Meeting{4, at, told.End.Add(time.Minute), "Library"}, false},
		"in another place":   {Meeting{4, at, told.End, "Gym"}, false},
		"there is none more": {Meeting{}, false},
	} {
		other := Meeting{Number: 5, Start: at, End: at.Add(time.Hour)}
		now := map[int]Meeting{4: c.now, 5: other}
		got := still([]Move{{After: told}, {After: other}, {After: Meeting{Number: 6, Start: at}}}, now)
		if want := 1 + map[bool]int{true: 1}[c.want]; len(got) != want || got[len(got)-1].After != other {
			t.Errorf("a meeting %s: %v", what, got)
		}
	}
}

func TestAfterAnAttempt(t *testing.T) {
	now := time.Date(2026, 10, 6, 12, 0, 0, 0, time.UTC)
	delays := func(attempt int) (time.Duration, bool) { return Delay(attempt, 0.5) }
	refused := &Error{Server: "smtp://mail.example.org:587", Reason: ErrRefused, Code: 550, Enhanced: "5.1.1"}
	deferred := &Error{Server: "smtp://mail.example.org:587", Reason: ErrDeferred, Code: 451}
	for what, c := range map[string]struct {
		attempts int
		err      error
		want     outcome
	}{
		"taken":         {0, nil, outcome{verb: send, tried: true}},
		"refused":       {0, refused, outcome{verb: fail, failure: "the server refused the recipient or the message (status 550 5.1.1)", tried: true}},
		"deferred":      {0, deferred, outcome{failure: "the server does not take it now (status 451)", tried: true, next: now.Add(time.Minute)}},
		"again":         {2, deferred, outcome{failure: "the server does not take it now (status 451)", tried: true, next: now.Add(16 * time.Minute)}},
		"once too many": {Attempts - 1, deferred, outcome{verb: fail, failure: "the server does not take it now (status 451)", tried: true}},
		"unreachable":   {0, &Error{Reason: ErrUnreachable}, outcome{failure: ErrUnreachable.Error(), tried: true, next: now.Add(time.Minute)}},
		"stopped":       {3, &Error{Reason: context.Canceled}, outcome{next: now}},
		"unknown":       {0, errors.New("odd"), outcome{failure: "odd", tried: true, next: now.Add(time.Minute)}},
	} {
		if got := (due{attempts: c.attempts}).after(c.err, now, delays); got != c.want {
			t.Errorf("%s: %+v, want %+v", what, got, c.want)
		}
	}
}

// Every end that an outcome has is in the life, and so is no other.
func TestLife(t *testing.T) {
	ends := map[string]bool{}
	for _, verb := range []string{send, suppress, fail} {
		to, err := noticeLife.After("notice", noticeLife.First(), verb)
		if err != nil {
			t.Errorf("%s: %v", verb, err)
		}
		ends[to] = true
		if _, err := noticeLife.After("notice", to, verb); !isConflict(err) {
			t.Errorf("%s of what is %s: %v", verb, to, err)
		}
	}
	if got := slices.Sorted(maps.Keys(ends)); !slices.Equal(got, []string{"FAILED", "SENT", "SUPPRESSED"}) {
		t.Errorf("it ends as %v", got)
	}
}

func isConflict(err error) bool {
	refusal, ok := errors.AsType[*api.Error](err)
	return ok && refusal.Reason == api.StateConflict
}
