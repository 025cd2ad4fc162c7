package program

import (
	"slices"
	"time"
)

// EnrollmentRules are the rules of enrollment from one day to the next version's first day.
type EnrollmentRules struct {
	ID string `yaml:"id"`
	// Effective is the first day, at midnight UTC; zero for the version that holds since ever.
	Effective time.Time                `yaml:"effective"`
	Waitlist  WaitlistRules            `yaml:"waitlist"`
	Placement Traced[PlacementWeights] `yaml:"placement"`
	Refunds   Traced[Refunds]          `yaml:"refunds"`
	Cohort    CohortRules              `yaml:"cohort"`
	Feedback  FeedbackRules            `yaml:"feedback"`
	SignIn    Traced[SignIn]           `yaml:"signIn"`
}

// WaitlistRules say who is next and how long things wait.
type WaitlistRules struct {
	Order        Traced[[]string] `yaml:"order"` // of WaitlistKeys, the first difference decides; WaitTime is the last one
	OfferHours   Traced[int]      `yaml:"offerHours"`
	RoleWaitDays Traced[int]      `yaml:"roleWaitDays"` // for the confirmation of a reported role
	MemberLeaves Traced[string]   `yaml:"memberLeaves"` // RestStays or AllLeave
}

// What puts one person on a waitlist before another.
const (
	WaitRoleAlike = "role-alike" // a role of the section's role family
	WaitTime      = "time"       // an earlier registration
)

// WaitlistKeys are all of these.
var WaitlistKeys = []string{WaitRoleAlike, WaitTime}

// What becomes of the rest of a partner group on a waitlist when one of its members leaves.
const (
	RestStays = "rest-stays"
	AllLeave  = "all-leave"
)

// PlacementWeights are what a proposal of placements is worth, for each person; a proposal's worth is their sum.
type PlacementWeights struct {
	Placed    int `yaml:"placed"`
	RoleAlike int `yaml:"roleAlike"` // in a section for the role family of the person's role
	SiteFirst int `yaml:"siteFirst"` // at the site of the person's first choice
	SiteOther int `yaml:"siteOther"` // at another site of the person's choice
}

// Refunds say how much of a course's fee is paid back.
type Refunds struct {
	// Steps are in the order of their moments: the first whose moment has not come yet counts, and after the last one
	// nothing is paid back.
	Steps          []RefundStep `yaml:"steps"`
	OnCancellation int          `yaml:"onCancellation"` // percent, when the program cancels the section
}

// RefundStep is what is paid back to who leaves before a moment of the section.
type RefundStep struct {
	Until   string `yaml:"until"`   // of RefundMoments
	Percent int    `yaml:"percent"` // 0 to 100
}

// The moments of a section that refunds go by.
const (
	RegistrationClose = "registration-close"
	FirstMeeting      = "first-meeting"
)

// RefundMoments are all of these, in order.
var RefundMoments = []string{RegistrationClose, FirstMeeting}

// CohortRules say what is told of a section's participants together.
type CohortRules struct {
	MinimumAnswers Traced[int] `yaml:"minimumAnswers"` // of people, before answers are summed up
}

// FeedbackRules say what participants are asked about a course.
type FeedbackRules struct {
	MinimumAnswers Traced[int]             `yaml:"minimumAnswers"` // to a round, before its answers are shown
	Scale          Traced[Scale]           `yaml:"scale"`          // of all questions of that kind
	Rounds         Traced[[]FeedbackRound] `yaml:"rounds"`
}

// Scale is from not at all to fully.
type Scale struct {
	Lowest  int `yaml:"lowest"`
	Highest int `yaml:"highest"`
}

// FeedbackRound is asked at one time of a course: mid, end. A question of two rounds has one id, so that its answers
// can be compared.
type FeedbackRound struct {
	ID        string             `yaml:"id"`
	Questions []FeedbackQuestion `yaml:"questions"`
}

// FeedbackQuestion is a question, or a statement to agree with.
type FeedbackQuestion struct {
	ID      string `yaml:"id"`
	Kind    string `yaml:"kind"` // QuestionScale or QuestionText
	Wording string `yaml:"wording"`
}

// The kinds of questions.
const (
	QuestionScale = "scale" // answered by a number of the scale
	QuestionText  = "text"
)

// SignIn says how people sign in to a meeting by the code that it shows.
type SignIn struct {
	CodeSeconds int `yaml:"codeSeconds"` // how long a code is shown
	Attempts    int `yaml:"attempts"`    // wrong codes that a person may enter
}

// InForce are the rules in force on a day, of which only the calendar day counts, in the time's own zone. They are nil
// when none are, which checked rules never are, and belong to the list.
func InForce(rules []EnrollmentRules, on time.Time) *EnrollmentRules {
	today := day(on.Date())
	var in *EnrollmentRules
	for i := range rules {
		if r := &rules[i]; !r.Effective.After(today) && (in == nil || r.Effective.After(in.Effective)) {
			in = r
		}
	}
	return in
}

func (c *checker) checkEnrollmentRules() {
	first := map[time.Time]bool{}
	for i := range c.EnrollmentRules {
		r := &c.EnrollmentRules[i]
		path := at("enrollmentRules", i, r.ID)
		c.check(r.Effective.Equal(day(r.Effective.Date())), path+".effective", "is not a day")
		c.check(!first[r.Effective], path+".effective", "is that of another version too")
		first[r.Effective] = true

		c.checkWaitlist(path+".waitlist", &r.Waitlist)
		w := r.Placement.Value
		for _, weight := range []struct {
			key   string
			value int
		}{{"placed", w.Placed}, {"roleAlike", w.RoleAlike}, {"siteFirst", w.SiteFirst}, {"siteOther", w.SiteOther}} {
			c.check(weight.value >= 0, path+".placement."+weight.key, "must not be negative")
		}
		c.checkRefunds(path+".refunds", r.Refunds.Value)
		c.check(r.Cohort.MinimumAnswers.Value >= 1, path+".cohort.minimumAnswers", "must be positive")
		c.checkFeedback(path+".feedback", &r.Feedback)
		c.check(r.SignIn.Value.CodeSeconds >= 1, path+".signIn.codeSeconds", "must be positive")
		c.check(r.SignIn.Value.Attempts >= 1, path+".signIn.attempts", "must be positive")
	}
	c.check(first[time.Time{}], "enrollmentRules", "none hold since ever: there would be days without rules")
}

func (c *checker) checkWaitlist(path string, w *WaitlistRules) {
	order := w.Order.Value
	for i, key := range order {
		c.check(slices.Contains(WaitlistKeys, key), path+".order", "unknown key %q", key)
		c.check(!slices.Contains(order[:i], key), path+".order", "names %q twice", key)
	}
	c.check(len(order) > 0 && order[len(order)-1] == WaitTime, path+".order", "must end with %q: nothing else tells all people apart", WaitTime)
	c.check(w.OfferHours.Value >= 1, path+".offerHours", "must be positive")
	c.check(w.RoleWaitDays.Value >= 1, path+".roleWaitDays", "must be positive")
	leaves := w.MemberLeaves.Value
	c.check(leaves == RestStays || leaves == AllLeave, path+".memberLeaves", "is %q, neither %q nor %q", leaves, RestStays, AllLeave)
}

func (c *checker) checkRefunds(path string, r Refunds) {
	for i, step := range r.Steps {
		path := at(path+".steps", i, "")
		moment := slices.Index(RefundMoments, step.Until)
		c.check(moment >= 0, path+".until", "unknown moment %q", step.Until)
		c.check(0 <= step.Percent && step.Percent <= 100, path+".percent", "is %d, but must be 0 to 100", step.Percent)
		if i > 0 {
			before := r.Steps[i-1]
			c.check(moment > slices.Index(RefundMoments, before.Until), path+".until", "does not come after %q", before.Until)
			c.check(step.Percent <= before.Percent, path+".percent", "is %d, above the %d of the step before", step.Percent, before.Percent)
		}
	}
	c.check(0 <= r.OnCancellation && r.OnCancellation <= 100, path+".onCancellation", "is %d, but must be 0 to 100", r.OnCancellation)
}

func (c *checker) checkFeedback(path string, f *FeedbackRules) {
	c.check(f.MinimumAnswers.Value >= 1, path+".minimumAnswers", "must be positive")
	scale := f.Scale.Value
	c.check(scale == Scale{1, 5}, path+".scale", "goes from %d to %d, but answers go from 1 to 5", scale.Lowest, scale.Highest)
	c.check(len(f.Rounds.Value) > 0, path+".rounds", "empty")
	for i, round := range f.Rounds.Value {
		path := at(path+".rounds", i, round.ID)
		c.check(len(round.Questions) > 0, path+".questions", "empty")
		for j, q := range round.Questions {
			path := at(path+".questions", j, q.ID)
			c.check(q.Kind == QuestionScale || q.Kind == QuestionText, path+".kind", "unknown kind of question %q", q.Kind)
			c.check(q.Wording != "", path+".wording", "empty")
		}
	}
}
