package main

import (
	"crypto/sha256"
	"encoding/base64"
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
		Long: `The server signs credentials with an Ed25519 key that it makes on its first start, in the folder keys of the data
directory, readable by its owner alone. Keep a copy of the folder in a safe place: whoever has it can issue in your name,
and without it what was signed can no longer be checked. Servers that share a database need the same keys. The public
parts are at /.well-known/did.json.`,
	}
	config.AddFlags(key.PersistentFlags(), "data-dir")
	list := &cobra.Command{
		Use:   "list",
		Short: "List the signing keys",
		Long: `List shows each key's id, by which /.well-known/did.json names it, the SHA-256 of its public part, and when its file was
made. The last one signs; what the others signed stays valid, so they stay.`,
		Example: `  btlc key list
  btlc key list --data-dir /srv/btlc`,
		RunE: func(command *cobra.Command, _ []string) error {
			c, err := settingsOf(command)
			if err != nil {
				return err
			}
			files, err := keyFiles(keysDir(c))
			if err != nil {
				return err
			}
			if len(files) == 0 {
				return fmt.Errorf("there are no keys in %s: the first start of btlc serve makes one", keysDir(c))
			}
			ring, err := openbadge.LoadOrCreateKeys(keysDir(c))
			if err != nil {
				return err
			}
			return showKeys(command.OutOrStdout(), ring, files)
		},
	}
	rotate := &cobra.Command{
		Use:   "rotate",
		Short: "Make a new key that signs from now on",
		Long: `Rotate makes a new key. A running server goes on with the old one until it is started again; then the new key signs, and
the old ones stay published for what they have signed. Run it as the user that the server runs as. Copy the new file to
the other servers before any of them starts with it, so that all publish it.`,
		Example: `  sudo -u btlc btlc key rotate --data-dir /srv/btlc && sudo systemctl restart btlc`,
		RunE: func(command *cobra.Command, _ []string) error {
			c, err := settingsOf(command)
			if err != nil {
				return err
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
			files, err := keyFiles(keysDir(c))
			if err != nil {
				return err
			}
			return showKeys(command.OutOrStdout(), ring, files)
		},
	}
	key.AddCommand(list, rotate)
	return key
}

// keyFiles are the files of the keys, oldest first.
func keyFiles(dir string) ([]string, error) {
	return filepath.Glob(filepath.Join(dir, "key-[0-9][0-9][0-9][0-9].pem"))
}

func showKeys(out io.Writer, ring *openbadge.Keyring, files []string) error {
	keys := ring.Public()
	if len(keys) != len(files) {
		return errors.New("the keys changed while they were read: try again")
	}
	for i, key := range keys {
		file, err := os.Stat(files[i])
		if err != nil {
			return err
		}
		state := "verifies"
		if i == len(keys)-1 {
			state = "signs"
		}
		sum := sha256.Sum256(key.Key)
		fmt.Fprintf(out, "%s\n  %s, made %s, %s\n  SHA256:%s\n", key.ID, state, file.ModTime().UTC().Format(time.RFC3339), files[i], base64.RawStdEncoding.EncodeToString(sum[:]))
	}
	return nil
}
