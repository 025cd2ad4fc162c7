package enrollment

import (
	"context"
	"fmt"

	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/program"
	"github.com/btlc/btlc/internal/record"
)

// unmetOfCompletion are the requirements of the latest policy of completing a course that a registration does not meet: what
// the person attended in another section of the course completed that one, or did not.
func (s store) unmetOfCompletion(ctx context.Context, tx *database.Tx, policies *record.Policies, found *registration) ([]api.Violation, error) {
	version, err := record.LatestPolicy(ctx, tx.Client, program.CourseCompletionPolicy)
	if err != nil {
		return nil, fmt.Errorf("the policy of completing a course: %w", err)
	}
	about := record.About{Educator: found.row.EducatorID, Course: found.section.row.Edges.CourseVersion.CourseID, Registration: found.row.ID, Now: tx.Now}
	result, err := policies.Evaluate(ctx, tx.Client, version, about)
	if err != nil {
		return nil, err
	}
	var unmet []api.Violation
	for _, r := range result.Requirements {
		if !r.Met {
			unmet = append(unmet, api.Violation{Field: r.ID, Description: r.Unmet})
		}
	}
	return unmet, nil
}

func (s store) completeRegistration(ctx context.Context, tx *database.Tx, found *registration, state, exception string) (err error) {
	found.row, err = found.row.Update().SetState(state).SetStateTime(tx.Now).SetReason("").SetCompletionException(exception).
		SetUpdateTime(tx.Now).AddVersion(1).Save(ctx)
	return err
}
