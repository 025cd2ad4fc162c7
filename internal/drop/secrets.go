package drop

import (
	"fmt"
	"io"
	"log/slog"
)

// Secrets open a target. They are printed, logged and marshalled as nothing.
type Secrets struct {
	// Password is that of the user on the SFTP server.
	Password string `json:"-"`
	// PrivateKey is the user's key as PEM, in OpenSSH's form or in PKCS #1 or #8. With a password as well it is tried first.
	PrivateKey string `json:"-"`
	// Passphrase decrypts PrivateKey where that is encrypted.
	Passphrase string `json:"-"`
	// AccessKeyID, SecretAccessKey and, with temporary ones, SessionToken are the keys of the object store.
	AccessKeyID     string `json:"-"`
	SecretAccessKey string `json:"-"`
	SessionToken    string `json:"-"`
}

const hidden = "[secrets]"

// Format hides them from every verb.
func (Secrets) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, hidden) // fmt's own state does not fail
}

// LogValue hides them from logs.
func (Secrets) LogValue() slog.Value { return slog.StringValue(hidden) }
