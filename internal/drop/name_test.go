package drop

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var (
	aTime  = rapid.Map(rapid.Int64Range(0, 4e9), func(s int64) time.Time { return time.Unix(s, 0).UTC() })
	aToken = rapid.StringMatching(`[0-9a-f]{8}`)
	// Plain names, and such as look like dated ones or like what stands beside them.
	aName = rapid.OneOf(
		rapid.StringMatching(`[a-b]{1,2}(\.[a-b]{1,2}){0,2}`),
		rapid.StringMatching(`[ab](-20260901T040000Z-[01]{8}){1,2}(\.csv)?(\.latest|\.sha)?`),
		rapid.StringMatching(`[ab](-20260901T040000Z-00000000)?\.csv\.latest`),
	)
)

func aSeries(t *rapid.T, label string) series {
	s, err := newSeries(aName.Draw(t, label))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// entries are all that stands in a folder for one file of a series.
func (s series) entries(file string) []string {
	return []string{file, file + ChecksumSuffix, draft(file), draft(file + ChecksumSuffix), draft(file + ManifestSuffix)}
}

func TestSeriesOwnsWhatIsItsOwn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, at := aSeries(t, "name"), aTime.Draw(t, "at")
		file := s.file(at, aToken.Draw(t, "token"))
		for _, name := range s.entries(file) {
			if of, then, ok := s.owner(name); !ok || of != file || !then.Equal(at) {
				t.Errorf("%q is of %q at %v, %t", name, of, then, ok)
			}
			if s.isFile(name) != (name == file) {
				t.Errorf("%q is taken for a file, or not for one", name)
			}
		}
		if _, _, ok := s.owner(s.manifest()); ok {
			t.Errorf("%q would be deleted", s.manifest())
		}
	})
}

func TestSeriesDoNotMeet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := aSeries(t, "a"), aSeries(t, "b")
		if a.name == b.name {
			return
		}
		file := b.file(aTime.Draw(t, "at"), aToken.Draw(t, "token"))
		for _, name := range append(b.entries(file), b.manifest()) {
			if _, _, ok := a.owner(name); ok || name == a.manifest() {
				t.Errorf("%q, of %q, is taken for one of %q", name, b.name, a.name)
			}
		}
	})
}

func TestNames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.String().Draw(t, "name")
		s, err := newSeries(name)
		if err != nil {
			if !errors.Is(err, ErrName) {
				t.Errorf("%v, want %v", err, ErrName)
			}
			return
		}
		file := s.file(time.Unix(0, 0), "00000000")
		if strings.ContainsAny(file, "/\\\x00") || strings.HasPrefix(file, ".") {
			t.Errorf("%q leaves its folder", file)
		}
	})
	s, err := newSeries("roster.csv.gz")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := s.file(time.Date(2026, 9, 1, 4, 0, 0, 0, time.UTC), "6f1c02ab"), "roster-20260901T040000Z-6f1c02ab.csv.gz"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func aReceipt(s series) *rapid.Generator[Receipt] {
	return rapid.Custom(func(t *rapid.T) Receipt {
		at := aTime.Draw(t, "at")
		return Receipt{
			File: s.file(at, aToken.Draw(t, "token")), Size: rapid.Int64Range(0, 1<<50).Draw(t, "size"),
			SHA256: rapid.StringMatching(`[0-9a-f]{64}`).Draw(t, "sha256"), Cursor: rapid.String().Draw(t, "cursor"), CreateTime: at,
		}
	})
}

// A manifest survives being written and read, names as many as are kept, the later first, and says which it does not.
func TestManifests(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := aSeries(t, "name")
		receipts := rapid.SliceOfN(aReceipt(s), 1, 12).Draw(t, "receipts")
		var before *manifest
		var all, dropped []string
		for _, receipt := range receipts {
			keep := rapid.IntRange(1, 5).Draw(t, "keep")
			after, gone := before.next(receipt, keep)
			text, err := after.text()
			if err != nil {
				t.Fatal(err)
			}
			read, err := parseManifest(s, text)
			if err != nil {
				t.Fatalf("%v: %s", err, text)
			}
			if !slices.Equal(read.all(), after.all()) || read.Receipt != receipt {
				t.Fatalf("%+v became %+v", after, read)
			}
			if n := len(read.all()); n > keep {
				t.Fatalf("%d are kept, want %d", n, keep)
			}
			all, dropped = append([]string{receipt.File}, all...), append(gone, dropped...)
			var named []string
			for _, r := range read.all() {
				named = append(named, r.File)
			}
			if !slices.Equal(append(named, dropped...), all) {
				t.Fatalf("named %q, gone %q, of %q", named, dropped, all)
			}
			before = &read
		}
	})
}

func TestForeignManifests(t *testing.T) {
	s, err := newSeries("roster.csv")
	if err != nil {
		t.Fatal(err)
	}
	const (
		file = `"file": "roster-20260901T040000Z-6f1c02ab.csv"`
		sum  = `"sha256": "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"`
	)
	if _, err := parseManifest(s, []byte(`{`+file+`, `+sum+`, "another": 1}`)); err != nil {
		t.Errorf("a manifest with a field of later: %v", err)
	}
	for _, text := range []string{
		``, `{}`, `[]`, `null`, `{` + file + `}`, `{` + sum + `}`,
		`{"file": "../roster-20260901T040000Z-6f1c02ab.csv", ` + sum + `}`,
		`{"file": "roster.csv.latest.json", ` + sum + `}`,
		`{"file": "roster-20260901T040000Z-6f1c02ab.csv.sha256", ` + sum + `}`,
		`{"file": "other-20260901T040000Z-6f1c02ab.csv", ` + sum + `}`,
		`{"file": "roster-20269901T040000Z-6f1c02ab.csv", ` + sum + `}`,
		`{` + file + `, "sha256": "7692"}`,
		`{` + file + `, ` + sum + `, "size": -1}`,
		`{` + file + `, ` + sum + `, "previous": [{"file": "/etc/passwd", ` + sum + `}]}`,
	} {
		if _, err := parseManifest(s, []byte(text)); !errors.Is(err, ErrManifest) {
			t.Errorf("%s: %v, want %v", text, err, ErrManifest)
		}
	}
}
