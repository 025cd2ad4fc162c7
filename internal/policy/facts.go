package policy

import (
	"context"
	"time"
)

// Training is a training that was completed, as expressions see it: `trainings().exists(t, t.minutes >= 60)`.
type Training struct {
	// Minutes is how long it took.
	Minutes int `cel:"minutes"`
	// RoleFamily is the id of the role family that it is relevant to.
	RoleFamily string `cel:"roleFamily"`
	// Date is noon UTC of the day that it was completed: the same day wherever roles are held.
	Date time.Time `cel:"date"`
}

// Facts is one educator's record as it was known at one moment. Who makes it binds it to the
// educator, the institution and the moment that the evaluation's Input names.
//
// Each method answers a question and says which facts the answer rests on. Without facts the
// policy records the answer itself ("not demonstrated"), so an implementation may return none for
// what is missing. An id that the record does not know is answered like a missing thing; an error
// means that the record could not be read and ends the evaluation.
//
// Within one evaluation a question is asked once, however often expressions repeat it, and never
// from two goroutines.
type Facts interface {
	// Demonstrated tells whether the performance assessment was demonstrated.
	Demonstrated(ctx context.Context, assessment string) (bool, []Fact, error)
	// Attained tells whether the competency was attained.
	Attained(ctx context.Context, competency string) (bool, []Fact, error)
	// Assessments lists the ids of the course's performance assessments.
	Assessments(ctx context.Context, course string) ([]string, []Fact, error)
	// Competencies lists the ids of the course's competencies.
	Competencies(ctx context.Context, course string) ([]string, []Fact, error)
	// Enrolled tells whether the educator has a place in the course, now or before.
	Enrolled(ctx context.Context, course string) (bool, []Fact, error)
	// Completed tells whether the course was completed.
	Completed(ctx context.Context, course string) (bool, []Fact, error)
	// Minutes is the time attended in the course.
	Minutes(ctx context.Context, course string) (int, []Fact, error)
	// Holds tells whether the educator holds a credential of the type, one not revoked.
	Holds(ctx context.Context, credentialType string) (bool, []Fact, error)
	// Certified tells whether the educator holds a certificate of the course: an active credential of a type that is
	// for the course.
	Certified(ctx context.Context, course string) (bool, []Fact, error)
	// Trainings are the trainings that the educator has completed, the earliest first.
	Trainings(ctx context.Context) ([]Training, []Fact, error)
	// Held tells whether the educator held a role of the family at the date. The family "" or
	// "any" is any leadership role.
	Held(ctx context.Context, roleFamily string, date time.Time) (bool, []Fact, error)
	// CreditRequested tells whether graduate credit was asked for in the course.
	CreditRequested(ctx context.Context, course string) (bool, []Fact, error)
	// Agreement tells whether an agreement of the institution gives credit for the course.
	Agreement(ctx context.Context, course string) (bool, []Fact, error)
	// Consented tells whether the educator consents to the institution receiving their facts.
	Consented(ctx context.Context, institution string) (bool, []Fact, error)
	// RegistrationDate is when the educator registered for the course; the zero time if never.
	RegistrationDate(ctx context.Context, course string) (time.Time, []Fact, error)
}
