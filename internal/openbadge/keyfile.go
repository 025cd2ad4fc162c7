package openbadge

import (
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
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
	"slices"
	"strconv"
	"strings"
	"time"
)

var (
	// ErrKeyExposed says that others than the owner may read a key file.
	ErrKeyExposed = errors.New("openbadge: others may read the signing key")
	// ErrBadKeyFile says that a key file does not hold one key of its kind in PKCS#8 PEM, or that the
	// file that marks it as compromised does not say since when.
	ErrBadKeyFile = errors.New("openbadge: a bad key file")
	// ErrNoKeys says that a directory holds no keys.
	ErrNoKeys = errors.New("openbadge: no signing keys")
)

const (
	pemType    = "PRIVATE KEY"
	maxKeyFile = 4096 // bytes; an Ed25519 key in PEM has 119, one of P-256 241

	keySuffix         = ".pem"
	compromisedSuffix = ".compromised"
)

// keyFile is the name of a key: key-0001.pem is an Ed25519 key and key-0001-p256.pem the P-256 key
// made with it. The number orders the keys without a clock, survives copying and restoring, and is
// what two servers that start at once collide on.
var keyFile = regexp.MustCompile(`^key-([0-9]{4,9})(-p256)?\.pem$`)

// algorithms are those that a keyring can sign by.
var algorithms = []Algorithm{EdDSA, ES256}

// KeyFile is a key and where it is kept. A file beside it, with .compromised in the place of .pem or .jwk
// and a time as RFC 3339 in it, revokes it.
type KeyFile struct {
	SigningKey
	Path string
	// Elsewhere says that the file has only the public part.
	Elsewhere bool
	number    int // 0 for those elsewhere
}

// Keyring holds the issuer's keys.
type Keyring struct {
	keys    []KeyFile // by number, Ed25519 first
	signers []Signer  // whose keys are elsewhere, one for an algorithm at most
}

// Active is the key that signs by an algorithm: that of the signer which LoadOrCreateKeys was given, or the
// newest file that is not revoked. It panics when there is none, which cannot be after LoadOrCreateKeys.
func (r *Keyring) Active(algorithm Algorithm) Signer {
	key, ok := r.Signs(algorithm)
	if !ok {
		panic("openbadge: no key for " + string(algorithm))
	}
	return key
}

// Signs is Active, or false when there is none.
func (r *Keyring) Signs(algorithm Algorithm) (Signer, bool) {
	for _, signer := range r.signers {
		if signer.Public().Algorithm == algorithm {
			return signer, true
		}
	}
	for _, key := range slices.Backward(r.keys) {
		if key.public.Algorithm == algorithm && key.public.Revoked.IsZero() && !key.Elsewhere {
			return key.SigningKey, true
		}
	}
	return nil, false
}

// Files are all keys, oldest first.
func (r *Keyring) Files() []KeyFile { return slices.Clone(r.keys) }

// Public returns the public part of every key, oldest first. Keys that no longer sign stay, because
// what they signed must stay verifiable; so do revoked ones, so that it can be said of them.
func (r *Keyring) Public() []PublicKey {
	public := make([]PublicKey, 0, len(r.keys))
	for _, key := range r.keys {
		public = append(public, key.public)
	}
	return public
}

// LoadKeys reads the keys in a directory. Errors: ErrNoKeys, ErrKeyExposed, ErrBadKeyFile, or of the
// file system; each names the file.
func LoadKeys(dir string) (*Keyring, error) {
	ring, err := load(dir)
	if err == nil && len(ring.keys) == 0 {
		return nil, fmt.Errorf("%w in %s", ErrNoKeys, dir)
	}
	return ring, err
}

// LoadOrCreateKeys reads the keys in a directory and makes what is missing to sign by each
// algorithm: all at first, the P-256 key of a directory from before there were any, and a successor
// when every key is revoked. Any number of processes may do so at once: all get the same keys.
//
// Signers are those whose keys are kept elsewhere. They sign in the place of the newest file of their
// algorithm, and their public parts are written to the directory, to be published as long as they are
// there. Errors: those of LoadKeys but ErrNoKeys; ErrTwoSigners; ErrRevokedKey for a signer whose key is marked as
// compromised.
func LoadOrCreateKeys(dir string, signers ...Signer) (*Keyring, error) {
	before, err := load(dir)
	if err != nil {
		return nil, err
	}
	if err := before.use(signers); err != nil {
		return nil, err
	}
	if err := before.remember(dir); err != nil {
		return nil, err
	}
	for {
		ring, err := load(dir)
		if err != nil {
			return nil, err
		}
		if err := ring.use(signers); err != nil {
			return nil, err
		}
		missing := slices.IndexFunc(algorithms, func(a Algorithm) bool { _, ok := ring.Signs(a); return !ok })
		if missing < 0 {
			return ring, nil
		}
		// Whoever comes second finds the first's key.
		algorithm := algorithms[missing]
		if err := create(dir, ring.vacant(algorithm), algorithm); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
	}
}

// AddKey makes a new pair of keys, which become the active ones, and returns the directory's keys.
// When two do so at once, one of them fails with fs.ErrExist.
func AddKey(dir string) (*Keyring, error) {
	ring, err := load(dir)
	if err != nil {
		return nil, err
	}
	number := ring.last() + 1
	for _, algorithm := range algorithms {
		if err := create(dir, number, algorithm); err != nil {
			return nil, err
		}
	}
	return load(dir)
}

// MarkCompromised revokes a key from a time on and returns the directory's keys. Nothing that it ever
// signed is accepted any more; it is not replaced, which AddKey or the next LoadOrCreateKeys does.
// Marking it again changes nothing. A key that is not there is ErrUnknownKey.
func MarkCompromised(dir, id string, since time.Time) (*Keyring, error) {
	ring, err := load(dir)
	if err != nil {
		return nil, err
	}
	for _, key := range ring.keys {
		if key.public.ID != id {
			continue
		}
		name := filepath.Base(mark(key.Path))
		text := []byte(since.UTC().Format(time.RFC3339) + "\n")
		if err := writeNew(dir, name, text); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("openbadge: mark a key as compromised: %w", err)
		}
		return load(dir)
	}
	return nil, fmt.Errorf("%w: %.200q in %s", ErrUnknownKey, id, dir)
}

func keyName(number int, algorithm Algorithm) string {
	if algorithm == ES256 {
		return fmt.Sprintf("key-%04d-p256%s", number, keySuffix)
	}
	return fmt.Sprintf("key-%04d%s", number, keySuffix)
}

func (r *Keyring) last() int {
	if len(r.keys) == 0 {
		return 0
	}
	return r.keys[len(r.keys)-1].number
}

// vacant is the number for a key of an algorithm: that of the newest key of the other, or the next.
func (r *Keyring) vacant(algorithm Algorithm) int {
	number := max(r.last(), 1)
	if slices.ContainsFunc(r.keys, func(k KeyFile) bool { return k.number == number && k.public.Algorithm == algorithm }) {
		number++
	}
	return number
}

// load reads all keys, which may be none.
func load(dir string) (*Keyring, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("openbadge: %w", err)
	}
	ring := &Keyring{}
	for _, entry := range entries {
		if match := publicFile.FindStringSubmatch(entry.Name()); match != nil {
			key, err := readPublic(filepath.Join(dir, entry.Name()), match[1])
			if err != nil {
				return nil, err
			}
			ring.keys = append(ring.keys, key)
			continue
		}
		match := keyFile.FindStringSubmatch(entry.Name())
		if match == nil {
			continue
		}
		algorithm := EdDSA
		if match[2] != "" {
			algorithm = ES256
		}
		key, err := readKey(filepath.Join(dir, entry.Name()), algorithm)
		if err != nil {
			return nil, err
		}
		key.number, _ = strconv.Atoi(match[1]) // digits alone
		ring.keys = append(ring.keys, key)
	}
	slices.SortStableFunc(ring.keys, func(a, b KeyFile) int {
		return cmp.Or(cmp.Compare(a.number, b.number), strings.Compare(string(b.public.Algorithm), string(a.public.Algorithm)), strings.Compare(a.Path, b.Path))
	})
	return ring, ring.single()
}

func readKey(path string, algorithm Algorithm) (KeyFile, error) {
	content, err := readOwn(path)
	if err != nil {
		return KeyFile{}, err
	}
	block, _ := pem.Decode(content)
	if block == nil || block.Type != pemType {
		return KeyFile{}, fmt.Errorf("%w: no key in PKCS#8 PEM: %s", ErrBadKeyFile, path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	private, ok := parsed.(crypto.Signer)
	if err != nil || !ok {
		return KeyFile{}, fmt.Errorf("%w: no key in PKCS#8 PEM: %s", ErrBadKeyFile, path)
	}
	key, err := NewSigningKey(private)
	if err != nil || key.public.Algorithm != algorithm {
		return KeyFile{}, fmt.Errorf("%w: not a key for %s: %s", ErrBadKeyFile, algorithm, path)
	}
	key.public.Revoked, err = readCompromised(mark(path))
	return KeyFile{SigningKey: key, Path: path}, err
}

// mark is the file that revokes the key in another.
func mark(path string) string {
	return strings.TrimSuffix(path, filepath.Ext(path)) + compromisedSuffix
}

// readOwn reads a small file that only its owner may read.
func readOwn(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("openbadge: %w", err)
	}
	defer file.Close()
	// The mode is asked of the opened file, so that it belongs to the bytes that are read.
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("openbadge: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("%w: %s has mode %04o; run: chmod 600 %s", ErrKeyExposed, path, mode, path)
	}
	content, err := io.ReadAll(io.LimitReader(file, maxKeyFile))
	if err != nil {
		return nil, fmt.Errorf("openbadge: %w", err)
	}
	return content, nil
}

// readCompromised is since when a key is compromised, zero when no file says so.
func readCompromised(path string) (time.Time, error) {
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return time.Time{}, nil
	} else if err != nil {
		return time.Time{}, fmt.Errorf("openbadge: %w", err)
	}
	since, err := time.Parse(time.RFC3339, strings.TrimSpace(string(content)))
	if err != nil || since.IsZero() {
		return time.Time{}, fmt.Errorf("%w: %s must say since when, such as 2026-03-01T17:00:00Z", ErrBadKeyFile, path)
	}
	return since.UTC(), nil
}

// create writes a new key under the number, or fails with fs.ErrExist.
func create(dir string, number int, algorithm Algorithm) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("openbadge: create a signing key: %w", err)
		}
	}()
	var private crypto.Signer
	if algorithm == EdDSA {
		_, private, err = ed25519.GenerateKey(rand.Reader)
	} else {
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	return writeNew(dir, keyName(number, algorithm), pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der}))
}

// writeNew writes a file that is not there yet, or fails with fs.ErrExist. It is whole on disk before
// it has its name, and linking, unlike renaming, never replaces another's.
func writeNew(dir, name string, content []byte) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(dir, ".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name())
	_, err = temporary.Write(content)
	if err := errors.Join(err, temporary.Sync(), temporary.Close()); err != nil {
		return err
	}
	if err := os.Link(temporary.Name(), filepath.Join(dir, name)); err != nil {
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
