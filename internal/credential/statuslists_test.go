package credential

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/credential"
	listrow "github.com/btlc/btlc/ent/statuslist"
	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/openbadge"
	"github.com/btlc/btlc/internal/record/recordtest"
	"github.com/btlc/btlc/internal/statuslist"
)

// A bit changes exactly when what one of the lists says does.
func TestBitChanges(t *testing.T) {
	says := map[string]string{"": "", "ACTIVE": "", "EXPIRED": "", "SUSPENDED": "suspended", "REVOKED": "revoked", "SUPERSEDED": "revoked"}
	for from := range says {
		for to := range says {
			if got, want := bitChanges(from, to), says[from] != says[to]; got != want {
				t.Errorf("from %q to %q: %v, want %v", from, to, got, want)
			}
		}
	}
}

// The schema of Open Badges 3.0 takes one entry, so that a second one is there only for who asks for it.
func TestDocumentsNameTheirLists(t *testing.T) {
	issuer, a := testIssuer(t), testAward()
	a.bit = statusBit{"0190a8a4-7c1e-7b7a-9d51-3f0c2f5d9a11", 70_000}
	entry := func(purpose statuslist.Purpose) statuslist.Entry {
		return statuslist.Entry{Purpose: purpose, List: "https://btlc.example/status-lists/" + a.bit.list + "/" + string(purpose), Index: 70_000, Size: 1}
	}
	for _, want := range [][]statuslist.Entry{{entry("revocation")}, {entry("revocation"), entry("suspension")}} {
		document, _, err := issuer.sign(t.Context(), a)
		recordtest.Must(t, err)
		recordtest.Must(t, verify(t, issuer, document))
		got, err := statuslist.Of([]byte(document))
		recordtest.Must(t, err)
		if !slices.EqualFunc(got.Bitstring, want, func(a, b statuslist.Entry) bool {
			return a.Purpose == b.Purpose && a.List == b.List && a.Index == b.Index && a.Size == b.Size
		}) || len(got.RevocationLists) > 0 || len(got.Unknown) > 0 {
			t.Errorf("entries %+v, want %+v", got, want)
		}
		issuer.SuspensionEntries = true
	}
	issuer.RevocationList = true
	document, _, err := issuer.sign(t.Context(), a)
	recordtest.Must(t, err)
	recordtest.Must(t, verify(t, issuer, document))
	got, err := statuslist.Of([]byte(document))
	recordtest.Must(t, err)
	if len(got.Bitstring) != 2 || !slices.Equal(got.RevocationLists, []string{"https://btlc.example/status-lists/" + a.bit.list + "/1edtech"}) {
		t.Errorf("entries %+v", got)
	}
	issuer.RevocationList = false
	var one struct{ CredentialStatus map[string]any }
	issuer.SuspensionEntries = false
	document, _, err = issuer.sign(t.Context(), a)
	recordtest.Must(t, err)
	recordtest.Must(t, json.Unmarshal([]byte(document), &one)) // an object, not an array of one
}

// place is where a credential's status stands, as its document says.
func place(t testing.TB, c *pb.Credential) statuslist.Entry {
	t.Helper()
	statuses, err := statuslist.Of([]byte(c.Document))
	recordtest.Must(t, err)
	if len(statuses.Bitstring) != 1 || statuses.Bitstring[0].Purpose != statuslist.Revocation {
		t.Fatalf("the document's statuses are %+v", statuses)
	}
	return statuses.Bitstring[0]
}

func listID(entry statuslist.Entry) string {
	return strings.TrimSuffix(strings.TrimPrefix(entry.List, "https://btlc.example/status-lists/"), "/revocation")
}

// publish gets a list as who verifies does: its proof or signature is checked.
func publish(t testing.TB, s *Service, id string, purpose statuslist.Purpose, form ListForm) (SignedList, *statuslist.Published) {
	t.Helper()
	list, found, err := s.StatusList(t.Context(), id, purpose, form)
	recordtest.Must(t, err)
	if !found {
		t.Fatalf("there is no list %s", id)
	}
	issuer := s.store.issuer
	keys := openbadge.ResolveAmong(issuer.DID, issuer.Keys.Public())
	expected := openbadge.Expectation{Now: recordtest.Start.AddDate(1, 0, 0)}
	report := openbadge.Verify(t.Context(), list.Body, keys, expected)
	recordtest.Must(t, report.Err())
	published, err := statuslist.Parse(report.Document)
	recordtest.Must(t, err)
	if published.Issuer != issuer.DID || !slices.Equal(published.Purposes, []statuslist.Purpose{purpose}) {
		t.Fatalf("the list is %+v", published)
	}
	return list, published
}

// The lists of both purposes, in both forms, say what the table says after every change, to who asks anew and to who has
// asked before; and their version and time are raised when a bit changes, and not when none does.
func TestListsFollowEveryChange(t *testing.T) {
	w, s := open(t)
	educator, _ := w.Graduate("B1")
	c := issue(t, s, educator)
	entry := place(t, c)
	id := uuid.MustParse(listID(entry))
	other := must[*Service](t)(New(w.DB, s.store.issuer))
	check := func(revoked, suspended bool, version int32, changed time.Time) {
		t.Helper()
		row := must[*ent.StatusList](t)(w.Ent().StatusList.Get(t.Context(), id))
		if row.Version != version || !row.ChangeTime.Equal(changed) {
			t.Errorf("version %d of %s, want %d of %s", row.Version, row.ChangeTime, version, changed)
		}
		for purpose, want := range map[statuslist.Purpose]bool{statuslist.Revocation: revoked, statuslist.Suspension: suspended} {
			etags := map[string]bool{}
			for _, form := range []ListForm{ListWithProof, ListAsJWT} {
				list, published := publish(t, s, id.String(), purpose, form)
				asked := entry
				asked.Purpose = purpose
				if got, err := published.Check(asked, w.Now()); err != nil || got.Set() != want {
					t.Errorf("%s as %s: %+v, %v, want %v", purpose, form, got, err, want)
				}
				if !published.ValidFrom.Equal(changed.Truncate(time.Second)) {
					t.Errorf("%s as %s: from %s, want %s", purpose, form, published.ValidFrom, changed)
				}
				if again, _ := publish(t, other, id.String(), purpose, form); string(again.Body) != string(list.Body) || again.Etag != list.Etag {
					t.Errorf("%s as %s: another server makes other bytes", purpose, form)
				}
				etags[list.Etag] = true
			}
			if len(etags) != 2 {
				t.Errorf("%s: etags %v", purpose, etags)
			}
		}
	}
	at := recordtest.Start
	later := func() time.Time { at = at.Add(time.Hour); w.Travel(at); return at }

	check(false, false, 1, at)
	changed := later()
	must[*pb.SuspendCredentialResponse](t)(do(t, recordtest.Staff(), s.SuspendCredential, &pb.SuspendCredentialRequest{Name: c.Name, ReasonCode: "UNDER_REVIEW", Authority: "Director"}))
	check(false, true, 2, changed)
	changed = later()
	must[*pb.ReinstateCredentialResponse](t)(do(t, recordtest.Staff(), s.ReinstateCredential, &pb.ReinstateCredentialRequest{Name: c.Name, ReasonCode: "CLEARED", Authority: "Director"}))
	check(false, false, 3, changed)
	// A transaction that began before the last change, and ends after it.
	w.Travel(changed.Add(-time.Minute))
	must[*pb.RevokeCredentialResponse](t)(do(t, recordtest.Staff(), s.RevokeCredential, &pb.RevokeCredentialRequest{Name: c.Name, ReasonCode: "WRONG", Authority: "Director"}))
	w.Travel(changed)
	check(true, false, 4, changed)
	later()
	second := issue(t, s, educator)
	if again := place(t, second); again.List != entry.List || again.Index == entry.Index {
		t.Errorf("the second stands at %+v, the first at %+v", again, entry)
	}
	check(true, false, 4, changed)
}

// A credential in the place of a suspended one is suspended from its first moment, and the other one does not count any more.
func TestListsFollowReissue(t *testing.T) {
	w, s := open(t)
	educator, _ := w.Graduate("B1")
	c := issue(t, s, educator)
	must[*pb.SuspendCredentialResponse](t)(do(t, recordtest.Staff(), s.SuspendCredential, &pb.SuspendCredentialRequest{Name: c.Name, ReasonCode: "UNDER_REVIEW", Authority: "Director"}))
	entry := place(t, c)
	id := listID(entry)
	publish(t, s, id, statuslist.Suspension, ListWithProof)
	second := must[*pb.ReissueCredentialResponse](t)(do(t, recordtest.Staff(), s.ReissueCredential, &pb.ReissueCredentialRequest{Name: c.Name, ReasonCode: "NAME_OF_COURSE", Authority: "Director"})).Credential
	for _, of := range []struct {
		entry    statuslist.Entry
		set, not statuslist.Purpose
	}{{entry, statuslist.Revocation, statuslist.Suspension}, {place(t, second), statuslist.Suspension, statuslist.Revocation}} {
		for purpose, want := range map[statuslist.Purpose]bool{of.set: true, of.not: false} {
			_, published := publish(t, s, id, purpose, ListWithProof)
			of.entry.Purpose = purpose
			if got, err := published.Check(of.entry, w.Now()); err != nil || got.Set() != want {
				t.Errorf("the %s of %d: %+v, %v, want %v", purpose, of.entry.Index, got, err, want)
			}
		}
	}
}

// What was issued before there were lists changes its status as ever.
func TestWithoutList(t *testing.T) {
	w, s := open(t)
	many(t, w, 1)
	var name string
	recordtest.Must(t, w.SQL().QueryRowContext(t.Context(), `SELECT 'credentials/' || id FROM credentials`).Scan(&name))
	revoked := must[*pb.RevokeCredentialResponse](t)(do(t, recordtest.Staff(), s.RevokeCredential, &pb.RevokeCredentialRequest{Name: name, ReasonCode: "WRONG", Authority: "Director"})).Credential
	if revoked.Status != pb.CredentialStatus_CREDENTIAL_STATUS_REVOKED {
		t.Errorf("it is %v", revoked)
	}
}

func TestListsThatAreNotThere(t *testing.T) {
	w, s := open(t)
	educator, _ := w.Graduate("B1")
	id := listID(place(t, issue(t, s, educator)))
	for list, purpose := range map[string]statuslist.Purpose{uuid.NewString(): statuslist.Revocation, "nonsense": statuslist.Revocation, id: statuslist.Message} {
		if got, found, err := s.StatusList(t.Context(), list, purpose, ListWithProof); found || err != nil {
			t.Errorf("%s %s: %+v, %v, %v", list, purpose, got, found, err)
		}
	}
}

// However many issue at once, with no list yet or with one that ends meanwhile, no two credentials share a place, no place
// is left out, and one list is open.
func TestPlacesAreGivenOnce(t *testing.T) {
	const clerks = 6
	for name, left := range map[string]int{"no list": 0, "a list that ends": 2, "a list that ends with the last": clerks} {
		t.Run(name, func(t *testing.T) {
			w, s := open(t)
			lists := 1
			if left > 0 {
				recordtest.Must(t, w.Ent().StatusList.Create().SetSize(listLength).SetSecret(make([]byte, statuslist.SecretSize)).SetNextOrdinal(int32(listLength-left)).
					SetChangeTime(w.Now()).Exec(t.Context()))
				if left < clerks {
					lists = 2
				}
			}
			var names []string
			for n := range clerks {
				educator, _ := w.Graduate("B" + string(rune('1'+n)))
				names = append(names, educatorName(educator))
			}
			var working sync.WaitGroup
			for _, person := range names {
				working.Go(func() {
					if _, err := do(t, recordtest.Staff(), s.IssueCredential, &pb.IssueCredentialRequest{Educator: person, CredentialType: usingData}); err != nil {
						t.Errorf("%s: %v", person, err)
					}
				})
			}
			working.Wait()

			taken := map[string][]int{}
			for _, row := range w.Ent().Credential.Query().AllX(t.Context()) {
				entry := place(t, &pb.Credential{Document: row.Document})
				if listID(entry) != row.StatusListID.String() || int32(entry.Index) != *row.StatusListIndex {
					t.Errorf("%s: the document says %+v, the table %s %d", row.ID, entry, row.StatusListID, *row.StatusListIndex)
				}
				taken[listID(entry)] = append(taken[listID(entry)], int(entry.Index))
			}
			rows := w.Ent().StatusList.Query().Order(ent.Asc(listrow.FieldCreateTime)).AllX(t.Context())
			if len(rows) != lists {
				t.Errorf("%d lists, want %d", len(rows), lists)
			}
			total := 0
			for _, row := range rows {
				order := must[*statuslist.Allocation](t)(statuslist.NewAllocation(row.Secret, int(row.Size)))
				first := 0
				if row.NextOrdinal > listLength/2 {
					first = listLength - left
				}
				var want []int
				for n := first; n < int(row.NextOrdinal); n++ {
					want = append(want, must[int](t)(order.Index(n)))
				}
				got := taken[row.ID.String()]
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) || row.Open != (row.NextOrdinal < row.Size) {
					t.Errorf("list %s, open %v, has %v, want %v", row.ID, row.Open, got, want)
				}
				total += len(got)
			}
			if total != clerks {
				t.Errorf("%d places for %d credentials", total, clerks)
			}
		})
	}
}

// A trial draws no place.
func TestTrialsDrawNothing(t *testing.T) {
	w, s := open(t)
	educator, _ := w.Graduate("B1")
	must[*pb.IssueCredentialResponse](t)(do(t, recordtest.Staff(), s.IssueCredential, &pb.IssueCredentialRequest{Educator: educatorName(educator), CredentialType: usingData, ValidateOnly: true}))
	if n := w.Ent().StatusList.Query().CountX(t.Context()); n != 0 {
		t.Errorf("%d lists", n)
	}
	c := issue(t, s, educator)
	if n := w.Ent().Credential.Query().Where(credential.ID(api.LastUUID(c.Name)), credential.StatusListIndexNotNil()).CountX(t.Context()); n != 1 {
		t.Error("it is on no list")
	}
}

// manyOnAList puts 20,000 credentials on a list, a hundredth of which are revoked.
func manyOnAList(t testing.TB, w *recordtest.World) uuid.UUID {
	t.Helper()
	many(t, w, 20_000)
	list := uuid.New()
	recordtest.Must(t, w.Ent().StatusList.Create().SetID(list).SetSize(listLength).SetSecret(make([]byte, statuslist.SecretSize)).SetChangeTime(w.Now()).Exec(t.Context()))
	for _, statement := range []string{
		`UPDATE credentials c SET status_list_id = l.id, status_list_index = n.n FROM status_lists l, (SELECT id, row_number() OVER () n FROM credentials) n WHERE n.id = c.id`,
		`UPDATE credentials SET status = 'REVOKED' WHERE status_list_index % 100 = 0`,
		`VACUUM ANALYZE credentials`,
	} {
		_, err := w.SQL().ExecContext(t.Context(), statement)
		recordtest.Must(t, err)
	}
	return list
}

// planOf is how a statement is carried out.
func planOf(t testing.TB, w *recordtest.World, statement string, values ...any) string {
	t.Helper()
	rows, err := w.SQL().QueryContext(t.Context(), `EXPLAIN `+statement, values...)
	recordtest.Must(t, err)
	defer rows.Close()
	var plan []string
	for rows.Next() {
		var line string
		recordtest.Must(t, rows.Scan(&line))
		plan = append(plan, line)
	}
	recordtest.Must(t, rows.Err())
	return strings.Join(plan, "\n")
}

// The bits of a list are read by the index of what is not active, however many credentials the list has.
func TestBitsAreReadByTheirIndex(t *testing.T) {
	w := recordtest.New(t)
	list := manyOnAList(t, w)
	if plan := planOf(t, w, listSQL, list, pq.Array(statusesWithBit[statuslist.Revocation])); !strings.Contains(plan, "credential_status_bits") || strings.Contains(plan, "Seq Scan on credentials") {
		t.Errorf("the plan is\n%s", plan)
	}
}
