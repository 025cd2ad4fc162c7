package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/btlc/btlc/internal/config"
	"github.com/btlc/btlc/internal/openbadge"
)

func keysDir(c *config.Config) string { return filepath.Join(c.DataDir, "keys") }

func newKey() *cobra.Command {
	key := &cobra.Command{
		Use:   "key",
		Short: "The keys that sign credentials",
		Long: `The server signs credentials with a pair of keys that it makes on its first start, in the folder keys of the data
directory, readable by its owner alone: an Ed25519 key for documents with embedded proofs, and a P-256 key for JWTs. Keep a
copy of the folder in a safe place: whoever has it can issue in your name, and without it what was signed can no longer be
checked. Servers that share a database need the same keys. The public parts are at /.well-known/did.json and
/.well-known/jwks.json.

Keys that --signing-keys-kms names sign in the place of these files, and never leave their service; the folder then keeps
their public parts, so that what they signed can be checked after another key has taken their place.`,
	}
	config.AddFlags(key.PersistentFlags(), "data-dir", "signing-keys-kms")
	list := &cobra.Command{
		Use:   "list",
		Short: "List the signing keys",
		Long: `List shows each key's id, by which /.well-known/did.json names it, what it signs by, its SHA-256 thumbprint (RFC 7638),
and when its file was made. The last one of each kind signs; what the others signed stays valid, so they stay, but for
those that are compromised.`,
		Example: `  btlc key list
  btlc key list --data-dir /srv/btlc`,
		RunE: func(command *cobra.Command, _ []string) error {
			c, err := settingsOf(command)
			if err != nil {
				return err
			}
			ring, err := openbadge.LoadKeys(keysDir(c))
			if errors.Is(err, openbadge.ErrNoKeys) {
				return fmt.Errorf("there are no keys in %s: the first start of btlc serve makes them", keysDir(c))
			} else if err != nil {
				return err
			}
			return showKeys(command.OutOrStdout(), ring, c)
		},
	}
	rotate := &cobra.Command{
		Use:   "rotate",
		Short: "Make a new pair of keys that sign from now on",
		Long: `Rotate makes a new pair of keys. A running server goes on with the old ones until it is started again; then the new keys
sign, and the old ones stay published for what they have signed. Run it as the user that the server runs as. Copy the new
files to the other servers before any of them starts with them, so that all publish them.`,
		Example: `  sudo -u btlc btlc key rotate --data-dir /srv/btlc && sudo systemctl restart btlc`,
		RunE: func(command *cobra.Command, _ []string) error {
			c, err := settingsOf(command)
			if err != nil {
				return err
			}
			if len(c.SigningKeysKMS) > 0 {
				return errors.New("a key service holds the keys that sign: make a new one there, and name it in --signing-keys-kms")
			}
			if err := makeDataDir(c.DataDir); err != nil {
				return err
			}
			ring, err := openbadge.AddKey(keysDir(c))
			if errors.Is(err, fs.ErrExist) {
				return errors.New("another rotation made a key at the same moment: see btlc key list")
			} else if err != nil {
				return err
			}
			return showKeys(command.OutOrStdout(), ring, c)
		},
	}
	compromise := &cobra.Command{
		Use:   "compromise key",
		Short: "Revoke a key that others may have",
		Long: `Compromise marks a key, named by its id, as one that others may have: from the next start of the server on it signs no
more, /.well-known/did.json tells since when it is revoked, and nothing that it has ever signed is accepted. Credentials
that it signed have to be issued again. When it was the key that signs, a new one is made. Run it as the user that the
server runs as, copy the folder to the other servers, and start all of them again.

The mark is a file beside the key, with .compromised in the place of .pem; who marked a key by mistake removes it.`,
		Example: `  sudo -u btlc btlc key compromise z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK --data-dir /srv/btlc`,
		Args:    cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			c, err := settingsOf(command)
			if err != nil {
				return err
			}
			_, err = openbadge.MarkCompromised(keysDir(c), arguments[0], time.Now())
			if errors.Is(err, openbadge.ErrUnknownKey) {
				return fmt.Errorf("there is no key %q in %s: see btlc key list", arguments[0], keysDir(c))
			} else if err != nil {
				return err
			}
			if len(c.SigningKeysKMS) == 0 {
				if _, err := openbadge.LoadOrCreateKeys(keysDir(c)); err != nil {
					return err
				}
			}
			ring, err := openbadge.LoadKeys(keysDir(c))
			if err != nil {
				return err
			}
			return showKeys(command.OutOrStdout(), ring, c)
		},
	}
	key.AddCommand(list, rotate, compromise)
	return key
}

func showKeys(out io.Writer, ring *openbadge.Keyring, c *config.Config) error {
	for _, file := range ring.Files() {
		info, err := os.Stat(file.Path)
		if err != nil {
			return err
		}
		key := file.Public()
		state := "verifies"
		switch {
		case !key.Revoked.IsZero():
			state = "compromised since " + key.Revoked.Format(time.RFC3339)
		case file.Elsewhere:
			state = "in a key service"
		default:
			if active, ok := ring.Signs(key.Algorithm); ok && key.Equal(active.Public()) {
				state = "signs"
				if len(c.SigningKeysKMS) > 0 { // whose keys' kinds only the service tells
					state = "signs, unless a key service does"
				}
			}
		}
		fmt.Fprintf(out, "%s\n  %s, %s, made %s, %s\n  SHA256:%s\n", key.ID, key.Algorithm, state, info.ModTime().UTC().Format(time.RFC3339), file.Path, key.Thumbprint())
	}
	return nil
}
