package drops

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/btlc/btlc/internal/drop"
)

// maxRuns is how many files this process makes at a time, so that callers still get at the exports beside them.
const maxRuns = 2

// recordPatience bounds the recording of how a run ended, also when the process is told to stop.
const recordPatience = 10 * time.Second

// Export writes what a drop's file holds, in its form, and returns the cursor of the change feed at which it was read, and
// how many rows it has.
type Export func(ctx context.Context, d Drop, to io.Writer) (cursor string, rows int64, err error)

// Maker makes the files of drops. It is safe for concurrent use, and any number of processes may do the same.
type Maker struct {
	drops  []Drop
	reach  Reach
	store  Store
	export Export
	now    func() time.Time
	log    *slog.Logger
	turns  chan struct{}
	failed []atomic.Int64 // attempts, of each drop
}

// NewMaker makes the files of these drops.
func NewMaker(drops []Drop, reach Reach, store Store, export Export, now func() time.Time, log *slog.Logger) *Maker {
	return &Maker{drops: drops, reach: reach, store: store, export: export, now: now, log: log, turns: make(chan struct{}, maxRuns), failed: make([]atomic.Int64, len(drops))}
}

// Drops are those that it makes.
func (m *Maker) Drops() []Drop { return m.drops }

// Look makes a drop's file if one is due and nobody has made it. Only the one that was due last is made, however many were
// not. What fails is logged, and tried again at a later look.
func (m *Maker) Look(ctx context.Context, d Drop) {
	if err := m.look(ctx, d); err != nil && ctx.Err() == nil {
		m.log.ErrorContext(ctx, "file drop failed", "drop", d.Name, "error", err)
	}
}

func (m *Maker) look(ctx context.Context, d Drop) error {
	select {
	case m.turns <- struct{}{}:
		defer func() { <-m.turns }()
	case <-ctx.Done():
		return ctx.Err()
	}
	zone, err := m.store.zone(ctx, d.District)
	if err != nil {
		return err
	}
	now := m.now()
	run, mine, err := m.store.claim(ctx, d.Name, LastDue(now, d.At, zone), now)
	if err != nil || !mine {
		return err
	}
	if _, err = m.make(ctx, d, run); err != nil {
		return fmt.Errorf("attempt %d of %d: %w", run.Attempts, maxAttempts, err)
	}
	return nil
}

// Forget forgets runs that are of no use any more, of any drop, and says how many.
func (m *Maker) Forget(ctx context.Context) (int64, error) {
	return m.store.forget(ctx, m.now().Add(-keptFor))
}

// Why a file is not made when somebody asks for it.
var (
	// ErrUnknown: there is no drop of that name.
	ErrUnknown = errors.New("there is no such drop")
	// ErrBusy: the file of this very moment is another's.
	ErrBusy = errors.New("it is being made at this moment")
)

// Make makes a drop's file now, whether it is due or not. The error is ErrUnknown, ErrBusy, that of the export, or of
// package drop.
func (m *Maker) Make(ctx context.Context, name string) (drop.Receipt, error) {
	for _, d := range m.drops {
		if d.Name == name {
			now := m.now()
			run, mine, err := m.store.claim(ctx, name, now, now)
			if err == nil && !mine {
				err = fmt.Errorf("%q: %w", name, ErrBusy)
			}
			if err != nil {
				return drop.Receipt{}, err
			}
			return m.make(ctx, d, run)
		}
	}
	return drop.Receipt{}, fmt.Errorf("%q: %w", name, ErrUnknown)
}

// make makes the file of a run, and records how that ended.
func (m *Maker) make(ctx context.Context, d Drop, run Run) (drop.Receipt, error) {
	receipt, rows, err := m.put(ctx, d)
	if errors.Is(err, drop.ErrPrune) {
		m.log.WarnContext(ctx, "file drop", "drop", d.Name, "error", err)
		err = nil
	}
	failure := ""
	if err != nil {
		rows, failure = 0, cmp.Or(err.Error(), "failed")
		m.countFailure(d.Name)
	}
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordPatience)
	defer cancel()
	if recorded := m.store.finish(late, run, m.now(), receipt.File, rows, failure); recorded != nil {
		err = errors.Join(err, fmt.Errorf("record how the file drop ended: %w", recorded))
	}
	if err == nil {
		m.log.InfoContext(ctx, "file dropped", "drop", d.Name, "file", receipt.File, "rows", rows, "bytes", receipt.Size, "attempt", run.Attempts)
	}
	return receipt, err
}

func (m *Maker) put(ctx context.Context, d Drop) (receipt drop.Receipt, rows int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, longestRun)
	defer cancel()
	target, err := m.reach.Open(ctx, d)
	if err != nil {
		return drop.Receipt{}, 0, err
	}
	receipt, err = target.Put(ctx, d.File(), func(to io.Writer) (cursor string, err error) {
		cursor, rows, err = m.export(ctx, d, to)
		return cursor, err
	})
	if closed := target.Close(); closed != nil && err == nil {
		m.log.WarnContext(ctx, "file drop", "drop", d.Name, "error", closed) // the file is there
	}
	return receipt, rows, explain(err)
}
