package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/btlc/btlc/internal/notice"
	"github.com/btlc/btlc/internal/notice/noticetest"
	"github.com/btlc/btlc/internal/server"
)

// noticeLog tells what a server logs of notices.
type noticeLog struct{ told chan string }

func (noticeLog) Enabled(context.Context, slog.Level) bool { return true }
func (l noticeLog) WithAttrs([]slog.Attr) slog.Handler     { return l }
func (l noticeLog) WithGroup(string) slog.Handler          { return l }

func (l noticeLog) Handle(ctx context.Context, record slog.Record) error {
	if record.Message != "notices" {
		return nil
	}
	var line bytes.Buffer
	err := slog.NewTextHandler(&line, nil).Handle(ctx, record)
	l.told <- line.String()
	return err
}

// mailing makes a world whose server sends notices by a URL, and registers its educator.
func mailing(t *testing.T, url string) (w *world, registration string, told <-chan string) {
	t.Helper()
	sender, err := notice.Open(url)
	must(t, err)
	lines := make(chan string, 8)
	w = newWorld(t, func(o *server.Options) {
		o.Notices = notice.Options{Sender: sender, SignInURL: "https://app.example.org", Poll: 10 * time.Millisecond}
		o.WithoutSending, o.Log = false, slog.New(noticeLog{lines})
	})
	v := w.variables
	w.do(t, "staff", "CreateTerm", map[string]any{"termId": "fall-2026", "term": map[string]any{"displayName": "Fall 2026", "startDate": day(2026, 9, 1), "endDate": day(2026, 12, 20)}})
	section := text(w.do(t, "staff", "CreateSection", map[string]any{"section": sectionOf("courses/using-data/versions/1", "terms/fall-2026", v["facilitator"])}), "section.name")
	w.do(t, "staff", "OpenSection", map[string]any{"name": section})
	assignment := text(w.do(t, "educator", "CreateRoleAssignment", map[string]any{"parent": v["educator"], "roleAssignment": map[string]any{"role": v["role"], "school": v["school"], "startDate": day(2024, 9, 1)}}), "roleAssignment.name")
	w.do(t, "principal", "ConfirmRoleAssignment", map[string]any{"name": assignment})
	made := w.do(t, "educator", "CreateRegistration", map[string]any{"parent": section, "registration": map[string]any{"educator": v["educator"], "acknowledgedFramework": v["framework"]}})
	return w, text(made, "registration.name"), lines
}

// Who registers gets one e-mail, as plain text and as HTML, and it is on record as sent.
func TestARegistrationIsMailed(t *testing.T) {
	t.Parallel()
	box := (&noticetest.Server{Anybody: true}).Start(t, noticetest.Open)
	w, registration, told := mailing(t, "smtp://"+box.Address+"?from=notices@example.org&tls=none")
	if line := <-told; !strings.Contains(line, "level=INFO msg=notices sent=1 suppressed=0 deferred=0 failed=0") {
		t.Errorf("it logs %s", line)
	}
	inbox := box.Inbox()
	if len(inbox) != 1 || inbox[0].To != "educator@example.org" || inbox[0].From != "notices@example.org" {
		t.Fatalf("the mail server has %+v", inbox)
	}
	message, err := mail.ReadMessage(strings.NewReader(inbox[0].Body))
	must(t, err)
	_, parameters, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	must(t, err)
	reader := multipart.NewReader(message.Body, parameters["boundary"])
	for _, kind := range []string{"text/plain", "text/html"} {
		part, err := reader.NextPart()
		must(t, err)
		content, err := io.ReadAll(part)
		must(t, err)
		if !strings.HasPrefix(part.Header.Get("Content-Type"), kind) {
			t.Errorf("%s, want %s", part.Header.Get("Content-Type"), kind)
		}
		for _, word := range []string{"Hello Given,", "You are registered, and have a seat", "Using Data", "https://app.example.org", "Boston Teacher Leadership Certificate"} {
			if !strings.Contains(string(content), word) {
				t.Errorf("%s without %q:\n%s", kind, word, content)
			}
		}
	}
	listed := w.do(t, "educator", "ListNotices", map[string]any{"parent": w.variables["educator"]})
	if fault := differs("", listed, map[string]any{"notices": []any{map[string]any{
		"kind": "NOTICE_KIND_REGISTERED", "registration": registration, "state": "STATE_SENT", "attempts": 1, "subject": message.Header.Get("Subject"), "sendTime": "2026-11-20T15:00:00Z",
	}}}); fault != "" {
		t.Errorf("on record: %s", fault)
	}
}

// A principal is asked by e-mail about a role that is only reported. Neither the log nor the change feed has the address.
func TestAPrincipalIsMailed(t *testing.T) {
	t.Parallel()
	box := (&noticetest.Server{Anybody: true}).Start(t, noticetest.Open)
	w, registration, told := mailing(t, "smtp://"+box.Address+"?from=notices@example.org&tls=none")
	<-told // the educator's own registration
	v, address := w.variables, "principal-of-the-school@example.org"
	w.do(t, "staff", "UpdateSchool", map[string]any{"school": map[string]any{"name": v["school"], "principalEmail": address}})
	section, _, _ := strings.Cut(registration, "/registrations/")
	w.do(t, "colleague", "CreateRoleAssignment", map[string]any{"parent": v["colleague"], "roleAssignment": map[string]any{"role": v["role"], "school": v["school"], "startDate": day(2024, 9, 1)}})
	w.do(t, "colleague", "CreateRegistration", map[string]any{"parent": section, "awaitRole": true, "registration": map[string]any{"educator": v["colleague"], "acknowledgedFramework": v["framework"]}})
	if line := <-told; !strings.Contains(line, "sent=2 suppressed=0 deferred=0 failed=0") || strings.Contains(line, address) {
		t.Errorf("it logs %s", line)
	}
	inbox := box.Inbox()
	at := slices.IndexFunc(inbox, func(m noticetest.Received) bool { return m.To == address })
	if len(inbox) != 3 || at < 0 || !strings.Contains(inbox[at].Body, "Given Of colleague") || !strings.Contains(inbox[at].Body, "https://app.example.org") {
		t.Fatalf("the mail server has %+v", inbox)
	}
	changes, err := json.Marshal(w.do(t, "staff", "ListChanges", map[string]any{"parent": "program", "pageSize": 1000}))
	must(t, err)
	audit, err := json.Marshal(w.do(t, "auditor", "ListAuditEntries", map[string]any{"pageSize": 1000}))
	must(t, err)
	if !bytes.Contains(changes, []byte("AWAITING_ROLE")) || bytes.Contains(changes, []byte(address)) || !bytes.Contains(audit, []byte("UpdateSchool")) || bytes.Contains(audit, []byte(address)) {
		t.Errorf("the feed has %s\nand the audit %s", changes, audit)
	}
}

// What goes wrong is logged without the password that the settings hold, and without anybody's address.
func TestNoticesLogNoSecrets(t *testing.T) {
	t.Parallel()
	box := new(noticetest.Server).Start(t, noticetest.StartTLS) // whose certificate nobody trusts
	_, _, told := mailing(t, "smtp://btlc:verysecret@"+box.Address+"?from=notices@example.org")
	for _, want := range []string{"level=INFO msg=notices sent=0 suppressed=0 deferred=1 failed=0", "certificate is not trusted"} {
		if line := <-told; !strings.Contains(line, want) || strings.Contains(line, "verysecret") || strings.Contains(line, "@") {
			t.Errorf("it logs %s, want %s", line, want)
		}
	}
}
