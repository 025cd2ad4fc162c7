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

// limits holds every caller to a rate: requests a second, with bursts of twice that.
type limits struct {
	perSecond int // 0: no limit
	mu        sync.Mutex
	buckets   map[string]*rate.Limiter
}

func newLimits(perSecond int) *limits {
	return &limits{perSecond: perSecond, buckets: map[string]*rate.Limiter{}}
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
