package demo

import (
	"context"
	"time"

	credentialpb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	enrollmentpb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/api"
)

// scheduleFullCredential records a training that somebody took in the term for their role, perhaps twice by mistake, and
// issues the full credential on the Friday after the last of the certificates. A role that the sources place in no family has
// no training, and nobody earns the credential by it.
func (l *loader) scheduleFullCredential(t *timeline, c *catalog, p *person, in term, certified time.Time, twice bool) {
	taken := in.week(5, time.Friday, 12, 0)
	forRole := func(moment time.Time, do func(ctx context.Context, family string) error) {
		t.at(moment, func(ctx context.Context) error {
			roles := p.school.district.roles // known when the districts are open
			if family := roles[p.holding.role%len(roles)].family; family != "" {
				return do(ctx, family)
			}
			return nil
		})
	}
	forRole(taken.AddDate(0, 0, 4), func(ctx context.Context, family string) error {
		_, err := l.train(ctx, p, family, taken)
		return err
	})
	if twice {
		forRole(taken.AddDate(0, 0, 5), func(ctx context.Context, family string) error {
			again, err := l.train(ctx, p, family, taken)
			if err != nil {
				return err
			}
			_, err = l.enrollment.VoidTraining(l.staff.as(ctx), &enrollmentpb.VoidTrainingRequest{Name: again, Reason: "Recorded twice."})
			return err
		})
	}
	forRole(fridayAfter(certified), func(ctx context.Context, _ string) error {
		_, err := l.credential.IssueCredential(l.staff.as(ctx), &credentialpb.IssueCredentialRequest{Educator: p.name, CredentialType: c.fullCredential})
		return err
	})
}

func (l *loader) train(ctx context.Context, p *person, family string, taken time.Time) (string, error) {
	made, err := l.enrollment.CreateTraining(l.staff.as(ctx), &enrollmentpb.CreateTrainingRequest{Parent: p.name, Training: &enrollmentpb.Training{
		Title: "A day for those who lead others", Provider: "The district's office of instruction", RoleFamily: family, Minutes: 360,
		CompleteDate: api.Date(taken), Note: "The sign-in sheet is in the program's files.",
	}})
	return made.GetTraining().GetName(), err
}
