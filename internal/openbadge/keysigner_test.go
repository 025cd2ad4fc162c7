package openbadge

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// elsewhere is a signer that is no file of a keyring.
type elsewhere struct{ SigningKey }

func elsewhereP256(t *testing.T) Signer {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := NewSigningKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return elsewhere{key}
}

func TestSignersSignInThePlaceOfFiles(t *testing.T) {
	dir := t.TempDir()
	files, err := LoadOrCreateKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	first, second, p256 := elsewhere{testKey(1)}, elsewhere{testKey(2)}, elsewhereP256(t)
	for _, step := range []struct {
		signers      []Signer
		eddsa, es256 PublicKey
		published    int
	}{
		{[]Signer{first}, first.Public(), files.Active(ES256).Public(), 3},
		{[]Signer{p256, first}, first.Public(), p256.Public(), 4},
		{[]Signer{second, p256}, second.Public(), p256.Public(), 5},
		{nil, files.Active(EdDSA).Public(), files.Active(ES256).Public(), 5},
	} {
		ring, err := LoadOrCreateKeys(dir, step.signers...)
		if err != nil {
			t.Fatal(err)
		}
		if !ring.Active(EdDSA).Public().Equal(step.eddsa) || !ring.Active(ES256).Public().Equal(step.es256) || len(ring.Public()) != step.published {
			t.Errorf("with %v: keys %s", step.signers, ids(ring))
		}
	}
}

// Who keeps all keys elsewhere gets no private ones on disk.
func TestSignersNeedNoFiles(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		ring, err := LoadOrCreateKeys(dir, elsewhere{testKey(1)}, elsewhereP256(t))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range ring.Files() {
			if !file.Elsewhere {
				t.Errorf("made %s", file.Path)
			}
		}
	}
	if ring, err := LoadKeys(dir); err != nil || len(ring.Public()) != 3 {
		t.Errorf("%v, %v", ring, err)
	} else if _, ok := ring.Signs(EdDSA); ok {
		t.Error("a public key signs")
	}
}

func TestSignersThatMustNotSign(t *testing.T) {
	dir := t.TempDir()
	first := elsewhere{testKey(1)}
	if _, err := LoadOrCreateKeys(dir, first, elsewhere{testKey(2)}); !errors.Is(err, ErrTwoSigners) {
		t.Errorf("two of one algorithm: %v", err)
	}
	if _, err := LoadOrCreateKeys(dir, first); err != nil {
		t.Fatal(err)
	}
	if _, err := MarkCompromised(dir, first.Public().ID, time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadOrCreateKeys(dir, first); !errors.Is(err, ErrRevokedKey) {
		t.Errorf("a compromised one: %v", err)
	}
	if ring, err := LoadOrCreateKeys(dir, elsewhere{testKey(2)}); err != nil || ring.Active(EdDSA).Public().Equal(first.Public()) {
		t.Errorf("its successor: %v", err)
	}
}

func TestPublicFilesAreWhatTheySay(t *testing.T) {
	key, other := testKey(1).Public(), testKey(2).Public()
	for name, content := range map[string][]byte{"empty": nil, "another key": other.JWK(other.ID)} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "public-"+key.Thumbprint()+".jwk"), content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadKeys(dir); !errors.Is(err, ErrBadKeyFile) {
			t.Errorf("%s: %v", name, err)
		}
	}
	dir := t.TempDir()
	ring, err := LoadOrCreateKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	key = ring.Active(EdDSA).Public()
	if ring, err = LoadOrCreateKeys(dir, ring.Active(EdDSA)); err != nil || len(ring.Public()) != 2 {
		t.Errorf("a signer of a file's key: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "public-"+key.Thumbprint()+".jwk"), key.JWK(key.ID), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadKeys(dir); !errors.Is(err, ErrBadKeyFile) {
		t.Errorf("one key in two files: %v", err)
	}
}
