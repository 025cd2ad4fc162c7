package gradcredit

import (
	"slices"
	"time"

	"github.com/btlc/btlc/internal/api"
)

// postingLife is the life of a posting. What was retracted stays so: credit that is posted after all is another posting.
var postingLife = api.Life{
	{"", "create", "POSTED"},
	{"POSTED", "retract", "RETRACTED"},
}

// checkPostDate refuses a date on a transcript that lies ahead. Both are days as midnight UTC; today is the program's.
func checkPostDate(day, today time.Time) error {
	if day.After(today) {
		return api.InvalidField("creditPosting.postDate", "is after today: what will be posted is no posting yet")
	}
	return nil
}

// ended are the states of a registration that came to its end without a seat, or gave it back: no credit comes of it. Who still
// waits for a seat may ask for credit already.
var ended = []string{"WITHDRAWN", "DECLINED", "EXPIRED"}

// seated are the states of a registration by which somebody takes part, or did to the end: credit is posted for these alone.
// Whether it is due without completion is the institution's to say.
var seated = []string{"ENROLLED", "COMPLETED", "NOT_COMPLETED"}

// asked is what a posting answers.
type asked struct {
	// state is that of the request for credit, registration that of its registration, registered the latter's day as
	// midnight UTC.
	state, registration string
	registered          time.Time
	// credits are those of the agreement that the request rests on.
	credits int32
}

// grants says of how many credits a posting of the day is: of those that it names, or for 0 of the agreement's. The error
// is STATE_CONFLICT for a request that does not stand or that did not yet on that day, and INVALID_REQUEST for more than was
// agreed.
func (a asked) grants(credits int32, day time.Time) (int32, error) {
	if a.state != requestLife.First() {
		return 0, api.Errorf(api.StateConflict, "The request for credit is %s.", a.state).With("state", a.state)
	}
	if !slices.Contains(seated, a.registration) {
		return 0, api.Errorf(api.StateConflict, "The registration is %s: credit is posted for a seat.", a.registration).With("state", a.registration)
	}
	if credits > a.credits {
		return 0, api.InvalidField("creditPosting.credits", "is more than the agreement grants: %d", a.credits)
	}
	if day.Before(a.registered) {
		registered := a.registered.Format(time.DateOnly)
		return 0, api.Errorf(api.StateConflict, "The credit would be posted before the registration of %s.", registered).With("registerDate", registered)
	}
	if credits == 0 {
		return a.credits, nil
	}
	return credits, nil
}
