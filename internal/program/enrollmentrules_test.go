package program

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestEnrollmentRules(t *testing.T) {
	rules := load(t).EnrollmentRules
	equal(t, "number of versions", len(rules), 1)
	r := rules[0]
	equal(t, "waitlist order", slices.Equal(r.Waitlist.Order.Value, []string{WaitRoleAlike, WaitTime}), true)
	equal(t, "hours of an offer", r.Waitlist.OfferHours.Value, 72)
	equal(t, "days for a role", r.Waitlist.RoleWaitDays.Value, 14)
	equal(t, "who stays", r.Waitlist.MemberLeaves.Value, RestStays)
	equal(t, "placement", r.Placement.Value, PlacementWeights{1000, 100, 30, 10})
	equal(t, "refund steps", slices.Equal(r.Refunds.Value.Steps, []RefundStep{{RegistrationClose, 100}, {FirstMeeting, 50}}), true)
	equal(t, "refund on cancellation", r.Refunds.Value.OnCancellation, 100)
	equal(t, "answers of a cohort", r.Cohort.MinimumAnswers.Value, 5)
	equal(t, "answers of a round", r.Feedback.MinimumAnswers.Value, 5)
	equal(t, "scale", r.Feedback.Scale.Value, Scale{1, 5})
	equal(t, "rounds", len(r.Feedback.Rounds.Value), 2)
	equal(t, "sign-in", r.SignIn.Value, SignIn{60, 5})
	for what, assumed := range map[string]bool{
		"order": r.Waitlist.Order.Assumption, "offerHours": r.Waitlist.OfferHours.Assumption, "roleWaitDays": r.Waitlist.RoleWaitDays.Assumption,
		"memberLeaves": r.Waitlist.MemberLeaves.Assumption, "placement": r.Placement.Assumption, "refunds": r.Refunds.Assumption,
		"cohort": r.Cohort.MinimumAnswers.Assumption, "feedback": r.Feedback.MinimumAnswers.Assumption, "scale": r.Feedback.Scale.Assumption,
		"rounds": r.Feedback.Rounds.Assumption, "signIn": r.SignIn.Assumption,
	} {
		equal(t, what+" is an assumption", assumed, true)
	}
}

// What a question asked in both rounds is compared by is its kind.
func TestQuestionsOfBothRoundsAreComparable(t *testing.T) {
	kinds, both := map[string]string{}, 0
	for _, round := range load(t).EnrollmentRules[0].Feedback.Rounds.Value {
		for _, q := range round.Questions {
			if kind, ok := kinds[q.ID]; ok {
				equal(t, "kind of "+q.ID, q.Kind, kind)
				both++
			}
			kinds[q.ID] = q.Kind
		}
	}
	equal(t, "questions of both rounds", both, 5)
}

func TestEnrollmentRulesFaults(t *testing.T) {
	const path = "enrollmentrules.yaml: enrollmentRules[enrollment-1]"
	for name, c := range map[string]struct {
		damage func(r *EnrollmentRules)
		fault  string
	}{
		"silent assumption": {func(r *EnrollmentRules) { r.Refunds.Note = "all" }, path + ".refunds: is an assumption, but its text does not say so"},
		"no trace":          {func(r *EnrollmentRules) { r.SignIn.Assumption = false }, path + ".signIn: has no sources and is no assumption"},
		"unknown source":    {func(r *EnrollmentRules) { r.Placement.Sources = []string{"S9"} }, path + `.placement.sources: no source "S9"`},
		"no day":            {func(r *EnrollmentRules) { r.Effective = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC) }, path + ".effective: is not a day"},
		"none since ever":   {func(r *EnrollmentRules) { r.Effective = day(2026, 9, 1) }, "enrollmentrules.yaml: enrollmentRules: none hold since ever: there would be days without rules"},

		"order key":      {func(r *EnrollmentRules) { r.Waitlist.Order.Value = []string{"name", WaitTime} }, path + `.waitlist.order: unknown key "name"`},
		"order twice":    {func(r *EnrollmentRules) { r.Waitlist.Order.Value = []string{WaitTime, WaitTime} }, path + `.waitlist.order: names "time" twice`},
		"no order":       {func(r *EnrollmentRules) { r.Waitlist.Order.Value = nil }, path + `.waitlist.order: must end with "time": nothing else tells all people apart`},
		"order of ties":  {func(r *EnrollmentRules) { slices.Reverse(r.Waitlist.Order.Value) }, path + `.waitlist.order: must end with "time": nothing else tells all people apart`},
		"offer hours":    {func(r *EnrollmentRules) { r.Waitlist.OfferHours.Value = 0 }, path + ".waitlist.offerHours: must be positive"},
		"role wait days": {func(r *EnrollmentRules) { r.Waitlist.RoleWaitDays.Value = -1 }, path + ".waitlist.roleWaitDays: must be positive"},
		"member leaves":  {func(r *EnrollmentRules) { r.Waitlist.MemberLeaves.Value = "some" }, path + `.waitlist.memberLeaves: is "some", neither "rest-stays" nor "all-leave"`},

		"placed":     {func(r *EnrollmentRules) { r.Placement.Value.Placed = -1 }, path + ".placement.placed: must not be negative"},
		"role-alike": {func(r *EnrollmentRules) { r.Placement.Value.RoleAlike = -1 }, path + ".placement.roleAlike: must not be negative"},
		"first site": {func(r *EnrollmentRules) { r.Placement.Value.SiteFirst = -1 }, path + ".placement.siteFirst: must not be negative"},
		"other site": {func(r *EnrollmentRules) { r.Placement.Value.SiteOther = -1 }, path + ".placement.siteOther: must not be negative"},

		"refund moment":    {func(r *EnrollmentRules) { r.Refunds.Value.Steps[0].Until = "noon" }, path + `.refunds.steps[0].until: unknown moment "noon"`},
		"refund order":     {func(r *EnrollmentRules) { r.Refunds.Value.Steps[1].Until = RegistrationClose }, path + `.refunds.steps[1].until: does not come after "registration-close"`},
		"refund above all": {func(r *EnrollmentRules) { r.Refunds.Value.Steps[0].Percent = 101 }, path + ".refunds.steps[0].percent: is 101, but must be 0 to 100"},
		"refund grows":     {func(r *EnrollmentRules) { r.Refunds.Value.Steps[0].Percent = 49 }, path + ".refunds.steps[1].percent: is 50, above the 49 of the step before"},
		"refund below all": {func(r *EnrollmentRules) { r.Refunds.Value.OnCancellation = -1 }, path + ".refunds.onCancellation: is -1, but must be 0 to 100"},

		"cohort":         {func(r *EnrollmentRules) { r.Cohort.MinimumAnswers.Value = 0 }, path + ".cohort.minimumAnswers: must be positive"},
		"answers":        {func(r *EnrollmentRules) { r.Feedback.MinimumAnswers.Value = 0 }, path + ".feedback.minimumAnswers: must be positive"},
		"scale":          {func(r *EnrollmentRules) { r.Feedback.Scale.Value.Highest = 1 }, path + ".feedback.scale: goes from 1 to 1, but answers go from 1 to 5"},
		"no rounds":      {func(r *EnrollmentRules) { r.Feedback.Rounds.Value = nil }, path + ".feedback.rounds: empty"},
		"no questions":   {func(r *EnrollmentRules) { r.Feedback.Rounds.Value[0].Questions = nil }, path + ".feedback.rounds[mid].questions: empty"},
		"question kind":  {func(r *EnrollmentRules) { r.Feedback.Rounds.Value[0].Questions[0].Kind = "grade" }, path + `.feedback.rounds[mid].questions[role].kind: unknown kind of question "grade"`},
		"no wording":     {func(r *EnrollmentRules) { r.Feedback.Rounds.Value[1].Questions[0].Wording = "" }, path + ".feedback.rounds[end].questions[role].wording: empty"},
		"question twice": {func(r *EnrollmentRules) { r.Feedback.Rounds.Value[1].Questions[0].ID = "goals" }, path + `.feedback.rounds.value[end].questions: id "goals" is used twice`},

		"seconds of a code": {func(r *EnrollmentRules) { r.SignIn.Value.CodeSeconds = 0 }, path + ".signIn.codeSeconds: must be positive"},
		"attempts":          {func(r *EnrollmentRules) { r.SignIn.Value.Attempts = 0 }, path + ".signIn.attempts: must be positive"},
	} {
		t.Run(name, func(t *testing.T) {
			wantFault(t, func(p *Program) { c.damage(&p.EnrollmentRules[0]) }, c.fault)
		})
	}
	t.Run("day of two versions", func(t *testing.T) {
		wantFault(t, func(p *Program) {
			p.EnrollmentRules = append(p.EnrollmentRules, p.EnrollmentRules[0])
			p.EnrollmentRules[1].ID = "enrollment-2"
		}, "enrollmentrules.yaml: enrollmentRules[enrollment-2].effective: is that of another version too")
	})
}

func TestInForce(t *testing.T) {
	boston, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	rules := []EnrollmentRules{{ID: "third", Effective: day(2028, 1, 1)}, {ID: "first"}, {ID: "second", Effective: day(2027, 1, 1)}}
	for _, c := range []struct {
		on   time.Time
		want string
	}{
		{day(2010, 9, 1), "first"},
		{day(2026, 12, 31), "first"},
		{day(2027, 1, 1), "second"},
		{time.Date(2026, 12, 31, 23, 59, 0, 0, boston), "first"}, // the next day, in UTC
		{time.Date(2027, 1, 1, 0, 0, 0, 0, boston), "second"},
		{day(2030, 1, 1), "third"},
	} {
		equal(t, c.on.String(), InForce(rules, c.on).ID, c.want)
	}
	equal(t, "nothing of no rules", InForce(nil, day(2026, 1, 1)) == nil, true)
	equal(t, "nothing before the first", InForce(rules[:1], day(2026, 1, 1)) == nil, true)
}

// The rules in force are the latest that have begun, in whatever order they are listed.
func TestInForceIsTheLatestBegun(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		begins := rapid.SliceOfNDistinct(rapid.IntRange(0, 60), 1, 8, rapid.ID).Draw(t, "begins")
		today := rapid.IntRange(0, 60).Draw(t, "today")
		start := day(2026, 1, 1)
		rules, want := []EnrollmentRules{}, -1
		for _, n := range begins {
			rules = append(rules, EnrollmentRules{Effective: start.AddDate(0, 0, n)})
			if n <= today {
				want = max(want, n)
			}
		}
		in := InForce(rules, start.AddDate(0, 0, today))
		switch {
		case want < 0:
			if in != nil {
				t.Fatalf("rules of %s are in force before their day", in.Effective)
			}
		case in == nil || !in.Effective.Equal(start.AddDate(0, 0, want)):
			t.Fatalf("in force: %v, want those of day %d", in, want)
		}
	})
}
