package drop

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"
)

const roster = "roster.csv"

func TestPutAndReplace(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		now := time.Date(2026, 9, 1, 4, 0, 0, 0, time.UTC)
		target := f.open(t, clock(&now))
		if _, err := target.Latest(t.Context(), roster); !errors.Is(err, ErrNone) {
			t.Fatalf("Latest before the first file: %v, want %v", err, ErrNone)
		}
		first := put(t, target, roster, "one")
		f.expect(t, roster, "one")
		now = now.Add(time.Hour)
		second := put(t, target, roster, "one and two")
		f.expect(t, roster, "one and two")

		const sum = "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed" // sha256sum of "one"
		want := Receipt{File: first.File, Size: 3, SHA256: sum, Cursor: "after one", CreateTime: now.Add(-time.Hour)}
		if first != want || !strings.HasPrefix(first.File, "roster-20260901T040000Z-") || !strings.HasSuffix(first.File, ".csv") {
			t.Errorf("receipt %+v, want %+v", first, want)
		}
		_, found, err := f.latest(roster)
		if err != nil {
			t.Fatal(err)
		}
		if found.Receipt != second || !slices.Equal(found.Previous, []Receipt{first}) {
			t.Errorf("the manifest has %+v and %+v, want %+v and %+v", found.Receipt, found.Previous, second, first)
		}
		if got, err := target.Latest(t.Context(), roster); err != nil || got != second {
			t.Errorf("Latest is %+v, %v, want %+v", got, err, second)
		}
		// Another name does not disturb.
		put(t, target, "roster.json", "{}")
		f.expect(t, roster, "one and two")
		f.expect(t, "roster.json", "{}")
	})
}

func TestPutEmptyAndLarge(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		target := f.open(t)
		put(t, target, roster, "")
		f.expect(t, roster, "")
		// In pieces that fit into nothing.
		piece := bytes.Repeat([]byte("0123456789abcdef\n"), f.much/30+1)
		want := bytes.Repeat(piece, 4)
		_, err := target.Put(t.Context(), roster, func(w io.Writer) (string, error) {
			for range 4 {
				if _, err := w.Write(piece); err != nil {
					return "", err
				}
			}
			return "", nil
		})
		if err != nil {
			t.Fatal(err)
		}
		f.expect(t, roster, string(want))
	})
}

func TestLastWholeFileStays(t *testing.T) {
	fault := errors.New("the export failed")
	cases := map[string]struct {
		// stop is called after a part was written; what it returns is the writer's error.
		stop func(f *fixture, cancel context.CancelFunc) error
		want error
	}{
		"writer fails":      {func(*fixture, context.CancelFunc) error { return fault }, fault},
		"context ends":      {func(_ *fixture, cancel context.CancelFunc) error { cancel(); return nil }, context.Canceled},
		"connection breaks": {func(f *fixture, _ context.CancelFunc) error { f.sever(); return nil }, ErrUnreachable},
	}
	for _, sent := range []bool{false, true} {
		for name, c := range cases {
			t.Run(fmt.Sprintf("%s, sent: %t", name, sent), func(t *testing.T) {
				onEach(t, func(t *testing.T, f *fixture) {
					size := 1
					if sent {
						size = f.much
					}
					if errors.Is(c.want, ErrUnreachable) && f.sever == nil {
						return // a folder has no connection
					}
					target := f.open(t)
					put(t, target, roster, "whole")
					before := f.names(t)
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					_, err := target.Put(ctx, roster, func(w io.Writer) (string, error) {
						if _, err := w.Write(make([]byte, size)); err != nil {
							return "", err
						}
						if err := c.stop(f, cancel); err != nil {
							return "", err
						}
						_, err := w.Write(make([]byte, size))
						if err == nil && errors.Is(c.want, context.Canceled) {
							t.Error("more is taken after the context ended")
						}
						return "half", err
					})
					if !errors.Is(err, c.want) {
						t.Errorf("Put says %v, want %v", err, c.want)
					}
					f.expect(t, roster, "whole")
					if f.mend != nil {
						f.mend()
					}
					// A connection that broke cannot be tidied over; nothing but a draft is left.
					after := slices.DeleteFunc(f.names(t), func(name string) bool {
						return f.sever != nil && !errors.Is(c.want, fault) && strings.HasPrefix(name, ".") && strings.HasSuffix(name, draftSuffix)
					})
					if !slices.Equal(after, before) {
						t.Errorf("left behind: %q, before: %q", after, before)
					}
					put(t, f.open(t), roster, "next")
					f.expect(t, roster, "next")
				})
			})
		}
	}
}

func TestPrune(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		now := time.Date(2026, 9, 1, 4, 0, 0, 0, time.UTC)
		target := f.open(t, keep(3), clock(&now))
		put(t, target, "roster.csv.gz", "another series")
		put(t, target, "roster-old.csv", "another series")
		strangers := len(f.visible(t))
		var receipts []Receipt
		for i := range 5 {
			receipts = append(receipts, put(t, target, roster, fmt.Sprint("file ", i)))
			now = now.Add(2 * leftoverAge)
		}
		var want []string
		for _, receipt := range receipts[2:] {
			want = append(want, receipt.File, receipt.File+ChecksumSuffix)
		}
		want = append(want, roster+ManifestSuffix)
		for _, name := range want {
			if _, err := f.read(name); err != nil {
				t.Errorf("%s is gone: %v", name, err)
			}
		}
		if names := f.visible(t); len(names) != strangers+len(want) {
			t.Errorf("there are %q, want %q and what is of other series", names, want)
		}
		// Fewer are kept from now on.
		put(t, f.open(t, keep(1), clock(&now)), roster, "alone")
		f.expect(t, roster, "alone")
		if names := f.visible(t); len(names) != strangers+3 {
			t.Errorf("there are %q, want three of %s", names, roster)
		}
	})
}

func TestLeftoversAreSweptAfterADay(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		now := time.Date(2026, 9, 1, 4, 0, 0, 0, time.UTC)
		target := f.open(t, keep(1), clock(&now))
		put(t, target, "other.csv", "kept, however old")
		s, err := newSeries(roster)
		if err != nil {
			t.Fatal(err)
		}
		// As a writer that was killed leaves them.
		left := s.file(now, "00c0ffee")
		for _, name := range []string{left, left + ChecksumSuffix} {
			e, err := target.small(t.Context(), draft(name), name, []byte("left"))
			if err != nil {
				t.Fatal(err)
			}
			if err := e.commit(); err != nil {
				t.Fatal(err)
			}
		}
		now = now.Add(leftoverAge)
		put(t, target, roster, "one")
		if _, err := f.read(left); err != nil {
			t.Errorf("a file of a day is gone: %v", err)
		}
		now = now.Add(time.Second)
		put(t, target, roster, "two")
		if names := f.visible(t); len(names) != 6 {
			t.Errorf("there are %q, want three for each name", names)
		}
		f.expect(t, "other.csv", "kept, however old")
	})
}

func TestNamesThatClimbAreRefused(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		target := f.open(t)
		for _, name := range []string{"", ".", "..", "../roster.csv", "a/b.csv", "/roster.csv", `..\roster.csv`, ".hidden", "a\x00b", "a b", "a.part", "a.csv.sha256", "a.csv.latest.json", strings.Repeat("a", 129)} {
			_, err := target.Put(t.Context(), name, func(io.Writer) (string, error) {
				t.Errorf("the content of %q was asked for", name)
				return "", nil
			})
			if !errors.Is(err, ErrName) {
				t.Errorf("Put(%q) says %v, want %v", name, err, ErrName)
			}
			if _, err := target.Latest(t.Context(), name); !errors.Is(err, ErrName) {
				t.Errorf("Latest(%q) says %v, want %v", name, err, ErrName)
			}
		}
		if names := f.names(t); len(names) != 0 {
			t.Errorf("there are %q", names)
		}
	})
}

func TestForeignManifestIsLeftAlone(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		target := f.open(t)
		e, err := target.small(t.Context(), ".x.part", roster+ManifestSuffix, []byte(`{"file": "../../etc/passwd"}`))
		if err != nil {
			t.Fatal(err)
		}
		if err := e.commit(); err != nil {
			t.Fatal(err)
		}
		before := f.names(t)
		if _, err := target.Put(t.Context(), roster, text("new", "")); !errors.Is(err, ErrManifest) {
			t.Errorf("Put says %v, want %v", err, ErrManifest)
		}
		if after := f.names(t); !slices.Equal(after, before) {
			t.Errorf("there are %q, before %q", after, before)
		}
	})
}

func TestWrongSecretsAreRefusedAndNotTold(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		for _, wrong := range f.wrong {
			_, err := Open(t.Context(), f.url, wrong, f.options)
			if !errors.Is(err, ErrSecrets) {
				t.Errorf("Open says %v, want %v", err, ErrSecrets)
			}
			var log bytes.Buffer
			slog.New(slog.NewJSONHandler(&log, nil)).Error("open", "error", err, "secrets", wrong, "all", struct{ S Secrets }{wrong})
			told := fmt.Sprint(err, wrong, log.String()) + fmt.Sprintf("%v %+v %#v %s %q %x", wrong, wrong, wrong, wrong, wrong, wrong)
			for _, secret := range []string{password, secretKey, wrong.Password, wrong.PrivateKey, wrong.SecretAccessKey} {
				if secret != "" && strings.Contains(told, secret) {
					t.Errorf("a secret is told: %s", told)
				}
			}
		}
	})
}
