package record_test

import (
	"context"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/competency"
	"github.com/btlc/btlc/ent/performanceassessment"
	"github.com/btlc/btlc/internal/policy"
	"github.com/btlc/btlc/internal/record"
	"github.com/btlc/btlc/internal/record/recordtest"
)

// after is a number of days after the world's start.
func after(days int) time.Time { return recordtest.Start.AddDate(0, 0, days) }

// past is a record that was written day by day from the world's start on:
//
//	1 a role is confirmed, held since 2024    5 an assessment is demonstrated     9 the credential is suspended
//	2 registered                              6 the consent is given              10 the role is ended, as of day 8
//	3 a meeting of 100 minutes                7 credit is asked for               11 the course is completed
//	4 corrected to 60 minutes                 8 a credential is issued            12 the consent and the request are withdrawn
//	                                                                              13 the credential is revoked
//
// and a training of day 6, recorded on day 8, is voided on day 11.
func past(t *testing.T) (*recordtest.World, uuid.UUID) {
	t.Helper()
	w, ctx := recordtest.New(t), t.Context()
	db := w.Ent()
	educator := w.Educator("bps", "B1")
	role := w.Assign(recordtest.Assignment{Educator: educator, Family: "mentor", State: "CONFIRMED", Start: "2024-09-01", ConfirmedAt: after(1)})
	registration := w.Register(educator, role, "using-data", "ENROLLED", after(2).Format(time.DateOnly))
	w.Travel(after(13))
	recordtest.Must(t, exec(ctx, w, "UPDATE registrations SET create_time = $1, state = 'COMPLETED', state_time = $2", after(2), after(11)))
	meeting := db.Meeting.Create().SetSectionID(registration.Section).SetMeetingNumber(1).SetStartTime(after(3).Add(-3 * time.Hour)).SetEndTime(after(3)).SaveX(ctx)
	enter := func(minutes int32, at time.Time) *ent.AttendanceEntryCreate {
		return db.AttendanceEntry.Create().SetMeetingID(meeting.ID).SetRegistrationID(registration.ID).SetKind("PRESENT").SetLate(false).SetRecordedBy("test").SetMinutes(minutes).SetCreateTime(at)
	}
	mistaken := enter(100, after(3)).SaveX(ctx)
	enter(60, after(4)).SetCorrectsID(mistaken.ID).ExecX(ctx)
	assessment := db.PerformanceAssessment.Query().Where(performanceassessment.Code("using-data-assessment-1")).OnlyX(ctx)
	submission := db.Submission.Create().SetEducatorID(educator).SetAssessmentID(assessment.ID).SetAttempt(1).SetState("DEMONSTRATED").SetDecideTime(after(5)).SaveX(ctx)
	attained := db.Competency.Query().Where(competency.ID(assessment.CompetencyID)).OnlyX(ctx)
	db.Attainment.Create().SetEducatorID(educator).SetCompetencyID(attained.ID).SetSubmissionID(submission.ID).SetAttainTime(after(5)).SetCreateTime(after(5)).ExecX(ctx)
	db.Consent.Create().SetEducatorID(educator).SetInstitutionID("umass-boston").SetCreateTime(after(6)).SetRevokeTime(after(12)).ExecX(ctx)
	agreement, err := record.AgreementInForce(ctx, db, "umass-boston", "using-data", after(7))
	recordtest.Must(t, err)
	db.CreditRequest.Create().SetRegistrationID(registration.ID).SetEducatorID(educator).SetInstitutionID("umass-boston").SetAgreementID(agreement.ID).
		SetState("WITHDRAWN").SetCreateTime(after(7)).SetUpdateTime(after(12)).ExecX(ctx)
	policyVersion, err := record.LatestPolicy(ctx, db, "course-certificate")
	recordtest.Must(t, err)
	credential := db.Credential.Create().SetEducatorID(educator).SetCredentialTypeID("using-data-certificate").SetPolicyVersionID(policyVersion.ID).SetFrameworkID("btlc-1").
		SetStatus("REVOKED").SetIssueTime(after(8)).SetStatusTime(after(13)).SetDocument("{}").SetKeyID("test").SetVersion(3).SetCreateTime(after(8)).SetUpdateTime(after(13)).SaveX(ctx)
	for i, status := range []string{"ACTIVE", "SUSPENDED", "REVOKED"} {
		db.CredentialEvent.Create().SetCredentialID(credential.ID).SetVersion(int32(i + 1)).SetStatus(status).SetReasonCode("TEST").SetAuthority("test").SetRecordedBy("test").
			SetCreateTime([]time.Time{after(8), after(9), after(13)}[i]).ExecX(ctx)
	}
	db.Training.Create().SetEducatorID(educator).SetRoleFamilyID("mentor").SetTitle("Coaching").SetProvider("The program").SetMinutes(90).SetCompleteDate(recordtest.Day(after(6).Format(time.DateOnly))).
		SetRecordedBy("test").SetCreateTime(after(8)).SetVoidTime(after(11)).SetVoidReason("Another person's").ExecX(ctx)
	recordtest.Must(t, exec(ctx, w, "UPDATE role_assignments SET state = 'ENDED', end_date = $1, update_time = $2", after(8), after(10)))
	return w, educator
}

func exec(ctx context.Context, w *recordtest.World, statement string, args ...any) error {
	_, err := w.SQL().ExecContext(ctx, statement, args...)
	return err
}

// said is what a record answers to everything that can be asked of it, and the facts that it gives.
type said struct {
	answers map[string]any
	facts   []policy.Fact
}

func everything(ctx context.Context, t fataler, f policy.Facts) said {
	s := said{answers: map[string]any{}}
	keep := func(question string, answer any, facts []policy.Fact, err error) {
		if err != nil {
			t.Fatalf("%s: %v", question, err)
		}
		s.answers[question] = answer
		s.facts = append(s.facts, facts...)
	}
	for question, about := range map[string]struct {
		ask func(context.Context, string) (bool, []policy.Fact, error)
		of  string
	}{
		"demonstrated": {f.Demonstrated, "using-data-assessment-1"}, "attained": {f.Attained, "using-data-1"}, "enrolled": {f.Enrolled, "using-data"},
		"completed": {f.Completed, "using-data"}, "holds": {f.Holds, "using-data-certificate"}, "certified": {f.Certified, "using-data"}, "requested": {f.CreditRequested, "using-data"},
		"consented": {f.Consented, "umass-boston"}, "agreement": {f.Agreement, "using-data"},
	} {
		answer, facts, err := about.ask(ctx, about.of)
		keep(question, answer, facts, err)
	}
	for question, day := range map[string]int{"held in the beginning": 0, "held after": 9} {
		held, facts, err := f.Held(ctx, "mentor", after(day))
		keep(question, held, facts, err)
	}
	trainings, facts, err := f.Trainings(ctx)
	keep("trained", len(trainings) == 1, facts, err)
	minutes, facts, err := f.Minutes(ctx, "using-data")
	keep("minutes", minutes, facts, err)
	date, facts, err := f.RegistrationDate(ctx, "using-data")
	keep("date", !date.IsZero(), facts, err)
	return s
}

type fataler interface {
	Fatalf(format string, args ...any)
}

// TestFactsOfThePast walks the record through its days: by what was true and on record then, by what was true then and is
// known now, and by what is true now and was known then.
func TestFactsOfThePast(t *testing.T) {
	w, educator := past(t)
	const both, asOf, knownAsOf = "both", "as of", "known as of"
	at := func(how string, day int) map[string]any {
		about := record.About{Educator: educator, Institution: "umass-boston", Now: w.Now()}
		if how != knownAsOf {
			about.AsOf = after(day)
		}
		if how != asOf {
			about.KnownAsOf = after(day)
		}
		return everything(t.Context(), t, record.FactsOf(w.Ent(), about)).answers
	}
	for _, c := range []struct {
		question  string
		how       string
		from, end int // days on which the answer is yes; end is the first on which it is not
	}{
		{"held in the beginning", both, 1, 99}, {"held in the beginning", asOf, 0, 99}, {"held in the beginning", knownAsOf, 1, 99},
		{"held after", knownAsOf, 1, 10}, {"held after", asOf, 99, 99},
		{"enrolled", both, 2, 99}, {"enrolled", asOf, 2, 99}, {"enrolled", knownAsOf, 2, 99}, {"date", both, 2, 99},
		{"completed", both, 11, 99}, {"completed", asOf, 11, 99}, {"completed", knownAsOf, 11, 99},
		{"demonstrated", both, 5, 99}, {"attained", both, 5, 99}, {"attained", asOf, 5, 99}, {"attained", knownAsOf, 5, 99},
		{"consented", both, 6, 12}, {"consented", asOf, 6, 12}, {"consented", knownAsOf, 6, 12},
		{"requested", both, 7, 12}, {"requested", asOf, 7, 12}, {"requested", knownAsOf, 7, 12},
		{"holds", both, 8, 9}, {"holds", asOf, 8, 9}, {"holds", knownAsOf, 8, 9},
		{"certified", both, 8, 9}, {"certified", asOf, 8, 9}, {"certified", knownAsOf, 8, 9},
		{"trained", both, 8, 11}, {"trained", asOf, 99, 99}, {"trained", knownAsOf, 8, 11},
		{"agreement", both, 0, 99},
	} {
		for day := range 14 {
			if got, want := at(c.how, day)[c.question], day >= c.from && day < c.end; got != want {
				t.Errorf("%s, %s day %d: %v, want %v", c.question, c.how, day, got, want)
			}
		}
	}
	for how, want := range map[string]map[int]int{both: {2: 0, 3: 100, 4: 60}, asOf: {2: 0, 3: 60, 4: 60}, knownAsOf: {2: 0, 3: 100, 13: 60}} {
		for day, minutes := range want {
			if got := at(how, day)["minutes"]; got != minutes {
				t.Errorf("%s day %d: %v minutes, want %d", how, day, got, minutes)
			}
		}
	}
	// A role that is yet to begin is not held on a later day either.
	for asOf, want := range map[string]bool{"2024-08-31": false, "2024-09-02": true} {
		f := record.FactsOf(w.Ent(), record.About{Educator: educator, Now: w.Now(), AsOf: recordtest.Day(asOf)})
		if a := ask[bool](t)(f.Held(t.Context(), "mentor", after(0))); a.value != want {
			t.Errorf("as of %s: held %v, want %v", asOf, a.value, want)
		}
	}
}

// At any two times no fact is given that was recorded later, nor one that came true later; facts that can only be added are
// kept with time; and at the present moment the answer is the plain one.
func TestFactsKeepToTheirTimes(t *testing.T) {
	w, educator := past(t)
	about := record.About{Educator: educator, Institution: "umass-boston", Now: w.Now()}
	ctx := t.Context()
	plain := everything(ctx, t, record.FactsOf(w.Ent(), about))
	rapid.Check(t, func(t *rapid.T) {
		hours := rapid.IntRange(0, 13*24)
		then := about
		then.AsOf = recordtest.Start.Add(time.Duration(hours.Draw(t, "as of")) * time.Hour)
		then.KnownAsOf = recordtest.Start.Add(time.Duration(hours.Draw(t, "known as of")) * time.Hour)
		got := everything(ctx, t, record.FactsOf(w.Ent(), then))
		for _, fact := range got.facts {
			if fact.RecordedAt.After(then.KnownAsOf) {
				t.Fatalf("known as of %v: %+v", then.KnownAsOf, fact)
			}
			// What is kept by the day counts from the beginning of its day.
			if fact.OccurredAt.After(then.AsOf.Add(24 * time.Hour)) {
				t.Fatalf("as of %v: %+v", then.AsOf, fact)
			}
		}
		later := then
		later.KnownAsOf = then.KnownAsOf.Add(time.Duration(hours.Draw(t, "later")) * time.Hour)
		more := everything(ctx, t, record.FactsOf(w.Ent(), later))
		for _, question := range []string{"held in the beginning", "enrolled", "completed", "date", "demonstrated", "attained", "agreement"} {
			if got.answers[question] == true && more.answers[question] != true {
				t.Fatalf("%s: known as of %v and not as of %v", question, then.KnownAsOf, later.KnownAsOf)
			}
		}
	})
	about.AsOf, about.KnownAsOf = w.Now(), w.Now()
	if now := everything(t.Context(), t, record.FactsOf(w.Ent(), about)); !reflect.DeepEqual(now.answers, plain.answers) {
		t.Errorf("as of now %v, plainly %v", now.answers, plain.answers)
	}
}

func TestACredentialWhoseTimeIsOverIsNotHeld(t *testing.T) {
	w, ctx := recordtest.New(t), t.Context()
	educator := w.Educator("bps", "B1")
	version, err := record.LatestPolicy(ctx, w.Ent(), "course-certificate")
	recordtest.Must(t, err)
	w.Ent().Credential.Create().SetEducatorID(educator).SetCredentialTypeID("using-data-certificate").SetPolicyVersionID(version.ID).SetFrameworkID("btlc-1").
		SetIssueTime(after(0)).SetStatusTime(after(0)).SetDocument("{}").SetKeyID("test").SetExpireTime(after(2)).SetCreateTime(after(0)).SetUpdateTime(after(0)).ExecX(ctx)
	w.Travel(after(2).Add(-time.Second))
	yes(t, ask[bool](t)(factsOf(w, educator).Holds(ctx, "using-data-certificate")), "credential", "using-data-certificate", "held")
	w.Travel(after(2))
	no(t, ask[bool](t)(factsOf(w, educator).Holds(ctx, "using-data-certificate")))
	yes(t, ask[bool](t)(record.FactsOf(w.Ent(), record.About{Educator: educator, Now: w.Now(), AsOf: after(1)}).Holds(ctx, "using-data-certificate")), "credential", "using-data-certificate", "held")
}

// People who are looked at together are told apart.
func TestRecordsOfSeveral(t *testing.T) {
	w, first := past(t)
	second, registration := w.Graduate("B2")
	w.Attend(registration, 1, 90)
	stranger := w.Educator("bps", "B3")
	together := record.RecordsOf(w.Ent(), []uuid.UUID{first, second, stranger}, w.Now())
	for _, person := range []uuid.UUID{stranger, second, first} {
		alone := everything(t.Context(), t, record.FactsOf(w.Ent(), record.About{Educator: person, Institution: "umass-boston", Now: w.Now()}))
		if got := everything(t.Context(), t, together.Facts(person, "umass-boston")); !reflect.DeepEqual(got.answers, alone.answers) {
			t.Errorf("together %v, alone %v", got.answers, alone.answers)
		}
		courses, err := together.Courses(t.Context(), person)
		recordtest.Must(t, err)
		if (len(courses) == 1 && courses[0] == "using-data") != (person != stranger) {
			t.Errorf("courses %v", courses)
		}
	}
}
