package drop

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"
)

const replacements = 20

func TestReaderSeesWholeFilesWhileTheyAreReplaced(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		target := f.open(t, keep(1))
		put(t, target, roster, content(0))
		f.race(t, func() {
			for i := range replacements {
				if _, err := target.Put(t.Context(), roster, text(content(i+1), "")); err != nil {
					t.Error(err)
				}
			}
		})
		f.expect(t, roster, content(replacements))
		if names := f.visible(t); len(names) != 3 {
			t.Errorf("there are %q", names)
		}
	})
}

func TestReaderSeesWholeFilesOfManyWriters(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		if f.oneWriter {
			return
		}
		put(t, f.open(t, keep(1)), roster, content(0))
		var targets []*Target
		for range replacements {
			targets = append(targets, f.open(t, keep(1)))
		}
		f.race(t, func() {
			var writers sync.WaitGroup
			for i, target := range targets {
				writers.Go(func() {
					if _, err := target.Put(t.Context(), roster, text(content(i+1), "")); err != nil {
						t.Error(err)
					}
				})
			}
			writers.Wait()
		})
	})
}

// content is that of a replacement, longer than the one before.
func content(i int) string { return strings.Repeat(fmt.Sprintf("line %d\n", i), 1000+i*100) }

// race reads as it is documented while files are written, until all are.
func (f *fixture) race(t *testing.T, write func()) {
	t.Helper()
	done := make(chan struct{})
	var writing sync.WaitGroup
	writing.Go(func() {
		defer close(done)
		write()
	})
	defer writing.Wait()
	for reads := 0; ; reads++ {
		if _, _, err := f.latest(roster); err != nil {
			t.Errorf("read %d: %v", reads, err)
			return
		}
		if err := f.listed(t); err != nil {
			t.Errorf("list %d: %v", reads, err)
			return
		}
		select {
		case <-done:
			return
		default:
		}
	}
}

// listed looks at every dated file, as who does not read manifests.
func (f *fixture) listed(t *testing.T) error {
	s, err := newSeries(roster)
	if err != nil {
		return err
	}
	for _, name := range f.names(t) {
		if !s.isFile(name) {
			continue
		}
		if _, err := f.read(name + ChecksumSuffix); errors.Is(err, fs.ErrNotExist) {
			if _, err := f.read(name); !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("%s is there without its checksum: %w", name, err)
			}
		} else if err != nil {
			return err
		}
	}
	return nil
}
