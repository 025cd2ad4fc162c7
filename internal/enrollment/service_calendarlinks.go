package enrollment

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"

	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

// At says where this server is found by the world, without a slash at the end: addresses of calendars begin with it.
func (s *Service) At(baseURL string) *Service {
	s.baseURL = baseURL
	return s
}

// tokenHash is what is kept of the secret part of an address.
func tokenHash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// Calendar is what the address with this token shows; false when no link has it. Whoever has the address reads it, so that
// there is no caller.
func (s *Service) Calendar(ctx context.Context, token string) (Calendar, bool, error) {
	return s.store.calendar(ctx, tokenHash(token))
}

// GetCalendarLink gets a calendar link, without its address.
func (s *Service) GetCalendarLink(ctx context.Context, req *pb.GetCalendarLinkRequest) (*pb.GetCalendarLinkResponse, error) {
	found, err := s.store.link(ctx, s.store.db.Ent(), req.GetName())
	if err != nil {
		return nil, err
	}
	if err := authorizeLink(ctx, found); err != nil {
		return nil, err
	}
	return &pb.GetCalendarLinkResponse{CalendarLink: found.proto()}, nil
}

// authorizeLink lets the person whose meetings a link shows at it, whoever made one for a section, and staff.
func authorizeLink(ctx context.Context, l *link) error {
	name := api.Name("btlc/CalendarLink", l.id)
	if l.educator != nil {
		api.Saw(ctx, *l.educator)
		return access.Authorize(ctx, name, scopesOf(*l.educator)...)
	}
	if l.recordedBy == api.CallOf(ctx).Principal {
		access.Reach(ctx) // whoever made it may see it, with the permission that brought them here
		return nil
	}
	return access.Authorize(ctx, name)
}

// ListCalendarLinks lists the calendar links that the caller may see.
func (s *Service) ListCalendarLinks(ctx context.Context, req *pb.ListCalendarLinksRequest) (*pb.ListCalendarLinksResponse, error) {
	everywhere, educators := reach(ctx)
	links, next, err := s.store.listLinks(ctx, req, everywhere, educators, api.CallOf(ctx).Principal)
	if err != nil {
		return nil, err
	}
	answer := &pb.ListCalendarLinksResponse{NextPageToken: next}
	for _, l := range links {
		if l.educator != nil {
			api.Saw(ctx, *l.educator)
		}
		answer.CalendarLinks = append(answer.CalendarLinks, l.proto())
	}
	return answer, nil
}

// CreateCalendarLink makes an address, and tells it, once: of a section that the caller may see, or of a person.
func (s *Service) CreateCalendarLink(ctx context.Context, req *pb.CreateCalendarLinkRequest) (*pb.CreateCalendarLinkResponse, error) {
	in := req.GetCalendarLink()
	if err := s.authorizeShown(ctx, in); err != nil {
		return nil, err
	}
	var secret [32]byte
	_, _ = rand.Read(secret[:]) // never fails
	token := base64.RawURLEncoding.EncodeToString(secret[:])
	return api.WriteSecret(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.CreateCalendarLinkResponse, error) {
		made, err := s.store.createLink(ctx, tx, in, tokenHash(token), api.CallOf(ctx).Principal)
		if err != nil {
			return nil, err
		}
		if made.educator != nil {
			tx.Concerns(*made.educator)
		}
		out := made.proto()
		tx.Wrote(out.Name)
		out.Url = s.baseURL + "/calendars/" + token + ".ics"
		return &pb.CreateCalendarLinkResponse{CalendarLink: out}, nil
	})
}

// authorizeShown says whether the caller may have shown what a new link is to show.
func (s *Service) authorizeShown(ctx context.Context, in *pb.CalendarLink) error {
	switch {
	case (in.GetSection() == "") == (in.GetEducator() == ""):
		return api.InvalidField("calendarLink", "has either a section or an educator")
	case in.GetEducator() != "":
		if err := access.Authorize(ctx, in.GetEducator(), in.GetEducator()); err != nil {
			return err
		}
		return changesLinks(ctx, in.GetEducator())
	}
	access.Reach(ctx) // sections are seen by whoever may see them, not by scope
	if _, err := s.store.section(ctx, in.GetSection(), viewerOf(ctx)); err != nil {
		return err
	}
	return changesLinks(ctx)
}

// changesLinks refuses those who may read what they are asked of and change nothing.
func changesLinks(ctx context.Context, scopes ...string) error {
	if access.OnlyAs(ctx, accesspb.Role_ROLE_AUDITOR, scopes...) {
		return api.Errorf(api.PermissionDenied, "Auditors read, and change nothing.")
	}
	return nil
}

// DeleteCalendarLink deletes a link: its address shows nothing from then on.
func (s *Service) DeleteCalendarLink(ctx context.Context, req *pb.DeleteCalendarLinkRequest) (*pb.DeleteCalendarLinkResponse, error) {
	access.Reach(ctx) // whoever repeats the request gets its first answer; what there is still is authorized below
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.DeleteCalendarLinkResponse, error) {
		found, err := s.store.link(ctx, tx.Client, req.GetName())
		if err != nil {
			return nil, err
		}
		if err := authorizeLink(ctx, found); err != nil {
			return nil, err
		}
		var scopes []string
		if found.educator != nil {
			scopes = scopesOf(*found.educator)
			tx.Concerns(*found.educator)
		}
		if err := changesLinks(ctx, scopes...); err != nil {
			return nil, err
		}
		if err := api.CheckEtag(ctx, req.ProtoReflect(), found.proto()); err != nil {
			return nil, err
		}
		tx.Wrote(req.GetName())
		return &pb.DeleteCalendarLinkResponse{}, s.store.deleteLink(ctx, tx, found)
	})
}
