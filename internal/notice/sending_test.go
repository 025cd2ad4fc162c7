package notice

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"
	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/educatoremail"
	pb "github.com/btlc/btlc/gen/go/btlc/notice/v1"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/notice/noticetest"
	"github.com/btlc/btlc/internal/record"
	"github.com/btlc/btlc/internal/record/recordtest"
)

func TestDueIsSent(t *testing.T) {
	b := newBox(t)
	p := b.educator("B1")
	b.world.Attend(p.registration, 1, 60) // makes the section's first meeting
	b.change("OFFERED", "ENROLLED", p)
	recordtest.Must(t, b.round(b.Service, Round{Sent: 1}))
	b.standing(p, "SENT", 1, "")
	if row := b.only(p); !row.SendTime.Equal(recordtest.Start) {
		t.Errorf("sent at %v", row.SendTime)
	}
	inbox := b.mail.Inbox()
	if len(inbox) != 1 || inbox[0].To != "B1@Example.org" || !inbox[0].Encrypted {
		t.Fatalf("the mail server has %+v", inbox)
	}
	header, text, html := parts(t, inbox[0].Body)
	if id := header.Get("Message-Id"); id != "<notice-"+b.only(p).ID.String()+"@example.org>" {
		t.Errorf("id %s", id)
	}
	if got := header.Get("Subject"); got != b.only(p).Subject || header.Get("To") != `"Given Family" <B1@Example.org>` {
		t.Errorf("header %v", header)
	}
	for _, told := range []string{"Given", "Using Data", "Fall 2026", "Example Program", "https://app.example.org/sign-in", "First meeting"} {
		if !strings.Contains(text, told) || !strings.Contains(html, told) {
			t.Errorf("it does not tell %q:\n%s", told, text)
		}
	}
	recordtest.Must(t, b.round(b.Service, Round{}))
}

// Every kind is told of with what is on record of it.
func TestEveryKindIsSent(t *testing.T) {
	b := newBox(t)
	for i, c := range []struct{ from, to, told string }{
		{"", "WAITLISTED", "on its waitlist"},
		{"WAITLISTED", "OFFERED", "Sunday, November 22, 2026, 10:00 AM EST"},
		{"OFFERED", "EXPIRED", "It goes to the next person now"},
		{"OFFERED", "DECLINED", "Because of Ana"},
		{"", "AWAITING_ROLE", "Please ask your principal"}, // whose role is confirmed by now, so that nobody is asked
		{"ENROLLED", "WITHDRAWN", "Because of Ana"},
		{"ENROLLED", "COMPLETED", "Congratulations"},
	} {
		p := b.educator(fmt.Sprint("B", i))
		b.change(c.from, c.to, p)
		recordtest.Must(t, b.round(b.Service, Round{Sent: 1}))
		inbox := b.mail.Inbox()
		if _, text, _ := parts(t, inbox[len(inbox)-1].Body); !strings.Contains(text, c.told) {
			t.Errorf("%s: it does not tell %q:\n%s", c.to, c.told, text)
		}
	}
	cancelled := b.educator("C1")
	recordtest.Must(t, b.world.InTx(t.Context(), false, func(ctx context.Context, tx *database.Tx) error {
		if err := tx.Section.UpdateOneID(cancelled.registration.Section).SetState("CANCELLED").SetReason("Too few registered").Exec(ctx); err != nil {
			return err
		}
		return b.SeatsChanged(ctx, tx, []record.SeatChange{{
			Registration: cancelled.registration.ID, Section: cancelled.registration.Section, Educator: cancelled.id, From: "ENROLLED", To: "WITHDRAWN", SectionCancelled: true,
		}})
	}))
	recordtest.Must(t, b.round(b.Service, Round{Sent: 1}))
	inbox := b.mail.Inbox()
	if _, text, _ := parts(t, inbox[len(inbox)-1].Body); !strings.Contains(text, "Reason given: Too few registered") {
		t.Errorf("of a section that is cancelled:\n%s", text)
	}
	p := b.educator("M1")
	b.meet(p.registration.Section, recordtest.Start.Add(48*time.Hour))
	recordtest.Must(t, b.move(p.registration.Section, recordtest.Start.Add(24*time.Hour), recordtest.Start.Add(48*time.Hour)))
	recordtest.Must(t, b.round(b.Service, Round{Sent: 1}))
	inbox = b.mail.Inbox()
	if _, text, _ := parts(t, inbox[len(inbox)-1].Body); !strings.Contains(text, "Now: Sunday, November 22, 2026, 10:00 AM to 11:00 AM EST, Library") {
		t.Errorf("of a meeting:\n%s", text)
	}
}

// What is on record when a notice is due decides, not what was when it was written.
func TestWhatIsSoByNow(t *testing.T) {
	b := newBox(t)
	muted, kind, unverified, told := b.educator("B1"), b.educator("B2"), b.educator("B3"), b.educator("B4")
	b.change("", "ENROLLED", muted, kind, unverified, told)
	want(t, b.Service, muted.id, true)
	want(t, b.Service, kind.id, false, pb.NoticeKind_NOTICE_KIND_REGISTERED)
	want(t, b.Service, told.id, false, pb.NoticeKind_NOTICE_KIND_OFFERED)
	recordtest.Must(t, b.world.Ent().EducatorEmail.Update().Where(educatoremail.EducatorID(unverified.id)).SetVerified(false).Exec(t.Context()))
	recordtest.Must(t, b.world.Ent().EducatorEmail.Create().SetEducatorID(told.id).SetAddress("second@example.org").SetAddressKey("second@example.org").SetVerified(true).Exec(t.Context()))
	recordtest.Must(t, b.round(b.Service, Round{Sent: 1, Suppressed: 3}))
	b.standing(muted, "SUPPRESSED", 0, unwanted)
	b.standing(kind, "SUPPRESSED", 0, unwanted)
	b.standing(unverified, "SUPPRESSED", 0, unreachable)
	b.standing(told, "SENT", 1, "")
	if took := b.took(); !slices.Equal(took, []string{"b4@example.org"}) {
		t.Errorf("to %q", took)
	}
}

func TestOffersThatAreOver(t *testing.T) {
	b := newBox(t)
	accepted, late := b.educator("B1"), b.educator("B2")
	b.change("WAITLISTED", "OFFERED", accepted, late)
	recordtest.Must(t, b.world.Ent().Registration.UpdateOneID(accepted.registration.ID).SetState("ENROLLED").ClearOfferExpireTime().Exec(t.Context()))
	b.world.Travel(offerEnds)
	recordtest.Must(t, b.round(b.Service, Round{Suppressed: 2}))
	b.standing(accepted, "SUPPRESSED", 0, offerOver)
	b.standing(late, "SUPPRESSED", 0, offerOver)
}

// What had to wait is not told after what came later.
func TestNoLongerSo(t *testing.T) {
	later := refusal(451, gosmtp.EnhancedCode{4, 7, 1})
	b := newBox(t, &noticetest.Server{Refuse: map[string]*gosmtp.SMTPError{"B1@Example.org": later, "B2@Example.org": later, "B3@Example.org": later}})
	gone, moved, back := b.educator("B1"), b.educator("B2"), b.educator("B3")
	left := b.educator("B4")
	day := func(n int) time.Time { return recordtest.Start.AddDate(0, 0, n) }
	meeting := b.meet(moved.registration.Section, day(2))
	b.meet(left.registration.Section, day(2))
	b.change("", "ENROLLED", gone)
	b.change("ENROLLED", "WITHDRAWN", back)
	recordtest.Must(t, b.move(moved.registration.Section, day(1), day(2)))
	recordtest.Must(t, b.move(left.registration.Section, day(1), day(2)))
	recordtest.Must(t, b.world.Ent().Registration.UpdateOneID(left.registration.ID).SetState("WITHDRAWN").Exec(t.Context()))
	if err := b.round(b.Service, Round{Deferred: 3, Suppressed: 1}); !errors.Is(err, ErrDeferred) {
		t.Fatal(err)
	}
	b.standing(left, "SUPPRESSED", 0, outdated)

	for _, p := range []person{gone, moved, back} {
		b.mail.Relent(p.number + "@Example.org")
	}
	b.change("ENROLLED", "WITHDRAWN", gone)
	recordtest.Must(t, b.world.Ent().Meeting.UpdateOneID(meeting).SetStartTime(day(3)).SetEndTime(day(3).Add(time.Hour)).Exec(t.Context()))
	recordtest.Must(t, b.move(moved.registration.Section, day(2), day(3)))
	for p, section := range map[person]uuid.UUID{back: back.registration.Section, gone: moved.registration.Section} { // another section's seat is no matter
		first := must[*ent.Registration](t)(b.world.Ent().Registration.Get(t.Context(), p.registration.ID))
		recordtest.Must(t, b.world.Ent().Registration.Create().SetSectionID(section).SetEducatorID(p.id).SetRoleAssignmentID(*first.RoleAssignmentID).SetFrameworkID("btlc-1").
			SetRegisterDate(recordtest.Start).SetStateTime(recordtest.Start).Exec(t.Context()))
	}
	recordtest.Must(t, b.round(b.Service, Round{Sent: 2})) // what came later
	b.world.Travel(recordtest.Start.Add(time.Minute))
	recordtest.Must(t, b.round(b.Service, Round{Suppressed: 3}))
	for _, p := range []person{gone, moved, back} {
		if row := b.written(p)[0]; row.State != "SUPPRESSED" || row.Failure != outdated {
			t.Errorf("%s of %s is %s: %s", row.Kind, p.number, row.State, row.Failure)
		}
	}
}

// Of meetings that moved together, those are told of that are still where they moved to.
func TestMovedTogether(t *testing.T) {
	b := newBox(t)
	p := b.educator("B1")
	section, day := p.registration.Section, func(n int) time.Time { return recordtest.Start.AddDate(0, 0, n) }
	b.meet(section, day(8)) // the fourth
	_, err := b.world.Ent().Meeting.Create().SetSectionID(section).SetMeetingNumber(5).SetStartTime(day(20)).SetEndTime(day(20).Add(time.Hour)).Save(t.Context())
	recordtest.Must(t, err)
	recordtest.Must(t, b.world.InTx(t.Context(), false, func(ctx context.Context, tx *database.Tx) error {
		return b.MeetingsMoved(ctx, tx, []record.MeetingMove{moveOf(section, 4, day(1), day(8)), moveOf(section, 5, day(2), day(9)), moveOf(section, 3, day(-2), day(-1))})
	}))
	if row := b.only(p); !strings.HasPrefix(row.Subject, "Meetings have moved: ") {
		t.Errorf("subject %s", row.Subject)
	}
	recordtest.Must(t, b.round(b.Service, Round{Sent: 1}))
	if _, text, _ := parts(t, b.mail.Inbox()[0].Body); !strings.Contains(text, "Meeting 4 of this section has moved.") || strings.Contains(text, "Meeting 5") || strings.Contains(text, "Meeting 3") {
		t.Errorf("it tells\n%s", text)
	}
}

// What has ended is forgotten when it is old, and what is still to be sent is not.
func TestForget(t *testing.T) {
	b := newBox(t)
	old, muted, late := b.educator("B1"), b.educator("B2"), b.educator("B3")
	want(t, b.Service, muted.id, true)
	b.change("", "ENROLLED", old, muted)
	recordtest.Must(t, b.round(b.Service, Round{Sent: 1}))
	b.change("", "ENROLLED", late)
	forget := func(want int64) {
		t.Helper()
		if n, err := b.Forget(t.Context()); n != want || err != nil {
			t.Errorf("forgot %d, %v, want %d", n, err, want)
		}
	}
	b.world.Travel(recordtest.Start.AddDate(9, 0, 0))
	forget(0) // nothing is said of how long they are kept
	b.options.Keep = 24 * time.Hour
	b.world.Travel(recordtest.Start.Add(b.options.Keep))
	forget(0)
	b.world.Travel(recordtest.Start.Add(b.options.Keep + time.Microsecond))
	if n, err := b.store.forget(t.Context(), recordtest.Start.Add(time.Microsecond), 1); n != 1 || err != nil {
		t.Errorf("one at most: %d, %v", n, err)
	}
	forget(1)
	forget(0)
	b.standing(late, "PENDING", 0, "")
	if rows := append(b.written(old), b.written(muted)...); len(rows) != 0 {
		t.Errorf("left %v", rows)
	}
}

func TestOldNoticesAreGivenUp(t *testing.T) {
	b := newBox(t)
	p := b.educator("B1")
	b.change("", "ENROLLED", p)
	b.world.Travel(recordtest.Start.Add(stale))
	recordtest.Must(t, b.round(b.Service, Round{Failed: 1}))
	b.standing(p, "FAILED", 0, tooLate)
}

func TestRefused(t *testing.T) {
	b := newBox(t, &noticetest.Server{Refuse: map[string]*gosmtp.SMTPError{
		"B1@Example.org": refusal(550, gosmtp.EnhancedCode{5, 1, 1}), "B2@Example.org": refusal(451, gosmtp.EnhancedCode{4, 7, 1}),
	}})
	gone, busy, good := b.educator("B1"), b.educator("B2"), b.educator("B3")
	b.change("", "ENROLLED", gone, busy, good)
	err := b.round(b.Service, Round{Sent: 1, Deferred: 1, Failed: 1})
	if text := fmt.Sprint(err); !errors.Is(err, ErrRefused) && !errors.Is(err, ErrDeferred) || strings.Contains(strings.ToLower(text), "@example.org") {
		t.Errorf("it says %v", err)
	}
	b.standing(gone, "FAILED", 1, "the server refused the recipient or the message (status 550 5.1.1)")
	b.standing(busy, "PENDING", 1, "the server does not take it now (status 451 4.7.1)")
	b.standing(good, "SENT", 1, "")

	b.mail.Relent("B2@Example.org")
	b.world.Travel(recordtest.Start.Add(time.Minute - time.Microsecond))
	recordtest.Must(t, b.round(b.Service, Round{}))
	b.world.Travel(recordtest.Start.Add(time.Minute))
	recordtest.Must(t, b.round(b.Service, Round{Sent: 1}))
	b.standing(busy, "SENT", 2, "")
}

// A mail server that is down gets everything when it is back.
func TestDownAndBack(t *testing.T) {
	b := newBox(t)
	p, q := b.educator("B1"), b.educator("B2")
	back := noticetest.Free(t)
	to := New(b.world.DB, Options{Sender: senderTo(t, back, nil, tlsNone), Program: "Example Program", SignInURL: "https://app.example.org", Next: b.options.Next})
	b.change("", "ENROLLED", p, q)
	if err := b.round(to, Round{Deferred: 2}); !errors.Is(err, ErrUnreachable) {
		t.Errorf("down: %v", err)
	}
	b.standing(p, "PENDING", 1, ErrUnreachable.Error())
	back.Start(t, tlsNone)
	b.world.Travel(recordtest.Start.Add(time.Minute))
	recordtest.Must(t, b.round(to, Round{Sent: 2}))
	b.standing(p, "SENT", 2, "")
	if _, sessions := back.Tries(); sessions != 1 || len(back.Inbox()) != 2 {
		t.Errorf("%d sessions, %d messages", sessions, len(back.Inbox()))
	}
}

// However many servers there are, each notice is sent once.
func TestSentOnce(t *testing.T) {
	b := newBox(t)
	var people []person
	var all []string
	for i := range 3 * batch {
		number := fmt.Sprintf("b%02d", i)
		people, all = append(people, b.educator(number)), append(all, number+"@example.org")
	}
	b.change("", "ENROLLED", people...)
	var servers sync.WaitGroup
	for range 4 {
		s := b.another(t)
		servers.Go(func() {
			for round := (Round{Sent: 1}); round.settled(); {
				var err error
				if round, err = s.sendDue(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	servers.Wait()
	if took := b.took(); !slices.Equal(took, all) {
		t.Errorf("%d messages to %q", len(took), took)
	}
	for _, p := range people {
		b.standing(p, "SENT", 1, "")
	}
}

// What a server took and did not finish, another one sends when the lease is over; the first one then changes nothing.
func TestLeaseIsLost(t *testing.T) {
	b := newBox(t)
	p := b.educator("B1")
	b.change("", "ENROLLED", p)
	lease := recordtest.Start.Add(hold)
	ids := must[[]uuid.UUID](t)(b.store.claim(t.Context(), recordtest.Start, lease, batch))
	recordtest.Must(t, b.round(b.another(t), Round{}))
	b.world.Travel(lease)
	recordtest.Must(t, b.round(b.another(t), Round{Sent: 1}))
	recordtest.Must(t, b.store.save(t.Context(), lease, lease, map[uuid.UUID]outcome{ids[0]: {verb: fail, failure: "late", tried: true}}))
	b.standing(p, "SENT", 1, "")
}

// However many notices there were, only those that are due are looked at.
func TestClaimGoesByItsIndex(t *testing.T) {
	b := newBox(t)
	recordtest.Must(t, b.world.InTx(t.Context(), true, func(ctx context.Context, tx *database.Tx) error {
		// There are too few rows here for an index to be worth it.
		if _, err := tx.ExecContext(ctx, `SET LOCAL enable_seqscan = off`); err != nil {
			return err
		}
		rows, err := tx.QueryContext(ctx, `EXPLAIN `+claimSQL, recordtest.Start, recordtest.Start, batch)
		if err != nil {
			return err
		}
		defer rows.Close()
		var plan strings.Builder
		for rows.Next() {
			var line string
			if err := rows.Scan(&line); err != nil {
				return err
			}
			plan.WriteString(line + "\n")
		}
		if !strings.Contains(plan.String(), "Index Scan using notices_due") {
			t.Errorf("it goes by\n%s", plan.String())
		}
		return rows.Err()
	}))
}

// A server that stops lets go of what it had not sent: another one may send it at once.
func TestStop(t *testing.T) {
	b := newBox(t, &noticetest.Server{Entered: make(chan struct{})})
	p := b.educator("B1")
	b.change("", "ENROLLED", p)
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		<-b.mail.Entered
		stop()
	}()
	var rounds []Round
	b.KeepSending(ctx, func(r Round, _ error) { rounds = append(rounds, r) })
	if !slices.Equal(rounds, []Round{{Deferred: 1}}) {
		t.Errorf("rounds %+v", rounds)
	}
	b.standing(p, "PENDING", 0, "")
	if row := b.only(p); !row.NextAttemptTime.Equal(recordtest.Start) {
		t.Errorf("due again at %v", row.NextAttemptTime)
	}
}
