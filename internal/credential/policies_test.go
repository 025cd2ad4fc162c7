package credential

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/btlc/btlc/ent/policyversion"
	"github.com/btlc/btlc/ent/registration"
	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/record/recordtest"
)

const certificatePolicy = "policies/course-certificate"

// requirement asks for something, by a source.
func requirement(id, expression string) *pb.Requirement {
	return &pb.Requirement{Id: id, Title: "Title", Citation: "S4", Expression: expression, UnmetMessage: "Do it."}
}

// publishVersion makes the next version of the policy of all certificates.
func publishVersion(t testing.TB, s *Service, requirements ...*pb.Requirement) *pb.PolicyVersion {
	t.Helper()
	return must[*pb.CreatePolicyVersionResponse](t)(do(t, recordtest.Staff(), s.CreatePolicyVersion, &pb.CreatePolicyVersionRequest{
		Parent: certificatePolicy, PolicyVersion: &pb.PolicyVersion{Title: "Anew", Requirements: requirements, ValidityMonths: 60},
	})).PolicyVersion
}

func evaluate(t testing.TB, s *Service, educator uuid.UUID, asOf, knownAsOf time.Time) (*pb.EvaluateEligibilityResponse, error) {
	t.Helper()
	return do(t, recordtest.Staff(), s.EvaluateEligibility, &pb.EvaluateEligibilityRequest{
		Name: usingData, Educator: educatorName(educator), AsOf: api.Timestamp(asOf), KnownAsOf: api.Timestamp(knownAsOf),
	})
}

// The types follow what is published at once; what was awarded keeps the version that it was decided by.
func TestPublish(t *testing.T) {
	w, s := open(t)
	first, _ := w.Graduate("B1")
	second, _ := w.Graduate("B2")
	before := issue(t, s, first)
	v := publishVersion(t, s, requirement("all", "assessments(course).all(a, demonstrated(a))"))
	if v.Name != certificatePolicy+"/versions/2" || v.VersionNumber != 2 || v.ValidityMonths != 60 || v.Title != "Anew" || len(v.Requirements) != 1 || !v.CreateTime.AsTime().Equal(w.Now()) {
		t.Errorf("published %v", v)
	}
	if got := must[*pb.GetPolicyVersionResponse](t)(do(t, recordtest.Staff(), s.GetPolicyVersion, &pb.GetPolicyVersionRequest{Name: v.Name})).PolicyVersion; got.ValidityMonths != 60 || got.Requirements[0].Id != "all" {
		t.Errorf("read back %v", got)
	}
	kinds := must[*pb.ListCredentialTypesResponse](t)(do(t, recordtest.Staff(), s.ListCredentialTypes, &pb.ListCredentialTypesRequest{})).CredentialTypes
	kinds = slices.DeleteFunc(kinds, func(kind *pb.CredentialType) bool { return kind.Course == "" }) // another policy's
	for _, kind := range kinds {
		if kind.PolicyVersion != v.Name {
			t.Errorf("%s goes by %s", kind.Name, kind.PolicyVersion)
		}
	}
	if after := issue(t, s, second); after.PolicyVersion != v.Name {
		t.Errorf("awarded by %s", after.PolicyVersion)
	}
	if kept := must[*pb.GetCredentialResponse](t)(do(t, recordtest.Staff(), s.GetCredential, &pb.GetCredentialRequest{Name: before.Name})).Credential; kept.PolicyVersion != before.PolicyVersion {
		t.Errorf("the award of before is now by %s", kept.PolicyVersion)
	}
	if n := w.Ent().PolicyVersion.Query().Where(policyversion.PolicyEQ("course-certificate"), policyversion.VersionNumber(1)).OnlyX(t.Context()); len(n.Requirements) != 3 {
		t.Errorf("version 1 has %d requirements", len(n.Requirements))
	}
	rows := feed(t, w, "program")
	at := slices.IndexFunc(rows, func(r database.FeedRow) bool { return r.Resource == v.Name })
	if at < 0 || rows[at].Type != "btlc/PolicyVersion" || rows[at].Kind != "CREATED" || strings.Count(string(rows[at].State), "credentialTypes/") != len(kinds) {
		t.Errorf("feed: %v", rows)
	}
}

// Whatever is wrong is told by its place, and nothing is written.
func TestPublishRefusals(t *testing.T) {
	w, s := open(t)
	twice, assumed := requirement("a", "true"), requirement("a", "true")
	assumed.Assumption, assumed.Citation = true, ""
	uncited := requirement("b", "true")
	uncited.Citation = ""
	for name, c := range map[string]struct {
		requirements []*pb.Requirement
		want         []string
	}{
		"an id twice, though an assumption needs no citation": {[]*pb.Requirement{twice, assumed}, []string{"requirements[1].id"}},
		"no citation":                   {[]*pb.Requirement{uncited}, []string{"requirements[0].citation"}},
		"CEL that cannot be read":       {[]*pb.Requirement{requirement("a", "true"), requirement("b", "true &&")}, []string{"requirements[1].expression"}},
		"not a condition":               {[]*pb.Requirement{requirement("a", "minutes(course)")}, []string{"requirements[0].expression"}},
		"a course that there is not":    {[]*pb.Requirement{requirement("a", "assessments('usnig-data').all(a, demonstrated(a))")}, []string{"requirements[0].expression"}},
		"fails on an empty record":      {[]*pb.Requirement{requirement("a", "true"), requirement("b", "60 / minutes(course) > 0")}, []string{"requirements[1].expression"}},
		"an expression without an end":  {[]*pb.Requirement{requirement("a", runaway)}, []string{"requirements[0].expression"}},
		"two that are wrong, each told": {[]*pb.Requirement{requirement("a", "nonsense"), requirement("b", "nonsense")}, []string{"requirements[0].expression", "requirements[1].expression"}},
	} {
		_, err := do(t, recordtest.Staff(), s.CreatePolicyVersion, &pb.CreatePolicyVersionRequest{Parent: certificatePolicy, PolicyVersion: &pb.PolicyVersion{Title: "Anew", Requirements: c.requirements}})
		if got := violated(err); !slices.Equal(got, prefixed("policyVersion.", c.want)) {
			t.Errorf("%s: published: %v (%v)", name, got, err)
		}
		_, err = do(t, recordtest.Staff(), s.SimulatePolicy, &pb.SimulatePolicyRequest{Parent: certificatePolicy, Requirements: c.requirements})
		if got := violated(err); !slices.Equal(got, c.want) {
			t.Errorf("%s: simulated: %v (%v)", name, got, err)
		}
	}
	_, err := do(t, recordtest.Staff(), s.CreatePolicyVersion, &pb.CreatePolicyVersionRequest{Parent: certificatePolicy, PolicyVersion: &pb.PolicyVersion{Title: "Anew", Requirements: []*pb.Requirement{requirement("a", "true &&")}}})
	if v := recordtest.Known(err).Violations; len(v) == 0 || !strings.HasPrefix(v[0].Description, "line 1, column ") {
		t.Errorf("where in the expression is not told: %v", v)
	}
	good := &pb.PolicyVersion{Title: "Anew", Requirements: []*pb.Requirement{requirement("a", "true")}}
	_, err = do(t, recordtest.Staff(), s.CreatePolicyVersion, &pb.CreatePolicyVersionRequest{Parent: "policies/nonsense", PolicyVersion: good})
	refused(t, err, api.NotFound)
	_, err = do(t, recordtest.Staff(), s.SimulatePolicy, &pb.SimulatePolicyRequest{Parent: "policies/nonsense", Requirements: good.Requirements})
	refused(t, err, api.NotFound)
	_, err = do(t, recordtest.Staff(), s.SimulatePolicy, &pb.SimulatePolicyRequest{Parent: "policies/graduate-credit", Requirements: good.Requirements})
	refused(t, err, api.InvalidRequest)
	_, err = do(t, recordtest.Staff(), s.SimulatePolicy, &pb.SimulatePolicyRequest{Parent: certificatePolicy, Requirements: good.Requirements, PageToken: api.SealPlace(&pb.SimulatePolicyRequest{Parent: certificatePolicy, Requirements: good.Requirements}, "x")})
	refused(t, err, api.PageTokenInvalid)
	_, err = do(t, recordtest.Caller(accesspb.Role_ROLE_AUDITOR, ""), s.CreatePolicyVersion, &pb.CreatePolicyVersionRequest{Parent: certificatePolicy, PolicyVersion: good})
	refused(t, err, api.PermissionDenied)
	would := must[*pb.CreatePolicyVersionResponse](t)(do(t, recordtest.Staff(), s.CreatePolicyVersion, &pb.CreatePolicyVersionRequest{Parent: certificatePolicy, PolicyVersion: good, ValidateOnly: true})).PolicyVersion
	if would.VersionNumber != 2 {
		t.Errorf("would be %v", would)
	}
	if n := w.Ent().PolicyVersion.Query().CountX(t.Context()); n != 6 {
		t.Errorf("%d versions are stored, want the 6 of the files", n)
	}
	other := must[*pb.CreatePolicyVersionResponse](t)(do(t, recordtest.Staff(), s.CreatePolicyVersion, &pb.CreatePolicyVersionRequest{Parent: "policies/graduate-credit", PolicyVersion: good})).PolicyVersion
	if other.Name != "policies/graduate-credit/versions/2" {
		t.Errorf("published %v", other)
	}
}

var runaway = "[" + strings.TrimSuffix(strings.Repeat("1,", 100), ",") + "].all(a, [" + strings.TrimSuffix(strings.Repeat("1,", 100), ",") + "].all(b, [1,2,3,4,5,6,7,8,9].all(c, a == b)))"

func violated(err error) []string {
	var fields []string
	for _, v := range recordtest.Known(err).Violations {
		fields = append(fields, v.Field)
	}
	return slices.Compact(fields) // CEL may have more than one thing to say
}

func prefixed(prefix string, fields []string) []string {
	var all []string
	for _, f := range fields {
		all = append(all, prefix+f)
	}
	return all
}

func TestPublishedByManyAtOnce(t *testing.T) {
	w, s := open(t)
	var staff sync.WaitGroup
	for range 5 {
		staff.Go(func() {
			if _, err := do(t, recordtest.Staff(), s.CreatePolicyVersion, &pb.CreatePolicyVersionRequest{
				Parent: certificatePolicy, PolicyVersion: &pb.PolicyVersion{Title: "Anew", Requirements: []*pb.Requirement{requirement("a", "true")}},
			}); err != nil {
				t.Error(err)
			}
		})
	}
	staff.Wait()
	if n := w.Ent().PolicyVersion.Query().Where(policyversion.PolicyEQ("course-certificate")).CountX(t.Context()); n != 6 {
		t.Errorf("%d versions, want 6", n)
	}
	for _, kind := range w.Ent().CredentialType.Query().WithPolicyVersion().AllX(t.Context()) {
		if v := kind.Edges.PolicyVersion; v.Policy == "course-certificate" && v.VersionNumber != 6 {
			t.Errorf("%s goes by version %d, want the latest", kind.ID, v.VersionNumber)
		}
	}
}

func TestSimulate(t *testing.T) {
	w, s := open(t)
	graduate, _ := w.Graduate("B1")
	holder, _ := w.Graduate("B2")
	issue(t, s, holder)
	beginner := w.Educator("bps", "B3")
	w.Register(beginner, w.Mentor(beginner), "shared-leadership", "ENROLLED", "2026-09-02")
	leaver := w.Educator("bps", "B4")
	w.Register(leaver, w.Mentor(leaver), "using-data", "WITHDRAWN", "2026-09-02")
	w.Educator("bps", "B5") // registered for nothing
	people := []uuid.UUID{graduate, holder, beginner, leaver}

	simulate := func(expression string, pageSize int32) map[string]*pb.PolicyChange {
		t.Helper()
		changes, evaluated, order := map[string]*pb.PolicyChange{}, int32(0), []string{}
		req := &pb.SimulatePolicyRequest{Parent: certificatePolicy, Requirements: []*pb.Requirement{requirement("new", expression)}, PageSize: pageSize}
		for {
			page, call, err := recordtest.Call(t, pb.File_btlc_credential_v1_service_proto.Services().Get(0), recordtest.Staff(), s.SimulatePolicy, req)
			recordtest.Must(t, err)
			if page.PolicyVersion != certificatePolicy+"/versions/1" || len(call.Seen()) != int(page.Evaluated) {
				t.Errorf("compared with %s, %d of %d people noted", page.PolicyVersion, len(call.Seen()), page.Evaluated)
			}
			evaluated += page.Evaluated
			for _, c := range page.Changes {
				changes[c.Educator+" "+api.LastWord(c.CredentialType)] = c
				order = append(order, c.Educator)
			}
			if req.PageToken = page.NextPageToken; req.PageToken == "" {
				break
			}
		}
		if int(evaluated) != len(people) || !slices.IsSorted(order) || len(order) != len(changes) {
			t.Errorf("%d people evaluated, want %d; changes in the order %v", evaluated, len(people), order)
		}
		return changes
	}
	for _, pageSize := range []int32{0, 1, 3, 4} {
		if got := simulate("true", pageSize); len(got) != 2 || got[educatorName(beginner)+" shared-leadership-certificate"] == nil || got[educatorName(leaver)+" using-data-certificate"] == nil {
			t.Errorf("who would be eligible: %v", got)
		} else if c := got[educatorName(leaver)+" using-data-certificate"]; c.EligibleNow || !c.EligibleThen || c.Held || len(c.Reasons) != 3 || c.Reasons[0].Requirement != "participation" {
			t.Errorf("who left: %v", c)
		}
		got := simulate("minutes(course) >= 36 * 60", pageSize)
		first, second := got[educatorName(graduate)+" using-data-certificate"], got[educatorName(holder)+" using-data-certificate"]
		if len(got) != 2 || first == nil || second == nil || first.Held || !second.Held || !second.EligibleNow || second.EligibleThen ||
			len(second.Reasons) != 1 || second.Reasons[0].Requirement != "new" || second.Reasons[0].Message != "Do it." || len(second.Reasons[0].Facts) != 1 {
			t.Errorf("who would not be eligible any more: %v", got)
		}
		if got := simulate("enrolled(course) && held('any', registrationDate(course)) && assessments(course).all(a, demonstrated(a))", pageSize); len(got) != 0 {
			t.Errorf("the same again changes %v", got)
		}
	}
	if n := w.Ent().PolicyVersion.Query().CountX(t.Context()); n != 6 {
		t.Errorf("%d versions are stored, want 6", n)
	}
}

func TestEvaluateAtOtherTimes(t *testing.T) {
	w, s := open(t)
	start := w.Now()
	w.Travel(start.AddDate(0, 0, 1))
	educator, _ := w.Graduate("B1")
	recordtest.Must(t, w.Ent().Registration.Update().Where(registration.EducatorID(educator)).SetStateTime(start).Exec(t.Context()))
	for name, c := range map[string]struct {
		asOf, known time.Time
		field       string
	}{
		"a future as of":        {asOf: w.Now().Add(time.Second), field: "asOf"},
		"a future known as of":  {known: w.Now().Add(time.Second), field: "knownAsOf"},
		"before all records":    {known: start.AddDate(0, 0, -1), field: "knownAsOf"},
		"before there was time": {asOf: time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC), field: "asOf"},
	} {
		if _, err := evaluate(t, s, educator, c.asOf, c.known); recordtest.Reason(err) != api.InvalidRequest || !slices.Equal(violated(err), []string{c.field}) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := do(t, recordtest.Staff(), s.EvaluateEligibility, &pb.EvaluateEligibilityRequest{Name: usingData, Educator: educatorName(educator), AsOf: &timestamppb.Timestamp{Seconds: -1 << 60}})
	refused(t, err, api.InvalidRequest)

	// The rows of the world bear the time of the test's own clock, so as of the world's day nothing of it was known.
	plain := must[*pb.EvaluateEligibilityResponse](t)(evaluate(t, s, educator, time.Time{}, time.Time{}))
	if !plain.Eligible {
		t.Fatalf("not eligible: %v", plain)
	}
	w.Travel(time.Now().AddDate(1, 0, 0))
	now := must[*pb.EvaluateEligibilityResponse](t)(evaluate(t, s, educator, w.Now(), w.Now()))
	if !now.Eligible || now.PolicyVersion != plain.PolicyVersion {
		t.Errorf("as of now: %v", now)
	}
	early := must[*pb.EvaluateEligibilityResponse](t)(evaluate(t, s, educator, recordtest.Day("2026-09-01"), time.Time{}))
	if early.Eligible || early.PolicyVersion != plain.PolicyVersion || early.Outcomes[0].Met {
		t.Errorf("as of a day before the registration: %v", early)
	}
	then := w.Now()
	w.Travel(then.Add(time.Hour))
	v := publishVersion(t, s, requirement("none", "false"))
	if after := must[*pb.EvaluateEligibilityResponse](t)(evaluate(t, s, educator, w.Now(), time.Time{})); after.Eligible || after.PolicyVersion != v.Name {
		t.Errorf("by the new version: %v", after)
	}
	for name, answer := range map[string]*pb.EvaluateEligibilityResponse{
		"as of": must[*pb.EvaluateEligibilityResponse](t)(evaluate(t, s, educator, then, time.Time{})), "known as of": must[*pb.EvaluateEligibilityResponse](t)(evaluate(t, s, educator, time.Time{}, then)),
	} {
		if !answer.Eligible || answer.PolicyVersion != plain.PolicyVersion {
			t.Errorf("%s when the version of before was in force: %v", name, answer)
		}
	}
}
