package notice

import (
	"context"
	"encoding/json"
	"errors"
	"net/mail"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/internal/api"
)

// noticeLife is the life of a notice. One that nobody wants is suppressed as it is created.
var noticeLife = api.Life{
	{"", "create", "PENDING"},
	{"PENDING", send, "SENT"},
	{"PENDING", suppress, "SUPPRESSED"},
	{"PENDING", fail, "FAILED"},
}

// What becomes of a notice that is due; wait leaves it pending.
const (
	send     = "send"
	suppress = "suppress"
	fail     = "fail"
	wait     = ""
)

// Lives are the life cycles of this context's resources, by type.
var Lives = map[string]api.Life{"btlc/Notice": noticeLife}

// Why a notice is not sent, for people.
const (
	unwanted    = "The person does not want it."
	unreachable = "The person has no verified address on record."
	contactless = "The webhook subscription has no contact."
	unaddressed = "The school has no address of its principal on record."
	oneself     = "The address of the school's principal is the person's own, and nobody confirms their own role: somebody else has to."
	offerOver   = "The offer is over."
	outdated    = "What it tells is no longer so."
	tooLate     = "It could not be sent in time."
	unworded    = "It lacks what it has to tell."
)

// stale is the age at which a notice that is still to be sent is given up: mail may have been turned off meanwhile.
const stale = 72 * time.Hour

// kindOf says which notice a registration's change of state makes; none for a change that is no news to the person. That
// an offer was declined is told as a withdrawal: in a group it may have been another one who declined.
func kindOf(from, to string, sectionCancelled bool) (kind Kind, ok bool) {
	switch {
	case from == to:
		return "", false
	case sectionCancelled:
		return SectionCancelled, true
	case to == "EXPIRED" && from == "OFFERED":
		return OfferExpired, true
	}
	kind, ok = map[string]Kind{
		"ENROLLED": Registered, "WAITLISTED": Waitlisted, "OFFERED": Offered, awaitingRole: RoleAwaited,
		"WITHDRAWN": Withdrawn, "DECLINED": Withdrawn, "EXPIRED": Withdrawn, "COMPLETED": Completed,
	}[to]
	return kind, ok
}

// facts are what a notice tells that is not on record elsewhere when it is sent. They hold nothing about the person and no
// text but our own: who is erased or renamed in one place is so everywhere.
type facts struct {
	Deadline time.Time `json:"deadline,omitzero"`
	Moves    []moved   `json:"moves,omitempty"`
	// Assignment is the role that is to be confirmed.
	Assignment uuid.UUID `json:"assignment,omitzero"`
	// Since is when a webhook subscription began to fail, and Failure why.
	Since   time.Time `json:"since,omitzero"`
	Failure string    `json:"failure,omitempty"`
}

// moved is a meeting that moved.
type moved struct {
	Number int32 `json:"number"`
	Before place `json:"before"`
	After  place `json:"after"`
}

// place is when and where a meeting is.
type place struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
	Where string    `json:"where,omitempty"`
}

func (p place) meeting(number int32) Meeting {
	return Meeting{Number: int(number), Start: p.Start, End: p.End, Place: p.Where}
}

// moves are the meetings that moved, as they are told of.
func (f facts) moves() []Move {
	moves := make([]Move, len(f.Moves))
	for i, m := range f.Moves {
		moves[i] = Move{m.Before.meeting(m.Number), m.After.meeting(m.Number)}
	}
	return moves
}

// row is the facts as they are kept.
func (f facts) row() (map[string]any, error) {
	var row map[string]any
	text, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	return row, json.Unmarshal(text, &row)
}

func factsOf(row map[string]any) (f facts, err error) {
	text, err := json.Marshal(row)
	if err != nil {
		return f, err
	}
	return f, json.Unmarshal(text, &f)
}

// preference is which notices a person wants; the zero value all.
type preference struct {
	muted bool
	kinds []string // that are not wanted
}

// wants says whether a notice about the person is to be sent. One to the school is not the person's to stop: by registering
// with a role that is only reported they ask for it to be confirmed.
func (p preference) wants(kind Kind) bool {
	return kind == RoleToConfirm || !p.muted && !slices.Contains(p.kinds, string(kind))
}

// due is a notice that is to be sent, with what is on record of it now.
type due struct {
	id       uuid.UUID
	kind     Kind
	subject  string
	attempts int
	created  time.Time
	data     Data
	to       mail.Address // whose Address is empty when the person has none
	wanted   bool
	state    string // of the registration, or of the webhook subscription
	seated   bool   // the person has a seat in the section, by this registration or by a later one
	reported bool   // the role that is to be confirmed is neither confirmed nor disputed, nor has it ended
	oneself  bool   // who would be asked is the person whom it is about
	failing  bool   // the webhook subscription has taken nothing since it began to fail
}

// awaitingRole is the state of a registration that waits for a role to be confirmed.
const awaitingRole = "AWAITING_ROLE"

// seatedStates are the states of registrations that have a seat, or had it to the end.
var seatedStates = []string{"ENROLLED", "COMPLETED", "NOT_COMPLETED"}

// holds says whether what a notice tells is so now. One that had to wait may come after a later one, and would be believed.
func (d due) holds() bool {
	switch d.kind {
	case Registered:
		return slices.Contains(seatedStates, d.state)
	case Waitlisted, Offered:
		return d.state == string(d.kind)
	case RoleAwaited:
		return d.state == awaitingRole
	case RoleToConfirm:
		return d.state == awaitingRole && d.reported
	case MeetingMoved:
		return d.state == "ENROLLED" && len(d.data.Moves) > 0
	case Withdrawn, OfferExpired:
		// No registration comes back, but the person may have registered again.
		return !d.seated
	case WebhookFailing:
		return d.state == "ENABLED" && d.failing
	case WebhookFailed:
		return d.state == "FAILED" && d.failing
	case SectionCancelled, Completed:
	}
	return true
}

// still are the moves after which no other came; now has the section's meetings by their numbers.
func still(moves []Move, now map[int]Meeting) []Move {
	return slices.DeleteFunc(moves, func(m Move) bool {
		at, found := now[m.After.Number]
		return !found || !at.same(m.After)
	})
}

// same says whether two meetings are at the same time and place.
func (m Meeting) same(other Meeting) bool {
	return m.Start.Equal(other.Start) && m.End.Equal(other.End) && m.Place == other.Place
}

// outcome is what became of a notice that was due.
type outcome struct {
	verb    string
	failure string
	tried   bool
	next    time.Time // when it is due again; it means nothing unless it waits
}

// objection is what becomes of a notice that is not sent; false for one that is.
func (d due) objection(now time.Time) (outcome, bool) {
	switch {
	case !d.wanted:
		return outcome{verb: suppress, failure: unwanted}, true
	case d.to.Address == "" && d.kind == RoleToConfirm:
		return outcome{verb: suppress, failure: unaddressed}, true
	case d.to.Address == "" && d.kind.ofWebhook():
		return outcome{verb: suppress, failure: contactless}, true
	case d.to.Address == "":
		return outcome{verb: suppress, failure: unreachable}, true
	case d.kind == Offered && (!d.holds() || !d.data.Deadline.After(now)):
		return outcome{verb: suppress, failure: offerOver}, true
	case !d.holds():
		return outcome{verb: suppress, failure: outdated}, true
	case d.oneself:
		return outcome{verb: suppress, failure: oneself}, true
	case now.Sub(d.created) >= stale:
		return outcome{verb: fail, failure: tooLate}, true
	}
	return outcome{}, false
}

// schedule is the time from failed attempt number attempt to the next one; false when there is none.
type schedule func(attempt int) (time.Duration, bool)

// after is what becomes of a notice that was handed over, or not.
func (d due) after(err error, now time.Time, delays schedule) outcome {
	if err == nil {
		return outcome{verb: send, tried: true}
	}
	if errors.Is(err, context.Canceled) {
		// The server stops: nobody is to blame, and another one may try at once.
		return outcome{verb: wait, next: now}
	}
	delay, again := delays(d.attempts + 1)
	if Permanent(err) || !again {
		return outcome{verb: fail, failure: cause(err), tried: true}
	}
	return outcome{verb: wait, failure: cause(err), tried: true, next: now.Add(delay)}
}

// cause is an error of a Sender for whoever reads the notice, who does not need to know which server it was.
func cause(err error) string {
	if failure, ok := errors.AsType[*Error](err); ok {
		return failure.cause()
	}
	return err.Error()
}

// Round is how many notices became what at a time.
type Round struct {
	// Sent were taken by a mail server; Suppressed are not wanted any more, or nobody can be reached; Deferred are tried
	// again later; Failed are given up.
	Sent, Suppressed, Deferred, Failed int
}

func (r *Round) count(o outcome) {
	switch o.verb {
	case send:
		r.Sent++
	case suppress:
		r.Suppressed++
	case fail:
		r.Failed++
	default:
		r.Deferred++
	}
}

// settled says whether anything came to its end.
func (r Round) settled() bool { return r.Sent+r.Suppressed+r.Failed > 0 }
