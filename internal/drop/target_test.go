package drop

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fixture is a target of one kind, and how others see it.
type fixture struct {
	url     string
	secrets Secrets
	options Options
	// wrong are secrets that the target does not take; none when the target has none.
	wrong []Secrets
	// read is what a reader of the district's gets, with fs.ErrNotExist when there is nothing.
	read func(name string) ([]byte, error)
	// names are all entries.
	names func(t *testing.T) []string
	// much is more bytes than are gathered before they are sent.
	much int
	// oneWriter is of a target that cannot replace a file.
	oneWriter bool
	// sever breaks every connection, and mend lets new ones in; nil where there are none.
	sever, mend func()
}

// kinds are the targets that every case is tried on.
var kinds = map[string]func(t *testing.T) *fixture{
	"folder":     newFolder,
	"sftp":       func(t *testing.T) *fixture { return newSFTP(t, true) },
	"sftp plain": func(t *testing.T) *fixture { return newSFTP(t, false) },
	"s3":         newS3,
}

// onEach runs a test on each kind of target.
func onEach(t *testing.T, run func(t *testing.T, f *fixture)) {
	for kind, make := range kinds {
		t.Run(kind, func(t *testing.T) { run(t, make(t)) })
	}
}

func newFolder(t *testing.T) *fixture {
	root := t.TempDir()
	directory := filepath.Join(root, "bps")
	if err := os.Mkdir(directory, 0o750); err != nil {
		t.Fatal(err)
	}
	return &fixture{url: "file://" + directory, options: Options{Root: root}, read: readIn(directory), names: namesIn(directory), much: 1}
}

func readIn(directory string) func(string) ([]byte, error) {
	return func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(directory, name)) }
}

func namesIn(directory string) func(*testing.T) []string {
	return func(t *testing.T) []string {
		t.Helper()
		entries, err := os.ReadDir(directory)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return names
	}
}

// open opens the fixture's target with what change makes of the options.
func (f *fixture) open(t *testing.T, change ...func(*Options)) *Target {
	t.Helper()
	options := f.options
	for _, c := range change {
		c(&options)
	}
	target, err := Open(t.Context(), f.url, f.secrets, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := target.Close(); err != nil {
			t.Error(err)
		}
	})
	return target
}

func keep(n int) func(*Options) { return func(o *Options) { o.Keep = n } }

func clock(now *time.Time) func(*Options) {
	return func(o *Options) { o.Now = func() time.Time { return *now } }
}

// text writes a text.
func text(content, cursor string) func(io.Writer) (string, error) {
	return func(w io.Writer) (string, error) {
		_, err := io.WriteString(w, content)
		return cursor, err
	}
}

// put drops a text and expects it to succeed.
func put(t *testing.T, target *Target, name, content string) Receipt {
	t.Helper()
	receipt, err := target.Put(t.Context(), name, text(content, "after "+content))
	if err != nil {
		t.Fatal(err)
	}
	return receipt
}

// latest reads as the package tells readers to, and fails when what is found is not whole. It is nil before the first file.
func (f *fixture) latest(name string) (content []byte, found manifest, err error) {
	for {
		text, err := f.manifest(name)
		if err != nil {
			return nil, manifest{}, err
		}
		if err := json.Unmarshal(text, &found); err != nil {
			return nil, manifest{}, fmt.Errorf("the manifest is not whole: %w", err)
		}
		content, err = f.read(found.File)
		checksum, err2 := f.read(found.File + ChecksumSuffix)
		if err := errors.Join(err, err2); errors.Is(err, fs.ErrNotExist) {
			// Only because a later one is there.
			again, err := f.manifest(name)
			if err != nil {
				return nil, manifest{}, err
			}
			if string(again) == string(text) {
				return nil, manifest{}, fmt.Errorf("the manifest names %q, which is not there", found.File)
			}
			continue
		} else if err != nil {
			return nil, manifest{}, err
		}
		sum := sha256.Sum256(content)
		if hex.EncodeToString(sum[:]) != found.SHA256 || int64(len(content)) != found.Size {
			return nil, manifest{}, fmt.Errorf("%q is not what the manifest says", found.File)
		}
		if string(checksum) != found.SHA256+"  "+found.File+"\n" {
			return nil, manifest{}, fmt.Errorf("the checksum of %q is %q", found.File, checksum)
		}
		return content, found, nil
	}
}

// manifest reads the manifest, on a server without posix-rename also from where it stands while it is replaced.
func (f *fixture) manifest(name string) ([]byte, error) {
	var text []byte
	var err error
	for range 100 {
		for _, suffix := range []string{"", asideSuffix} {
			text, err = f.read(name + ManifestSuffix + suffix)
			if !errors.Is(err, fs.ErrNotExist) {
				return text, err
			}
		}
	}
	return nil, err
}

// expect fails unless the latest file has a content.
func (f *fixture) expect(t *testing.T, name, content string) {
	t.Helper()
	got, _, err := f.latest(name)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != content {
		t.Fatalf("the latest file has %.80q, want %.80q", got, content)
	}
}

// visible are the entries that are not being written, without those that stand aside.
func (f *fixture) visible(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, name := range f.names(t) {
		if !strings.HasSuffix(name, asideSuffix) {
			names = append(names, name)
		}
	}
	return names
}

// dial connects to loopback addresses, as the tests' guard.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, network, address)
}
