package change

import (
	"context"
	"time"

	"google.golang.org/grpc"

	pb "github.com/btlc/btlc/gen/go/btlc/change/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

// watchPage is how many changes are read at a time for one who watches.
const watchPage = 100

// WatchChanges streams the changes of a stream after a cursor until the call ends, and signs of life between them.
func (s *Service) WatchChanges(req *pb.WatchChangesRequest, out grpc.ServerStreamingServer[pb.WatchChangesResponse]) error {
	ctx := out.Context()
	if err := s.store.checkStream(ctx, req.GetParent()); err != nil {
		return err
	}
	news, leave := s.hub.watch(req.GetParent()) // before the first reading: what comes after it is news
	defer leave()
	from, p, err := s.read(ctx, &pb.ListChangesRequest{Parent: req.GetParent(), Cursor: req.GetCursor(), PageSize: watchPage})
	if err != nil {
		return err
	}
	alive := time.NewTimer(s.options.Alive)
	defer alive.Stop()
	for silent := true; ; {
		if silent || len(p.Rows) > 0 {
			if err := s.send(ctx, out, from, p); err != nil {
				return err
			}
			alive.Reset(s.options.Alive)
		}
		from = p.Next(from)
		silent = false
		if len(p.Rows) < watchPage {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-news:
			case <-alive.C:
				silent = true
			}
		}
		if p, err = s.store.follow(ctx, from, watchPage); err != nil {
			return err
		}
		if !p.follows(from) {
			return expired(p.FeedBounds)
		}
	}
}

// send sends a page, or a sign of life when it is empty.
func (s *Service) send(ctx context.Context, out grpc.ServerStreamingServer[pb.WatchChangesResponse], from database.Cursor, p page) error {
	answer := func(at database.Cursor, c *pb.Change) *pb.WatchChangesResponse {
		return &pb.WatchChangesResponse{Change: c, Cursor: at.String(), OldestSequence: int32(p.Oldest), NewestSequence: int32(p.Newest)}
	}
	if len(p.Rows) == 0 {
		return out.Send(answer(p.Next(from), nil))
	}
	for _, row := range p.Rows {
		c, err := changeProto(row)
		if err != nil {
			return err
		}
		api.Saw(ctx, educatorsOf(c)...)
		if err := out.Send(answer(p.After(from.Stream, row), c)); err != nil {
			return err
		}
	}
	return nil
}
