package change_test

import (
	"testing"
	"time"

	"github.com/btlc/btlc/internal/change"
	"github.com/btlc/btlc/internal/webhook"
)

// BenchmarkDeliver posts changes to one subscriber on this machine, one after the other, each on record before the next.
func BenchmarkDeliver(b *testing.B) {
	for name, made := range map[string]func(testing.TB, func(got) int) *receiver{"plain": newReceiver, "TLS": newTLSReceiver} {
		b.Run(name, func(b *testing.B) {
			db, _ := newFeed(b, 1)
			r := made(b, nil)
			s := webhooks(db, func(o *change.Options) {
				o.RootCAs = r.roots()
				o.Next = func(webhook.Result, int) (time.Duration, bool) { return time.Millisecond, true }
			})
			r.subscribe(s)
			emitMany(b, db, 2, b.N+1)
			b.ResetTimer()
			deliver(b, s)
			for range b.N {
				r.next()
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "deliveries/s")
		})
	}
}
