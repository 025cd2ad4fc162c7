package drop

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/btlc/btlc/internal/drop/droptest"
)

var errDied = errors.New("the writer died")

// mortal is a store whose writer dies at a step, before the step had its effect or right after, and does nothing any more.
type mortal struct {
	store
	left  int
	after bool
	dead  bool
}

func (m *mortal) step(do func() error) error {
	if m.dead {
		return errDied
	}
	if m.left--; m.left >= 0 {
		return do()
	}
	m.dead = true
	if m.after {
		return errors.Join(errDied, do())
	}
	return errDied
}

func (m *mortal) create(ctx context.Context, temporary, name string) (e entry, err error) {
	err = m.step(func() (err error) {
		e, err = m.store.create(ctx, temporary, name)
		return err
	})
	return &mortalEntry{e, m}, err
}

func (m *mortal) read(ctx context.Context, name string, limit int64) (content []byte, err error) {
	err = m.step(func() (err error) {
		content, err = m.store.read(ctx, name, limit)
		return err
	})
	return content, err
}

func (m *mortal) list(ctx context.Context, prefix string) (names []string, err error) {
	err = m.step(func() (err error) {
		names, err = m.store.list(ctx, prefix)
		return err
	})
	return names, err
}

func (m *mortal) remove(ctx context.Context, name string) error {
	return m.step(func() error { return m.store.remove(ctx, name) })
}

type mortalEntry struct {
	entry
	of *mortal
}

func (e *mortalEntry) Write(content []byte) (n int, err error) {
	err = e.of.step(func() (err error) {
		n, err = e.entry.Write(content)
		return err
	})
	return n, err
}

func (e *mortalEntry) commit() error { return e.of.step(e.entry.commit) }

func (e *mortalEntry) abort() {
	if !e.of.dead {
		e.entry.abort()
	}
}

func TestWriterDiesAtEachStep(t *testing.T) {
	for _, kind := range []string{"folder", "s3"} {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, after: %t", kind, after), func(t *testing.T) {
				for steps := 0; ; steps++ {
					if !dies(t, kinds[kind](t), steps, after) {
						// Three entries made, written and committed, the manifest read, the folder listed, two removed.
						if steps != 13 {
							t.Errorf("a writer took %d steps", steps)
						}
						return
					}
				}
			})
		}
	}
}

// dies has a writer die after so many steps, and tells whether it took more.
func dies(t *testing.T, f *fixture, steps int, after bool) bool {
	t.Helper()
	now := time.Date(2026, 9, 1, 4, 0, 0, 0, time.UTC)
	put(t, f.open(t, keep(1), clock(&now)), roster, "whole")
	target := f.open(t, keep(1), clock(&now))
	writer := &mortal{store: target.store, left: steps, after: after}
	target.store = writer
	receipt, err := target.Put(t.Context(), roster, text("new", ""))
	if (err != nil) != writer.dead {
		t.Fatalf("step %d: Put says %v", steps, err)
	}
	got, found, readErr := f.latest(roster)
	if readErr != nil {
		t.Fatalf("step %d: %v", steps, readErr)
	}
	switch settled := err == nil || errors.Is(err, ErrPrune); {
	case settled && (string(got) != "new" || found.Receipt != receipt):
		t.Fatalf("step %d: the latest is %q of %+v, the receipt says %+v", steps, got, found.Receipt, receipt)
	case !settled && (string(got) != "whole" && string(got) != "new" || receipt != Receipt{}):
		t.Fatalf("step %d: the latest is %q, the receipt %+v", steps, got, receipt)
	}
	target.store = writer.store
	// Others go on, and a day later nothing is left of it.
	now = now.Add(leftoverAge + time.Second)
	put(t, target, roster, "next")
	f.expect(t, roster, "next")
	if names := f.names(t); len(names) != 3 {
		t.Fatalf("step %d: there are %s", steps, strings.Join(names, ", "))
	}
	return writer.dead
}

// refusing is a store that does not give one of its entries a name, and lives on.
type refusing struct {
	store
	name func(string) bool
}

type refusedEntry struct{ entry }

func (refusedEntry) commit() error { return errDied }

func (r refusing) create(ctx context.Context, temporary, name string) (entry, error) {
	e, err := r.store.create(ctx, temporary, name)
	if r.name(name) {
		return refusedEntry{e}, err
	}
	return e, err
}

func TestFileThatIsNotTakenLeavesNothing(t *testing.T) {
	for _, suffix := range []string{".csv", ChecksumSuffix} {
		f := newFolder(t)
		target := f.open(t)
		put(t, target, roster, "whole")
		before := f.names(t)
		target.store = refusing{target.store, func(name string) bool { return strings.HasSuffix(name, suffix) }}
		if _, err := target.Put(t.Context(), roster, text("new", "")); !errors.Is(err, errDied) {
			t.Errorf("Put says %v, want %v", err, errDied)
		}
		if after := f.names(t); !slices.Equal(after, before) {
			t.Errorf("there are %q, before %q", after, before)
		}
		f.expect(t, roster, "whole")
	}
}

func TestPlainServerDiesAtEachStep(t *testing.T) {
	server := droptest.StartSFTP(t, false)
	for steps := int32(0); ; steps++ {
		f := sftpFixture(t, server)
		target := f.open(t, keep(1))
		put(t, target, roster, "older")
		put(t, target, roster, "whole")
		server.Left.Store(steps)
		_, err := target.Put(t.Context(), roster, text("new", ""))
		server.Left.Store(-1)
		got, _, readErr := f.latest(roster)
		if readErr != nil {
			t.Fatalf("step %d: %v", steps, readErr)
		}
		if string(got) != "new" && (string(got) != "whole" || err == nil || errors.Is(err, ErrPrune)) {
			t.Fatalf("step %d: Put says %v, the latest is %q", steps, err, got)
		}
		put(t, f.open(t), roster, "next")
		f.expect(t, roster, "next")
		if err == nil {
			// Checksum, file, the manifest aside (twice) and in place, two removed.
			if steps != 7 {
				t.Errorf("a writer took %d steps", steps)
			}
			return
		}
	}
}
