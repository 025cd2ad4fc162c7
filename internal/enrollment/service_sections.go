package enrollment

import (
	"context"

	"google.golang.org/protobuf/proto"

	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/record"
)

// GetSection gets a section.
func (s *Service) GetSection(ctx context.Context, req *pb.GetSectionRequest) (*pb.GetSectionResponse, error) {
	found, err := s.store.section(ctx, req.GetName(), viewerOf(ctx))
	if err != nil {
		return nil, err
	}
	return &pb.GetSectionResponse{Section: found.proto()}, nil
}

// ListSections lists the sections that the caller may see.
func (s *Service) ListSections(ctx context.Context, req *pb.ListSectionsRequest) (*pb.ListSectionsResponse, error) {
	return s.store.listSections(ctx, req, viewerOf(ctx))
}

// CreateSection creates a section with its meetings, as a draft.
func (s *Service) CreateSection(ctx context.Context, req *pb.CreateSectionRequest) (*pb.CreateSectionResponse, error) {
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.CreateSectionResponse, error) {
		made, err := s.store.createSection(ctx, tx, req.GetSection())
		if err != nil {
			return nil, err
		}
		announceSection(tx, made, "CREATED")
		return &pb.CreateSectionResponse{Section: made.proto()}, nil
	})
}

// UpdateSection updates a section.
func (s *Service) UpdateSection(ctx context.Context, req *pb.UpdateSectionRequest) (*pb.UpdateSectionResponse, error) {
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.UpdateSectionResponse, error) {
		found, err := s.store.lockedSection(ctx, tx, req.GetSection().GetName())
		if err != nil {
			return nil, err
		}
		next, err := api.ApplyMask(ctx, req, found.proto())
		if err != nil {
			return nil, err
		}
		seats := found.row.Capacity
		if err := s.store.updateSection(ctx, tx, found, next); err != nil {
			return nil, err
		}
		if err := s.resize(ctx, tx, found, seats); err != nil {
			return nil, err
		}
		announceSection(tx, found, "UPDATED")
		return &pb.UpdateSectionResponse{Section: found.proto()}, nil
	})
}

// verb is a request that moves a section on in its life.
type verb interface {
	proto.Message
	GetName() string
}

// moveSection carries out a verb. besides does what goes with it, before the section has its new state.
func (s *Service) moveSection(ctx context.Context, tx *database.Tx, req verb, word, reason string, besides func(*section) error) (*pb.Section, error) {
	found, err := s.store.lockedSection(ctx, tx, req.GetName())
	if err != nil {
		return nil, err
	}
	if err := api.CheckEtag(ctx, req.ProtoReflect(), found.proto()); err != nil {
		return nil, err
	}
	to, err := sectionLife.After("section", found.row.State, word)
	if err != nil {
		return nil, err
	}
	if besides != nil {
		if err := besides(found); err != nil {
			return nil, err
		}
	}
	if err := s.store.setSectionState(ctx, tx, found, to, reason); err != nil {
		return nil, err
	}
	announceSection(tx, found, "UPDATED")
	return found.proto(), nil
}

// OpenSection opens a section whose meetings are those of its course version.
func (s *Service) OpenSection(ctx context.Context, req *pb.OpenSectionRequest) (*pb.OpenSectionResponse, error) {
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.OpenSectionResponse, error) {
		moved, err := s.moveSection(ctx, tx, req, "open", "", func(found *section) error {
			meetings, err := s.store.spans(ctx, tx.Client, found.row.ID)
			if err != nil {
				return err
			}
			version := found.row.Edges.CourseVersion
			if lacks := checkOffer(meetings, version.MeetingCount, version.ContactMinutes); len(lacks) > 0 {
				e := api.Errorf(api.StateConflict, "The meetings of the section are not those of its course version.").With("state", found.row.State)
				e.Violations = lacks
				return e
			}
			return nil
		})
		return &pb.OpenSectionResponse{Section: moved}, err
	})
}

// CloseSection ends the registrations of a section.
func (s *Service) CloseSection(ctx context.Context, req *pb.CloseSectionRequest) (*pb.CloseSectionResponse, error) {
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.CloseSectionResponse, error) {
		moved, err := s.moveSection(ctx, tx, req, "close", "", nil)
		return &pb.CloseSectionResponse{Section: moved}, err
	})
}

// StartSection begins the meetings of a section, and ends its waitlist.
func (s *Service) StartSection(ctx context.Context, req *pb.StartSectionRequest) (*pb.StartSectionResponse, error) {
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.StartSectionResponse, error) {
		moved, err := s.moveSection(ctx, tx, req, "start", "", func(found *section) error { return s.startSeats(ctx, tx, found) })
		return &pb.StartSectionResponse{Section: moved}, err
	})
}

// CompleteSection ends a section.
func (s *Service) CompleteSection(ctx context.Context, req *pb.CompleteSectionRequest) (*pb.CompleteSectionResponse, error) {
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.CompleteSectionResponse, error) {
		moved, err := s.moveSection(ctx, tx, req, "complete", "", nil)
		return &pb.CompleteSectionResponse{Section: moved}, err
	})
}

// CancelSection cancels a section and withdraws its registrations.
func (s *Service) CancelSection(ctx context.Context, req *pb.CancelSectionRequest) (*pb.CancelSectionResponse, error) {
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.CancelSectionResponse, error) {
		moved, err := s.moveSection(ctx, tx, req, "cancel", req.GetReason(), func(found *section) error {
			return s.cancelSeats(ctx, tx, found)
		})
		return &pb.CancelSectionResponse{Section: moved}, err
	})
}

// GetMeeting gets a meeting.
func (s *Service) GetMeeting(ctx context.Context, req *pb.GetMeetingRequest) (*pb.GetMeetingResponse, error) {
	found, err := s.store.meeting(ctx, req.GetName(), viewerOf(ctx))
	if err != nil {
		return nil, err
	}
	return &pb.GetMeetingResponse{Meeting: meetingProto(found)}, nil
}

// ListMeetings lists the meetings of a section.
func (s *Service) ListMeetings(ctx context.Context, req *pb.ListMeetingsRequest) (*pb.ListMeetingsResponse, error) {
	return s.store.listMeetings(ctx, req, viewerOf(ctx))
}

// UpdateMeeting updates a meeting.
func (s *Service) UpdateMeeting(ctx context.Context, req *pb.UpdateMeetingRequest) (*pb.UpdateMeetingResponse, error) {
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.UpdateMeetingResponse, error) {
		of, before, after, err := s.store.updateMeeting(ctx, tx, req)
		if err != nil {
			return nil, err
		}
		m := meetingProto(after)
		tx.Wrote(m.Name)
		if move := moveOf(before, after); move != nil && isAnnounced(of.row.State) {
			if err := s.tellOfMove(ctx, tx, m, after.Version, *move); err != nil {
				return nil, err
			}
		}
		return &pb.UpdateMeetingResponse{Meeting: m}, nil
	})
}

// tellOfMove tells those who follow sections, and the program's feed, of a meeting that people were told another time or
// place of.
func (s *Service) tellOfMove(ctx context.Context, tx *database.Tx, m *pb.Meeting, version int32, move record.MeetingMove) error {
	tx.Emit(database.Change{
		Streams: []string{"program"}, Resource: m.Name, Type: "btlc/Meeting", Version: version, Kind: "UPDATED",
		State: map[string]any{
			"section": api.Name("btlc/Section", move.Section), "meetingNumber": move.MeetingNumber,
			"startTime": move.NewStart, "endTime": move.NewEnd, "location": move.NewLocation, "room": move.NewRoom,
		},
	})
	for _, follower := range s.followers {
		if err := follower.MeetingsMoved(ctx, tx, []record.MeetingMove{move}); err != nil {
			return err
		}
	}
	return nil
}
