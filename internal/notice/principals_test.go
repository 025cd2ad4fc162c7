package notice

import (
	"strings"
	"sync"
	"testing"

	gosmtp "github.com/emersion/go-smtp"
	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/school"
	pb "github.com/btlc/btlc/gen/go/btlc/notice/v1"
	"github.com/btlc/btlc/internal/notice/noticetest"
	"github.com/btlc/btlc/internal/record/recordtest"
)

// principal is the address at which the school of tests is asked.
const principal = "principal@harbor.example"

// newSchool is a box with a school that has the address.
func newSchool(t *testing.T, mail ...*noticetest.Server) (b *box, at uuid.UUID) {
	t.Helper()
	b = newBox(t, mail...)
	at = must[uuid.UUID](t)(b.world.Ent().School.Query().Where(school.DistrictID("bps")).OnlyID(t.Context()))
	b.address(at, principal)
	return b, at
}

// address is where the school is asked from now on.
func (b *box) address(at uuid.UUID, address string) {
	b.t.Helper()
	recordtest.Must(b.t, b.world.Ent().School.UpdateOneID(at).SetPrincipalEmail(address).Exec(b.t.Context()))
}

// reporter is an educator with a role that is reported, at the school unless it is the district's.
func (b *box) reporter(number string, at *uuid.UUID) (id, role uuid.UUID) {
	b.t.Helper()
	id = b.world.Educator("bps", number)
	role = b.world.Assign(recordtest.Assignment{Educator: id, Family: "mentor", State: "REPORTED", Start: "2024-09-01"})
	recordtest.Must(b.t, b.world.Ent().RoleAssignment.UpdateOneID(role).SetNillableSchoolID(at).Exec(b.t.Context()))
	return id, role
}

// await registers somebody by a role that is to be confirmed, in a new section.
func (b *box) await(id, role uuid.UUID, number string) person {
	b.t.Helper()
	p := person{id, number, b.world.Register(id, role, "using-data", awaitingRole, "2026-09-02")}
	b.change("", awaitingRole, p)
	return p
}

// asked are the notices about a person that are for a principal.
func (b *box) asked(p person) (rows []*ent.Notice) {
	b.t.Helper()
	for _, row := range b.written(p) {
		if row.Kind == string(RoleToConfirm) {
			rows = append(rows, row)
		}
	}
	return rows
}

// became is what has become of the questions about a person: a word for each, and why if there is a reason.
func (b *box) became(p person, want ...string) {
	b.t.Helper()
	var got []string
	for _, row := range b.asked(p) {
		got = append(got, strings.TrimSpace(row.State+" "+row.Failure))
	}
	if strings.Join(got, "; ") != strings.Join(want, "; ") {
		b.t.Errorf("became %q, want %q", got, want)
	}
}

// A principal is asked once about a role, also when the educator wants no e-mails.
func TestAPrincipalIsAsked(t *testing.T) {
	b, at := newSchool(t)
	id, role := b.reporter("B1", &at)
	want(t, b.Service, id, true)
	p := b.await(id, role, "B1")
	b.await(id, role, "B1")
	row := b.asked(p)
	if len(row) != 1 || *row[0].SchoolID != at || *row[0].RegistrationID != p.registration.ID || row[0].Subject != "Please confirm a leadership role: Using Data" {
		t.Fatalf("written %v", row)
	}
	if text := row[0].String(); strings.Contains(text, "Given") || strings.Contains(text, "@") {
		t.Errorf("it holds what is about people: %s", text)
	}
	recordtest.Must(t, b.round(b.Service, Round{Sent: 1}))
	inbox := b.mail.Inbox()
	if len(inbox) != 1 || inbox[0].To != principal {
		t.Fatalf("the mail server has %+v", inbox)
	}
	header, text, html := parts(t, inbox[0].Body)
	name := must[*ent.RoleAssignment](t)(b.world.Ent().RoleAssignment.Get(t.Context(), role)).QueryRole().OnlyX(t.Context()).DisplayName
	reportedOn := view{Data: Data{Zone: boston(t)}}.Day(must[*ent.RoleAssignment](t)(b.world.Ent().RoleAssignment.Get(t.Context(), role)).CreateTime)
	for _, told := range []string{"Given Family", name, "Reported: " + reportedOn, "Using Data", "Registration is open until: Sunday, September 20, 2026, 11:00 AM EDT", "https://app.example.org/sign-in"} {
		if !strings.Contains(text, told) || !strings.Contains(html, told) {
			t.Errorf("it does not tell %q:\n%s", told, text)
		}
	}
	if strings.Contains(strings.ToLower(inbox[0].Body), "b1@") || strings.Contains(text, "Fall 2026") || header.Get("To") != `"Harbor" <`+principal+`>` {
		t.Errorf("it tells more:\n%s", inbox[0].Body)
	}
	b.await(id, role, "B1")
	b.became(p, "SENT")
	listed := must[*pb.ListNoticesResponse](t)(do(t, self(id), b.ListNotices, &pb.ListNoticesRequest{Parent: "educators/" + id.String(), Filter: "kind = ROLE_TO_CONFIRM"})).Notices
	if len(listed) != 1 || listed[0].State != pb.Notice_STATE_SENT || strings.Contains(listed[0].String(), "@") {
		t.Errorf("the educator sees %v", listed)
	}
}

// Nobody is asked about what is settled by the time that the e-mail would go out, and everybody about what is not.
func TestWhatNeedsNoConfirmation(t *testing.T) {
	b, at := newSchool(t)
	want := map[string]string{"confirmed": "SUPPRESSED " + outdated, "disputed": "SUPPRESSED " + outdated, "withdrawn": "SUPPRESSED " + outdated, "another": "SENT"}
	people := map[string]person{}
	for what := range want {
		id, role := b.reporter(what, &at)
		p := b.await(id, role, what)
		people[what] = p
		update := b.world.Ent().RoleAssignment.UpdateOneID(role)
		switch what {
		case "confirmed":
			update.SetState("CONFIRMED").SetConfirmTime(recordtest.Start).SetConfirmedBy("test")
		case "disputed":
			update.SetState("DISPUTED")
		case "another":
			b.await(id, role, what)
			fallthrough
		case "withdrawn":
			recordtest.Must(t, b.world.Ent().Registration.UpdateOneID(p.registration.ID).SetState("WITHDRAWN").Exec(t.Context()))
		}
		recordtest.Must(t, update.Exec(t.Context()))
	}
	for round := (Round{Sent: 1}); round.settled(); {
		var err error
		round, err = b.sendDue(t.Context())
		recordtest.Must(t, err)
	}
	for what, became := range want {
		t.Log(what)
		b.became(people[what], became)
	}
}

// Who could not be asked is asked by the next registration.
func TestAskedAgain(t *testing.T) {
	b, at := newSchool(t, &noticetest.Server{Refuse: map[string]*gosmtp.SMTPError{principal: refusal(550, gosmtp.EnhancedCode{5, 1, 1})}})
	id, role := b.reporter("B1", &at)
	want(t, b.Service, id, true)
	b.address(at, "")
	p := b.await(id, role, "B1")
	recordtest.Must(t, b.round(b.Service, Round{Suppressed: 1}))
	b.address(at, principal)
	b.await(id, role, "B1")
	if err := b.round(b.Service, Round{Failed: 1}); err == nil || strings.Contains(err.Error(), principal) {
		t.Errorf("it says %v", err)
	}
	b.mail.Relent(principal)
	b.await(id, role, "B1")
	recordtest.Must(t, b.round(b.Service, Round{Sent: 1}))
	b.became(p, "SUPPRESSED "+unaddressed, "FAILED the server refused the recipient or the message (status 550 5.1.1)", "SENT")
}

// Principals are not asked whether they hold a role themselves, at whatever address of theirs the school is asked, and the next
// one is.
func TestPrincipalsDoNotConfirmThemselves(t *testing.T) {
	b, at := newSchool(t)
	id, role := b.reporter("B1", &at)
	recordtest.Must(t, b.world.Ent().EducatorEmail.Create().SetEducatorID(id).SetAddress(principal).SetAddressKey(principal).SetVerified(false).Exec(t.Context()))
	want(t, b.Service, id, true)
	var p person
	for _, own := range []string{"b1@EXAMPLE.org", principal} {
		b.address(at, own)
		p = b.await(id, role, "B1")
		recordtest.Must(t, b.round(b.Service, Round{Suppressed: 1}))
	}
	b.address(at, "deputy@harbor.example")
	b.await(id, role, "B1")
	recordtest.Must(t, b.round(b.Service, Round{Sent: 1}))
	b.became(p, "SUPPRESSED "+oneself, "SUPPRESSED "+oneself, "SENT")
}

// The e-mail has one course in its subject and its body, also when it is not the first that the role was to be confirmed for.
func TestTheCourseThatStillNeedsTheRole(t *testing.T) {
	b, at := newSchool(t)
	id, role := b.reporter("B1", &at)
	first := b.await(id, role, "B1")
	other := person{id, "B1", b.world.Register(id, role, "shared-leadership", awaitingRole, "2026-09-02")}
	b.change("", awaitingRole, other)
	recordtest.Must(t, b.world.Ent().Registration.UpdateOneID(first.registration.ID).SetState("WITHDRAWN").Exec(t.Context()))
	recordtest.Must(t, b.world.Ent().Course.UpdateOneID("shared-leadership").SetTitle("Leading Together").Exec(t.Context()))
	_, err := b.sendDue(t.Context())
	recordtest.Must(t, err)
	for _, message := range b.mail.Inbox() {
		if message.To != principal {
			continue
		}
		header, text, _ := parts(t, message.Body)
		if subject := header.Get("Subject"); !strings.Contains(subject, "Leading Together") || !strings.Contains(text, "Leading Together") || strings.Contains(text, "Using Data") {
			t.Errorf("%s\n%s", subject, text)
		}
		return
	}
	t.Error("nobody was asked")
}

func TestRolesOfADistrictHaveNoPrincipal(t *testing.T) {
	b, _ := newSchool(t)
	id, role := b.reporter("B1", nil)
	b.became(b.await(id, role, "B1"))
}

// However many register by a role at once, the principal is asked once.
func TestAskedOnce(t *testing.T) {
	b, at := newSchool(t)
	id, role := b.reporter("B1", &at)
	people := make([]person, 6)
	for i := range people {
		people[i] = person{id, "B1", b.world.Register(id, role, "using-data", "WAITLISTED", "2026-09-02")}
	}
	var all sync.WaitGroup
	for _, p := range people {
		all.Go(func() {
			if err := b.tryChange("", awaitingRole, nil, p); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	b.became(people[0], "PENDING")
}
