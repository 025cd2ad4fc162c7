package demo

import (
	"context"
	"time"

	assessmentpb "github.com/btlc/btlc/gen/go/btlc/assessment/v1"
	credentialpb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
)

// dueWeeks are the weeks of meetings at whose end the assessments of a course are due.
var dueWeeks = []int{4, 7, 10, 12}

// scheduleWork lets a participant hand in their work and have it scored, and issues the certificate that it earns. It says
// when, and whether it earns one.
func (l *loader) scheduleWork(t *timeline, c *catalog, s *section, seat *seat, today time.Time) (issued time.Time, earned bool) {
	if !s.cancelled.IsZero() || !seat.withdraws.IsZero() {
		return time.Time{}, false
	}
	var last time.Time
	earned = true
	for i, work := range seat.work {
		a := c.courses[s.course].assessments[i]
		due := s.term.week(dueWeeks[i], time.Sunday, 18, 0)
		if !work.handsIn {
			earned = false
			continue
		}
		earned = earned && work.demonstrated()
		submission, handedIn := l.scheduleAttempt(t, c, a, seat, 1, due.AddDate(0, 0, work.daysLate))
		if work.waits {
			continue
		}
		scored := l.scheduleScore(t, submission, handedIn, work.first)
		if !work.first && work.another {
			submission, handedIn = l.scheduleAttempt(t, c, a, seat, 2, scored.AddDate(0, 0, 7))
			scored = l.scheduleScore(t, submission, handedIn, work.second)
		}
		if scored.After(last) {
			last = scored
		}
	}
	if issued = fridayAfter(last); earned {
		l.scheduleCredential(t, c.courses[s.course].credentialType, seat, issued, today)
	}
	return issued, earned
}

// scheduleAttempt lets the work lie as a draft for three days before it is handed in. The submission has its name when it
// is made.
func (l *loader) scheduleAttempt(t *timeline, c *catalog, a *assessmentpb.PerformanceAssessment, seat *seat, attempt int, handedIn time.Time) (*string, time.Time) {
	name := new(string)
	t.at(handedIn.AddDate(0, 0, -3), func(ctx context.Context) error {
		made, err := l.assessment.CreateSubmission(l.portal.as(ctx), &assessmentpb.CreateSubmissionRequest{Submission: &assessmentpb.Submission{
			Educator: seat.person.name, Framework: c.framework, Assessment: a.Id, Evidence: evidence(a, seat.person, attempt),
		}})
		*name = made.GetSubmission().GetName()
		return err
	})
	t.at(handedIn, func(ctx context.Context) error {
		_, err := l.assessment.SubmitSubmission(l.portal.as(ctx), &assessmentpb.SubmitSubmissionRequest{Name: *name})
		return err
	})
	return name, handedIn
}

// scheduleScore has work scored four days after it was handed in, and says when.
func (l *loader) scheduleScore(t *timeline, submission *string, handedIn time.Time, demonstrated bool) time.Time {
	sheet := &assessmentpb.ScoreSheet{Outcome: assessmentpb.ScoreOutcome_SCORE_OUTCOME_DEMONSTRATED, Rationale: "Every part is there, and the evidence bears out what is said of it."}
	if !demonstrated {
		sheet = &assessmentpb.ScoreSheet{Outcome: assessmentpb.ScoreOutcome_SCORE_OUTCOME_NOT_YET, Rationale: "What was done is told well; what followed from it is not shown yet. Add what the team did next."}
	}
	scored := handedIn.AddDate(0, 0, 4).Add(time.Hour)
	t.at(scored, func(ctx context.Context) error {
		_, err := l.assessment.SubmitScoreSheet(l.assessor.as(ctx), &assessmentpb.SubmitScoreSheetRequest{Parent: *submission, ScoreSheet: sheet})
		return err
	})
	return scored
}

// fridayAfter is the next Friday, a day later at least, at ten: certificates are issued on Fridays.
func fridayAfter(moment time.Time) time.Time {
	d := time.Date(moment.Year(), moment.Month(), moment.Day()+1, 10, 0, 0, 0, moment.Location())
	return d.AddDate(0, 0, (int(time.Friday)-int(d.Weekday())+7)%7)
}

// scheduleCredential issues a certificate and lets its fate take its course: within two months, or within the time that
// is left until today.
func (l *loader) scheduleCredential(t *timeline, credentialType string, seat *seat, issued, today time.Time) {
	t.at(issued, func(ctx context.Context) error {
		made, err := l.credential.IssueCredential(l.staff.as(ctx), &credentialpb.IssueCredentialRequest{Educator: seat.person.name, CredentialType: credentialType})
		seat.credentialName = made.GetCredential().GetName()
		return err
	})
	left := min(60*day, today.Sub(issued))
	if left <= 0 {
		return
	}
	first, second := issued.Add(left/3).Truncate(time.Minute), issued.Add(left*2/3).Truncate(time.Minute)
	switch seat.credential {
	case isSuspended:
		t.at(first, func(ctx context.Context) error { return l.suspend(ctx, seat) })
	case isReinstated:
		t.at(first, func(ctx context.Context) error { return l.suspend(ctx, seat) })
		t.at(second, func(ctx context.Context) error {
			_, err := l.credential.ReinstateCredential(l.staff.as(ctx), &credentialpb.ReinstateCredentialRequest{Name: seat.credentialName, ReasonCode: "REVIEW_CLOSED", Authority: "Program director"})
			return err
		})
	case isRevoked:
		t.at(first, func(ctx context.Context) error { return l.revoke(ctx, seat, "ISSUED_IN_ERROR") })
	case isSuspendedThenRevoked:
		t.at(first, func(ctx context.Context) error { return l.suspend(ctx, seat) })
		t.at(second, func(ctx context.Context) error { return l.revoke(ctx, seat, "EVIDENCE_NOT_OWN") })
	case isReissued:
		t.at(first, func(ctx context.Context) error {
			_, err := l.credential.ReissueCredential(l.staff.as(ctx), &credentialpb.ReissueCredentialRequest{Name: seat.credentialName, ReasonCode: "IDENTITY_CORRECTED", Authority: "Program director"})
			return err
		})
	}
}

func (l *loader) suspend(ctx context.Context, seat *seat) error {
	_, err := l.credential.SuspendCredential(l.staff.as(ctx), &credentialpb.SuspendCredentialRequest{Name: seat.credentialName, ReasonCode: "UNDER_REVIEW", Authority: "Program director", Note: "Until the committee has met."})
	return err
}

func (l *loader) revoke(ctx context.Context, seat *seat, reason string) error {
	_, err := l.credential.RevokeCredential(l.staff.as(ctx), &credentialpb.RevokeCredentialRequest{Name: seat.credentialName, ReasonCode: reason, Authority: "Program director"})
	return err
}
