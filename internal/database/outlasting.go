package database

import (
	"context"
	"time"
)

// Outlasting is a context that ends so long after the other one. done lets go of it.
func Outlasting(ctx context.Context, long time.Duration) (longer context.Context, done func()) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-time.After(long):
			cancel()
		case <-longer.Done():
		}
	})
	return longer, func() {
		stop()
		cancel()
	}
}
