package credential

import (
	"context"
	"slices"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/courseversion"
	"github.com/btlc/btlc/ent/registration"
	"github.com/btlc/btlc/ent/section"
	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/policy"
	"github.com/btlc/btlc/internal/record"
)

// simulate evaluates a page of people, whom it also answers, by the policy in force and by other requirements. A page costs
// a query for each kind of fact that one of the policies asks for, however many people are on it, and the evaluations.
func (s store) simulate(ctx context.Context, req *pb.SimulatePolicyRequest) (*pb.SimulatePolicyResponse, []uuid.UUID, error) {
	db := s.db.Ent()
	latest, types, err := policyUsers(ctx, db, req.GetParent())
	if err != nil {
		return nil, nil, err
	} else if len(types) == 0 {
		return nil, nil, api.InvalidField("parent", "is a policy that no credential type is awarded by: there is nobody whose outcome could change")
	}
	trial := sourceOf(latest, latest.Title, req.GetRequirements())
	candidate, err := compile(ctx, db, "", trial, types, s.db.Now())
	if err != nil {
		return nil, nil, err
	}
	current, err := s.policies.Program(latest)
	if err != nil {
		return nil, nil, err
	}
	people, next, err := simulated(ctx, db, req, types)
	if err != nil {
		return nil, nil, err
	}
	answer := &pb.SimulatePolicyResponse{PolicyVersion: policyVersionName(latest), Evaluated: int32(len(people)), NextPageToken: next} // #nosec G115 -- a page
	now := s.db.Now()
	records := record.RecordsOf(db, people, now)
	for _, person := range people {
		courses, err := records.Courses(ctx, person)
		if err != nil {
			return nil, nil, err
		}
		for _, kind := range types {
			if kind.CourseID != "" && !slices.Contains(courses, kind.CourseID) {
				continue
			}
			c, err := compare(ctx, records.Facts(person, ""), current, candidate, record.About{Educator: person, Course: kind.CourseID, Now: now}.Input(), kind.ID)
			if err != nil {
				return nil, nil, undecidable(ctx, "", trial, err)
			} else if c != nil {
				answer.Changes = append(answer.Changes, c)
			}
		}
	}
	return answer, people, nil
}

// compare evaluates one person by two policies; nil when nothing would change.
func compare(ctx context.Context, facts policy.Facts, current, candidate *policy.Program, in policy.Input, credentialType string) (*pb.PolicyChange, error) {
	now, err := current.Evaluate(ctx, facts, in)
	if err != nil {
		return nil, err
	}
	then, err := candidate.Evaluate(ctx, facts, in)
	if err != nil {
		return nil, err
	}
	why, differs := changed(now, then)
	if !differs {
		return nil, nil
	}
	_, held, err := facts.Holds(ctx, credentialType)
	if err != nil {
		return nil, err
	}
	return &pb.PolicyChange{
		Educator: in.Subject, CredentialType: api.Name("btlc/CredentialType", credentialType),
		EligibleNow: now.Met, EligibleThen: then.Met, Held: len(held) > 0, Reasons: record.Outcomes(why, everyFact),
	}, nil
}

// simulated is a page of those who are or were registered for a course of the credential types, and for any course when one of
// them is for none, in the order of their names, and the token of the next page.
func simulated(ctx context.Context, db *ent.Client, req *pb.SimulatePolicyRequest, types []*ent.CredentialType) (people []uuid.UUID, next string, err error) {
	var courses []string
	for _, t := range types {
		courses = append(courses, t.CourseID)
	}
	query := db.Registration.Query()
	if !slices.Contains(courses, "") {
		query.Where(registration.HasSectionWith(section.HasCourseVersionWith(courseversion.CourseIDIn(courses...))))
	}
	if token := req.GetPageToken(); token != "" {
		place, err := api.OpenPlace(req, token, 1)
		if err != nil {
			return nil, "", err
		}
		after, err := uuid.Parse(place[0])
		if err != nil {
			return nil, "", api.Errorf(api.PageTokenInvalid, "The page token is not one of this simulation. Begin again without one.")
		}
		query.Where(func(q *sql.Selector) { q.Where(sql.GT(q.C(registration.FieldEducatorID), after)) })
	}
	size := api.PageSize(req.GetPageSize())
	var rows []struct {
		Educator uuid.UUID `json:"educator_id"`
	}
	if err := query.Order(ent.Asc(registration.FieldEducatorID)).Limit(size+1).GroupBy(registration.FieldEducatorID).Scan(ctx, &rows); err != nil {
		return nil, "", err
	}
	for _, row := range rows {
		people = append(people, row.Educator)
	}
	if len(people) > size {
		people = people[:size]
		next = api.SealPlace(req, people[size-1].String())
	}
	return people, next, nil
}
