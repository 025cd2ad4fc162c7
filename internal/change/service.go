// Package change tells consumers what changed, in order and without gaps.
package change

import (
	"context"
	"strconv"

	"github.com/google/uuid"

	pb "github.com/btlc/btlc/gen/go/btlc/change/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

// Service answers for the change feed.
type Service struct {
	pb.UnimplementedChangeServiceServer
	store store
}

// New makes the service.
func New(db *database.DB) *Service { return &Service{store: store{db}} }

// ListChanges lists the changes of a stream after a cursor.
func (s *Service) ListChanges(ctx context.Context, req *pb.ListChangesRequest) (*pb.ListChangesResponse, error) {
	if err := s.store.checkStream(ctx, req.GetParent()); err != nil {
		return nil, err
	}
	from, p, err := s.read(ctx, req)
	if err != nil {
		return nil, err
	}
	answer := &pb.ListChangesResponse{NextCursor: p.end(from).String(), OldestSequence: int32(p.Oldest), NewestSequence: int32(p.Newest)}
	var seen []uuid.UUID
	for _, row := range p.rows {
		c, err := changeProto(row)
		if err != nil {
			return nil, err
		}
		answer.Changes = append(answer.Changes, c)
		seen = append(seen, educatorsOf(c)...)
	}
	api.Saw(ctx, seen...)
	return answer, nil
}

func (s *Service) read(ctx context.Context, req *pb.ListChangesRequest) (from cursor, p *page, err error) {
	stream, size := req.GetParent(), api.PageSize(req.GetPageSize())
	if req.GetCursor() == "" {
		if p, err = s.store.readOldest(ctx, stream, size); err != nil {
			return from, nil, err
		}
		return newCursor(p.Epoch, stream, p.Oldest-1), p, nil
	}
	if from, err = readCursor(req.GetCursor(), stream); err != nil {
		return from, nil, api.InvalidField("cursor", "%s", err.Error())
	}
	if p, err = s.store.read(ctx, stream, from.Number, size); err != nil {
		return from, nil, err
	}
	if !p.follows(from) {
		return from, nil, expired(p.stretch)
	}
	return from, p, nil
}

func expired(s stretch) error {
	return api.Errorf(api.CursorExpired, "The cursor leads to what is kept no more, or the feed began anew since. Read the resources in full, then call without a cursor.").
		With("startAgain", "Read the resources in full, then call ListChanges without a cursor, and apply a change when its version is higher than the one you have.").
		With("oldestSequence", strconv.FormatInt(s.Oldest, 10)).With("newestSequence", strconv.FormatInt(s.Newest, 10))
}
