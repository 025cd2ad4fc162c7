package webhook

import (
	"time"

	"github.com/google/uuid"
)

// Alarm is what the contact of a subscription is told of it: that it is failing, or that it has failed.
type Alarm struct {
	Subscription uuid.UUID
	// Since is when the first of the attempts was that failed one after the other.
	Since time.Time
	// Failure is why, for people. It repeats nothing of an answer or an address.
	Failure string
	// GiveUp is when about it will have failed; zero when it has.
	GiveUp time.Time
}
