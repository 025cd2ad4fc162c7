package server_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/internal/directory"
	"github.com/btlc/btlc/internal/merkle"
	"github.com/btlc/btlc/internal/record/recordtest"
)

// copied is a row of an export as a consumer keeps it.
type copied struct {
	credential, educator, employeeID, stateID, credentialType, status string
	issued, since                                                     time.Time
	version                                                           int64
}

// copiedFrom is a row of an export, or the state of a change: the two have the same fields.
func copiedFrom(t testing.TB, from any) copied {
	t.Helper()
	fields := from.(map[string]any)
	word := func(name string) string {
		value, _ := fields[name].(string)
		return value
	}
	at := func(name string) time.Time {
		value, err := time.Parse(time.RFC3339, word(name))
		must(t, err)
		return value.UTC()
	}
	version, _ := fields["version"].(float64)
	return copied{
		credential: word("credential"), educator: word("educator"), employeeID: word("employeeId"), stateID: word("stateEducatorId"),
		credentialType: word("credentialType"), status: strings.TrimPrefix(word("status"), "CREDENTIAL_STATUS_"), issued: at("issueTime"), since: at("statusTime"), version: int64(version),
	}
}

// districtCopy is what a consumer of a district's stream holds, who understands changes of credentials and nothing else.
type districtCopy struct {
	district, cursor string
	rows             map[string]copied
}

// exportedRows are what the district would hold now, and the cursor.
func (w *world) exportedRows(t testing.TB, district string) (rows map[string]copied, cursor string) {
	t.Helper()
	r := w.grpc.call(t, methodNamed(t, "ExportCredentialStatuses"), w.keys["staff"], marshal(t, map[string]any{"parent": district}), nil)
	if r.err != nil {
		t.Fatal(r.err)
	}
	rows = map[string]copied{}
	statuses, _ := r.answer["statuses"].([]any)
	for _, one := range statuses {
		row := copiedFrom(t, one)
		rows[row.credential] = row
	}
	return rows, r.header["btlc-cursor"]
}

// follow applies what has come since, and gives a line for each change of a credential.
func (c *districtCopy) follow(t testing.TB, w *world) (lines []string) {
	t.Helper()
	for {
		page := w.do(t, "staff", "ListChanges", map[string]any{"parent": c.district, "cursor": c.cursor, "pageSize": 1000})
		changes, _ := page["changes"].([]any)
		c.cursor = text(page, "nextCursor")
		if len(changes) == 0 {
			return lines
		}
		for _, one := range changes {
			if text(one, "resourceType") != "btlc/Credential" {
				continue
			}
			name, kind := text(one, "resource"), strings.TrimPrefix(text(one, "kind"), "CHANGE_KIND_")
			line := fmt.Sprintf("%s v%s %s", kind, text(one, "version"), text(one, "naturalKeys"))
			if kind == "DELETED" {
				if state := one.(map[string]any)["state"]; state != nil {
					t.Errorf("what leaves is told with %v", state)
				}
				delete(c.rows, name)
			} else {
				row := copiedFrom(t, one.(map[string]any)["state"])
				if kept := c.rows[name]; row.credential != name || row.version < kept.version || fmt.Sprint(row.version) != text(one, "version") {
					t.Errorf("a change of %s, of which %+v is held: %v", name, kept, one)
				}
				c.rows[name] = row
				line += " " + row.status
			}
			lines = append(lines, line)
		}
	}
}

// differ says in what copies of a district are not what an export gives, row by row and by the digest; empty for nothing.
func (w *world) differ(t testing.TB, district string, held ...*districtCopy) string {
	t.Helper()
	rows, _ := w.exportedRows(t, district)
	digest := text(w.do(t, "staff", "GetReconciliationDigest", map[string]any{"parent": district}), "node.digest")
	var wrong []string
	for _, c := range held {
		wrong = append(wrong, c.wrong(t, rows, digest)...)
	}
	return strings.Join(wrong, "\n")
}

func (c *districtCopy) wrong(t testing.TB, rows map[string]copied, digest string) (wrong []string) {
	t.Helper()
	for name, row := range rows {
		if held, ok := c.rows[name]; !ok {
			wrong = append(wrong, fmt.Sprintf("%s is missing: %+v", name, row))
		} else if held != row {
			wrong = append(wrong, fmt.Sprintf("%s is held as %+v, and is %+v", name, held, row))
		}
	}
	var leaves []merkle.Row
	for name, row := range c.rows {
		if _, ok := rows[name]; !ok {
			wrong = append(wrong, fmt.Sprintf("%s is held still: %+v", name, row))
		}
		leaves = append(leaves, merkle.Row{Credential: row.credential, Educator: row.educator, CredentialType: row.credentialType, Status: "CREDENTIAL_STATUS_" + row.status, Version: row.version})
	}
	merkle.Sort(leaves)
	node, err := merkle.Fold(func(yield func(merkle.Row, error) bool) {
		for _, leaf := range leaves {
			if !yield(leaf, nil) {
				return
			}
		}
	}, "")
	must(t, err)
	if digest != node.Digest.String() {
		wrong = append(wrong, "the digest is another one")
	}
	return wrong
}

// holds compares the changes of credentials that have come with those that are wanted, and the copy with an export.
func (c *districtCopy) holds(t testing.TB, w *world, what string, want ...string) {
	t.Helper()
	if got := c.follow(t, w); !slices.Equal(got, want) {
		t.Errorf("%s: the changes of %s are\n%s\nwant\n%s", what, c.district, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if wrong := w.differ(t, c.district, c); wrong != "" {
		t.Errorf("%s: the copy of %s is wrong:\n%s", what, c.district, wrong)
	}
}

// copies is a world with people who may be given certificates, and districts by name.
type copies struct {
	*world
	people *recordtest.World
}

func newCopies(t testing.TB) copies {
	t.Helper()
	w := newWorld(t)
	w.do(t, "staff", "CreateTerm", map[string]any{"termId": "fall-2026", "term": map[string]any{"displayName": "Fall 2026", "startDate": day(2026, 9, 1), "endDate": day(2026, 12, 20)}})
	return copies{w, recordtest.On(t, w.server.DB())}
}

// person is somebody who is employed nowhere, known to districts by the numbers.
func (w copies) person(t testing.TB, numbers map[string]string) (name string) {
	t.Helper()
	return text(w.do(t, "staff", "CreateEducator", map[string]any{"educator": map[string]any{"givenName": "Given", "familyName": "Family", "externalIds": externalIDs(numbers)}}), "educator.name")
}

// leader is a person who meets the policy of a certificate.
func (w copies) leader(t testing.TB, numbers map[string]string) (name string) {
	t.Helper()
	name = w.person(t, numbers)
	w.lead(name)
	return name
}

// lead has somebody lead, and have all that the certificate asks for.
func (w copies) lead(name string) {
	id := uuid.MustParse(strings.TrimPrefix(name, "educators/"))
	w.people.Register(id, w.people.Mentor(id), "using-data", "ENROLLED", "2026-09-02")
	w.people.Demonstrate(id, recordtest.UsingData()...)
}

// externalIDs are numbers by district; that of no district is the state's.
func externalIDs(numbers map[string]string) (ids []any) {
	for district, number := range numbers {
		id := map[string]any{"kind": "EXTERNAL_ID_KIND_STATE_EDUCATOR_ID", "value": number}
		if district != "" {
			id["kind"], id["district"] = "EXTERNAL_ID_KIND_EMPLOYEE_ID", district
		}
		ids = append(ids, id)
	}
	return ids
}

func (w copies) issue(t testing.TB, educator string) (credential string) {
	t.Helper()
	return text(w.do(t, "staff", "IssueCredential", map[string]any{"educator": educator, "credentialType": "credentialTypes/using-data-certificate"}), "credential.name")
}

func (w copies) employ(t testing.TB, educator, district string, start map[string]any) (employment string) {
	t.Helper()
	return text(w.do(t, "staff", "CreateEmployment", map[string]any{"parent": educator, "employment": map[string]any{"district": district, "startDate": start}}), "employment.name")
}

func (w copies) ends(t testing.TB, employment string, end map[string]any) {
	t.Helper()
	w.do(t, "staff", "UpdateEmployment", map[string]any{"employment": map[string]any{"name": employment, "endDate": end}, "updateMask": "endDate"})
}

// turn changes the status of a credential: suspend, reinstate or revoke.
func (w copies) turn(t testing.TB, rpc, credential string) {
	t.Helper()
	w.do(t, "staff", rpc, map[string]any{"name": credential, "reasonCode": "UNDER_REVIEW", "authority": "The board"})
}

// tellDays does what servers do every minute.
func (w copies) tellDays(t testing.TB) {
	t.Helper()
	must(t, directory.New(w.server.DB()).TellDays(t.Context()))
}

// begin has a consumer begin with an export.
func (w copies) begin(t testing.TB, district string) *districtCopy {
	t.Helper()
	rows, cursor := w.exportedRows(t, district)
	return &districtCopy{district, cursor, rows}
}

// A copy that follows the changes of credentials alone holds what an export gives, whatever becomes of whom the district employs.
func TestADistrictsCopyIsItsExport(t *testing.T) {
	t.Parallel()
	w := newCopies(t)
	bps, ncs := w.variables["district"], w.variables["otherDistrict"]

	t.Run("somebody leaves and comes back", func(t *testing.T) {
		who := w.leader(t, map[string]string{bps: "R1"})
		employment, credential := w.employ(t, who, bps, day(2026, 9, 1)), w.issue(t, who)
		c := w.begin(t, bps)
		w.ends(t, employment, day(2026, 11, 19))
		c.holds(t, w.world, "left", `DELETED v1 {"employeeId":"R1"}`)
		w.turn(t, "SuspendCredential", credential)
		c.holds(t, w.world, "suspended elsewhere")
		w.employ(t, who, bps, day(2026, 11, 20))
		c.holds(t, w.world, "came back", `CREATED v2 {"employeeId":"R1"} SUSPENDED`)
		w.turn(t, "ReinstateCredential", credential)
		c.holds(t, w.world, "reinstated", `UPDATED v3 {"employeeId":"R1"} ACTIVE`)
	})
	t.Run("who holds a certificate is employed", func(t *testing.T) {
		who := w.leader(t, map[string]string{ncs: "H1", "": "S-1"})
		w.employ(t, who, ncs, day(2026, 9, 1))
		credential := w.issue(t, who)
		c, other := w.begin(t, bps), w.begin(t, ncs)
		w.employ(t, who, bps, day(2026, 11, 1))
		c.holds(t, w.world, "employed without a number", `CREATED v1 {} ACTIVE`)
		w.do(t, "staff", "UpdateEducator", map[string]any{"educator": map[string]any{"name": who, "externalIds": externalIDs(map[string]string{ncs: "H1", bps: "H2"})}, "updateMask": "externalIds"})
		c.holds(t, w.world, "given a number, and the state's taken away", `UPDATED v1 {"employeeId":"H2"} ACTIVE`)
		other.holds(t, w.world, "the state's number taken away", `UPDATED v1 {"employeeId":"H1"} ACTIVE`)
		w.turn(t, "RevokeCredential", credential)
		c.holds(t, w.world, "revoked", `UPDATED v2 {"employeeId":"H2"} REVOKED`)
		other.holds(t, w.world, "revoked", `UPDATED v2 {"employeeId":"H1"} REVOKED`)
	})
	t.Run("two records are one person's", func(t *testing.T) {
		stays, goes := w.person(t, map[string]string{bps: "M1"}), w.leader(t, map[string]string{ncs: "M2"})
		w.employ(t, stays, bps, day(2026, 9, 1))
		w.employ(t, goes, ncs, day(2026, 9, 1))
		w.issue(t, goes)
		c, other := w.begin(t, bps), w.begin(t, ncs)
		w.do(t, "staff", "MergeEducators", map[string]any{"name": stays, "duplicate": goes})
		c.holds(t, w.world, "merged", `CREATED v1 {"employeeId":"M1"} ACTIVE`)
		other.holds(t, w.world, "merged", `UPDATED v1 {"employeeId":"M2"} ACTIVE`)
		w.do(t, "staff", "UnmergeEducator", map[string]any{"name": goes})
		c.holds(t, w.world, "taken back", `DELETED v1 {"employeeId":"M1"}`)
		other.holds(t, w.world, "taken back", `UPDATED v1 {"employeeId":"M2"} ACTIVE`)
	})
	t.Run("days pass and nobody writes", func(t *testing.T) {
		leaves, comes := w.leader(t, map[string]string{bps: "C1"}), w.leader(t, map[string]string{bps: "C2"})
		employment := w.employ(t, leaves, bps, day(2026, 9, 1))
		w.issue(t, leaves)
		coming := w.issue(t, comes)
		w.tellDays(t)
		w.ends(t, employment, day(2026, 11, 30))
		w.employ(t, comes, bps, day(2026, 12, 1))
		c := w.begin(t, bps)
		w.clock.Store(time.Date(2026, 12, 1, 4, 59, 0, 0, time.UTC).UnixNano()) // still the 30th in Boston
		w.tellDays(t)
		c.holds(t, w.world, "on the last day")
		w.clock.Store(time.Date(2026, 12, 3, 15, 0, 0, 0, time.UTC).UnixNano())
		late := w.begin(t, bps) // before the stream is told of the day
		w.turn(t, "SuspendCredential", coming)
		w.tellDays(t)
		lines := c.follow(t, w.world)
		if want := []string{`UPDATED v2 {"employeeId":"C2"} SUSPENDED`, `CREATED v2 {"employeeId":"C2"} SUSPENDED`, `DELETED v1 {"employeeId":"C1"}`}; !slices.Equal(slices.Sorted(slices.Values(lines)), slices.Sorted(slices.Values(want))) {
			t.Errorf("the changes are %q, want %q", lines, want)
		}
		c.holds(t, w.world, "told of the days")
		late.follow(t, w.world)
		late.holds(t, w.world, "told of the days, beginning before")
		current := map[string]string{}
		page := w.do(t, "staff", "ListChanges", map[string]any{"parent": bps, "pageSize": 1000})
		for _, change := range page["changes"].([]any) {
			if text(change, "resourceType") == "btlc/Employment" {
				current[text(change, "state.educator")] = text(change, "state.current")
			}
		}
		if current[leaves] != "false" || current[comes] != "true" {
			t.Errorf("who works there is %v", current)
		}
		w.tellDays(t)
		c.holds(t, w.world, "told twice")
	})
	t.Run("somebody is employed on between midnight and the telling of the day", func(t *testing.T) {
		who := w.leader(t, map[string]string{ncs: "B1"})
		employment := w.employ(t, who, ncs, day(2026, 9, 1))
		w.issue(t, who)
		w.ends(t, employment, day(2026, 12, 3))
		c := w.begin(t, ncs)
		w.clock.Store(time.Date(2026, 12, 4, 15, 0, 0, 0, time.UTC).UnixNano())
		late := w.begin(t, ncs) // without them
		w.employ(t, who, ncs, day(2026, 12, 4))
		late.holds(t, w.world, "employed on", `UPDATED v1 {"employeeId":"B1"} ACTIVE`)
		c.holds(t, w.world, "employed on", `UPDATED v1 {"employeeId":"B1"} ACTIVE`)
		w.tellDays(t)
		c.holds(t, w.world, "told of the day", `UPDATED v1 {"employeeId":"B1"} ACTIVE`)
		late.holds(t, w.world, "told of the day, beginning before", `UPDATED v1 {"employeeId":"B1"} ACTIVE`)
	})
	t.Run("the stream was not told of a day on which somebody worked there", func(t *testing.T) {
		who := w.leader(t, map[string]string{ncs: "G1"})
		w.issue(t, who)
		w.ends(t, w.employ(t, who, ncs, day(2026, 12, 6)), day(2026, 12, 6))
		w.clock.Store(time.Date(2026, 12, 6, 15, 0, 0, 0, time.UTC).UnixNano())
		c := w.begin(t, ncs) // with them
		w.clock.Store(time.Date(2026, 12, 7, 15, 0, 0, 0, time.UTC).UnixNano())
		w.tellDays(t)
		c.holds(t, w.world, "told of the next", `DELETED v1 {"employeeId":"G1"}`)
	})
	t.Run("a server's clock was years ahead for a minute", func(t *testing.T) {
		w := newCopies(t)
		bps := w.variables["district"]
		leaves, comes := w.leader(t, map[string]string{bps: "C1"}), w.leader(t, map[string]string{bps: "C2"})
		w.ends(t, w.employ(t, leaves, bps, day(2026, 9, 1)), day(2027, 6, 30))
		w.employ(t, comes, bps, day(2027, 9, 1))
		w.issue(t, leaves)
		w.issue(t, comes)
		w.tellDays(t)
		c, now := w.begin(t, bps), w.clock.Load()
		w.clock.Store(time.Date(2028, 12, 1, 15, 0, 0, 0, time.UTC).UnixNano())
		w.tellDays(t)
		w.clock.Store(now)
		w.tellDays(t)
		lines := c.follow(t, w.world)
		if want := []string{`CREATED v1 {"employeeId":"C1"} ACTIVE`, `CREATED v1 {"employeeId":"C2"} ACTIVE`, `DELETED v1 {"employeeId":"C1"}`, `DELETED v1 {"employeeId":"C2"}`}; !slices.Equal(slices.Sorted(slices.Values(lines)), want) {
			t.Errorf("the changes are %q, want %q", lines, want)
		}
		c.holds(t, w.world, "set right")
		if rows, _ := w.exportedRows(t, bps); len(rows) != 1 {
			t.Errorf("exported are %v", rows)
		}
	})
}

// TestACopyIsRightWhoeverWritesAtOnce changes a credential, whose it is and where its holder works at the same moment, while two
// servers tell of a day: none of them tells of what another has left behind.
func TestACopyIsRightWhoeverWritesAtOnce(t *testing.T) {
	t.Parallel()
	w := newCopies(t)
	bps, ncs := w.variables["district"], w.variables["otherDistrict"]
	held := []*districtCopy{w.begin(t, bps), w.begin(t, ncs)}
	service := directory.New(w.server.DB())
	for round := range 12 {
		today := time.Unix(0, w.clock.Load()).UTC()
		who, twice := w.leader(t, map[string]string{bps: fmt.Sprint("W", round)}), w.person(t, nil)
		credential := w.issue(t, who)
		employment := w.employ(t, who, bps, day(2026, 9, 1))
		tomorrow := today.AddDate(0, 0, 1)
		w.clock.Store(tomorrow.UnixNano())
		var all sync.WaitGroup
		write := func(rpc string, request map[string]any) {
			all.Go(func() {
				if r := w.grpc.call(t, methodNamed(t, rpc), w.keys["staff"], marshal(t, request), nil); r.err != nil && r.err.Reason.HTTPStatus() >= 500 {
					t.Errorf("%s: %v", rpc, r.err)
				}
			})
		}
		write("SuspendCredential", map[string]any{"name": credential, "reasonCode": "UNDER_REVIEW", "authority": "The board"})
		write("UpdateEmployment", map[string]any{"employment": map[string]any{"name": employment, "endDate": dayOf(today)}, "updateMask": "endDate"})
		write("CreateEmployment", map[string]any{"parent": who, "employment": map[string]any{"district": ncs, "startDate": dayOf(tomorrow)}})
		write("UpdateEducator", map[string]any{"educator": map[string]any{"name": who, "externalIds": externalIDs(map[string]string{ncs: fmt.Sprint("V", round)})}, "updateMask": "externalIds"})
		if round%2 == 0 {
			write("MergeEducators", map[string]any{"name": twice, "duplicate": who})
		}
		for range 2 {
			all.Go(func() {
				if err := service.TellDays(context.WithoutCancel(t.Context())); err != nil {
					t.Errorf("days: %v", err)
				}
			})
		}
		all.Wait()
		w.tellDays(t)
		for _, c := range held {
			c.follow(t, w.world)
			if wrong := w.differ(t, c.district, c); wrong != "" {
				t.Fatalf("round %d: the copy of %s is wrong:\n%s", round, c.district, wrong)
			}
		}
	}
}

func dayOf(at time.Time) map[string]any {
	return day(at.Year(), int(at.Month()), at.Day())
}
