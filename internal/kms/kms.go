// Package kms signs with keys that a key management service holds, so that the private part is never in this process or
// on its disk. It speaks to the services through go.step.sm/crypto, and adds what an issuer needs of them: keys of the two
// kinds that credentials are signed with, signatures as JOSE and Data Integrity write them, deadlines, and no signature
// that does not verify.
package kms

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"go.step.sm/crypto/kms/apiv1"

	"github.com/btlc/btlc/internal/openbadge"
)

// ErrUnavailable says that a service did not sign with a key that it had signed with when it was opened: it is out of
// reach, busy, or no longer allows it. The error that it wraps tells which.
var ErrUnavailable = errors.New("kms: the key service did not sign")

const (
	// maxPending is how many signatures of a key are waited for at once: the library gives up on a service after 15 seconds,
	// not when the caller does, and meanwhile calls must not pile up.
	maxPending = 64
	// trial is what every key signs once, when it is opened. No credential and no JWT begins like this.
	trial = "btlc: a trial of this key, which means nothing"
)

// Key is an openbadge.Signer whose private key a service holds. It is safe for concurrent use.
//
// Ed25519 signatures are always the same for the same message; of P-256 only those of softkms are, since services sign
// with a random number. AWS takes at most 4096 bytes for Ed25519, which signs whole messages; those of Data Integrity
// proofs have 64.
type Key struct {
	uri     string
	manager apiv1.KeyManager
	signer  openbadge.SigningKey
	pending chan struct{}
}

var _ openbadge.Signer = (*Key)(nil)

// Open reads the public key that a URI names and has the service sign once with its private part, so that a key that
// must not sign, or a caller who may not use it, is found out at the start.
//
// The URI is a scheme and attributes, as go.step.sm/crypto has them, and never holds a secret:
//
//	awskms:key-id=ID                AWS KMS: a key's id, ARN or alias; region, profile, credentials-file
//	cloudkms:resource=PATH          Google Cloud KMS: projects/…/cryptoKeyVersions/N; credentials-file
//	azurekms:vault=V;name=N;version=V   Azure Key Vault; environment, tenant-id
//	softkms:path=FILE               a key in PEM, which only its owner may read
//
// Who calls is told by the environment, as the service's own tools have it. Errors: ErrURI; openbadge.ErrKeyKind for a key
// that is neither Ed25519 nor on P-256; openbadge.ErrKeyExposed; those of Sign; the service's own.
func Open(ctx context.Context, uri string) (*Key, error) {
	address, err := parse(uri)
	if err != nil {
		return nil, err
	}
	if err := address.checkOwn(); err != nil {
		return nil, err
	}
	// What a client keeps of the context, it keeps for good.
	lasting := context.WithoutCancel(ctx)
	key, err := await(ctx, func() (*Key, error) {
		create, ok := apiv1.LoadKeyManagerNewFunc(apiv1.Type(address.scheme))
		if !ok {
			return nil, errors.New("this program is built without it")
		}
		manager, err := create(lasting, apiv1.Options{URI: uri})
		if err != nil {
			return nil, err
		}
		key, err := newKey(manager, uri)
		if err != nil {
			return nil, errors.Join(err, manager.Close())
		}
		return key, nil
	})
	if err != nil {
		return nil, fmt.Errorf("kms: open %s: %w", uri, err)
	}
	if _, err := key.Sign(ctx, []byte(trial)); err != nil {
		return nil, errors.Join(err, key.Close())
	}
	return key, nil
}

func newKey(manager apiv1.KeyManager, uri string) (*Key, error) {
	private, err := manager.CreateSigner(&apiv1.CreateSignerRequest{SigningKey: uri, PasswordPrompter: apiv1.NonInteractivePasswordPrompter})
	if err != nil {
		return nil, err
	}
	signer, err := openbadge.NewSigningKey(private)
	if err != nil {
		return nil, fmt.Errorf("%w; it has to be Ed25519 or on P-256: in AWS KMS ECC_NIST_EDWARDS25519 or ECC_NIST_P256, in Google Cloud KMS "+
			"EC_SIGN_ED25519 or EC_SIGN_P256_SHA256, in Azure Key Vault P-256", err)
	}
	return &Key{uri: uri, manager: manager, signer: signer, pending: make(chan struct{}, maxPending)}, nil
}

// Public is the key as it was when it was opened. A service that signs with another one since, because a name of its has
// been given to another key, makes Sign fail.
func (k *Key) Public() openbadge.PublicKey { return k.signer.Public() }

// Sign has the service sign a message, and returns what it made only if it verifies. It returns no later than its context
// ends, though the library may go on asking for a while. Errors: ErrUnavailable, with the context's when that ended
// first; openbadge.ErrBadSignature.
func (k *Key) Sign(ctx context.Context, message []byte) ([]byte, error) {
	signature, err := k.ask(ctx, bytes.Clone(message))
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrUnavailable, k.uri, err)
	}
	if !k.Public().Verify(message, signature) {
		return nil, fmt.Errorf("%w: what %s signed is not of its key", openbadge.ErrBadSignature, k.uri)
	}
	return signature, nil
}

// ask sends a message, which is its own from then on, to the service.
func (k *Key) ask(ctx context.Context, message []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case k.pending <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return await(ctx, func() ([]byte, error) {
		defer func() { <-k.pending }()
		return k.signer.Sign(ctx, message)
	})
}

// Close ends the connection to the service. The key signs no more.
func (k *Key) Close() error {
	if err := k.manager.Close(); err != nil {
		return fmt.Errorf("kms: close %s: %w", k.uri, err)
	}
	return nil
}

// await is a call that takes no context, or the end of the context when that is sooner. The call then ends unheard.
func await[T any](ctx context.Context, call func() (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		value, err := call()
		done <- outcome{value, err}
	}()
	select {
	case o := <-done:
		return o.value, o.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}
