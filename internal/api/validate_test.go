package api

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	pb "github.com/btlc/btlc/gen/go/btlc/directory/v1"
	enrollmentpb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
)

const someUUID = "0190a8a4-7c1e-7b7a-9d51-3f0c2f5d9a10"

// asError is the error that callers see; nil for any other.
func asError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}

func reasonFor(err error) Reason {
	if e := asError(err); e != nil {
		return e.Reason
	}
	return ""
}

func fieldsOf(err error) []string {
	e := asError(err)
	if e == nil {
		return nil
	}
	var fields []string
	for _, v := range e.Violations {
		fields = append(fields, v.Field)
	}
	slices.Sort(fields)
	return fields
}

func TestValidateReportsEverythingAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		req  proto.Message
		want []string
	}{
		"nothing":               {&pb.CreateDistrictRequest{}, []string{"district", "districtId"}},
		"empty resource":        {&pb.CreateDistrictRequest{DistrictId: "x y", District: &pb.District{StateCode: "Mass"}}, []string{"district.displayName", "district.stateCode", "district.timeZone", "districtId"}},
		"control characters":    {&pb.CreateDistrictRequest{DistrictId: "bps", District: &pb.District{DisplayName: "a\x00b", TimeZone: "a\nb"}}, []string{"district.displayName", "district.timeZone"}},
		"too long":              {&pb.CreateDistrictRequest{DistrictId: "bps", District: &pb.District{DisplayName: strings.Repeat("x", 201), TimeZone: "UTC"}}, []string{"district.displayName"}},
		"a name of another":     {&pb.GetSchoolRequest{Name: "districts/bps"}, []string{"name"}},
		"no UUID":               {&pb.GetSchoolRequest{Name: "districts/bps/schools/1"}, []string{"name"}},
		"a wildcard in a get":   {&pb.GetSchoolRequest{Name: "districts/-/schools/" + someUUID}, []string{"name"}},
		"a wildcard in a list":  {&pb.ListSchoolsRequest{Parent: "districts/-"}, nil},
		"negative page":         {&pb.ListSchoolsRequest{Parent: "districts/bps", PageSize: -1}, []string{"pageSize"}},
		"unknown enum":          {&pb.CreateEducatorRequest{Educator: &pb.Educator{GivenName: "a", FamilyName: "b", ExternalIds: []*pb.ExternalId{{Kind: 99, Value: "1"}}}}, []string{"educator.externalIds[0].kind"}},
		"output only":           {&pb.CreateDistrictRequest{DistrictId: "bps", District: &pb.District{Name: "\x00", DisplayName: "a", TimeZone: "UTC"}}, []string{"district.name"}},
		"an update is partial":  {&pb.UpdateDistrictRequest{District: &pb.District{Name: "districts/bps"}}, nil},
		"an update needs names": {&pb.UpdateDistrictRequest{District: &pb.District{DisplayName: "x"}}, []string{"district.name"}},
		"line breaks in prose":  {&enrollmentpb.CancelSectionRequest{Name: "sections/" + someUUID, Reason: "a\nb"}, nil},
		"a good one":            {&pb.GetSchoolRequest{Name: "districts/bps/schools/" + someUUID}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got := fieldsOf(Validate(c.req)); !slices.Equal(got, c.want) {
				t.Errorf("violations of %v, wanted %v: %v", got, c.want, Validate(c.req))
			}
		})
	}
}

func TestApplyMask(t *testing.T) {
	current := &pb.Employment{Name: "educators/" + someUUID + "/employments/" + someUUID, District: "districts/bps", Title: "Teacher", StartDate: Date(mustDay(2020, 9, 1)), EndDate: Date(mustDay(2026, 6, 30)), Etag: "v3"}
	update := func(e *pb.Employment, paths ...string) (*pb.Employment, error) {
		e.Name = current.Name
		req := &pb.UpdateEmploymentRequest{Employment: e}
		if paths != nil {
			req.UpdateMask = &fieldmaskpb.FieldMask{Paths: paths}
		}
		return ApplyMask(context.Background(), req, current)
	}
	if next, err := update(&pb.Employment{Title: "Coach"}); err != nil || next.Title != "Coach" || next.EndDate == nil {
		t.Errorf("without a mask, what is set counts: %v %v", next, err)
	}
	if next, err := update(&pb.Employment{}, "end_date"); err != nil || next.EndDate != nil || next.Title != "Teacher" {
		t.Errorf("a masked field that is absent is cleared: %v %v", next, err)
	}
	if next, err := update(&pb.Employment{Title: "Coach", CreateTime: Timestamp(mustDay(2000, 1, 1))}, "title", "createTime"); err != nil || next.Title != "Coach" || next.CreateTime != nil {
		t.Errorf("output-only fields are ignored: %v %v", next, err)
	}
	for name, c := range map[string]struct {
		e    *pb.Employment
		mask []string
		want string
	}{
		"immutable":        {&pb.Employment{District: "districts/ncs"}, []string{"district"}, "employment.district"},
		"unknown":          {&pb.Employment{}, []string{"salary"}, "updateMask"},
		"required cleared": {&pb.Employment{}, []string{"start_date"}, "employment.startDate"},
	} {
		if _, err := update(c.e, c.mask...); !slices.Equal(fieldsOf(err), []string{c.want}) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := update(&pb.Employment{Title: "x", Etag: "v2"}); reasonFor(err) != EtagMismatch {
		t.Errorf("an old etag: %v", err)
	}
	ctx := WithCall(context.Background(), &Call{IfMatch: `"v2"`})
	if _, err := ApplyMask(ctx, &pb.UpdateEmploymentRequest{Employment: &pb.Employment{Title: "x"}}, current); reasonFor(err) != EtagMismatch {
		t.Errorf("an old If-Match: %v", err)
	}
}

func TestErrorsTravelAsStatus(t *testing.T) {
	for _, reason := range Reasons() {
		e := Errorf(reason, "x").With("k", "v")
		e.Violations = []Violation{{"a.b", "is wrong"}}
		back := FromStatus(e.GRPCStatus())
		if back.Reason != reason || back.Metadata["k"] != "v" || back.Detail != "x" {
			t.Errorf("%s came back as %v", reason, back)
		}
		if code := reason.Code(); code != 0 && reason.HTTPStatus() < 400 {
			t.Errorf("%s has no status", reason)
		}
	}
}
