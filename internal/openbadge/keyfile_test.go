package openbadge

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestKeysAreMadeOnceAndKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "keys")
	first, err := LoadOrCreateKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	again, err := LoadOrCreateKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	if again.Active().ID != first.Active().ID || len(again.Public()) != 1 {
		t.Errorf("started again with %v, before %v", again.Public(), first.Public())
	}
	info, err := os.Stat(filepath.Join(dir, "key-0001.pem"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestTheNewestKeySigns(t *testing.T) {
	dir := t.TempDir()
	old, err := LoadOrCreateKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	document, err := Sign(built(t), old.Active(), created)
	if err != nil {
		t.Fatal(err)
	}
	ring, err := AddKey(dir)
	if err != nil {
		t.Fatal(err)
	}
	public := ring.Public()
	if len(public) != 2 || public[0].ID != old.Active().ID || ring.Active().ID != public[1].ID {
		t.Fatalf("keys %v", public)
	}
	if err := Verify(document, ResolveAmong(did, public)); err != nil {
		t.Errorf("what the old key signed: %v", err)
	}
}

func TestServersThatStartAtOnceShareAKey(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	var (
		group sync.WaitGroup
		ids   = make([]string, 16)
	)
	for i := range ids {
		group.Go(func() {
			ring, err := LoadOrCreateKeys(dir)
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = ring.Active().ID
		})
	}
	group.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("different keys: %v", ids)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	if err := create(dir, 1); !errors.Is(err, fs.ErrExist) {
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

func TestPrivateKeysAreNotPrinted(t *testing.T) {
	key := testKey(7)
	ring := &Keyring{keys: []SigningKey{key}}
	secret := "7 0 0 0 0 0 0 0" // how its seed begins, as Go prints bytes
	printed, err := json.Marshal(key)
	if err == nil && strings.Contains(string(printed), "sign") {
		t.Errorf("the private key is in %s", printed)
	}
	for _, text := range []string{
		fmt.Sprintf("%v %+v %#v", key, key, key),
		fmt.Sprintf("%v %+v %#v", *ring, *ring, *ring),
	} {
		if strings.Contains(text, secret) || strings.Contains(text, "0x7, 0x0, 0x0") {
			t.Errorf("the private key is in %s", text)
		}
	}
}
