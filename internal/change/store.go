package change

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/btlc/btlc/ent/district"
	"github.com/btlc/btlc/ent/institution"
	pb "github.com/btlc/btlc/gen/go/btlc/change/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

type store struct{ db *database.DB }

// page is what was read of a stream.
type page struct{ database.FeedPage }

// follows says whether the page goes on where the cursor that it was read with stands, with nothing missing between.
func (p page) follows(c database.Cursor) bool {
	s := stretch{FeedBounds: p.FeedBounds}
	for _, row := range p.Rows {
		s.Numbers = append(s.Numbers, row.Number)
	}
	return s.follows(c)
}

// checkStream says whether there is somebody for whom the stream is.
func (s store) checkStream(ctx context.Context, stream string) error {
	found, err := true, error(nil)
	switch collection, _, _ := strings.Cut(stream, "/"); collection {
	case "districts":
		found, err = s.db.Ent().District.Query().Where(district.ID(api.LastWord(stream))).Exist(ctx)
	case "institutions":
		found, err = s.db.Ent().Institution.Query().Where(institution.ID(api.LastWord(stream))).Exist(ctx)
	}
	if err != nil {
		return err
	} else if !found {
		return api.Missing(stream)
	}
	return nil
}

// follow reads what comes after a cursor.
func (s store) follow(ctx context.Context, from database.Cursor, limit int) (p page, err error) {
	p.FeedPage, err = s.db.FollowFeed(ctx, from, limit)
	return p, err
}

// read reads what comes after a number.
func (s store) read(ctx context.Context, stream string, after int64, limit int) (p page, err error) {
	p.FeedPage, err = s.db.ReadFeed(ctx, stream, after, limit)
	return p, err
}

// bounds are what a stream holds now.
func (s store) bounds(ctx context.Context, stream string) (bounds database.FeedBounds, err error) {
	err = s.db.InFeedSnapshot(ctx, func(tx *sql.Tx) (err error) {
		bounds, err = s.db.ReadFeedBounds(ctx, tx, stream, database.Cursor{})
		return err
	})
	return bounds, err
}

// readOldest reads from the oldest change that is kept. Where that is only reading tells, and it may move on meanwhile.
func (s store) readOldest(ctx context.Context, stream string, limit int) (p page, err error) {
	after := int64(0)
	for range 3 {
		if p, err = s.read(ctx, stream, after, limit); err != nil || p.follows(database.NewCursor(p.Epoch, stream, after)) {
			return p, err
		}
		after = p.Oldest - 1
	}
	return p, fmt.Errorf("stream %s does not begin at its oldest change, %d", stream, p.Oldest)
}

func changeProto(row database.FeedRow) (*pb.Change, error) {
	out := &pb.Change{
		Sequence: int32(row.Number), Resource: row.Resource, ResourceType: row.Type, Version: row.Version, Kind: api.EnumOf[pb.ChangeKind](row.Kind),
		NaturalKeys: row.NaturalKeys, PreviousNaturalKeys: row.PreviousNaturalKeys, CommitTime: api.Timestamp(row.CommitTime),
	}
	var state map[string]any
	if err := json.Unmarshal(row.State, &state); err != nil {
		return nil, fmt.Errorf("state of change %d: %w", row.Number, err)
	}
	if state == nil {
		return out, nil // a change that says all by being one
	}
	var err error
	if out.State, err = structpb.NewStruct(state); err != nil {
		return nil, fmt.Errorf("state of change %d: %w", row.Number, err)
	}
	return out, nil
}

// educatorsOf is whom a change tells something about.
func educatorsOf(c *pb.Change) []uuid.UUID {
	names := []string{c.Resource}
	for _, key := range c.NaturalKeys {
		names = append(names, key)
	}
	for _, value := range c.State.GetFields() {
		names = append(names, value.GetStringValue())
	}
	var found []uuid.UUID
	for _, name := range names {
		if strings.HasPrefix(name, "educators/") {
			if id := api.PartUUID(name, 0); id != uuid.Nil {
				found = append(found, id)
			}
		}
	}
	return found
}
