// Package change tells consumers what changed, in order and without gaps.
package change

import (
	"cmp"
	"context"
	"crypto/x509"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/google/uuid"

	pb "github.com/btlc/btlc/gen/go/btlc/change/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/fetch"
	"github.com/btlc/btlc/internal/webhook"
)

// Service answers for the change feed.
type Service struct {
	pb.UnimplementedChangeServiceServer
	store   store
	hub     *hub[database.FeedMark]
	options Options
	client  *http.Client
}

// Options are what the service is made of beside the database. The zero value delivers to the public internet alone.
type Options struct {
	// PublicURL is where REST is reached: the source of events begins with it.
	PublicURL string
	// Networks may be posted to beside the public internet.
	Networks []netip.Prefix
	// RootCAs are whose certificates of subscribers are trusted; the system's when nil.
	RootCAs *x509.CertPool
	// Timeout bounds one attempt to post; 0 is webhook.Timeout. Whatever a server that was killed had in hand is delivered
	// by another one when twice the timeout is over.
	Timeout time.Duration
	// Next says when, if at all, an attempt that failed is followed by another; nil is webhook.Result.Next.
	Next func(r webhook.Result, attempt int) (time.Duration, bool)
	// Alarm tells the contact of a subscription that it is failing or has failed, in the transaction that puts this on
	// record; nil tells nobody.
	Alarm func(ctx context.Context, tx *database.Tx, alarm webhook.Alarm) error
	// Alive is how long a watch is silent at the longest; 0 is 15 seconds.
	Alive time.Duration
	// Turn is how long a subscriber is posted to before others have their turn; 0 is 5 seconds.
	Turn time.Duration
	// Poll is how often news is looked for; 0 is five times a second.
	Poll time.Duration
}

func (o Options) withDefaults() Options {
	o.Timeout, o.Alive, o.Poll = cmp.Or(o.Timeout, webhook.Timeout), cmp.Or(o.Alive, 15*time.Second), cmp.Or(o.Poll, 200*time.Millisecond)
	o.Turn = cmp.Or(o.Turn, turnTime)
	if o.Alarm == nil {
		o.Alarm = func(context.Context, *database.Tx, webhook.Alarm) error { return nil }
	}
	if o.Next == nil {
		o.Next = func(r webhook.Result, attempt int) (time.Duration, bool) { return r.Next(attempt, rand.Float64()) } // #nosec G404 -- to spread load
	}
	return o
}

// New makes the service.
func New(db *database.DB, options Options) *Service {
	options = options.withDefaults()
	return &Service{
		store: store{db}, options: options, hub: newHub(options.Poll, db.ReadFeedMarks),
		client: &http.Client{Transport: webhook.Transport(fetch.Guard{Networks: options.Networks, RootCAs: options.RootCAs}), Timeout: options.Timeout},
	}
}

// ListChanges lists the changes of a stream after a cursor.
func (s *Service) ListChanges(ctx context.Context, req *pb.ListChangesRequest) (*pb.ListChangesResponse, error) {
	if err := s.store.checkStream(ctx, req.GetParent()); err != nil {
		return nil, err
	}
	from, p, err := s.read(ctx, req)
	if err != nil {
		return nil, err
	}
	answer := &pb.ListChangesResponse{NextCursor: p.Next(from).String(), OldestSequence: int32(p.Oldest), NewestSequence: int32(p.Newest)}
	var seen []uuid.UUID
	for _, row := range p.Rows {
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

func (s *Service) read(ctx context.Context, req *pb.ListChangesRequest) (from database.Cursor, p page, err error) {
	stream, size := req.GetParent(), api.PageSize(req.GetPageSize())
	if req.GetCursor() == "" {
		if p, err = s.store.readOldest(ctx, stream, size); err != nil {
			return from, p, err
		}
		return p.Begin(stream), p, nil
	}
	if from, err = database.ReadCursor(req.GetCursor(), stream); err != nil {
		return from, p, api.InvalidField("cursor", "%s", err.Error())
	}
	if p, err = s.store.follow(ctx, from, size); err != nil {
		return from, p, err
	}
	if !p.follows(from) {
		return from, p, expired(p.FeedBounds)
	}
	return from, p, nil
}

// startAgain says how a consumer comes to what it lacks.
const startAgain = "Read the resources in full. Apply a change when its version is not lower than the one you have."

func expired(b database.FeedBounds) error {
	return api.Errorf(api.CursorExpired, "The cursor leads to what is kept no more, or the feed began anew since. Read the resources in full, then go on with the cursor of that reading, or without one.").
		With("startAgain", startAgain+" Then go on with the cursor of that reading, or without one.").
		With("oldestSequence", strconv.FormatInt(b.Oldest, 10)).With("newestSequence", strconv.FormatInt(b.Newest, 10))
}
