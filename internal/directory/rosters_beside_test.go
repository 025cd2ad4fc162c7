package directory_test

import (
	"context"
	"database/sql"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	pb "github.com/btlc/btlc/gen/go/btlc/directory/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/record/recordtest"
)

// held begins a transaction that holds what a statement locks, until it is let go.
func (o office) held(t *testing.T, statement string, values ...any) (letGo func()) {
	t.Helper()
	tx, err := o.SQL().BeginTx(t.Context(), nil)
	recordtest.Must(t, err)
	result, err := tx.ExecContext(t.Context(), statement, values...)
	recordtest.Must(t, err)
	if n, _ := result.RowsAffected(); n == 0 {
		t.Fatalf("nothing is locked by %s", statement)
	}
	return func() {
		t.Helper()
		recordtest.Must(t, tx.Rollback())
	}
}

// waiting waits until so many sessions wait for a lock, and gives one of them.
func (o office) waiting(t *testing.T, sessions int) (pid int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		var count int
		var one sql.NullInt64
		recordtest.Must(t, o.SQL().QueryRowContext(ctx, `SELECT count(*), max(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&count, &one))
		if count == sessions {
			return int(one.Int64)
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			t.Fatalf("%d sessions wait for a lock, want %d", count, sessions)
		}
	}
}

// begun runs something beside the test, and gives what it came to.
func begun(do func() error) <-chan api.Reason {
	done := make(chan api.Reason, 1)
	go func() { done <- recordtest.Reason(do()) }()
	return done
}

// numbered counts the rows of a stream and says what their numbers end with: the same when none is missing.
func (o office) numbered(t *testing.T, stream string) (rows, newest int) {
	t.Helper()
	recordtest.Must(t, o.SQL().QueryRowContext(t.Context(), `SELECT count(*), (SELECT newest FROM feed_streams WHERE stream = $1) FROM feed_rows WHERE stream = $1`, stream).Scan(&rows, &newest))
	return rows, newest
}

// TestRosterBesideAChange applies a roster while one of its people gets another address: whoever comes second goes by what the
// first has left.
func TestRosterBesideAChange(t *testing.T) {
	for _, c := range []struct {
		name        string
		rosterFirst bool
		reason      api.Reason
		state       pb.RosterImport_State
		family      string
		news        []string
	}{
		{"the roster first", true, "", pb.RosterImport_STATE_APPLIED, "Married", []string{"Educator UPDATED v2 map[employeeId:S1] ", "Educator UPDATED v3 map[employeeId:S1] "}},
		{"the change first", false, api.RosterStale, pb.RosterImport_STATE_PLANNED, "Family1", []string{"Educator UPDATED v2 map[employeeId:S1] "}},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := newOffice(t)
			o.apply(t, o.plan(t, roster(2).zip(t)))
			planned := o.plan(t, roster(2).with("users.csv", "Family1", "Married").zip(t))
			_, after := o.news(t, "districts/bps", 0)
			person, err := ask(t, recordtest.Staff(), o.service.LookupEducator, &pb.LookupEducatorRequest{District: "districts/bps", EmployeeId: "S1"})
			recordtest.Must(t, err)
			person.Educator.Emails = append(person.Educator.Emails, &pb.EmailAddress{Address: "other@example.org"})

			letGo := o.held(t, `SELECT FROM educators WHERE id = $1 FOR NO KEY UPDATE`, api.LastUUID(person.Educator.Name))
			var applied, changed <-chan api.Reason
			steps := []func(){
				func() {
					applied = begun(func() error {
						_, err := o.service.ApplyRosterImport(t.Context(), &pb.ApplyRosterImportRequest{Name: planned.Name})
						return err
					})
				},
				func() {
					changed = begun(func() error {
						_, err := ask(t, recordtest.Staff(), o.service.UpdateEducator, &pb.UpdateEducatorRequest{
							Educator: &pb.Educator{Name: person.Educator.Name, Emails: person.Educator.Emails}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"emails"}},
						})
						return err
					})
				},
			}
			if !c.rosterFirst {
				steps[0], steps[1] = steps[1], steps[0]
			}
			for i, step := range steps {
				step()
				o.waiting(t, i+1)
			}
			letGo()
			expect(t, "the change", <-changed, "")
			expect(t, "the roster", <-applied, c.reason)

			now, err := ask(t, o.hr, o.service.GetRosterImport, &pb.GetRosterImportRequest{Name: planned.Name})
			recordtest.Must(t, err)
			expect(t, "its state", now.RosterImport.State, c.state)
			lines, newest := o.news(t, "districts/bps", after)
			expect(t, "news", lines, c.news)
			rows, _ := o.numbered(t, "districts/bps")
			expect(t, "numbers", rows, newest)
			found, err := ask(t, recordtest.Staff(), o.service.GetEducator, &pb.GetEducatorRequest{Name: person.Educator.Name})
			recordtest.Must(t, err)
			expect(t, "the name", found.Educator.FamilyName, c.family)
			expect(t, "addresses", len(found.Educator.Emails), 2)
		})
	}
}

// TestRosterUndosRace undoes one roster twice at once: one of both gets through, and what was added is taken back once.
func TestRosterUndosRace(t *testing.T) {
	o := newOffice(t)
	empty := o.rows(t)
	applied := o.apply(t, o.plan(t, roster(20).zip(t)))
	undo := func() error {
		_, err := o.service.UndoRosterImport(t.Context(), &pb.UndoRosterImportRequest{Name: applied.Name})
		return err
	}
	letGo := o.held(t, `SELECT FROM districts WHERE id = 'bps' FOR UPDATE`)
	one, other := begun(undo), begun(undo)
	o.waiting(t, 2)
	letGo()
	reasons := []api.Reason{<-one, <-other}
	slices.Sort(reasons)
	expect(t, "reasons", reasons, []api.Reason{"", api.StateConflict})
	expect(t, "rows", o.rows(t), empty)
	rows, newest := o.numbered(t, "districts/bps")
	expect(t, "news", [2]int{rows, newest}, [2]int{80, 80})
}

// TestRosterWhoseServerDies ends the session of whoever applies and undoes a roster right before they are done, when all but the last
// stream of the feed is written: nothing of it is there, and the next one does it whole.
func TestRosterWhoseServerDies(t *testing.T) {
	o := newOffice(t)
	o.apply(t, o.plan(t, roster(20).zip(t)))
	planned := o.plan(t, roster(21).with("users.csv", "Family1", "Married").with("roles.csv", "r2,,,u2,primary,teacher,2020-08-25,,n", "r2,,,u2,primary,teacher,,,s").zip(t))
	dies := func(what string, do func() error) {
		t.Helper()
		before := o.everything(t)
		letGo := o.held(t, `SELECT FROM feed_streams WHERE stream = 'program' FOR UPDATE`)
		done := begun(do)
		pid := o.waiting(t, 1)
		_, err := o.SQL().ExecContext(t.Context(), `SELECT pg_terminate_backend($1, 10000)`, pid)
		recordtest.Must(t, err)
		if reason := <-done; reason == "" {
			t.Errorf("%s: it is said to be done", what)
		}
		letGo()
		expect(t, what, o.everything(t), before)
	}
	dies("applying", func() error {
		_, err := o.service.ApplyRosterImport(t.Context(), &pb.ApplyRosterImportRequest{Name: planned.Name})
		return err
	})
	before := o.rows(t)
	applied := o.apply(t, planned)
	expect(t, "rows after applying", o.rows(t), [6]int{before[0], before[1] + 1, before[2] + 1, before[3] + 1, before[4] + 1, before[5] + 2})
	dies("undoing", func() error {
		_, err := o.service.UndoRosterImport(t.Context(), &pb.UndoRosterImportRequest{Name: planned.Name})
		return err
	})
	o.undo(t, applied)
	expect(t, "rows after undoing", o.rows(t), [6]int{before[0], before[1], before[2] + 2, before[3], before[4], before[5]})
	for _, stream := range []string{"districts/bps", "program"} {
		rows, newest := o.numbered(t, stream)
		expect(t, "numbers of "+stream, rows, newest)
	}
}

// everything is a digest of each table that a roster may change, of the feed and of the audit record.
func (o office) everything(t *testing.T) (digests []string) {
	t.Helper()
	for _, table := range []string{
		"schools", "educators", "educator_names", "educator_emails", "external_ids", "employments", "roster_imports", "roster_actions", "feed_streams", "feed_rows", "audit_entries",
	} {
		var digest string
		recordtest.Must(t, o.SQL().QueryRowContext(t.Context(), `SELECT count(*) || ' ' || md5(coalesce(string_agg(r::text, '' ORDER BY r::text), '')) FROM `+table+` r`).Scan(&digest))
		digests = append(digests, table+" "+digest)
	}
	return digests
}
