package webhook

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

const (
	secretPrefix = "whsec_"
	// Standard Webhooks: of 192 to 512 bits. New ones are as long as what HMAC-SHA256 gives.
	minSecret, newSecret, maxSecret = 24, 32, 64
)

var (
	// ErrSecret is for what is not "whsec_" with 24 to 64 bytes in base64 after it.
	ErrSecret = errors.New("webhook: not a secret")
	// ErrSecrets is for a message to be signed with no secret or with more than the two that live while one is exchanged.
	ErrSecrets = errors.New("webhook: neither one secret nor two")
)

// Secret is what a subscriber and we alone know. Printing one does not tell it.
type Secret struct{ key []byte }

// NewSecret makes a secret of random bytes.
func NewSecret() Secret {
	key := make([]byte, newSecret)
	_, _ = rand.Read(key) // it never fails
	return Secret{key}
}

// ParseSecret reads what Reveal gave, or a subscriber's own. Errors: ErrSecret, which does not repeat it.
func ParseSecret(text string) (Secret, error) {
	encoded, ok := strings.CutPrefix(text, secretPrefix)
	// Go's decoder would skip line breaks.
	if !ok || strings.ContainsAny(encoded, "\r\n") {
		return Secret{}, ErrSecret
	}
	key, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || len(key) < minSecret || len(key) > maxSecret {
		return Secret{}, ErrSecret
	}
	return Secret{key}, nil
}

// Reveal is the secret in the form that subscribers put into their library of Standard Webhooks.
func (s Secret) Reveal() string { return secretPrefix + base64.StdEncoding.EncodeToString(s.key) }

// Format prints, for every verb, that there is a secret.
func (s Secret) Format(state fmt.State, _ rune) { _, _ = state.Write([]byte(secretPrefix + "…")) }

// MarshalText is what JSON and logs have of a secret, which is the same.
func (s Secret) MarshalText() ([]byte, error) { return []byte(secretPrefix + "…"), nil }

// sign sets the three headers of Standard Webhooks. Errors: ErrSecrets.
func sign(header http.Header, id string, at time.Time, body []byte, secrets []Secret) error {
	if len(secrets) < 1 || len(secrets) > 2 {
		return fmt.Errorf("%w: %d", ErrSecrets, len(secrets))
	}
	signatures := make([]string, len(secrets))
	for i, secret := range secrets {
		if len(secret.key) < minSecret {
			return ErrSecret
		}
		signer, err := standardwebhooks.NewWebhookRaw(secret.key)
		if err != nil {
			return err
		}
		if signatures[i], err = signer.Sign(id, at, body); err != nil {
			return err
		}
	}
	header.Set(standardwebhooks.HeaderWebhookID, id)
	header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	header.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	return nil
}
