package enrollment

import (
	"context"
	"time"

	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/program"
)

// signInRules are the rules in force at a meeting: how long a code is shown, and how many wrong ones a person may give.
func (s *Service) signInRules(g *gathering, now time.Time) (period time.Duration, attempts int) {
	rules := program.InForce(s.rules, api.LocalDay(now, g.zone)).SignIn.Value
	return time.Duration(rules.CodeSeconds) * time.Second, rules.Attempts
}

// GetSignInCode gets the code that a room shows: a facilitator of the section or staff shows it.
func (s *Service) GetSignInCode(ctx context.Context, req *pb.GetSignInCodeRequest) (*pb.GetSignInCodeResponse, error) {
	facilitators, err := s.store.facilitators(ctx, s.store.db.Ent(), api.PartUUID(req.GetName(), 0))
	if err != nil {
		return nil, err
	}
	if err := access.Authorize(ctx, req.GetName(), scopesOf(facilitators...)...); err != nil {
		return nil, err
	}
	meeting, err := s.store.gathering(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	now := s.store.db.Now()
	if err := meeting.checkSignIn(now); err != nil {
		return nil, err
	}
	if err := s.store.keyed(ctx, meeting); err != nil {
		return nil, err
	}
	period, _ := s.signInRules(meeting, now)
	code, until, err := signInCode(meeting.key, now, period)
	return &pb.GetSignInCodeResponse{Code: code, ExpireTime: api.Timestamp(until)}, err
}

// SignIn enters that a person is at a meeting from now until its end, by the code that is shown there.
func (s *Service) SignIn(ctx context.Context, req *pb.SignInRequest) (*pb.SignInResponse, error) {
	meeting, err := s.ownMeeting(ctx, req.GetName(), req.GetRegistration())
	if err != nil {
		return nil, err
	}
	// First of all, and in a transaction of its own: a wrong code is kept although the call fails.
	now := s.store.db.Now()
	if err := meeting.checkSignIn(now); err != nil {
		return nil, err
	}
	period, most := s.signInRules(meeting, now)
	refused, err := s.store.tryCode(ctx, meeting, req.GetRegistration(), req.GetCode(), period, most)
	if err != nil {
		return nil, err
	} else if refused != nil {
		return nil, refused
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.SignInResponse, error) {
		entry, err := s.enterOwn(ctx, tx, req.GetName(), req.GetRegistration(), func(on sheet, who *signer) (*mark, error) {
			said := who.said()
			var line string
			if said != nil {
				line = on.entry(said.id)
			}
			return signIn(said, who.row.ID, tx.Now, line)
		})
		return &pb.SignInResponse{AttendanceEntry: entry}, err
	})
}

// SignOut enters that a person who signed in leaves now.
func (s *Service) SignOut(ctx context.Context, req *pb.SignOutRequest) (*pb.SignOutResponse, error) {
	if _, err := s.ownMeeting(ctx, req.GetName(), req.GetRegistration()); err != nil {
		return nil, err
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.SignOutResponse, error) {
		entry, err := s.enterOwn(ctx, tx, req.GetName(), req.GetRegistration(), func(on sheet, who *signer) (*mark, error) {
			return signOut(who.said(), access.CallerOf(ctx).Principal, on.span, tx.Now)
		})
		return &pb.SignOutResponse{AttendanceEntry: entry}, err
	})
}

// ownMeeting is the meeting, when the caller may write the registration and it is one of the meeting's section.
func (s *Service) ownMeeting(ctx context.Context, name, registration string) (*gathering, error) {
	if err := s.authorizeOwn(ctx, registration); err != nil {
		return nil, err
	}
	if api.Part(registration, 0) != api.Part(name, 0) {
		return nil, api.InvalidField("registration", "is not one of the meeting's section")
	}
	return s.store.gathering(ctx, name)
}

// enterOwn writes the mark that decide makes of what the ledger says of a person, or gives the line that is there when it
// makes none.
func (s *Service) enterOwn(ctx context.Context, tx *database.Tx, name, registration string, decide func(on sheet, who *signer) (*mark, error)) (*pb.AttendanceEntry, error) {
	h, err := s.store.heldMeeting(ctx, tx, name)
	if err != nil {
		return nil, err
	}
	who, err := s.store.signer(ctx, tx, h.row.ID, registration)
	if err != nil {
		return nil, err
	}
	tx.Wrote(name)
	tx.Concerns(who.row.EducatorID)
	on := sheet{span: spanOf(h.row), section: h.row.SectionID, meeting: h.row.ID}
	m, err := decide(on, who)
	if err != nil {
		return nil, err
	} else if m == nil {
		return who.proto(), nil
	}
	entries, err := s.store.enter(ctx, tx, h, on, []mark{*m}, isLate(tx.Now, on.start, h.zone, h.entryDays), access.CallerOf(ctx).Principal)
	if err != nil {
		return nil, err
	}
	return entries[0], nil
}
