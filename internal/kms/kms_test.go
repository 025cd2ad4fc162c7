package kms

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.step.sm/crypto/kms/apiv1"
	"go.step.sm/crypto/pemutil"

	"github.com/btlc/btlc/internal/openbadge"
)

const issuer = "did:web:btlc.example"

var issued = time.Date(2026, 3, 1, 17, 0, 0, 0, time.UTC)

func must[T any](value T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func newEd25519(t testing.TB) crypto.Signer {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	return must(private, err)(t)
}

func newECDSA(t testing.TB, curve elliptic.Curve) crypto.Signer {
	return must(ecdsa.GenerateKey(curve, rand.Reader))(t)
}

// keyFile writes a key that only its owner may read, and returns the URI.
func keyFile(t testing.TB, private crypto.Signer) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: must(x509.MarshalPKCS8PrivateKey(private))(t)})
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return "softkms:path=" + path
}

// checkIssues has a key sign a credential in each way that its kind allows, and the credential verified.
func checkIssues(t *testing.T, key openbadge.Signer) {
	t.Helper()
	claim := openbadge.Claim{
		Metadata: openbadge.Metadata{
			ID: "https://btlc.example/credentials/1", Name: "Using Data", ValidFrom: issued, ValidUntil: issued.AddDate(5, 0, 0),
			Issuer: openbadge.Profile{ID: issuer, Name: "A program", URL: "https://btlc.example"},
		},
		Subject:     openbadge.Subject{Hash: openbadge.IdentityHash("teacher@example.org", "salt"), Salt: "salt"},
		Achievement: openbadge.Achievement{ID: "https://btlc.example/a", Name: "Using Data", Description: "About data.", CriteriaNarrative: "Show it."},
	}
	forms := map[string]func() ([]byte, error){
		"embedded": func() ([]byte, error) { return openbadge.Issue(t.Context(), claim, key, issued) },
	}
	if key.Public().Algorithm == openbadge.ES256 {
		forms = map[string]func() ([]byte, error){
			"badge JWT": func() ([]byte, error) {
				token, err := openbadge.SignOpenBadgeJWT(t.Context(), must(openbadge.Build(claim))(t), key)
				return []byte(token), err
			},
			"VC-JWT": func() ([]byte, error) {
				token, err := openbadge.SignVCJWT(t.Context(), must(openbadge.Build(claim))(t), key)
				return []byte(token), err
			},
		}
	}
	for form, sign := range forms {
		resolve := openbadge.ResolveAmong(issuer, []openbadge.PublicKey{key.Public()})
		report := openbadge.Verify(t.Context(), must(sign())(t), resolve, openbadge.Expectation{Now: issued.AddDate(1, 0, 0)})
		if err := report.Err(); err != nil {
			t.Errorf("%s: %v", form, err)
		}
	}
}

func TestKeysInFiles(t *testing.T) {
	for algorithm, private := range map[openbadge.Algorithm]crypto.Signer{openbadge.EdDSA: newEd25519(t), openbadge.ES256: newECDSA(t, elliptic.P256())} {
		t.Run(string(algorithm), func(t *testing.T) {
			key := must(Open(t.Context(), keyFile(t, private)))(t)
			if want := must(openbadge.NewPublicKey(private.Public()))(t); !key.Public().Equal(want) || want.Algorithm != algorithm {
				t.Errorf("the key is %v, not %v", key.Public(), want)
			}
			checkIssues(t, key)
			if err := key.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestOpenRefusesKeys(t *testing.T) {
	exposed := keyFile(t, newEd25519(t))
	if err := os.Chmod(strings.TrimPrefix(exposed, "softkms:path="), 0o640); err != nil {
		t.Fatal(err)
	}
	locked := filepath.Join(t.TempDir(), "locked.pem")
	must(pemutil.Serialize(newEd25519(t), pemutil.WithPassword([]byte("a password")), pemutil.ToFile(locked, 0o600)))(t)
	for name, test := range map[string]struct {
		uri  string
		want error
		says string
	}{
		"RSA":       {keyFile(t, must(rsa.GenerateKey(rand.Reader, 2048))(t)), openbadge.ErrKeyKind, "has to be Ed25519 or on P-256"},
		"P-384":     {keyFile(t, newECDSA(t, elliptic.P384())), openbadge.ErrKeyKind, "EC_SIGN_P256_SHA256"},
		"exposed":   {exposed, openbadge.ErrKeyExposed, "chmod 600"},
		"missing":   {"softkms:path=" + filepath.Join(t.TempDir(), "none.pem"), fs.ErrNotExist, "none.pem"},
		"encrypted": {"softkms:path=" + locked, apiv1.ErrNonInteractivePasswordPrompt, "locked.pem"},
	} {
		key, err := Open(t.Context(), test.uri)
		if !errors.Is(err, test.want) || key != nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	for _, private := range []crypto.Signer{newEd25519(t), newECDSA(t, elliptic.P256())} {
		key := must(Open(t.Context(), keyFile(t, private)))(t)
		var group sync.WaitGroup
		for n := range 4 * maxPending {
			group.Go(func() {
				message := []byte{byte(n), byte(n >> 8)}
				signature, err := key.Sign(t.Context(), message)
				if err != nil || !key.Public().Verify(message, signature) {
					t.Errorf("message %d: %v", n, err)
				}
			})
		}
		group.Wait()
	}
}

// manager is a service whose key signs as the test says.
type manager struct {
	apiv1.KeyManager
	crypto.Signer
	sign func(digest []byte, options crypto.SignerOpts) ([]byte, error)
}

func (m manager) CreateSigner(*apiv1.CreateSignerRequest) (crypto.Signer, error) { return m, nil }

func (m manager) Sign(_ io.Reader, digest []byte, options crypto.SignerOpts) ([]byte, error) {
	return m.sign(digest, options)
}

func TestFaultySignaturesAreKeptBack(t *testing.T) {
	fault := errors.New("on fire")
	for name, test := range map[string]struct {
		spoil func(signature []byte) ([]byte, error)
		want  error
	}{
		"changed":  {func(s []byte) ([]byte, error) { s[len(s)-1] ^= 1; return s, nil }, openbadge.ErrBadSignature},
		"cut":      {func(s []byte) ([]byte, error) { return s[:63], nil }, openbadge.ErrBadSignature},
		"empty":    {func([]byte) ([]byte, error) { return nil, nil }, openbadge.ErrBadSignature},
		"an error": {func([]byte) ([]byte, error) { return nil, fault }, fault},
	} {
		private := newEd25519(t)
		key := must(newKey(manager{Signer: private, sign: func(digest []byte, options crypto.SignerOpts) ([]byte, error) {
			signature, err := private.Sign(nil, digest, options)
			if err != nil {
				return nil, err
			}
			return test.spoil(signature)
		}}, "test:"))(t)
		signature, err := key.Sign(t.Context(), []byte("m"))
		if signature != nil || !errors.Is(err, test.want) {
			t.Errorf("%s: %x, %v", name, signature, err)
		}
	}
}

func TestSignEndsWithItsContext(t *testing.T) {
	private := newEd25519(t)
	var calls atomic.Int32
	called, release := make(chan struct{}, maxPending), make(chan struct{})
	key := must(newKey(manager{Signer: private, sign: func(digest []byte, options crypto.SignerOpts) ([]byte, error) {
		calls.Add(1)
		called <- struct{}{}
		<-release
		return private.Sign(nil, digest, options)
	}}, "test:"))(t)

	ctx, cancel := context.WithCancel(t.Context())
	cancelled := func() {
		if _, err := key.Sign(ctx, []byte("m")); !errors.Is(err, context.Canceled) || !errors.Is(err, ErrUnavailable) {
			t.Errorf("cancelled: %v", err)
		}
	}
	var group sync.WaitGroup
	for range maxPending {
		group.Go(cancelled)
	}
	for range maxPending {
		<-called
	}
	group.Go(cancelled) // which finds no place to wait in
	cancel()
	group.Wait()
	cancelled()
	if n := calls.Load(); n != maxPending {
		t.Errorf("the service was asked %d times at once", n)
	}

	close(release)
	message := []byte("afterwards")
	if signature := must(key.Sign(t.Context(), message))(t); !key.Public().Verify(message, signature) {
		t.Error("a signature that does not verify")
	}
}
