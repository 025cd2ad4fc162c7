package enrollment

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/attendanceentry"
	entmeeting "github.com/btlc/btlc/ent/meeting"
	entsection "github.com/btlc/btlc/ent/section"
	"github.com/btlc/btlc/ent/signinattempt"
	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/record"
)

// gathering is a meeting that people sign in to. Those of drafts and of cancelled sections take place nowhere.
type gathering struct {
	span
	id   uuid.UUID
	zone *time.Location
	key  []byte
}

func (s store) gathering(ctx context.Context, name string) (*gathering, error) {
	row, err := s.db.Ent().Meeting.Query().Where(ofMeeting(name), entmeeting.HasSectionWith(entsection.StateNotIn("DRAFT", "CANCELLED"))).WithSection().Only(ctx)
	if err != nil {
		return nil, orMissing(err, name)
	}
	zone, err := s.zoneOf(row.Edges.Section)
	return &gathering{span: spanOf(row), id: row.ID, zone: zone, key: row.SignInKey}, err
}

// keyed gives a meeting the key of its codes, which is made when it is first asked for.
func (s store) keyed(ctx context.Context, g *gathering) error {
	if len(g.key) > 0 {
		return nil
	}
	return s.db.InTx(ctx, false, func(ctx context.Context, tx *database.Tx) error {
		row, err := tx.Meeting.Query().Where(entmeeting.ID(g.id)).ForUpdate(noKeyUpdate).Only(ctx)
		if err != nil {
			return err
		}
		if g.key = row.SignInKey; len(g.key) > 0 {
			return nil
		}
		g.key = make([]byte, signInKeyBytes)
		if _, err := rand.Read(g.key); err != nil {
			return err
		}
		return row.Update().SetSignInKey(g.key).Exec(ctx)
	})
}

// signer is the registration of a person who signs in or out, held against others until the transaction ends, with what the
// ledger says of them at the meeting.
type signer struct {
	row  *ent.Registration
	line *ent.AttendanceEntry // nil when it says nothing
}

func (s store) signer(ctx context.Context, tx *database.Tx, meeting uuid.UUID, name string) (*signer, error) {
	row, err := tx.Registration.Query().Where(ofRegistration(name)).ForUpdate(noKeyUpdate).Only(ctx)
	if err != nil {
		return nil, orMissing(err, name)
	}
	if row.State != "ENROLLED" {
		return nil, api.Errorf(api.StateConflict, "The registration is %s; this takes one that is ENROLLED.", row.State).With("state", row.State)
	}
	entries, err := tx.AttendanceEntry.Query().Where(attendanceentry.MeetingID(meeting), attendanceentry.RegistrationID(row.ID)).WithMakeUpMeeting().All(ctx)
	if err != nil {
		return nil, err
	}
	found := &signer{row: row}
	for _, e := range record.Counting(entries) {
		found.line = e
	}
	return found, nil
}

// said is the signer's line as plain values.
func (f *signer) said() *presence {
	if f.line == nil {
		return nil
	}
	p := &presence{id: f.line.ID, registration: f.row.ID, kind: f.line.Kind, by: f.line.RecordedBy}
	if f.line.ArriveTime != nil {
		p.arrived = *f.line.ArriveTime
	}
	if f.line.LeaveTime != nil {
		p.left = *f.line.LeaveTime
	}
	return p
}

func (f *signer) proto() *pb.AttendanceEntry { return attendanceProto(f.row.SectionID, f.line) }

// tryCode checks a code in a transaction of its own, which keeps a wrong one although the call fails: refused says why. One
// code of a person is checked at a time. A person of whom the ledger says something needs none: a retry says so too.
func (s store) tryCode(ctx context.Context, g *gathering, registration, code string, period time.Duration, most int) (refused *api.Error, err error) {
	err = s.db.InTx(ctx, false, func(ctx context.Context, tx *database.Tx) error {
		refused = nil
		who, err := s.signer(ctx, tx, g.id, registration)
		if err != nil || who.line != nil {
			return err
		}
		wrong, err := tx.SignInAttempt.Query().Where(signinattempt.MeetingID(g.id), signinattempt.EducatorID(who.row.EducatorID)).Count(ctx)
		if err != nil {
			return err
		}
		spent := attempts{wrong, most}
		right := false
		if !spent.over() {
			if right, err = shownLately(code, g.key, tx.Now, period); err != nil {
				return err
			}
		}
		if refused = spent.refuse(right); refused == nil || spent.over() {
			return nil
		}
		return tx.SignInAttempt.Create().SetMeetingID(g.id).SetEducatorID(who.row.EducatorID).SetCreateTime(tx.Now).Exec(ctx)
	})
	return refused, err
}
