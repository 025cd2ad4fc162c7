package openbadge

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
)

var (
	// ErrKeyExposed says that others than the owner may read a key file.
	ErrKeyExposed = errors.New("openbadge: others may read the signing key")
	// ErrBadKeyFile says that a key file does not hold one Ed25519 key in PKCS#8 PEM.
	ErrBadKeyFile = errors.New("openbadge: not an Ed25519 key in PKCS#8 PEM")
)

const (
	pemType    = "PRIVATE KEY"
	maxKeyFile = 4096 // bytes; an Ed25519 key in PEM has 119
)

// keyFile is the name of a key: key-0001.pem, key-0002.pem, … The number orders the keys without a
// clock, survives copying and restoring, and is what two servers that start at once collide on.
var keyFile = regexp.MustCompile(`^key-([0-9]{4})\.pem$`)

// SigningKey is a key that signs. Its ID is its public part as a multikey, so that an ID never
// comes to mean another key, whatever happens to the directory.
type SigningKey struct {
	PublicKey
	// sign holds the private part in a closure, where no printing or marshalling finds it.
	sign func(message []byte) []byte
}

// NewSigningKey wraps a private key.
func NewSigningKey(private ed25519.PrivateKey) SigningKey {
	public := private.Public().(ed25519.PublicKey)
	return SigningKey{
		PublicKey: PublicKey{Multikey(public), public},
		sign:      func(message []byte) []byte { return ed25519.Sign(private, message) },
	}
}

// Keyring holds the issuer's keys, at least one.
type Keyring struct{ keys []SigningKey } // oldest first

// Active is the newest key, the one that signs.
func (r *Keyring) Active() SigningKey { return r.keys[len(r.keys)-1] }

// Public returns the public part of every key, oldest first. Keys that no longer sign stay, because
// what they signed must stay verifiable.
func (r *Keyring) Public() []PublicKey {
	public := make([]PublicKey, 0, len(r.keys))
	for _, key := range r.keys {
		public = append(public, key.PublicKey)
	}
	return public
}

// LoadOrCreateKeys reads the keys in a directory and makes the first if there is none. Any number of
// processes may do so at once: all get the same key. Errors: ErrKeyExposed, ErrBadKeyFile, or of
// the file system; each names the file.
func LoadOrCreateKeys(dir string) (*Keyring, error) {
	ring, _, err := load(dir)
	if err != nil || ring != nil {
		return ring, err
	}
	// Whoever comes second finds the first's key.
	if err := create(dir, 1); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	ring, _, err = load(dir)
	return ring, err
}

// AddKey makes a new key, which becomes the active one, and returns the directory's keys. When two
// do so at once, one of them fails with fs.ErrExist.
func AddKey(dir string) (*Keyring, error) {
	_, last, err := load(dir)
	if err != nil {
		return nil, err
	}
	if err := create(dir, last+1); err != nil {
		return nil, err
	}
	ring, _, err := load(dir)
	return ring, err
}

// load reads all keys and returns the highest number with them: no keyring and 0 without keys.
func load(dir string) (*Keyring, int, error) {
	entries, err := os.ReadDir(dir) // in the order of their names, and so of their numbers
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, 0, fmt.Errorf("openbadge: %w", err)
	}
	ring, last := &Keyring{}, 0
	for _, entry := range entries {
		match := keyFile.FindStringSubmatch(entry.Name())
		if match == nil {
			continue
		}
		key, err := readKey(filepath.Join(dir, entry.Name()))
		if err != nil {
			return nil, 0, err
		}
		ring.keys = append(ring.keys, key)
		last, _ = strconv.Atoi(match[1]) // four digits
	}
	if len(ring.keys) == 0 {
		return nil, 0, nil
	}
	return ring, last, nil
}

func readKey(path string) (SigningKey, error) {
	file, err := os.Open(path)
	if err != nil {
		return SigningKey{}, fmt.Errorf("openbadge: %w", err)
	}
	defer file.Close()
	// The mode is asked of the opened file, so that it belongs to the bytes that are read.
	info, err := file.Stat()
	if err != nil {
		return SigningKey{}, fmt.Errorf("openbadge: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return SigningKey{}, fmt.Errorf("%w: %s has mode %04o; run: chmod 600 %s", ErrKeyExposed, path, mode, path)
	}
	content, err := io.ReadAll(io.LimitReader(file, maxKeyFile))
	if err != nil {
		return SigningKey{}, fmt.Errorf("openbadge: %w", err)
	}
	block, _ := pem.Decode(content)
	if block == nil || block.Type != pemType {
		return SigningKey{}, fmt.Errorf("%w: %s", ErrBadKeyFile, path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	private, ok := parsed.(ed25519.PrivateKey)
	if err != nil || !ok {
		return SigningKey{}, fmt.Errorf("%w: %s", ErrBadKeyFile, path)
	}
	return NewSigningKey(private), nil
}

// create writes a new key under the number, or fails with fs.ErrExist. The key is whole on disk
// before it has its name, and linking, unlike renaming, never replaces another's key.
func create(dir string, number int) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("openbadge: create a signing key: %w", err)
		}
	}()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	temporary, err := os.CreateTemp(dir, ".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name())
	err = errors.Join(pem.Encode(temporary, &pem.Block{Type: pemType, Bytes: der}), temporary.Sync(), temporary.Close())
	if err != nil {
		return err
	}
	if err := os.Link(temporary.Name(), filepath.Join(dir, fmt.Sprintf("key-%04d.pem", number))); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir makes a new name last: a key that has signed must not be lost to a crash.
func syncDir(dir string) error {
	opened, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(opened.Sync(), opened.Close())
}
