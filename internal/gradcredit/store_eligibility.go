package gradcredit

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"github.com/btlc/btlc/internal/policy"
	"github.com/btlc/btlc/internal/program"
	"github.com/btlc/btlc/internal/record"
)

// openRequest is a live request that its institution may see.
type openRequest struct {
	request, educator uuid.UUID
	credits           int32
	degreeEligibility string
}

// openRequestStatement is one statement, so that whether person, request or consent is lacking takes the same work.
const openRequestStatement = `SELECT r.id, r.educator_id, a.credits, a.degree_eligibility
	FROM educator_emails e
	JOIN consents c ON c.educator_id = e.educator_id AND c.institution_id = $1 AND c.revoke_time IS NULL
	JOIN credit_requests r ON r.educator_id = e.educator_id AND r.institution_id = $1 AND r.state = 'REQUESTED'
	JOIN registrations g ON g.id = r.registration_id AND g.state <> ALL ($4)
	JOIN sections s ON s.id = g.section_id
	JOIN course_versions v ON v.id = s.course_version_id AND v.course_id = $3
	JOIN agreements a ON a.id = r.agreement_id
	WHERE e.address_key = $2 AND e.verified
	ORDER BY r.create_time DESC, r.id DESC LIMIT 1`

// openRequest finds the live request to the institution of whoever has the verified address; nil when there is none that
// it may see.
func (s store) openRequest(ctx context.Context, institution, email, course string) (*openRequest, error) {
	rows, err := s.db.SQL().QueryContext(ctx, openRequestStatement, institution, strings.ToLower(email), course, pq.Array(ended))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	if !rows.Next() {
		return nil, rows.Err()
	}
	var open openRequest
	if err := rows.Scan(&open.request, &open.educator, &open.credits, &open.degreeEligibility); err != nil {
		return nil, err
	}
	return &open, rows.Err()
}

// evaluate decides the latest policy of graduate credit on a person's record.
func (s store) evaluate(ctx context.Context, person uuid.UUID, institution, course string) (policy.Result, error) {
	version, err := record.LatestPolicy(ctx, s.db.Ent(), program.GraduateCreditPolicy)
	if err != nil {
		return policy.Result{}, fmt.Errorf("the policy of graduate credit: %w", err)
	}
	return s.policies.Evaluate(ctx, s.db.Ent(), version, record.About{Educator: person, Course: course, Institution: institution, Now: s.db.Now()})
}
