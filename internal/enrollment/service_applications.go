package enrollment

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

// announceApplication puts a change of an application on the program's feed.
func announceApplication(tx *database.Tx, found *application, kind string) {
	tx.Wrote(found.name())
	tx.Concerns(found.who()...)
	tx.Emit(database.Change{
		Streams: []string{"program"}, Resource: found.name(), Type: "btlc/Application", Version: found.row.Version, Kind: kind,
		State: map[string]any{"state": found.row.State, "course": api.Name("btlc/Course", found.row.CourseID), "term": api.Name("btlc/Term", found.row.TermID)},
	})
}

// GetApplication gets an application.
func (s *Service) GetApplication(ctx context.Context, req *pb.GetApplicationRequest) (*pb.GetApplicationResponse, error) {
	found, err := s.store.application(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	if err := access.Authorize(ctx, req.GetName(), scopesOf(found.who()...)...); err != nil {
		return nil, err
	}
	out, err := found.proto(viewerOf(ctx))
	return &pb.GetApplicationResponse{Application: out}, err
}

// ListApplications lists the applications that the caller is a member of; staff see all.
func (s *Service) ListApplications(ctx context.Context, req *pb.ListApplicationsRequest) (*pb.ListApplicationsResponse, error) {
	everywhere, educators := reach(ctx)
	return s.store.listApplications(ctx, req, viewerOf(ctx), everywhere, educators)
}

// CreateApplication applies for the first of its members, and invites the others.
func (s *Service) CreateApplication(ctx context.Context, req *pb.CreateApplicationRequest) (*pb.CreateApplicationResponse, error) {
	in, v := req.GetApplication(), viewerOf(ctx)
	if err := access.Authorize(ctx, in.GetMembers()[0].GetEducator(), in.GetMembers()[0].GetEducator()); err != nil {
		return nil, err
	}
	asked := wishOf(in, v.staff)
	if wrong := asked.check(); len(wrong) > 0 {
		return nil, api.Invalid(wrong...)
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.CreateApplicationResponse, error) {
		if err := s.store.checkTarget(ctx, tx, req.GetParent(), in, v); err != nil {
			return nil, err
		}
		if err := s.store.checkMembers(ctx, tx, asked); err != nil {
			return nil, err
		}
		for i, member := range in.GetMembers() {
			if member.GetRegistration() == nil {
				continue
			}
			if err := s.store.checkDetailed(ctx, tx, api.LastWord(in.GetCourse()), member.GetRegistration(), fmt.Sprintf("application.members[%d].", i)); err != nil {
				return nil, err
			}
		}
		if err := s.store.mayApply(ctx, tx, api.LastWord(req.GetParent()), api.LastWord(in.GetCourse()), asked.accepted(), uuid.Nil, asked.member); err != nil {
			return nil, err
		}
		made, err := s.store.createApplication(ctx, tx, req.GetParent(), in, asked)
		if err != nil {
			return nil, err
		}
		announceApplication(tx, made, "CREATED")
		out, err := made.proto(v)
		return &pb.CreateApplicationResponse{Application: out}, err
	})
}

func wishOf(in *pb.Application, staff bool) wish {
	asked := wish{staff: staff, sites: in.GetSites(), evenings: []int{}}
	if asked.sites == nil {
		asked.sites = []string{}
	}
	for _, day := range in.GetEvenings() {
		asked.evenings = append(asked.evenings, int(day))
	}
	for _, member := range in.GetMembers() {
		one := invitee{educator: api.LastUUID(member.GetEducator())}
		if member.GetRegistration() != nil {
			one.of = api.LastUUID(member.GetRegistration().GetEducator())
		}
		asked.invitees = append(asked.invitees, one)
	}
	return asked
}

// AcceptInvitation has an invited person take part.
func (s *Service) AcceptInvitation(ctx context.Context, req *pb.AcceptInvitationRequest) (*pb.AcceptInvitationResponse, error) {
	if err := access.Authorize(ctx, req.GetName(), req.GetEducator()); err != nil {
		return nil, err
	}
	if req.GetRegistration().GetEducator() != req.GetEducator() {
		return nil, api.InvalidField("registration.educator", "is the person who accepts")
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.AcceptInvitationResponse, error) {
		out, err := s.answerInvitation(ctx, tx, req, "acceptInvitation", "accept", req.GetRegistration())
		return &pb.AcceptInvitationResponse{Application: out}, err
	})
}

// DeclineInvitation has an invited person not take part, or no longer.
func (s *Service) DeclineInvitation(ctx context.Context, req *pb.DeclineInvitationRequest) (*pb.DeclineInvitationResponse, error) {
	if err := access.Authorize(ctx, req.GetName(), req.GetEducator()); err != nil {
		return nil, err
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.DeclineInvitationResponse, error) {
		out, err := s.answerInvitation(ctx, tx, req, "declineInvitation", "decline", nil)
		return &pb.DeclineInvitationResponse{Application: out}, err
	})
}

// invitation is a request of somebody who was invited.
type invitation interface {
	verb
	GetEducator() string
}

// answerInvitation writes an answer to an invitation; details come with one that accepts.
func (s *Service) answerInvitation(ctx context.Context, tx *database.Tx, req invitation, step, word string, details *pb.Registration) (*pb.Application, error) {
	// Whoever was not asked learns nothing of it, its state and etag included.
	asked, err := s.store.lockedApplication(ctx, tx, req.GetName())
	if err != nil {
		return nil, err
	}
	if asked.member(api.LastUUID(req.GetEducator())) == nil {
		return nil, api.Missing(req.GetName())
	}
	found, state, err := s.nextApplication(ctx, tx, req, step)
	if err != nil {
		return nil, err
	}
	one := found.member(api.LastUUID(req.GetEducator()))
	answer, err := memberLife.After("member", one.State, word)
	if err != nil {
		return nil, err
	}
	if details != nil {
		if err := s.store.checkDetailed(ctx, tx, found.row.CourseID, details, ""); err != nil {
			return nil, err
		}
		own := func(id uuid.UUID) member { return member{name: api.Name("btlc/Educator", id), readable: true} }
		if err := s.store.mayApply(ctx, tx, found.row.TermID, found.row.CourseID, []uuid.UUID{one.EducatorID}, found.row.ID, own); err != nil {
			return nil, err
		}
	}
	if err := s.store.setMember(ctx, one, answer, details); err != nil {
		return nil, err
	}
	return s.moveApplication(ctx, tx, found, state, "")
}

// nextApplication is an application that is to be changed, held against others, and the state that a verb leads to.
func (s *Service) nextApplication(ctx context.Context, tx *database.Tx, req verb, word string) (found *application, state string, err error) {
	if found, err = s.store.lockedApplication(ctx, tx, req.GetName()); err != nil {
		return nil, "", err
	}
	current, err := found.proto(viewerOf(ctx))
	if err != nil {
		return nil, "", err
	}
	if err := api.CheckEtag(ctx, req.ProtoReflect(), current); err != nil {
		return nil, "", err
	}
	state, err = applicationLife.After("application", found.row.State, word)
	return found, state, err
}

func (s *Service) moveApplication(ctx context.Context, tx *database.Tx, found *application, state, reason string) (*pb.Application, error) {
	if err := s.store.moveApplication(ctx, tx, found, state, reason); err != nil {
		return nil, err
	}
	announceApplication(tx, found, "UPDATED")
	return found.proto(viewerOf(ctx))
}

// authorizeMember decides whether the caller may act for all who apply: one who takes part, or staff.
func (s *Service) authorizeMember(ctx context.Context, name string) error {
	found, err := s.store.application(ctx, name)
	if err != nil {
		return err
	}
	return access.Authorize(ctx, name, scopesOf(found.who("ACCEPTED")...)...)
}

// SubmitApplication asks for places for all who accepted: in the section, if it is for one, and all or none.
func (s *Service) SubmitApplication(ctx context.Context, req *pb.SubmitApplicationRequest) (*pb.SubmitApplicationResponse, error) {
	if err := s.authorizeMember(ctx, req.GetName()); err != nil {
		return nil, err
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.SubmitApplicationResponse, error) {
		found, state, err := s.nextApplication(ctx, tx, req, "submit")
		if err != nil {
			return nil, err
		}
		if len(found.who("ACCEPTED")) == 0 {
			return nil, api.Errorf(api.StateConflict, "Nobody takes part: an application is submitted when one of its members has accepted.").With("state", found.row.State)
		}
		if found.row.SectionID == nil {
			if req.GetJoinWaitlist() {
				return nil, api.InvalidField("joinWaitlist", "goes with an application for one section")
			}
			out, err := s.moveApplication(ctx, tx, found, state, "")
			return &pb.SubmitApplicationResponse{Application: out}, err
		}
		of, err := s.store.sharedSection(ctx, tx, api.Name("btlc/Section", *found.row.SectionID), viewerOf(ctx))
		if err != nil {
			return nil, err
		}
		if err := s.store.mayApply(ctx, tx, found.row.TermID, found.row.CourseID, found.who("ACCEPTED"), found.row.ID, memberOf(ctx, found)); err != nil {
			return nil, err
		}
		if err := s.store.moveApplication(ctx, tx, found, state, ""); err != nil {
			return nil, err
		}
		out, err := s.place(ctx, tx, of, found, admission{joinWaitlist: req.GetJoinWaitlist()})
		return &pb.SubmitApplicationResponse{Application: out}, err
	})
}

// memberOf says who somebody is by an application. Whoever might register the person alone is told what stands against it.
func memberOf(ctx context.Context, of *application) func(uuid.UUID) member {
	return func(educator uuid.UUID) member {
		i := slices.Index(of.who(), educator)
		name := api.Name("btlc/Educator", educator)
		return member{path: memberPath(i), name: name, readable: access.May(ctx, "registrations.write", name)}
	}
}

// place admits those who applied to a section, all or none.
func (s *Service) place(ctx context.Context, tx *database.Tx, of *section, found *application, how admission) (*pb.Application, error) {
	state, err := applicationLife.After("application", found.row.State, "place")
	if err != nil {
		return nil, err
	}
	who, err := found.joining()
	if err != nil {
		return nil, err
	}
	how.application, how.as = &found.row.ID, memberOf(ctx, found)
	made, err := s.admit(ctx, tx, of, who, how)
	if err != nil {
		return nil, err
	}
	if err := s.store.setRegistrations(ctx, tx, found, made); err != nil {
		return nil, err
	}
	return s.moveApplication(ctx, tx, found, state, "")
}

// WithdrawApplication withdraws an application that has no places yet: one who takes part does so for all.
func (s *Service) WithdrawApplication(ctx context.Context, req *pb.WithdrawApplicationRequest) (*pb.WithdrawApplicationResponse, error) {
	if err := s.authorizeMember(ctx, req.GetName()); err != nil {
		return nil, err
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.WithdrawApplicationResponse, error) {
		found, state, err := s.nextApplication(ctx, tx, req, "withdraw")
		if err != nil {
			return nil, err
		}
		out, err := s.moveApplication(ctx, tx, found, state, req.GetReason())
		return &pb.WithdrawApplicationResponse{Application: out}, err
	})
}
