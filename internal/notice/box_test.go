package notice

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	entnotice "github.com/btlc/btlc/ent/notice"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/notice/noticetest"
	"github.com/btlc/btlc/internal/record"
	"github.com/btlc/btlc/internal/record/recordtest"
)

// box is the service over a database of its own, and the mail server that it sends to.
type box struct {
	*Service
	t     testing.TB
	world *recordtest.World
	mail  *noticetest.Server
}

// person is an educator who has the address number@example.org, and a seat.
type person struct {
	id           uuid.UUID
	number       string
	registration recordtest.Registration
}

// newBox has a mail server that does what the given one says.
func newBox(t *testing.T, mail ...*noticetest.Server) *box {
	t.Helper()
	b := &box{t: t, world: recordtest.New(t), mail: &noticetest.Server{}}
	if len(mail) > 0 {
		b.mail = mail[0]
	}
	b.mail.Start(t, tlsStart)
	b.Service = b.another(t)
	return b
}

// another is the service of another server on the same database.
func (b *box) another(t *testing.T) *Service {
	t.Helper()
	return New(b.world.DB, Options{
		Sender: senderTo(t, b.mail, login, tlsStart), Program: "Example Program", SignInURL: "https://app.example.org/sign-in", PublicURL: "https://btlc.example.org", Zone: boston(b.t),
		Next: func(attempt int) (time.Duration, bool) { return Delay(attempt, 0.5) },
	})
}

func (b *box) educator(number string) person {
	b.t.Helper()
	id := b.world.Educator("bps", number)
	return person{id, number, b.world.Register(id, b.world.Mentor(id), "using-data", "ENROLLED", "2026-09-02")}
}

// change tells the service that people came from one state into another, as is on record.
func (b *box) change(from, to string, people ...person) {
	b.t.Helper()
	recordtest.Must(b.t, b.tryChange(from, to, nil, people...))
}

// offerEnds is when offers of tests do.
var offerEnds = recordtest.Start.Add(48 * time.Hour)

// tryChange is change in a transaction that ends with the error.
func (b *box) tryChange(from, to string, end error, people ...person) error {
	return b.world.InTx(b.t.Context(), false, func(ctx context.Context, tx *database.Tx) error {
		var changes []record.SeatChange
		for _, p := range people {
			change := record.SeatChange{Registration: p.registration.ID, Section: p.registration.Section, Educator: p.id, From: from, To: to, Reason: "Because of Ana"}
			row := tx.Registration.UpdateOneID(p.registration.ID).SetState(to).SetReason(change.Reason)
			if to == "OFFERED" {
				change.OfferExpireTime = offerEnds
				row.SetOfferExpireTime(offerEnds)
			} else {
				row.ClearOfferExpireTime()
			}
			if err := row.Exec(ctx); err != nil {
				return err
			}
			changes = append(changes, change)
		}
		if err := b.SeatsChanged(ctx, tx, changes); err != nil {
			return err
		}
		return end
	})
}

// written are the notices to a person, in the order of their writing.
func (b *box) written(p person) []*ent.Notice {
	b.t.Helper()
	rows, err := b.world.Ent().Notice.Query().Where(entnotice.EducatorID(p.id)).Order(ent.Asc(entnotice.FieldCreateTime, entnotice.FieldID)).All(b.t.Context())
	recordtest.Must(b.t, err)
	return rows
}

// only is the one notice to a person.
func (b *box) only(p person) *ent.Notice {
	b.t.Helper()
	rows := b.written(p)
	if len(rows) != 1 {
		b.t.Fatalf("%d notices, want one", len(rows))
	}
	return rows[0]
}

// standing is what became of the one notice to a person.
func (b *box) standing(p person, state string, attempts int32, failure string) {
	b.t.Helper()
	row := b.only(p)
	if row.State != state || row.Attempts != attempts || row.Failure != failure || (row.SendTime != nil) != (state == "SENT") {
		b.t.Errorf("%s after %d attempts, %q, sent %v; want %s after %d, %q", row.State, row.Attempts, row.Failure, row.SendTime, state, attempts, failure)
	}
}

// round sends what is due, and compares what became of it.
func (b *box) round(s *Service, want Round) error {
	b.t.Helper()
	got, err := s.sendDue(b.t.Context())
	if got != want {
		b.t.Errorf("round %+v, %v, want %+v", got, err, want)
	}
	return err
}

// took are the addresses that the mail server took messages for, sorted.
func (b *box) took() []string {
	var to []string
	for _, message := range b.mail.Inbox() {
		to = append(to, strings.ToLower(message.To))
	}
	slices.Sort(to)
	return to
}
