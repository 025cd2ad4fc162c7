package drop

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/btlc/btlc/internal/drop/droptest"
)

func TestFoldersOutsideOfTheRootAreRefused(t *testing.T) {
	outside := t.TempDir()
	root := t.TempDir()
	if err := errors.Join(
		os.Mkdir(filepath.Join(root, "bps"), 0o750),
		os.Mkdir(filepath.Join(outside, "secret"), 0o750),
		os.Symlink(outside, filepath.Join(root, "out")),
		os.Symlink("bps", filepath.Join(root, "in")),
		os.WriteFile(filepath.Join(root, "file"), nil, 0o600),
	); err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		path string
		want error
	}{
		"below":                 {root + "/bps", nil},
		"below, with a slash":   {root + "/bps/", nil},
		"a link that stays":     {root + "/in", nil},
		"the root":              {root, ErrNotAllowed},
		"above":                 {filepath.Dir(root), ErrNotAllowed},
		"elsewhere":             {outside, ErrNotAllowed},
		"beside":                {root + "2", ErrNotAllowed},
		"a link that leads out": {root + "/out/secret", ErrNotAllowed},
		"a file":                {root + "/file", ErrNotAllowed},
		"missing":               {root + "/dps", ErrMissing},
		"climbing":              {root + "/bps/../../" + filepath.Base(outside), ErrURL},
		"climbing, escaped":     {root + "/bps/%2e%2e/out", ErrURL},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			target, err := Open(t.Context(), "file://"+c.path, Secrets{}, Options{Root: root})
			if !errors.Is(err, c.want) {
				t.Fatalf("Open says %v, want %v", err, c.want)
			}
			if err == nil {
				if err := target.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// A link that is put into the folder later leads nowhere either.
func TestManifestThatIsALinkIsNotFollowedOut(t *testing.T) {
	f := newFolder(t)
	secret := filepath.Join(t.TempDir(), "secret")
	directory := strings.TrimPrefix(f.url, "file://")
	if err := errors.Join(os.WriteFile(secret, []byte("{}"), 0o600), os.Symlink(secret, filepath.Join(directory, roster+ManifestSuffix))); err != nil {
		t.Fatal(err)
	}
	if _, err := f.open(t).Latest(t.Context(), roster); err == nil || errors.Is(err, ErrManifest) || errors.Is(err, ErrNone) {
		t.Errorf("Latest says %v", err)
	}
}

func TestMissingPlaces(t *testing.T) {
	server, store := droptest.StartSFTP(t, true), startS3(t)
	secrets := Secrets{Password: password, AccessKeyID: accessKey, SecretAccessKey: secretKey}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{
		server.URL(t.TempDir()+"/nothing", server.Keys[0]),
		server.URL(file, server.Keys[0]),
		strings.Replace(store.target(""), testBucket, "another-bucket", 1),
	} {
		if _, err := Open(t.Context(), target, secrets, Options{Dial: dial}); !errors.Is(err, ErrMissing) {
			t.Errorf("Open of %s says %v, want %v", target, err, ErrMissing)
		}
	}
}

func TestNothingIsAllowedByDefault(t *testing.T) {
	for kind, make := range kinds {
		t.Run(kind, func(t *testing.T) {
			f := make(t)
			for name, change := range map[string]func(*Options){
				"zero":             func(o *Options) { *o = Options{} },
				"keep none":        func(o *Options) { o.Keep = -1 },
				"keep everything":  func(o *Options) { o.Keep = MaxKeep + 1 },
				"time that passed": func(o *Options) { o.Timeout = -1 },
			} {
				options := f.options
				change(&options)
				if _, err := Open(t.Context(), f.url, f.secrets, options); !errors.Is(err, ErrNotAllowed) {
					t.Errorf("%s: Open says %v, want %v", name, err, ErrNotAllowed)
				}
			}
		})
	}
}

func TestGuardDecides(t *testing.T) {
	private := errors.New("the address is private, says " + password)
	guard := func(context.Context, string, string) (net.Conn, error) { return nil, private }
	for _, kind := range []string{"sftp", "s3"} {
		t.Run(kind, func(t *testing.T) {
			f := kinds[kind](t)
			_, err := Open(t.Context(), f.url, f.secrets, Options{Dial: guard})
			if !errors.Is(err, private) || !errors.Is(err, ErrUnreachable) {
				t.Errorf("Open says %v, want %v", err, private)
			}
			if strings.Contains(err.Error(), password) {
				t.Errorf("the cause is told: %v", err)
			}
		})
	}
}

func TestUploadIsAborted(t *testing.T) {
	server := startS3(t)
	target := server.fixture().open(t)
	fault := errors.New("the export failed")
	_, err := target.Put(t.Context(), roster, func(w io.Writer) (string, error) {
		_, err := w.Write(make([]byte, partBytes+1))
		return "", errors.Join(fault, err)
	})
	if !errors.Is(err, fault) {
		t.Errorf("Put says %v, want %v", err, fault)
	}
	if n := server.aborted.Load(); n != 1 {
		t.Errorf("%d uploads were aborted, want 1", n)
	}
}

func TestPruneThatFailsLeavesAReceipt(t *testing.T) {
	f := newFolder(t)
	target := f.open(t, keep(1))
	put(t, target, roster, "older")
	target.store = &mortal{store: target.store, left: 11} // the folder is listed, and the first file not removed
	receipt, err := target.Put(t.Context(), roster, text("new", ""))
	if !errors.Is(err, ErrPrune) {
		t.Fatalf("Put says %v, want %v", err, ErrPrune)
	}
	f.expect(t, roster, "new")
	if got := fmt.Sprint(err); receipt.Size != 3 || !strings.Contains(got, "not deleted") {
		t.Errorf("the receipt is %+v, the error %s", receipt, got)
	}
}
