package openbadge

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"time"
)

// ErrTwoSigners says that of two signers, either would be the one that signs.
var ErrTwoSigners = errors.New("openbadge: two signers of one algorithm")

// publicFile is the name of the public part of a key that is kept elsewhere, as a JWK: its thumbprint makes it the same name
// wherever it is written.
var publicFile = regexp.MustCompile(`^public-([A-Za-z0-9_-]{43})\.jwk$`)

// remember writes the public parts of the signers' keys, so that they stay published when others sign. Any number
// of processes may do so at once.
func (r *Keyring) remember(dir string) error {
	for _, signer := range r.signers {
		public := signer.Public()
		if slices.ContainsFunc(r.keys, func(k KeyFile) bool { return k.public.Equal(public) }) {
			continue
		}
		if err := writeNew(dir, "public-"+public.Thumbprint()+".jwk", public.JWK(public.ID)); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("openbadge: write down a public key: %w", err)
		}
	}
	return nil
}

// use has the signers sign in the place of the keys in files.
func (r *Keyring) use(signers []Signer) error {
	for n, signer := range signers {
		public := signer.Public()
		if slices.ContainsFunc(signers[:n], func(s Signer) bool { return s.Public().Algorithm == public.Algorithm }) {
			return fmt.Errorf("%w: %s", ErrTwoSigners, public.Algorithm)
		}
		for _, key := range r.keys {
			if revoked := key.public.Revoked; key.public.Equal(public) && !revoked.IsZero() {
				return fmt.Errorf("%w: %s since %s", ErrRevokedKey, key.Path, revoked.Format(time.RFC3339))
			}
		}
	}
	r.signers = signers
	return nil
}

// single refuses a key that is in two files: marking one of them would leave the other.
func (r *Keyring) single() error {
	paths := map[string]string{}
	for _, key := range r.keys {
		if other, twice := paths[key.public.ID]; twice {
			return fmt.Errorf("%w: %s has the key of %s", ErrBadKeyFile, key.Path, other)
		}
		paths[key.public.ID] = key.Path
	}
	return nil
}

// readPublic reads the public part of a key that is kept elsewhere.
func readPublic(path, thumbprint string) (KeyFile, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return KeyFile{}, fmt.Errorf("openbadge: %w", err)
	}
	public, err := ParseJWK(content)
	if err != nil || !slices.Contains(algorithms, public.Algorithm) || public.Thumbprint() != thumbprint {
		return KeyFile{}, fmt.Errorf("%w: not the key that its name tells: %s", ErrBadKeyFile, path)
	}
	public.Revoked, err = readCompromised(mark(path))
	return KeyFile{SigningKey: SigningKey{public: public}, Path: path, Elsewhere: true}, err
}
