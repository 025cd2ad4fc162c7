package credential

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	entcredential "github.com/btlc/btlc/ent/credential"
	"github.com/btlc/btlc/ent/issueresult"
	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/record/recordtest"
)

func batchOf(educators ...uuid.UUID) *pb.BatchIssueCredentialsRequest {
	req := &pb.BatchIssueCredentialsRequest{CredentialType: usingData}
	for _, id := range educators {
		req.Educators = append(req.Educators, educatorName(id))
	}
	return req
}

func begin(t testing.TB, s *Service, educators ...uuid.UUID) *pb.IssueBatch {
	t.Helper()
	return must[*pb.BatchIssueCredentialsResponse](t)(do(t, recordtest.Staff(), s.BatchIssueCredentials, batchOf(educators...))).IssueBatch
}

// progress is a batch as it stands, such as "RUNNING 1+0/3": issued, refused and all.
func progress(t testing.TB, s *Service, name string) string {
	t.Helper()
	b := must[*pb.GetIssueBatchResponse](t)(do(t, recordtest.Staff(), s.GetIssueBatch, &pb.GetIssueBatchRequest{Name: name})).IssueBatch
	return fmt.Sprintf("%s %d+%d/%d", api.EnumWord(b.State), b.IssuedCount, b.RefusedCount, b.TotalCount)
}

func results(t testing.TB, s *Service, name, filter string) []*pb.IssueResult {
	t.Helper()
	return must[*pb.ListIssueResultsResponse](t)(do(t, recordtest.Staff(), s.ListIssueResults, &pb.ListIssueResultsRequest{Parent: name, Filter: filter})).IssueResults
}

func graduates(w *recordtest.World, n int) []uuid.UUID {
	ids := make([]uuid.UUID, n)
	for i := range ids {
		ids[i], _ = w.Graduate(fmt.Sprintf("B%d", i+1))
	}
	return ids
}

// eachHasOne fails unless each of the persons has one credential.
func eachHasOne(t testing.TB, w *recordtest.World, persons []uuid.UUID) {
	t.Helper()
	for i, id := range persons {
		if n := w.Ent().Credential.Query().Where(entcredential.EducatorID(id)).CountX(t.Context()); n != 1 {
			t.Errorf("person %d has %d credentials", i+1, n)
		}
	}
}

func TestBatch(t *testing.T) {
	w, s := open(t)
	persons := append(graduates(w, 3), w.Educator("bps", "B9"))
	held := issue(t, s, persons[1])
	b := begin(t, s, persons...)
	if got := progress(t, s, b.Name); got != "RUNNING 0+0/4" || b.State != pb.IssueBatch_STATE_RUNNING || b.TotalCount != 4 || b.CredentialType != usingData {
		t.Errorf("begun: %s, %v", got, b)
	}
	if open := results(t, s, b.Name, "done = false"); len(open) != 4 {
		t.Errorf("to be done: %v", open)
	}
	recordtest.Must(t, s.IssuePending(t.Context(), 2))
	if got := progress(t, s, b.Name); got != "DONE 2+2/4" {
		t.Errorf("at last: %s", got)
	}
	all := results(t, s, b.Name, "")
	for i, want := range []api.Reason{"", api.CredentialHeld, "", api.RequirementsUnmet} {
		r := all[i]
		if r.Educator != educatorName(persons[i]) || !r.Done || r.Reason != string(want) || (r.Credential == "") != (want != "") || (r.Detail == "") != (want == "") {
			t.Errorf("person %d: %v", i+1, r)
		}
	}
	if !strings.Contains(all[1].Detail, held.Name) || !strings.Contains(all[3].Detail, "participation") {
		t.Errorf("refused: %v", all)
	}
	if unmet := results(t, s, b.Name, "done = true AND reason = REQUIREMENTS_UNMET"); len(unmet) != 1 || unmet[0].Educator != educatorName(persons[3]) {
		t.Errorf("unmet: %v", unmet)
	}
	eachHasOne(t, w, persons[:3])

	// An award is on record as what the caller did, and on the feed like any other.
	entries := must[[]database.AuditEntry](t)(w.ReadAudit(t.Context(), database.AuditQuery{Subject: persons[0], Limit: 10}))
	if len(entries) != 2 || entries[0].Resource != all[0].Credential || entries[1].Resource != b.Name {
		t.Errorf("audit: %v", entries)
	}
	for _, e := range entries {
		if e.Principal != recordtest.Staff().Principal || e.RequestID != "test" || !strings.HasSuffix(e.Method, "/BatchIssueCredentials") {
			t.Errorf("audit: %v", e)
		}
	}
	if e := history(t, s, all[0].Credential); len(e) != 1 || e[0].RecordedBy != recordtest.Staff().Principal {
		t.Errorf("history: %v", e)
	}
	var kinds []string
	for _, row := range feed(t, w, "program") {
		kinds = append(kinds, row.Type+" "+row.Kind)
	}
	if want := []string{"btlc/Credential CREATED", "btlc/IssueBatch CREATED", "btlc/Credential CREATED", "btlc/Credential CREATED", "btlc/IssueBatch UPDATED"}; !slices.Equal(kinds, want) {
		t.Errorf("feed: %v", kinds)
	}
}

func TestBatchRefusals(t *testing.T) {
	w, s := open(t)
	one := w.Educator("bps", "B1")
	for _, c := range []struct {
		req   *pb.BatchIssueCredentialsRequest
		want  api.Reason
		field string
	}{
		{batchOf(one, uuid.New(), one), api.InvalidRequest, "educators[2]"},
		{batchOf(one, uuid.New()), api.ReferenceNotFound, "educators[1]"},
		{&pb.BatchIssueCredentialsRequest{CredentialType: "credentialTypes/nonsense", Educators: []string{educatorName(one)}}, api.ReferenceNotFound, ""},
	} {
		_, err := do(t, recordtest.Staff(), s.BatchIssueCredentials, c.req)
		refused(t, err, c.want)
		if v := recordtest.Known(err).Violations; c.field != "" && (len(v) != 1 || v[0].Field != c.field) {
			t.Errorf("violations %v, want %s", v, c.field)
		}
	}
	nothing := "issueBatches/" + uuid.NewString()
	_, err := do(t, recordtest.Staff(), s.GetIssueBatch, &pb.GetIssueBatchRequest{Name: nothing})
	refused(t, err, api.NotFound)
	_, err = do(t, recordtest.Staff(), s.ListIssueResults, &pb.ListIssueResultsRequest{Parent: nothing})
	refused(t, err, api.NotFound)
	if n := w.Ent().IssueBatch.Query().CountX(t.Context()); n != 0 {
		t.Errorf("%d batches", n)
	}
}

// Two servers carry out two batches of the same persons while clerks issue to them too: each gets one credential, from one
// of them, and the others are told.
func TestBatchesNeverIssueTwice(t *testing.T) {
	w, s := open(t)
	other := must[*Service](t)(New(w.DB, s.store.issuer))
	persons := graduates(w, 8)
	backwards := slices.Clone(persons)
	slices.Reverse(backwards)
	batches := []string{begin(t, s, persons...).Name, begin(t, other, backwards...).Name}
	var rivals sync.WaitGroup
	for _, server := range []*Service{s, other} {
		rivals.Go(func() {
			if err := server.IssuePending(t.Context(), 2); err != nil {
				t.Error(err)
			}
		})
	}
	byHand := make([]int, len(persons))
	for i, id := range persons {
		rivals.Go(func() {
			_, err := do(t, recordtest.Staff(), s.IssueCredential, &pb.IssueCredentialRequest{Educator: educatorName(id), CredentialType: usingData})
			if err == nil {
				byHand[i] = 1
			} else if recordtest.Reason(err) != api.CredentialHeld {
				t.Error(err)
			}
		})
	}
	rivals.Wait()
	eachHasOne(t, w, persons)
	for i, id := range persons {
		won := byHand[i]
		for _, name := range batches {
			switch r := results(t, s, name, fmt.Sprintf("educator = %q", educatorName(id)))[0]; {
			case r.Credential != "":
				won++
			case r.Reason != string(api.CredentialHeld):
				t.Errorf("person %d: %v", i+1, r)
			}
		}
		if won != 1 {
			t.Errorf("person %d was told %d times", i+1, won)
		}
	}
	for _, name := range batches {
		if got := progress(t, s, name); !strings.HasPrefix(got, "DONE ") {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// inHand has a person's row locked, so that whoever issues to them stops in the middle. stopped waits for that and gives the
// backend that does; release lets it go on.
func inHand(t *testing.T, w *recordtest.World, person uuid.UUID) (stopped func() int, release func()) {
	t.Helper()
	hold := must[*sql.Tx](t)(w.SQL().BeginTx(t.Context(), nil))
	_, err := hold.ExecContext(t.Context(), `SELECT FROM educators WHERE id = $1 FOR UPDATE`, person)
	recordtest.Must(t, err)
	stopped = func() (backend int) {
		ctx, enough := context.WithTimeout(t.Context(), 20*time.Second)
		defer enough()
		for backend == 0 {
			recordtest.Must(t, hold.QueryRowContext(ctx, `SELECT coalesce(min(pid), 0) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))`).Scan(&backend))
		}
		return backend
	}
	return stopped, func() { recordtest.Must(t, hold.Rollback()) }
}

// A server that is stopped finishes the person in hand; of one that dies nothing is left of the person in hand. Any other
// goes on where they were, and in the end each has one credential.
func TestBatchSurvives(t *testing.T) {
	w, s := open(t)
	persons := graduates(w, 5)
	b := begin(t, s, persons...)

	stopped, release := inHand(t, w, persons[1])
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.IssuePending(ctx, 1) }()
	stopped()
	stop()
	release()
	recordtest.Must(t, <-ended)
	if got := progress(t, s, b.Name); got != "RUNNING 2+0/5" {
		t.Errorf("when the server was stopped with the second person in hand: %s", got)
	}

	second := must[*Service](t)(New(w.DB, s.store.issuer))
	stopped, release = inHand(t, w, persons[3])
	go func() { ended <- second.IssuePending(t.Context(), 1) }()
	_, err := w.SQL().ExecContext(t.Context(), `SELECT pg_terminate_backend($1)`, stopped())
	recordtest.Must(t, err)
	if err := <-ended; !database.IsReadOnlyOrDown(err) {
		t.Errorf("of the connection that was lost: %v", err)
	}
	release()
	if got := progress(t, s, b.Name); got != "RUNNING 3+0/5" {
		t.Errorf("when the server died with the fourth person in hand: %s", got)
	}

	third := must[*Service](t)(New(w.DB, s.store.issuer))
	recordtest.Must(t, third.IssuePending(t.Context(), 2))
	if got := progress(t, s, b.Name); got != "DONE 5+0/5" {
		t.Errorf("at last: %s", got)
	}
	eachHasOne(t, w, persons)
}

// What goes wrong with one person for no reason of theirs is told, and does not stop the others for good.
func TestBatchGoesOnAfterAFault(t *testing.T) {
	w, s := open(t)
	persons := graduates(w, 3)
	recordtest.Must(t, w.Ent().District.Create().SetID("nowhere").SetDisplayName("Nowhere").SetTimeZone("Nowhere/Land").Exec(t.Context()))
	_, err := w.SQL().ExecContext(t.Context(), `UPDATE employments SET district_id = 'nowhere' WHERE educator_id = $1`, persons[0])
	recordtest.Must(t, err)
	b := begin(t, s, persons...)
	if err := s.IssuePending(t.Context(), 1); err == nil || !strings.Contains(err.Error(), educatorName(persons[0])) {
		t.Errorf("the fault: %v", err)
	}
	recordtest.Must(t, s.IssuePending(t.Context(), 1))
	if got := progress(t, s, b.Name); got != "DONE 2+1/3" {
		t.Errorf("at last: %s", got)
	}
	if r := results(t, s, b.Name, "")[0]; r.Reason != string(api.Internal) || strings.Contains(r.Detail, "nowhere") {
		t.Errorf("the person: %v", r)
	}
}

// A batch is begun at once by the server that it was created on, and goes with the server's stop.
func TestKeepIssuing(t *testing.T) {
	w, s := open(t)
	persons := graduates(w, 2)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.KeepIssuing(ctx, 2, time.Hour, func(err error) { t.Error(err) })
	}()
	b := begin(t, s, persons...)
	patience, enough := context.WithTimeout(t.Context(), 20*time.Second)
	defer enough()
	for progress(t, s, b.Name) != "DONE 2+0/2" {
		recordtest.Must(t, patience.Err())
	}
	stop()
	<-ended
	if n := w.Ent().IssueResult.Query().Where(issueresult.State(personIssued)).CountX(t.Context()); n != 2 {
		t.Errorf("%d results", n)
	}
}
