package ledger

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/btlc/btlc/internal/money"
)

// RefundRule is what is refunded to those who withdraw, for registrations from a day on. Rules are data; one that was
// used is never changed: another follows it.
type RefundRule struct {
	ID string
	// Effective is the first day of registrations that it is for; zero for a rule that holds since ever.
	Effective time.Time
	// Citation says where the rule comes from.
	Citation string
	// Assumption marks a rule that no source states: whoever shows what it gives says so.
	Assumption bool
	// Steps are in the order of time. After the last one nothing is refunded.
	Steps []RefundStep
	// OnCancellation is the percentage that is refunded when it is the section that is cancelled, at any time.
	OnCancellation int
}

// RefundStep is what is refunded to those who withdraw before a moment.
type RefundStep struct {
	// Until is "registration-close", "first-meeting" (its beginning), or "meeting-n", the beginning of the nth, from 2.
	Until string
	// Percent is of what is charged.
	Percent int
}

// The moments that steps end at, beside "meeting-2" and so on.
const (
	RegistrationClose = "registration-close"
	FirstMeeting      = "first-meeting"
	// Cancellation and AfterSteps are what a quote names in place of a step's moment.
	Cancellation = "section-cancelled"
	AfterSteps   = "after-all-steps"
)

// ErrRule is what is wrong with rules.
var ErrRule = errors.New("ledger: not a refund rule")

// CheckRules finds every fault of a set of rules. Errors: ErrRule.
func CheckRules(rules []RefundRule) error {
	var faults []error
	ids, days := map[string]bool{}, map[time.Time]bool{}
	for _, r := range rules {
		fault := func(format string, args ...any) {
			faults = append(faults, fmt.Errorf("%w: %q %s", ErrRule, r.ID, fmt.Sprintf(format, args...)))
		}
		if r.ID == "" || ids[r.ID] {
			fault("is not an id, or one that comes twice")
		}
		if days[day(r.Effective)] {
			fault("takes effect on the day of another one")
		}
		ids[r.ID], days[day(r.Effective)] = true, true
		if strings.TrimSpace(r.Citation) == "" {
			fault("has no citation")
		}
		if r.OnCancellation < 0 || r.OnCancellation > 100 {
			fault("refunds %d percent on cancellation", r.OnCancellation)
		}
		number, highest := -1, 100
		for _, step := range r.Steps {
			meeting, known := step.meeting()
			switch {
			case !known:
				fault("has a step until %q, which is no moment", step.Until)
				continue
			case meeting <= number:
				fault("has a step until %s after one until as late or later", step.Until)
			case step.Percent < 0 || step.Percent > highest:
				fault("refunds %d percent until %s, which is below zero or more than before", step.Percent, step.Until)
			}
			number, highest = meeting, step.Percent
		}
	}
	return errors.Join(faults...)
}

// meeting is the number of the meeting whose beginning ends the step, from 1; 0 for the close of registration.
func (s RefundStep) meeting() (number int, known bool) {
	switch s.Until {
	case RegistrationClose:
		return 0, true
	case FirstMeeting:
		return 1, true
	}
	digits, numbered := strings.CutPrefix(s.Until, "meeting-")
	number, err := strconv.Atoi(digits)
	return number, numbered && err == nil && number > 1 && strconv.Itoa(number) == digits
}

// InForce is the rule for those who registered on a day: the latest that had taken effect. ok is false when there was
// none.
func InForce(rules []RefundRule, registered time.Time) (rule RefundRule, ok bool) {
	for _, r := range rules {
		if day(r.Effective).After(day(registered)) {
			continue
		}
		if !ok || day(r.Effective).After(day(rule.Effective)) {
			rule, ok = r, true
		}
	}
	return rule, ok
}

// Withdrawal is how somebody left a section.
type Withdrawal struct {
	Time              time.Time
	RegistrationClose time.Time
	// Meetings are the beginnings of the section's meetings, by their number. One that is not planned has not begun.
	Meetings []time.Time
	// SectionCancelled: it was not the person who left.
	SectionCancelled bool
}

// Quote is what a rule gives.
type Quote struct {
	Amount  money.Amount // from zero to what is charged
	Percent int
	// Rule is the rule's ID, and Until the moment of the step that applies, or Cancellation, or AfterSteps.
	Rule, Until string
	// Assumption is the rule's.
	Assumption bool
}

// Quote is what is refunded of an amount charged, by the step that applies: the first whose moment has not come when
// the person withdraws (at the very moment, it has). It is rounded to cents, half to even. charged is Charged:
// neither below zero nor beyond money.MaxMinor. The rule has passed CheckRules.
func (r RefundRule) Quote(charged money.Amount, w Withdrawal) Quote {
	q := Quote{Percent: r.OnCancellation, Rule: r.ID, Until: Cancellation, Assumption: r.Assumption}
	if !w.SectionCancelled {
		step := r.step(w)
		q.Percent, q.Until = step.Percent, step.Until
	}
	q.Amount = charged.Percent(q.Percent)
	return q
}

func (r RefundRule) step(w Withdrawal) RefundStep {
	for _, step := range r.Steps {
		number, _ := step.meeting()
		if number > len(w.Meetings) {
			return step
		}
		moment := w.RegistrationClose
		if number > 0 {
			moment = w.Meetings[number-1]
		}
		if w.Time.Before(moment) {
			return step
		}
	}
	return RefundStep{Until: AfterSteps}
}

// Reason is the quote as the reason of a REFUND, by which it can be checked later.
func (q Quote) Reason() string {
	assumed := ""
	if q.Assumption {
		assumed = ", an assumption"
	}
	return fmt.Sprintf("refund rule %s%s: %d percent (%s)", q.Rule, assumed, q.Percent, q.Until)
}
