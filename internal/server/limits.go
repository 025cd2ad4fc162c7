package server

import (
	"context"
	"math"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/btlc/btlc/internal/api"
)

// maxCallers bounds how many callers' buckets are kept.
const maxCallers = 50_000

// maxStreams is how many streams of one caller this server has open at a time. Each watch reads every change for itself, so
// that thousands of one key would hold all others up. A system follows a few feeds and has an export or two under way; the
// rest is for those that come back while the ends of connections that were cut are not noticed yet.
const maxStreams = 20

// limits holds every caller to a rate, requests a second with bursts of twice that, and to a number of open streams.
type limits struct {
	perSecond int // 0: no limit
	mu        sync.Mutex
	buckets   map[string]*rate.Limiter
	streams   map[string]int // those that are open, of callers that have any
}

func newLimits(perSecond int) *limits {
	return &limits{perSecond: perSecond, buckets: map[string]*rate.Limiter{}, streams: map[string]int{}}
}

// take counts one request of a caller, tells what is left in the RateLimit headers, and refuses when nothing is.
func (l *limits) take(ctx context.Context, principal string) error {
	if l.perSecond == 0 {
		return nil
	}
	bucket := l.bucket(principal)
	now := time.Now()
	allowed := bucket.AllowN(now, 1)
	left := max(0, int(bucket.TokensAt(now)))
	reset := int(math.Ceil((float64(bucket.Burst()) - bucket.TokensAt(now)) / float64(l.perSecond)))
	headers := metadata.Pairs("ratelimit-limit", strconv.Itoa(bucket.Burst()), "ratelimit-remaining", strconv.Itoa(left), "ratelimit-reset", strconv.Itoa(reset))
	if !allowed {
		headers.Set("retry-after", "1")
	}
	_ = grpc.SetHeader(ctx, headers) // outside of a server there is nobody to tell
	if !allowed {
		return api.Errorf(api.RateLimited, "More than %d requests a second: wait a second.", l.perSecond)
	}
	return nil
}

func (l *limits) bucket(principal string) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	bucket := l.buckets[principal]
	if bucket == nil {
		if len(l.buckets) >= maxCallers {
			clear(l.buckets)
		}
		bucket = rate.NewLimiter(rate.Limit(l.perSecond), 2*l.perSecond)
		l.buckets[principal] = bucket
	}
	return bucket
}

// open counts a stream of a caller until it is closed, and refuses when too many are open.
func (l *limits) open(principal string) (closed func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.streams[principal] >= maxStreams {
		return nil, api.Errorf(api.StreamLimit, "You have %d streams open here: end one first, or read several feeds in turn with ListChanges.", maxStreams)
	}
	l.streams[principal]++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.streams[principal]--; l.streams[principal] == 0 {
			delete(l.streams, principal)
		}
	}, nil
}
