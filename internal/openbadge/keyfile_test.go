package openbadge

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func ids(ring *Keyring) string {
	names := ""
	for _, file := range ring.Files() {
		names += " " + filepath.Base(file.Path) + "=" + file.Public().ID
	}
	return names
}

func TestKeysAreMadeOnceAndKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "keys")
	if _, err := LoadKeys(dir); !errors.Is(err, ErrNoKeys) {
		t.Errorf("before there are keys: %v", err)
	}
	first, err := LoadOrCreateKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, load := range []func(string) (*Keyring, error){func(dir string) (*Keyring, error) { return LoadOrCreateKeys(dir) }, LoadKeys} {
		again, err := load(dir)
		if err != nil || ids(again) != ids(first) || len(again.Public()) != 2 {
			t.Errorf("started again with %v, before %v: %v", again, first, err)
		}
	}
	for _, name := range []string{"key-0001.pem", "key-0001-p256.pem"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v", name, info.Mode(), err)
		}
	}
	if first.Active(EdDSA).Public().Algorithm != EdDSA || first.Active(ES256).Public().Algorithm != ES256 {
		t.Errorf("keys %v", first.Public())
	}
}

// A directory from before there were P-256 keys gets one, beside its newest key.
func TestMissingKeysAreMade(t *testing.T) {
	dir := t.TempDir()
	for number := range 2 {
		if err := create(dir, number+1, EdDSA); err != nil {
			t.Fatal(err)
		}
	}
	ring, err := LoadOrCreateKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := ring.Files()
	if len(files) != 3 || filepath.Base(files[2].Path) != "key-0002-p256.pem" || ring.Active(EdDSA).Public().ID != files[1].Public().ID {
		t.Errorf("keys %s", ids(ring))
	}
}

func TestTheNewestKeySigns(t *testing.T) {
	dir := t.TempDir()
	old, err := LoadOrCreateKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	document, err := Sign(t.Context(), []byte(unsigned), old.Active(EdDSA), created)
	if err != nil {
		t.Fatal(err)
	}
	ring, err := AddKey(dir)
	if err != nil {
		t.Fatal(err)
	}
	public := ring.Public()
	if len(public) != 4 || !strings.HasPrefix(ids(ring), ids(old)) ||
		ring.Active(EdDSA).Public().ID != public[2].ID || ring.Active(ES256).Public().ID != public[3].ID {
		t.Fatalf("keys %v", public)
	}
	if err := Verify(t.Context(), document, ResolveAmong(did, public), later).Err(); err != nil {
		t.Errorf("what the old key signed: %v", err)
	}
}

func TestCompromisedKeys(t *testing.T) {
	dir := t.TempDir()
	ring, err := LoadOrCreateKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	bad := ring.Active(EdDSA).Public()
	document, err := Sign(t.Context(), []byte(unsigned), ring.Active(EdDSA), created)
	if err != nil {
		t.Fatal(err)
	}
	since := created.AddDate(0, 1, 0)
	for _, at := range []time.Time{since, since.AddDate(0, 1, 0)} { // the second changes nothing
		ring, err = MarkCompromised(dir, bad.ID, at)
		if err != nil || !ring.Public()[0].Revoked.Equal(since) || !ring.Public()[1].Revoked.IsZero() {
			t.Fatalf("keys %v, %v", ring, err)
		}
	}
	if err := Verify(t.Context(), document, ResolveAmong(did, ring.Public()), later).Err(); !errors.Is(err, ErrRevokedKey) {
		t.Errorf("what it signed: %v", err)
	}
	// The next start makes a successor for the one that is missing.
	ring, err = LoadOrCreateKeys(dir)
	if err != nil || len(ring.Public()) != 3 {
		t.Fatalf("keys %v, %v", ring, err)
	}
	if successor := ring.Active(EdDSA).Public(); successor.ID == bad.ID || !successor.Revoked.IsZero() {
		t.Errorf("it still signs: %v", successor)
	}
	if _, err := MarkCompromised(dir, "z6MkOther", since); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("a key that is not there: %v", err)
	}
	// A mark that cannot be read must not pass for none.
	mark := filepath.Join(dir, "key-0001.compromised")
	if err := os.WriteFile(mark, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadOrCreateKeys(dir); !errors.Is(err, ErrBadKeyFile) || !strings.Contains(err.Error(), mark) {
		t.Errorf("an empty mark: %v", err)
	}
}

func TestServersThatStartAtOnceShareAKey(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	var (
		group sync.WaitGroup
		found = make([]string, 16)
	)
	for i := range found {
		group.Go(func() {
			ring, err := LoadOrCreateKeys(dir)
			if err != nil {
				t.Error(err)
				return
			}
			found[i] = ids(ring)
		})
	}
	group.Wait()
	for _, keys := range found {
		if keys != found[0] {
			t.Fatalf("different keys: %v", found)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	if err := create(dir, 1, EdDSA); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a key was replaced: %v", err)
	}
}

func TestBadKeyFilesAreRefused(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	other := string(pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der}))
	for name, content := range map[string]string{"empty": "", "text": "secret", "other algorithm": other} {
		dir := t.TempDir()
		path := filepath.Join(dir, "key-0001.pem")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := LoadOrCreateKeys(dir)
		if !errors.Is(err, ErrBadKeyFile) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestExposedKeysAreRefused(t *testing.T) {
	dir := t.TempDir()
	if _, err := LoadOrCreateKeys(dir); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "key-0001.pem")
	for _, mode := range []os.FileMode{0o640, 0o604, 0o660, 0o644} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := LoadOrCreateKeys(dir)
		if !errors.Is(err, ErrKeyExposed) || !strings.Contains(err.Error(), "chmod 600 "+path) {
			t.Errorf("mode %o: got %v", mode, err)
		}
	}
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadOrCreateKeys(dir); err != nil {
		t.Errorf("read-only: %v", err)
	}
}

func TestOtherFilesAreLeftAlone(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "README"), []byte("keys"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadOrCreateKeys(dir); err != nil {
		t.Error(err)
	}
}
