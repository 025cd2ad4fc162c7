package enrollment_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/api"
)

const pastHeader = "term,course,section,site,employee_id,state_educator_id,email,given_name,family_name,completed,minutes,complete_date,source\n"

func (w *world) importPast(t *testing.T, validateOnly bool, rows ...string) *pb.ImportPastRecordsResponse {
	t.Helper()
	answer, err := call(t.Context(), w, staff, "ImportPastRecords", w.service.ImportPastRecords, &pb.ImportPastRecordsRequest{
		FileName: "binder.csv", Content: []byte(pastHeader + strings.Join(rows, "\n")), ValidateOnly: validateOnly,
	})
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// known gives everybody an employee id, from E0 on.
func (w *world) known(t *testing.T) {
	t.Helper()
	for i, name := range w.educators {
		w.db.Ent().ExternalID.Create().SetEducatorID(api.LastUUID(name)).SetKind("EMPLOYEE_ID").SetDistrictID("bps").SetValue(fmt.Sprintf("E%d", i)).ExecX(t.Context())
	}
}

func TestImportPastRecords(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 3)
	w.known(t)
	ctx := t.Context()
	w.db.Ent().EducatorEmail.Create().SetEducatorID(api.LastUUID(w.educators[1])).SetAddress("One@example.org").SetAddressKey("one@example.org").SetVerified(true).ExecX(ctx)
	w.db.Ent().EducatorEmail.Create().SetEducatorID(api.LastUUID(w.educators[2])).SetAddress("two@example.org").SetAddressKey("two@example.org").ExecX(ctx)
	rows := []string{
		"spring-2011,using-data,A,North School,E0,,,Given,Family 0,yes,2000,2011-05-31,binder 2011",
		"spring-2011,using-data,A,North School,,,one@example.org,Given,Family,no,,,binder 2011",
		"fall-2011,using-data,B,South School,E0,,,Given,Family 0,no,,,list of sites",
	}
	count := func() [3]int {
		return [3]int{w.db.Ent().Term.Query().CountX(ctx), w.db.Ent().Section.Query().CountX(ctx), w.db.Ent().Registration.Query().CountX(ctx)}
	}
	if got := w.importPast(t, true, rows...); got.SectionCount != 2 || got.RegistrationCount != 3 || got.CompletionCount != 1 || got.FaultCount != 0 || len(got.Terms) != 2 {
		t.Fatalf("planned %v", got)
	}
	if got := count(); got != [3]int{1, 1, 0} {
		t.Fatalf("planning wrote: %v terms, sections, registrations", got)
	}
	// Unverified addresses find nobody.
	if got := w.importPast(t, false, append(rows, "fall-2011,using-data,B,South School,,,two@example.org,Given,Family,no,,,list of sites")...); got.FaultCount != 1 || got.Faults[0].Line != 5 {
		t.Fatalf("got %v", got)
	}
	if got := count(); got != [3]int{1, 1, 0} {
		t.Fatalf("a file with a fault was imported: %v", got)
	}
	if got := w.importPast(t, false, rows...); got.RegistrationCount != 3 || got.KnownCount != 0 {
		t.Fatalf("imported %v", got)
	}
	if got := count(); got != [3]int{3, 3, 3} {
		t.Fatalf("got %v terms, sections, registrations", got)
	}
	var state, source, section string
	var since time.Time
	var capacity, taken int
	if err := w.db.SQL().QueryRowContext(ctx, `SELECT r.state, r.imported_source, r.state_time, s.state, s.capacity, s.seats_taken
		FROM registrations r JOIN sections s ON s.id = r.section_id WHERE s.term_id = 'spring-2011' AND r.educator_id = $1`, api.LastUUID(w.educators[0])).Scan(&state, &source, &since, &section, &capacity, &taken); err != nil {
		t.Fatal(err)
	}
	if state != "COMPLETED" || source != "binder 2011" || since.UTC().Format(time.DateOnly) != "2011-05-31" || section != "COMPLETED" || capacity != 2 || taken != 2 {
		t.Errorf("got %s of %q since %s in a section %s with %d of %d seats taken", state, source, since, section, taken, capacity)
	}
	newest := func() int64 {
		page, err := w.db.ReadFeed(ctx, "program", 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		return page.Newest
	}
	if got := newest(); got != 5 {
		t.Errorf("%d changes on the feed, want those of 2 sections and 3 registrations", got)
	}
	// Again nothing is new, and who was forgotten is added where they were.
	if got := w.importPast(t, false, rows...); got.KnownCount != 3 || got.RegistrationCount != 0 || got.SectionCount != 0 || len(got.Terms) != 0 || newest() != 5 {
		t.Errorf("again: got %v", got)
	}
	if got := w.importPast(t, false, append(rows, "spring-2011,using-data,A,North School,E2,,,Given,Family 2,yes,,,binder 2011")...); got.KnownCount != 3 || got.RegistrationCount != 1 || got.SectionCount != 0 {
		t.Errorf("one more: got %v", got)
	}
	if got := count(); got != [3]int{3, 3, 4} {
		t.Errorf("got %v terms, sections, registrations", got)
	}
}

// The employee id of one district may be somebody else's in another: the name tells, an earlier one too.
func TestImportPastRecordsByName(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 1)
	w.known(t)
	w.db.Ent().EducatorName.Create().SetEducatorID(api.LastUUID(w.educators[0])).SetGivenName("Given").SetFamilyName("Before").SetRecordTime(now).ExecX(t.Context())
	for name, faults := range map[string]int32{"Given,Family 0": 0, "GIVEN,before": 0, "Other,Family 0": 1} {
		if got := w.importPast(t, true, "spring-2011,using-data,A,North School,E0,,,"+name+",yes,,,binder"); got.FaultCount != faults {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

// Two who import the same at once enter it once.
func TestImportPastRecordsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 1)
	w.known(t)
	row := "spring-2011,using-data,A,North School,E0,,,Given,Family 0,yes,,,binder 2011"
	got := atOnce(6, func(int) error {
		_, err := call(t.Context(), w, staff, "ImportPastRecords", w.service.ImportPastRecords, &pb.ImportPastRecordsRequest{FileName: "binder.csv", Content: []byte(pastHeader + row)})
		return err
	})
	if registrations := w.db.Ent().Registration.Query().CountX(t.Context()); got[""] != 6 || registrations != 1 {
		t.Errorf("got %v and %d registrations", got, registrations)
	}
}

// A file as large as all that was ever held takes less than the deadline of a call.
func TestImportTenThousand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 2000)
	var ids []string
	for i, name := range w.educators {
		ids = append(ids, fmt.Sprintf("('%s', now(), '%s', 'EMPLOYEE_ID', 'bps', 'E%d')", api.LastUUID(name), api.LastUUID(name), i))
	}
	if _, err := w.db.SQL().ExecContext(t.Context(), "INSERT INTO external_ids (id, create_time, educator_id, kind, district_id, value) VALUES "+strings.Join(ids, ",")); err != nil {
		t.Fatal(err)
	}
	var rows []string
	for i := range 10_000 {
		rows = append(rows, fmt.Sprintf("%s-%d,using-data,%d,North School,E%d,,,Given,Family %d,yes,,,binder", []string{"spring", "fall"}[i/2000%2], 2011+i/4000, i%2000/20, i%2000, i%2000))
	}
	began := time.Now()
	got := w.importPast(t, false, rows...)
	t.Logf("10,000 rows in %s", time.Since(began))
	if got.RegistrationCount != 10_000 || got.SectionCount != 500 || got.FaultCount != 0 {
		t.Errorf("got %d registrations in %d sections, %d faults, the first %v", got.RegistrationCount, got.SectionCount, got.FaultCount, got.Faults[:min(1, len(got.Faults))])
	}
	if again := w.importPast(t, false, rows...); again.KnownCount != 10_000 {
		t.Errorf("again: %d are known", again.KnownCount)
	}
}
