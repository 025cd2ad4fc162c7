package credential

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/protobuf/proto"

	"github.com/btlc/btlc/ent/educatoremail"
	"github.com/btlc/btlc/ent/employment"
	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/record/recordtest"
)

func employeeID(id string) *pb.PersonKey {
	return &pb.PersonKey{Key: &pb.PersonKey_EmployeeId{EmployeeId: id}}
}

func stateID(id string) *pb.PersonKey {
	return &pb.PersonKey{Key: &pb.PersonKey_StateEducatorId{StateEducatorId: id}}
}

func email(address string) *pb.PersonKey {
	return &pb.PersonKey{Key: &pb.PersonKey_Email{Email: address}}
}

func named(educator uuid.UUID) *pb.PersonKey {
	return &pb.PersonKey{Key: &pb.PersonKey_Educator{Educator: educatorName(educator)}}
}

func lookFor(t *testing.T, s *Service, district string, keys ...*pb.PersonKey) []*pb.CredentialStatusResult {
	t.Helper()
	return must[*pb.BatchLookupCredentialStatusesResponse](t)(do(t, hr(district), s.BatchLookupCredentialStatuses,
		&pb.BatchLookupCredentialStatusesRequest{Parent: "districts/" + district, Persons: keys})).Results
}

// numbered gives an educator a number in a district, or for the whole state.
func numbered(t *testing.T, w *recordtest.World, educator uuid.UUID, district, value string) {
	t.Helper()
	row := w.Ent().ExternalID.Create().SetEducatorID(educator).SetValue(value)
	if district == "" {
		row.SetKind("STATE_EDUCATOR_ID")
	} else {
		row.SetKind("EMPLOYEE_ID").SetDistrictID(district)
	}
	recordtest.Must(t, row.Exec(t.Context()))
}

func TestLookupByAnyKey(t *testing.T) {
	w, s := open(t)
	educator, _ := w.Graduate("B1")
	c := issue(t, s, educator)
	numbered(t, w, educator, "", "10023456")
	want := &pb.LookupCredentialStatusResponse{Statuses: []*pb.CredentialStatusRecord{statusRecord(c)}}
	keys := []*pb.PersonKey{employeeID("B1"), employeeID(" b1"), stateID("10023456"), email("b1@EXAMPLE.org"), named(educator)}
	for _, key := range keys {
		answer, err := do(t, hr("bps"), s.LookupCredentialStatus, &pb.LookupCredentialStatusRequest{Parent: "districts/bps", Person: key})
		if err != nil || !proto.Equal(answer, want) {
			t.Errorf("%v: got %v, %v", key, answer, err)
		}
		_, err = do(t, hr("ncs"), s.LookupCredentialStatus, &pb.LookupCredentialStatusRequest{Parent: "districts/ncs", Person: key})
		refused(t, err, api.NotFound)
	}
	for i, result := range lookFor(t, s, "bps", keys...) {
		if !proto.Equal(result.Person, keys[i]) || result.Outcome != pb.LookupOutcome_LOOKUP_OUTCOME_FOUND || !result.Found || len(result.Statuses) != 1 {
			t.Errorf("%v: got %v", keys[i], result)
		}
	}
	// An address that nobody has verified may be anybody's.
	recordtest.Must(t, w.Ent().EducatorEmail.Update().Where(educatoremail.EducatorID(educator)).SetVerified(false).Exec(t.Context()))
	for _, key := range []*pb.PersonKey{email("b1@example.org"), stateID("1002345"), named(uuid.New()), employeeID("B1 1")} {
		result := lookFor(t, s, "bps", key)[0]
		if !proto.Equal(result, &pb.CredentialStatusResult{Person: key, Outcome: pb.LookupOutcome_LOOKUP_OUTCOME_NOT_FOUND}) {
			t.Errorf("%v: got %v", key, result)
		}
	}
}

func TestLookupOfKeysThatReadAlike(t *testing.T) {
	w, s := open(t)
	first, second, foreign := w.Educator("bps", "e7"), w.Educator("bps", "B2"), w.Educator("ncs", "N1")
	numbered(t, w, second, "bps", "E7")
	numbered(t, w, second, "bps", "e9")
	numbered(t, w, first, "bps", "E8 ")
	numbered(t, w, first, "bps", "e8") // both are the same person's
	numbered(t, w, foreign, "bps", "E9")
	for key, want := range map[string]pb.LookupOutcome{
		"e7": pb.LookupOutcome_LOOKUP_OUTCOME_FOUND, "E7": pb.LookupOutcome_LOOKUP_OUTCOME_FOUND, " e7": pb.LookupOutcome_LOOKUP_OUTCOME_AMBIGUOUS,
		"E8": pb.LookupOutcome_LOOKUP_OUTCOME_FOUND, "E10": pb.LookupOutcome_LOOKUP_OUTCOME_NOT_FOUND,
		"E9": pb.LookupOutcome_LOOKUP_OUTCOME_FOUND, // the number of one whom it never employed leads to nobody
	} {
		for _, results := range [][]*pb.CredentialStatusResult{lookFor(t, s, "bps", employeeID(key)), must[*pb.BatchLookupCredentialStatusesResponse](t)(do(t, hr("bps"),
			s.BatchLookupCredentialStatuses, &pb.BatchLookupCredentialStatusesRequest{Parent: "districts/bps", EmployeeIds: []string{key}})).Results} {
			if results[0].Outcome != want || results[0].Found != (want == pb.LookupOutcome_LOOKUP_OUTCOME_FOUND) {
				t.Errorf("%q: got %v", key, results[0])
			}
		}
	}
	for field, req := range map[string]*pb.LookupCredentialStatusRequest{
		"employeeId": ask("bps", " e7"), "person.employeeId": {Parent: "districts/bps", Person: employeeID(" e7")},
	} {
		_, err := do(t, hr("bps"), s.LookupCredentialStatus, req)
		if known := recordtest.Known(err); known.Reason != api.InvalidRequest || len(known.Violations) != 1 || known.Violations[0].Field != field {
			t.Errorf("%s: got %v", field, err)
		}
	}
}

// Among the keys of a batch there may be any that can be nobody's: each has its answer, and the others have theirs.
func TestBatchLookupOfWhatIsNoKey(t *testing.T) {
	w, s := open(t)
	w.Educator("bps", "B1")
	long := strings.Repeat("x", 65)
	persons := []*pb.PersonKey{employeeID(""), employeeID("B1"), email("x"), email("a\x00@example.org"), stateID(""), stateID(long), {}, {Key: &pb.PersonKey_Educator{Educator: "educators/abc"}}, employeeID("B1")}
	for i, result := range lookFor(t, s, "bps", persons...) {
		if result.Found != (i == 1 || i == len(persons)-1) || !proto.Equal(result.Person, persons[i]) {
			t.Errorf("%v: %v", persons[i], result)
		}
	}
	ids := []string{"", "B1", "B\x001", "B\n1", long, "1/B", "B1"}
	answer := must[*pb.BatchLookupCredentialStatusesResponse](t)(do(t, hr("bps"), s.BatchLookupCredentialStatuses, &pb.BatchLookupCredentialStatusesRequest{Parent: "districts/bps", EmployeeIds: ids}))
	for i, result := range answer.Results {
		if result.Found != (i == 1 || i == len(ids)-1) || result.EmployeeId != ids[i] {
			t.Errorf("%q: %v", ids[i], result)
		}
	}
	none := &pb.BatchLookupCredentialStatusesRequest{Parent: "districts/bps", EmployeeIds: ids, Persons: persons}
	_, err := do(t, hr("bps"), s.BatchLookupCredentialStatuses, none)
	refused(t, err, api.InvalidRequest)
}

// A look-up asks no more of the database for a number of somebody whom the district may not know of than for nobody's: the
// time that it takes would tell that they exist.
func TestLookupOfStrangersAsksNoMore(t *testing.T) {
	w, s := open(t)
	stranger, future, former := w.Educator("ncs", "N1"), w.Educator("bps", "B2"), w.Educator("bps", "B3")
	numbered(t, w, stranger, "bps", "E9")
	recordtest.Must(t, w.Ent().Employment.Update().Where(employment.EducatorID(future)).SetStartDate(recordtest.Day("2026-11-21")).Exec(t.Context()))
	recordtest.Must(t, w.Ent().Employment.Update().Where(employment.EducatorID(former)).SetEndDate(recordtest.Day("2026-11-10")).Exec(t.Context()))
	alike, err := s.store.candidates(t.Context(), alikeSQL, "bps", pq.StringArray{"E9", "b2", "b3", "nobody"}, nil, w.Now())
	recordtest.Must(t, err)
	if len(alike) != 1 || len(alike["b3"]) != 1 {
		t.Errorf("asks for %v", alike)
	}
}

// onRecord says when the employments of an educator were recorded and changed.
func onRecord(t *testing.T, w *recordtest.World, educator uuid.UUID, recorded, changed time.Time) {
	t.Helper()
	_, err := w.SQL().ExecContext(t.Context(), `UPDATE employments SET create_time = $2, update_time = $3 WHERE educator_id = $1`, educator, recorded, changed)
	recordtest.Must(t, err)
}

func day(text string) *date.Date { return api.Date(recordtest.Day(text)) }

func TestLookupAtOtherTimes(t *testing.T) {
	w, s := open(t)
	educator, _ := w.Graduate("B1")
	onRecord(t, w, educator, recordtest.Start, recordtest.Start)
	c := issue(t, s, educator) // on 20 November
	at := func(day int) { w.Travel(time.Date(2026, 11, day, 15, 0, 0, 0, time.UTC)) }
	at(22)
	suspended := must[*pb.SuspendCredentialResponse](t)(do(t, recordtest.Staff(), s.SuspendCredential, &pb.SuspendCredentialRequest{Name: c.Name, ReasonCode: "UNDER_REVIEW", Authority: "Director"})).Credential
	at(24)
	revoked := must[*pb.RevokeCredentialResponse](t)(do(t, recordtest.Staff(), s.RevokeCredential, &pb.RevokeCredentialRequest{Name: c.Name, ReasonCode: "WRONG", Authority: "Director"})).Credential
	at(26)
	recordtest.Must(t, w.Ent().Employment.Update().Where(employment.EducatorID(educator)).SetEndDate(recordtest.Day("2026-11-25")).Exec(t.Context()))
	onRecord(t, w, educator, recordtest.Start, w.Now())
	at(28)

	gone := &pb.LookupCredentialStatusResponse{MovedDate: day("2026-11-25")}
	with := func(c *pb.Credential) *pb.LookupCredentialStatusResponse {
		return &pb.LookupCredentialStatusResponse{Statuses: []*pb.CredentialStatusRecord{statusRecord(c)}}
	}
	for name, want := range map[string]struct {
		asOf, known *date.Date
		answer      *pb.LookupCredentialStatusResponse // nil for NOT_FOUND
	}{
		"today":                                   {day("2026-11-28"), nil, gone},
		"the day after the last":                  {day("2026-11-26"), nil, gone},
		"the last day":                            {day("2026-11-25"), nil, with(revoked)},
		"the day of the revocation":               {day("2026-11-24"), nil, with(revoked)},
		"the day before":                          {day("2026-11-23"), nil, with(suspended)},
		"the day before the suspension":           {day("2026-11-21"), nil, with(c)},
		"before the award":                        {day("2026-11-19"), nil, &pb.LookupCredentialStatusResponse{}},
		"before the employment":                   {day("2020-08-31"), nil, nil},
		"as was known before it ended":            {nil, day("2026-11-25"), with(revoked)},
		"as was known when the end was recorded":  {nil, day("2026-11-26"), gone},
		"as was known before the revocation":      {nil, day("2026-11-22"), with(suspended)},
		"as was known before it was recorded":     {nil, day("2026-11-19"), nil},
		"then, as was known earlier":              {day("2026-11-24"), day("2026-11-21"), with(c)},
		"earlier, as was known then":              {day("2026-11-21"), day("2026-11-24"), with(c)},
		"earlier, and not yet recorded: all gone": {day("2026-11-19"), day("2026-11-19"), nil},
	} {
		for _, key := range []*pb.PersonKey{employeeID("B1"), named(educator)} {
			answer, err := do(t, hr("bps"), s.LookupCredentialStatus, &pb.LookupCredentialStatusRequest{Parent: "districts/bps", Person: key, AsOf: want.asOf, KnownAsOf: want.known})
			if want.answer == nil {
				refused(t, err, api.NotFound)
			} else if err != nil || !proto.Equal(answer, want.answer) {
				t.Errorf("%s: got %v, %v, want %v", name, answer, err, want.answer)
			}
		}
	}
	for field, req := range map[string]*pb.LookupCredentialStatusRequest{
		"asOf":      {Parent: "districts/bps", EmployeeId: "B1", AsOf: day("1899-12-31")},
		"knownAsOf": {Parent: "districts/bps", EmployeeId: "B1", KnownAsOf: day("2026-11-29")},
	} {
		_, err := do(t, hr("bps"), s.LookupCredentialStatus, req)
		if known := recordtest.Known(err); known.Reason != api.InvalidRequest || len(known.Violations) != 1 || known.Violations[0].Field != field {
			t.Errorf("%s: got %v", field, err)
		}
	}
}

// A last day of long ago was known, whenever the row was touched last: else a district would learn what became of somebody
// whom it had let go.
func TestLookupDoesNotForgetALastDay(t *testing.T) {
	w, s := open(t)
	educator, _ := w.Graduate("B1")
	issue(t, s, educator)
	recordtest.Must(t, w.Ent().Employment.Update().Where(employment.EducatorID(educator)).SetEndDate(recordtest.Day("2022-06-30")).Exec(t.Context()))
	w.Travel(recordtest.Start.AddDate(0, 0, 9))
	onRecord(t, w, educator, recordtest.Start.AddDate(-5, 0, 0), w.Now())
	answer, err := do(t, hr("bps"), s.LookupCredentialStatus, &pb.LookupCredentialStatusRequest{Parent: "districts/bps", EmployeeId: "B1", KnownAsOf: day("2026-11-25")})
	if want := (&pb.LookupCredentialStatusResponse{MovedDate: day("2022-06-30")}); err != nil || !proto.Equal(answer, want) {
		t.Errorf("got %v, %v", answer, err)
	}
}
