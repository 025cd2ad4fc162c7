package server_test

import (
	"context"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/btlc/btlc/ent/migrate/migrations"
	pb "github.com/btlc/btlc/gen/go/btlc/change/v1"
	"github.com/btlc/btlc/internal/change"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/database/databasetest"
	"github.com/btlc/btlc/internal/notice"
	"github.com/btlc/btlc/internal/notice/noticetest"
	"github.com/btlc/btlc/internal/server"
	"github.com/btlc/btlc/internal/webhook"
)

// alarms is a database whose changes are posted to an endpoint that answers as status says, and a mail server that tells of what
// it takes. Servers are started and stopped by the tests.
type alarms struct {
	t        *testing.T
	db       *database.DB
	address  string
	mail     *noticetest.Server
	endpoint *httptest.Server
	status   atomic.Int32
	asked    chan struct{} // is told of each post
}

func newAlarms(t *testing.T) *alarms {
	t.Helper()
	a := &alarms{t: t, address: databasetest.New(t, migrations.FS), asked: make(chan struct{}, 100)}
	a.status.Store(http.StatusGone)
	a.db = a.open()
	a.mail = (&noticetest.Server{Anybody: true, Took: make(chan noticetest.Received, 100)}).Start(t, noticetest.Open)
	a.endpoint = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(int(a.status.Load()))
		a.asked <- struct{}{}
	}))
	t.Cleanup(a.endpoint.Close)
	return a
}

func (a *alarms) open() *database.DB {
	a.t.Helper()
	pool, err := database.Open(a.t.Context(), a.address, database.PoolOptions{MaxConns: 8, ServerRole: true})
	must(a.t, err)
	db := database.NewDB(pool, nil)
	a.t.Cleanup(func() {
		db.Close()
		_ = pool.Close()
	})
	return db
}

// notices is the outbox of a server.
func (a *alarms) notices(db *database.DB) *notice.Service {
	a.t.Helper()
	sender, err := notice.Open("smtp://" + a.mail.Address + "?from=notices@example.org&tls=none")
	must(a.t, err)
	return notice.New(db, notice.Options{Sender: sender, Program: "Example Program", SignInURL: "https://app.example.org", PublicURL: "https://btlc.example.org", Poll: 5 * time.Millisecond})
}

// webhooks is what posts changes on a server. Who does not take one is asked again in an hour.
func (a *alarms) webhooks(db *database.DB, adjust ...func(*change.Options)) *change.Service {
	options := change.Options{
		PublicURL: "https://btlc.example.org", Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Timeout: 500 * time.Millisecond, Poll: 5 * time.Millisecond,
		Next: func(r webhook.Result, attempt int) (time.Duration, bool) {
			return time.Hour, r.Outcome == webhook.Retry && attempt < webhook.Attempts
		},
		Alarm: a.notices(db).WebhookFails,
	}
	for _, change := range adjust {
		change(&options)
	}
	return change.New(db, options)
}

// background runs something until stop is called, which waits for its end.
func background(t *testing.T, run func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	go func() {
		defer close(done)
		run(ctx)
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		<-done
	})
	t.Cleanup(stop)
	return stop
}

func (a *alarms) deliver(s *change.Service) (stop func()) {
	return background(a.t, func(ctx context.Context) { s.KeepDelivering(ctx, 4, func(err error) { a.t.Log(err) }) })
}

func (a *alarms) send() (stop func()) {
	s := a.notices(a.db)
	return background(a.t, func(ctx context.Context) {
		s.KeepSending(ctx, func(_ notice.Round, err error) {
			if err != nil && ctx.Err() == nil {
				a.t.Error(err)
			}
		})
	})
}

// subscribe has the changes of the program posted, and says by what name.
func (a *alarms) subscribe(contact string) string {
	a.t.Helper()
	made, err := a.webhooks(a.db).CreateWebhookSubscription(a.t.Context(), &pb.CreateWebhookSubscriptionRequest{
		WebhookSubscription: &pb.WebhookSubscription{Stream: "program", Url: a.endpoint.URL + "/btlc?token=verysecret", ContactEmail: contact, ResourceTypes: []string{"btlc/Thing"}},
	})
	must(a.t, err)
	return made.WebhookSubscription.Name
}

// emit makes a change of the program.
func (a *alarms) emit() {
	a.t.Helper()
	must(a.t, a.db.InTx(a.t.Context(), false, func(_ context.Context, tx *database.Tx) error {
		tx.Emit(database.Change{Streams: []string{"program"}, Resource: "things/1", Type: "btlc/Thing", Version: 1, Kind: "CREATED"})
		return nil
	}))
}

func (a *alarms) exec(statement string) {
	a.t.Helper()
	_, err := a.db.SQL().ExecContext(a.t.Context(), statement)
	must(a.t, err)
}

// is compares what a query tells, as text.
func (a *alarms) is(want, query string) {
	a.t.Helper()
	var got string
	must(a.t, a.db.SQL().QueryRowContext(a.t.Context(), query).Scan(&got))
	if got != want {
		a.t.Fatalf("%s: %s, want %s", query, got, want)
	}
}

// mailed waits for the next e-mail that a mail server takes.
func mailed(t *testing.T, box *noticetest.Server) noticetest.Received {
	t.Helper()
	select {
	case message := <-box.Took:
		return message
	case <-time.After(20 * time.Second):
		t.Fatal("nobody is told")
		return noticetest.Received{}
	}
}

// contents are the plain text and the HTML of an e-mail.
func contents(t *testing.T, body string) (text, html string) {
	t.Helper()
	message, err := mail.ReadMessage(strings.NewReader(body))
	must(t, err)
	_, parameters, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	must(t, err)
	reader := multipart.NewReader(message.Body, parameters["boundary"])
	for _, content := range []*string{&text, &html} {
		part, err := reader.NextPart()
		must(t, err)
		all, err := io.ReadAll(part)
		must(t, err)
		*content = strings.ReplaceAll(string(all), "\r\n", "\n")
	}
	return text, html
}

// tells compares what an e-mail tells in plain text, where lines were broken, and that neither part holds a secret.
func tells(t *testing.T, message noticetest.Received, want ...string) {
	t.Helper()
	text, html := contents(t, message.Body)
	for _, told := range want {
		if !strings.Contains(strings.Join(strings.Fields(text), " "), told) {
			t.Errorf("it does not tell %q:\n%s", told, text)
		}
	}
	if strings.Contains(text+html, "verysecret") {
		t.Errorf("it tells a secret:\n%s\n%s", text, html)
	}
}

// outbox is how many notices there are of each kind and state.
const outbox = `SELECT coalesce(string_agg(n, ', ' ORDER BY n), '') FROM (SELECT kind || ' ' || state || ' ' || count(*) AS n FROM notices GROUP BY kind, state) AS n`

// However many servers deliver and send, the contact of an endpoint that is gone gets one e-mail, and nobody else does.
func TestAGoneEndpointIsMailedOnce(t *testing.T) {
	t.Parallel()
	a := newAlarms(t)
	var contacts []string
	for i := range 6 {
		contacts = append(contacts, fmt.Sprintf("contact%d@example.org", i))
		a.subscribe(contacts[i])
	}
	a.subscribe("")
	a.emit()
	stops := []func(){a.deliver(a.webhooks(a.db)), a.deliver(a.webhooks(a.db)), a.send(), a.send()}
	var told []string
	for range contacts {
		told = append(told, mailed(t, a.mail).To)
	}
	for range 7 {
		<-a.asked
	}
	for _, stop := range stops {
		stop() // what is under way ends first
	}
	slices.Sort(told)
	if !slices.Equal(told, contacts) || len(a.mail.Inbox()) != len(contacts) {
		t.Errorf("told are %q, by %d e-mails", told, len(a.mail.Inbox()))
	}
	a.is("WEBHOOK_FAILED SENT 6", outbox)
	a.is("7", `SELECT count(*) FROM webhook_subscriptions WHERE state = 'FAILED' AND failing_since_time IS NOT NULL`)
	a.is("0", `SELECT count(*) FROM feed_rows WHERE state::text LIKE '%@example.org%'`)
	for _, message := range a.mail.Inbox() {
		tells(t, message, "The endpoint says that it is gone.")
	}
}

// A server is killed with what it was about to put on record: nothing of it is there, and the next server makes one e-mail of it.
func TestKilledWhileItTells(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int{"failed": http.StatusGone, "failing": http.StatusTeapot} {
		for when, early := range map[string]bool{"before the e-mail is written": true, "before it is on record": false} {
			t.Run(name+" "+when, func(t *testing.T) {
				t.Parallel()
				a := newAlarms(t)
				a.status.Store(int32(status))
				a.subscribe("hr@example.org")
				a.emit()
				a.exec(`UPDATE webhook_subscriptions SET failing_since_time = clock_timestamp() - interval '25 hours', attempts = 5`)
				owner, err := database.Open(t.Context(), a.address, database.PoolOptions{MaxConns: 1})
				must(t, err)
				t.Cleanup(func() { _ = owner.Close() })
				doomed, killed := a.open(), make(chan struct{})
				kill := func(ctx context.Context, tx *database.Tx) error {
					defer close(killed)
					rows, err := tx.QueryContext(ctx, `SELECT pg_backend_pid()`)
					if err != nil {
						return err
					}
					var pid int
					for rows.Next() {
						must(t, rows.Scan(&pid))
					}
					must(t, rows.Close())
					_ = doomed.SQL().Close() // it gets no other connection
					_, err = owner.ExecContext(ctx, `SELECT pg_terminate_backend($1, 10000)`, pid)
					return err
				}
				notices := a.notices(doomed)
				stop := a.deliver(a.webhooks(doomed, func(o *change.Options) {
					o.Alarm = func(ctx context.Context, tx *database.Tx, alarm webhook.Alarm) error {
						if !early {
							must(t, notices.WebhookFails(ctx, tx, alarm))
						}
						return kill(ctx, tx)
					}
				}))
				<-killed
				stop()
				a.is("", outbox)
				a.is("ENABLED 5 0", `SELECT state || ' ' || attempts || ' ' || (SELECT count(*) FROM webhook_deliveries) FROM webhook_subscriptions WHERE warn_time IS NULL`)
				a.deliver(a.webhooks(a.db))
				a.deliver(a.webhooks(a.db))
				stop = a.send()
				if to := mailed(t, a.mail).To; to != "hr@example.org" {
					t.Errorf("told is %s", to)
				}
				stop()
				a.is("WEBHOOK_"+strings.ToUpper(name)+" SENT 1", outbox)
			})
		}
	}
}

// attempt has what waits posted once, by either of two servers; the endpoint answers with the status.
func (a *alarms) attempt(status int) {
	a.t.Helper()
	a.status.Store(int32(status))
	a.exec(`UPDATE webhook_subscriptions SET next_attempt_time = 'epoch'`)
	one, other := a.deliver(a.webhooks(a.db)), a.deliver(a.webhooks(a.db))
	<-a.asked
	one()
	other()
}

// began has the subscription failing for so long already.
func (a *alarms) began(ago string) {
	a.t.Helper()
	a.exec(`UPDATE webhook_subscriptions SET failing_since_time = clock_timestamp() - interval '` + ago + `'`)
}

// The contact is warned once in each streak of failing, at the first attempt that fails after a day, and told when it is over.
func TestAFailingEndpointIsWarnedOfOnce(t *testing.T) {
	t.Parallel()
	a := newAlarms(t)
	a.subscribe("hr@example.org")
	a.emit()
	a.attempt(http.StatusTeapot)
	a.began("23 hours 59 minutes")
	a.attempt(http.StatusTeapot)
	a.is("", outbox)
	a.began("24 hours")
	a.attempt(http.StatusTeapot)
	a.is("WEBHOOK_FAILING PENDING 1", outbox)
	a.attempt(http.StatusTeapot)
	a.began("48 hours")
	a.attempt(http.StatusTeapot)
	a.is("WEBHOOK_FAILING PENDING 1", outbox)

	a.attempt(http.StatusOK) // a streak is over, and what was written of it is no longer so
	a.is("0", `SELECT count(*) FROM webhook_subscriptions WHERE warn_time IS NOT NULL OR failing_since_time IS NOT NULL`)
	a.emit()
	a.attempt(http.StatusServiceUnavailable)
	a.is("WEBHOOK_FAILING PENDING 1", outbox)
	a.began("30 hours")
	a.attempt(http.StatusServiceUnavailable)
	a.is("WEBHOOK_FAILING PENDING 2", outbox)
	stop := a.send()
	tells(t, mailed(t, a.mail), "The endpoint answered with status 503.", "Delivered last: change 1 ")
	stop()
	a.is("WEBHOOK_FAILING SENT 1, WEBHOOK_FAILING SUPPRESSED 1", outbox)

	a.exec(`UPDATE webhook_subscriptions SET attempts = 14`)
	a.attempt(http.StatusServiceUnavailable)
	a.is("WEBHOOK_FAILED PENDING 1, WEBHOOK_FAILING SENT 1, WEBHOOK_FAILING SUPPRESSED 1", outbox)
	a.send()
	tells(t, mailed(t, a.mail), "Change 2 was not taken in 15 attempts. The endpoint answered with status 503.", "Delivered last: change 1 ")
}

// Who has no contact when the day is over is warned when there is one, if it still fails; and told of nothing without one.
func TestAContactThatComesLater(t *testing.T) {
	t.Parallel()
	a := newAlarms(t)
	a.subscribe("")
	a.emit()
	a.attempt(http.StatusTeapot)
	a.began("25 hours")
	a.attempt(http.StatusTeapot)
	a.is("", outbox)
	a.exec(`UPDATE webhook_subscriptions SET contact_email = 'hr@example.org'`)
	a.attempt(http.StatusTeapot)
	a.is("WEBHOOK_FAILING PENDING 1", outbox)
	a.exec(`UPDATE webhook_subscriptions SET contact_email = ''`)
	a.attempt(http.StatusGone)
	a.is("WEBHOOK_FAILING PENDING 1", outbox)
	a.is("1", `SELECT count(*) FROM webhook_subscriptions WHERE state = 'FAILED'`)
}

// The server as it is put together tells the contact, in the program's time zone, where the subscription is.
func TestAServerMailsOfWebhooks(t *testing.T) {
	t.Parallel()
	box := (&noticetest.Server{Anybody: true, Took: make(chan noticetest.Received, 8)}).Start(t, noticetest.Open)
	sender, err := notice.Open("smtp://" + box.Address + "?from=notices@example.org&tls=none")
	must(t, err)
	w := newWorld(t, func(o *server.Options) {
		o.Notices, o.WithoutSending, o.WebhookWorkers = notice.Options{Sender: sender, SignInURL: "https://app.example.org", Poll: 10 * time.Millisecond}, false, 1
	})
	v := w.variables
	made := w.do(t, "districtHr", "CreateWebhookSubscription", map[string]any{"webhookSubscription": map[string]any{
		"stream": v["district"], "url": v["hook"] + "/gone?token=verysecret", "contactEmail": "hr@example.org", "description": "HR",
	}})
	name := text(made, "webhookSubscription.name")
	w.do(t, "staff", "UpdateEducator", map[string]any{"educator": map[string]any{"name": v["educator"], "familyName": "Renamed"}, "updateMask": "familyName"})
	message := mailed(t, box)
	began, err := time.Parse(time.RFC3339Nano, text(w.do(t, "districtHr", "GetWebhookSubscription", map[string]any{"name": name}), "webhookSubscription.failingSinceTime"))
	must(t, err)
	zone, err := time.LoadLocation("America/New_York")
	must(t, err)
	tells(t, message, "Host: "+lastPart(v["hook"])+" ", "Subscription: HR ", "Changes of: "+v["district"]+" ", "Failing since: "+began.In(zone).Format("Monday, January 2, 2006, 3:04 PM MST "),
		"The endpoint says that it is gone.", " "+w.rest.base+"/v1/"+name+" ")
	if message.To != "hr@example.org" {
		t.Errorf("to %s", message.To)
	}
	if got := w.do(t, "districtHr", "GetWebhookSubscription", map[string]any{"name": name}); text(got, "webhookSubscription.state") != "STATE_FAILED" {
		t.Errorf("it is %v", got)
	}
	w.do(t, "districtHr", "DeleteWebhookSubscription", map[string]any{"name": name})
}
