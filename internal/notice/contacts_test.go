package notice

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/btlc/btlc/ent"
	entnotice "github.com/btlc/btlc/ent/notice"
	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	changepb "github.com/btlc/btlc/gen/go/btlc/change/v1"
	pb "github.com/btlc/btlc/gen/go/btlc/notice/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/notice/noticetest"
	"github.com/btlc/btlc/internal/record/recordtest"
	"github.com/btlc/btlc/internal/webhook"
)

// hook is a subscription of tests.
const (
	hookURL  = "https://hr.example.org/verysecret?token=verysecret"
	contact  = "hr-systems@example.org"
	hookFail = "The endpoint answered with status 500."
)

// began is when subscriptions of tests began to fail.
var began = recordtest.Start.Add(-25 * time.Hour)

// subscription is one in the state, with the contact.
func (b *box) subscription(state, contact string) uuid.UUID {
	b.t.Helper()
	row, err := b.world.Ent().WebhookSubscription.Create().SetStream("districts/bps").SetURL(hookURL).SetDescription("HR <b>system</b>").SetResourceTypes([]string{}).SetContactEmail(contact).
		SetState(state).SetSecret([]byte("whsec_secret")).SetEpoch("e").SetDeliveredNumber(41).SetAttempts(9).SetFailingSinceTime(began).Save(b.t.Context())
	recordtest.Must(b.t, err)
	return row.ID
}

// alarm tells the service that a subscription is failing until giveUp or, without one, has failed.
func (b *box) alarm(id uuid.UUID, giveUp time.Time) {
	b.t.Helper()
	recordtest.Must(b.t, b.world.InTx(b.t.Context(), false, func(ctx context.Context, tx *database.Tx) error {
		return b.WebhookFails(ctx, tx, webhook.Alarm{Subscription: id, Since: began, Failure: hookFail, GiveUp: giveUp})
	}))
}

// alarms are the notices about a subscription, in the order of their writing.
func (b *box) alarms(id uuid.UUID) []*ent.Notice {
	b.t.Helper()
	rows, err := b.world.Ent().Notice.Query().Where(entnotice.WebhookSubscriptionID(id)).Order(ent.Asc(entnotice.FieldCreateTime, entnotice.FieldID)).All(b.t.Context())
	recordtest.Must(b.t, err)
	return rows
}

func TestAContactIsTold(t *testing.T) {
	b := newBox(t)
	failing, failed := b.subscription("ENABLED", contact), b.subscription("FAILED", contact)
	b.alarm(failing, recordtest.Start.Add(48*time.Hour))
	b.alarm(failed, time.Time{})
	p := b.educator("B1")
	b.change("", "ENROLLED", p) // goes in the same round
	for id, want := range map[uuid.UUID]string{failing: "A webhook is failing: hr.example.org", failed: "A webhook is given up: hr.example.org"} {
		rows := b.alarms(id)
		if len(rows) != 1 || rows[0].Subject != want || rows[0].EducatorID != nil || rows[0].RegistrationID != nil || rows[0].State != "PENDING" {
			t.Fatalf("written %v, want %q", rows, want)
		}
		if kept := fmt.Sprint(rows[0]); strings.Contains(kept, contact) || strings.Contains(kept, "secret") || strings.Contains(kept, "system") {
			t.Errorf("it holds what is on record elsewhere: %s", kept)
		}
	}
	recordtest.Must(t, b.round(b.Service, Round{Sent: 3}))
	if took := b.took(); !slices.Equal(took, []string{"b1@example.org", contact, contact}) {
		t.Errorf("to %q", took)
	}
	inbox := b.mail.Inbox()
	for i, id := range []uuid.UUID{failing, failed} {
		header, text, html := parts(t, inbox[i].Body)
		if header.Get("Subject") != b.alarms(id)[0].Subject || header.Get("To") != "<"+contact+">" || header.Get("Message-Id") != "<notice-"+b.alarms(id)[0].ID.String()+"@example.org>" {
			t.Errorf("header %v", header)
		}
		for _, told := range []string{
			"Host: hr.example.org", "districts/bps", "Thursday, November 19, 2026, 9:00 AM EST", hookFail, "change 41", "https://btlc.example.org/v1/webhookSubscriptions/" + id.String(),
		} {
			if !strings.Contains(text, told) || !strings.Contains(html, told) {
				t.Errorf("it does not tell %q:\n%s", told, text)
			}
		}
		if strings.Contains(inbox[i].Body+text+html, "secret") || !strings.Contains(text, "Subscription: HR <b>system</b>\n") || !strings.Contains(html, "HR &lt;b&gt;system&lt;/b&gt;") {
			t.Errorf("it tells\n%s\n%s", text, html)
		}
	}
	if _, text, _ := parts(t, inbox[0].Body); !strings.Contains(text, "  Sunday, November 22, 2026, 10:00 AM EST.\n") {
		t.Errorf("it does not tell when it is given up:\n%s", text)
	}
	recordtest.Must(t, b.round(b.Service, Round{}))
}

// What is on record of the subscription when a notice is due decides.
func TestContactsByNow(t *testing.T) {
	b := newBox(t)
	taken, moved, enabled, anew, off, deleted := b.subscription("FAILED", contact), b.subscription("FAILED", contact), b.subscription("FAILED", contact), b.subscription("FAILED", contact), b.subscription("ENABLED", contact), b.subscription("FAILED", contact)
	all := []uuid.UUID{taken, moved, enabled, anew, off, deleted}
	for _, id := range all {
		var giveUp time.Time
		if id == off {
			giveUp = recordtest.Start.Add(48 * time.Hour)
		}
		b.alarm(id, giveUp)
	}
	change := func(id uuid.UUID, to func(*ent.WebhookSubscriptionUpdateOne)) {
		u := b.world.Ent().WebhookSubscription.UpdateOneID(id)
		to(u)
		recordtest.Must(t, u.Exec(t.Context()))
	}
	change(taken, func(u *ent.WebhookSubscriptionUpdateOne) { u.SetContactEmail("") })
	change(moved, func(u *ent.WebhookSubscriptionUpdateOne) {
		u.SetContactEmail("other@example.org").SetURL("https://other.example.org/")
	})
	change(enabled, func(u *ent.WebhookSubscriptionUpdateOne) { u.SetState("ENABLED").ClearFailingSinceTime() })
	change(anew, func(u *ent.WebhookSubscriptionUpdateOne) { u.SetFailingSinceTime(recordtest.Start) })
	change(off, func(u *ent.WebhookSubscriptionUpdateOne) { u.SetState("DISABLED") })
	recordtest.Must(t, b.world.Ent().WebhookSubscription.DeleteOneID(deleted).Exec(t.Context()))
	if rows := b.alarms(deleted); len(rows) != 0 {
		t.Errorf("of a subscription that is deleted %v", rows)
	}
	recordtest.Must(t, b.round(b.Service, Round{Sent: 1, Suppressed: 4}))
	for id, want := range map[uuid.UUID]string{taken: contactless, moved: "", enabled: outdated, anew: outdated, off: outdated} {
		if row := b.alarms(id)[0]; row.Failure != want || (row.State == "SENT") != (want == "") {
			t.Errorf("%s: %s, want %q", row.State, row.Failure, want)
		}
	}
	if took := b.took(); !slices.Equal(took, []string{"other@example.org"}) {
		t.Errorf("to %q", took)
	}
	if _, text, _ := parts(t, b.mail.Inbox()[0].Body); !strings.Contains(text, "Host: other.example.org\n") {
		t.Errorf("it tells of another endpoint:\n%s", text)
	}
}

// With notices off nothing is written; what was sent long ago is forgotten.
func TestContactsOffAndForgotten(t *testing.T) {
	b := newBox(t)
	id, s := b.subscription("FAILED", contact), b.Service
	b.Service = New(b.world.DB, Options{})
	b.alarm(id, time.Time{})
	if rows := b.alarms(id); len(rows) != 0 {
		t.Errorf("written %v", rows)
	}
	b.Service = s
	b.options.Keep = time.Hour
	b.alarm(id, time.Time{})
	recordtest.Must(t, b.round(s, Round{Sent: 1}))
	b.world.Travel(recordtest.Start.Add(2 * time.Hour))
	if n, err := s.Forget(t.Context()); n != 1 || err != nil || len(b.alarms(id)) != 0 {
		t.Errorf("forgot %d, %v", n, err)
	}
}

// Notices about subscriptions are nobody's: no list has them.
func TestListsLeaveContactsOut(t *testing.T) {
	b := newBox(t)
	b.alarm(b.subscription("FAILED", contact), time.Time{})
	p := b.educator("B1")
	b.change("", "ENROLLED", p)
	for role, scope := range map[accesspb.Role]string{accesspb.Role_ROLE_PROGRAM_STAFF: "", accesspb.Role_ROLE_DISTRICT_HR: "districts/bps"} {
		got, _, err := recordtest.Call(t, pb.File_btlc_notice_v1_service_proto.Services().Get(0), &access.Caller{Principal: "people/x", Grants: []access.Grant{{Role: role, Scope: scope}}},
			b.ListNotices, &pb.ListNoticesRequest{Parent: "educators/-"})
		if reason := recordtest.Reason(err); role == accesspb.Role_ROLE_PROGRAM_STAFF && (reason != "" || len(got.GetNotices()) != 1) || len(got.GetNotices()) > 1 {
			t.Errorf("%s lists %v, %v", role, got, err)
		}
	}
}

// A notice is about an educator or about a subscription, and neither about both nor about none.
func TestAboutOneOrTheOther(t *testing.T) {
	b := newBox(t)
	p, id := b.educator("B1"), b.subscription("FAILED", contact)
	for what, c := range map[string]struct {
		about func(*ent.NoticeCreate)
		fine  bool
	}{
		"educator":     {func(n *ent.NoticeCreate) { n.SetEducatorID(p.id).SetRegistrationID(p.registration.ID) }, true},
		"subscription": {func(n *ent.NoticeCreate) { n.SetWebhookSubscriptionID(id) }, true},
		"both":         {func(n *ent.NoticeCreate) { n.SetEducatorID(p.id).SetWebhookSubscriptionID(id) }, false},
		"none":         {func(*ent.NoticeCreate) {}, false},
		"registration": {func(n *ent.NoticeCreate) { n.SetWebhookSubscriptionID(id).SetRegistrationID(p.registration.ID) }, false},
	} {
		create := b.world.Ent().Notice.Create().SetKind("X").SetFacts(map[string]any{}).SetSubject("X").SetNextAttemptTime(recordtest.Start)
		c.about(create)
		if err := create.Exec(t.Context()); (err == nil) != c.fine || err != nil && !strings.Contains(err.Error(), "notice_about") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// An address that a subscription may have is one that a message can be sent to.
func TestContactsCanBeSentTo(t *testing.T) {
	options := (&changepb.WebhookSubscription{}).ProtoReflect().Descriptor().Fields().ByName("contact_email").Options()
	pattern := proto.GetExtension(options, validate.E_Field).(*validate.FieldRules).GetString().GetPattern()
	sender := senderTo(t, &noticetest.Server{Address: "127.0.0.1:9"}, nil, tlsNone)
	message := envelope(t, "")
	rapid.Check(t, func(t *rapid.T) {
		message.To.Address = rapid.StringMatching(pattern).Filter(func(address string) bool { return address != "" }).Draw(t, "address")
		if _, err := sender.message(message); err != nil {
			t.Fatal(err)
		}
	})
}

// Of an endpoint nothing is told but its host.
func TestHostOf(t *testing.T) {
	for address, want := range map[string]string{
		hookURL:                                "hr.example.org",
		"https://hr.example.org:8443?":         "hr.example.org:8443",
		"https://me:pw@hr.example.org/a b#pw":  "hr.example.org",
		"https://[2001:db8::1]/x?secret#more?": "[2001:db8::1]",
		"https://hr.example.org:no/":           "",
	} {
		if host := hostOf(address); host != want {
			t.Errorf("%s: %q, want %q", address, host, want)
		}
	}
}
