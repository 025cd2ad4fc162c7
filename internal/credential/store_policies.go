package credential

import (
	"context"
	"strconv"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/credentialtype"
	"github.com/btlc/btlc/ent/educator"
	"github.com/btlc/btlc/ent/policyversion"
	"github.com/btlc/btlc/ent/predicate"
	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/policy"
	"github.com/btlc/btlc/internal/record"
)

var credentialTypeList = &api.ListSpec{Default: "name", Columns: map[string]api.Column{
	"name": {Name: credentialtype.FieldID, Kind: api.WordNameColumn}, "title": {Name: credentialtype.FieldTitle},
	"course": {Name: credentialtype.FieldCourseID, Kind: api.WordNameColumn}, "create_time": {Name: credentialtype.FieldCreateTime, Kind: api.InstantColumn},
}}

func credentialTypeProto(row *ent.CredentialType) *pb.CredentialType {
	course := ""
	if row.CourseID != "" {
		course = api.Name("btlc/Course", row.CourseID)
	}
	return &pb.CredentialType{
		Name: api.Name("btlc/CredentialType", row.ID), Title: row.Title, Course: course, AchievementType: row.AchievementType,
		Criteria: row.Criteria, PolicyVersion: policyVersionName(row.Edges.PolicyVersion), Sources: row.Sources, CreateTime: api.Timestamp(row.CreateTime),
	}
}

// typeRow is a credential type with its course, if it has one, and the policy that new awards are decided by; nil when there is none.
func (s store) typeRow(ctx context.Context, db *ent.Client, name string) (*ent.CredentialType, error) {
	row, err := db.CredentialType.Query().Where(credentialtype.ID(api.LastWord(name))).WithCourse().WithPolicyVersion().Only(ctx)
	return row, ent.MaskNotFound(err)
}

func (s store) credentialType(ctx context.Context, name string) (*pb.CredentialType, error) {
	row, err := s.typeRow(ctx, s.db.Ent(), name)
	if err != nil {
		return nil, err
	} else if row == nil {
		return nil, api.Missing(name)
	}
	return credentialTypeProto(row), nil
}

func (s store) listCredentialTypes(ctx context.Context, req *pb.ListCredentialTypesRequest) (*pb.ListCredentialTypesResponse, error) {
	q, err := api.ParseList(req, credentialTypeList)
	if err != nil {
		return nil, err
	}
	rows, err := s.db.Ent().CredentialType.Query().WithPolicyVersion().Where(predicate.CredentialType(q.Apply)).All(ctx)
	if err != nil {
		return nil, err
	}
	items, next := api.Page(q, rows, credentialTypeProto)
	return &pb.ListCredentialTypesResponse{CredentialTypes: items, NextPageToken: next}, nil
}

var policyVersionList = &api.ListSpec{Default: "version_number", Columns: map[string]api.Column{
	"version_number": {Name: policyversion.FieldVersionNumber, Kind: api.NumberColumn}, "create_time": {Name: policyversion.FieldCreateTime, Kind: api.InstantColumn},
}}

func policyVersionName(row *ent.PolicyVersion) string {
	return api.Name("btlc/PolicyVersion", row.Policy, row.VersionNumber)
}

func policyVersionProto(row *ent.PolicyVersion) *pb.PolicyVersion {
	out := &pb.PolicyVersion{Name: policyVersionName(row), Title: row.Title, VersionNumber: row.VersionNumber, CreateTime: api.Timestamp(row.CreateTime)}
	if row.ValidityMonths != nil {
		out.ValidityMonths = *row.ValidityMonths
	}
	for _, r := range row.Requirements {
		out.Requirements = append(out.Requirements, &pb.Requirement{
			Id: r.ID, Title: r.Title, Citation: r.Citation, Expression: r.Expression, UnmetMessage: r.Unmet, Assumption: r.Assumption,
		})
	}
	return out
}

func (s store) policyVersion(ctx context.Context, name string) (*pb.PolicyVersion, error) {
	number, err := strconv.ParseInt(api.LastWord(name), 10, 32)
	if err != nil {
		return nil, api.Missing(name) // a word that is no number names none
	}
	row, err := s.db.Ent().PolicyVersion.Query().Where(policyversion.PolicyEQ(api.Part(name, 0)), policyversion.VersionNumber(int32(number))).Only(ctx)
	if ent.IsNotFound(err) || err == nil && policyVersionName(row) != name { // 01 is not 1
		return nil, api.Missing(name)
	} else if err != nil {
		return nil, err
	}
	return policyVersionProto(row), nil
}

func (s store) listPolicyVersions(ctx context.Context, req *pb.ListPolicyVersionsRequest) (*pb.ListPolicyVersionsResponse, error) {
	q, err := api.ParseList(req, policyVersionList)
	if err != nil {
		return nil, err
	}
	query := s.db.Ent().PolicyVersion.Query()
	if parent := api.LastWord(req.GetParent()); parent != "-" {
		query.Where(policyversion.PolicyEQ(parent))
		if found, err := query.Clone().Exist(ctx); err != nil {
			return nil, err
		} else if !found {
			return nil, api.Missing(req.GetParent())
		}
	}
	rows, err := query.Where(predicate.PolicyVersion(q.Apply)).All(ctx)
	if err != nil {
		return nil, err
	}
	items, next := api.Page(q, rows, policyVersionProto)
	return &pb.ListPolicyVersionsResponse{PolicyVersions: items, NextPageToken: next}, nil
}

// evaluate decides the policy of a credential type, by its name, on an educator's record: the policy in force, or the one
// that was at the times that are asked for.
func (s store) evaluate(ctx context.Context, credentialType string, about record.About) (version string, result policy.Result, err error) {
	db := s.db.Ent()
	row, err := s.typeRow(ctx, db, credentialType)
	if err != nil {
		return "", result, err
	} else if row == nil {
		return "", result, api.Missing(credentialType)
	}
	if found, err := db.Educator.Query().Where(educator.ID(about.Educator)).Exist(ctx); err != nil {
		return "", result, err
	} else if !found {
		return "", result, api.Missing(api.Name("btlc/Educator", about.Educator))
	}
	about.Course = row.CourseID
	by := row.Edges.PolicyVersion
	if !about.AsOf.IsZero() || !about.KnownAsOf.IsZero() {
		if by, err = record.PolicyInForce(ctx, db, by.Policy, about); err != nil {
			return "", result, err
		} else if by == nil {
			return "", result, api.InvalidField("knownAsOf", "is before any policy for %s was on record", credentialType)
		}
	}
	result, err = s.policies.Evaluate(ctx, db, by, about)
	return policyVersionName(by), result, err
}
