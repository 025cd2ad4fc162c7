package kms

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/btlc/btlc/internal/openbadge"
)

// awsKMS is a service that speaks AWS JSON 1.1 as far as GetPublicKey and Sign go.
type awsKMS struct {
	t    *testing.T
	mu   sync.Mutex
	keys map[string]awsKey
	// before answers a request in the place of the service, if it returns true.
	before func(w http.ResponseWriter, r *http.Request, operation string) bool
	asked  map[string]int // how often, by operation
}

type awsKey struct {
	crypto.Signer
	usage string // KeyUsage; empty for SIGN_VERIFY
}

// awsRequest has the members of both operations' requests. What is bytes is base64 in JSON.
type awsRequest struct {
	KeyID            string `json:"KeyId"`
	Message          []byte
	MessageType      string
	SigningAlgorithm string
}

// newAWS starts the service, and has the environment say where it is and who calls it.
func newAWS(t *testing.T) *awsKMS {
	t.Helper()
	aws := &awsKMS{t: t, keys: map[string]awsKey{}, asked: map[string]int{}}
	server := httptest.NewServer(aws)
	t.Cleanup(server.Close)
	nowhere := filepath.Join(t.TempDir(), "none")
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL_KMS": server.URL, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example",
		"AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_CONFIG_FILE": nowhere, "AWS_SHARED_CREDENTIALS_FILE": nowhere,
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "2",
	} {
		t.Setenv(name, value)
	}
	return aws
}

func (a *awsKMS) put(id string, key awsKey) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.keys[id] = key
}

func (a *awsKMS) times(operation string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.asked[operation]
}

func (a *awsKMS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	operation, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "TrentService.")
	authorization := r.Header.Get("Authorization")
	if !ok || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/x-amz-json-1.1" ||
		!strings.HasPrefix(authorization, "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/") || !strings.Contains(authorization, "/us-east-1/kms/aws4_request") {
		a.t.Errorf("not a request of AWS KMS: %s %s %v", r.Method, r.URL, r.Header)
	}
	var request awsRequest
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		a.t.Error(err)
	}
	a.mu.Lock()
	a.asked[operation]++
	key, known := a.keys[request.KeyID]
	before := a.before
	a.mu.Unlock()
	switch {
	case before != nil && before(w, r, operation):
	case !known:
		awsFault(w, "NotFoundException", "there is no key "+request.KeyID)
	case operation == "GetPublicKey":
		der, err := x509.MarshalPKIXPublicKey(key.Public())
		if err != nil {
			a.t.Error(err)
		}
		awsAnswer(w, http.StatusOK, map[string]any{"KeyId": request.KeyID, "PublicKey": der})
	case operation == "Sign" && key.usage != "":
		awsFault(w, "InvalidKeyUsageException", request.KeyID+" has KeyUsage "+key.usage)
	case operation == "Sign":
		a.sign(w, key, request)
	default:
		a.t.Errorf("a request for %s", operation)
	}
}

// sign signs as the service does: digests by ECDSA, at most 4096 bytes of a whole message by Ed25519.
func (a *awsKMS) sign(w http.ResponseWriter, key awsKey, request awsRequest) {
	hash, fits := crypto.SHA256, request.SigningAlgorithm == "ECDSA_SHA_256" && request.MessageType == "DIGEST" && len(request.Message) == sha256.Size
	if _, ok := key.Signer.(ed25519.PrivateKey); ok {
		hash, fits = crypto.Hash(0), request.SigningAlgorithm == "ED25519_SHA_512" && request.MessageType == "RAW" && len(request.Message) <= 4096
	}
	if !fits {
		awsFault(w, "ValidationException", "not for this key")
		return
	}
	signature, err := key.Sign(rand.Reader, request.Message, hash)
	if err != nil {
		a.t.Error(err)
	}
	awsAnswer(w, http.StatusOK, map[string]any{"KeyId": request.KeyID, "Signature": signature, "SigningAlgorithm": request.SigningAlgorithm})
}

func awsFault(w http.ResponseWriter, kind, message string) {
	awsAnswer(w, http.StatusBadRequest, map[string]any{"__type": kind, "message": message})
}

func awsAnswer(w http.ResponseWriter, status int, answer map[string]any) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer) // a client that hung up needs none
}

func TestAWSSigns(t *testing.T) {
	aws := newAWS(t)
	aws.put("alias/ed", awsKey{Signer: newEd25519(t)})
	aws.put("alias/p256", awsKey{Signer: newECDSA(t, elliptic.P256())})
	for id, algorithm := range map[string]openbadge.Algorithm{"alias/ed": openbadge.EdDSA, "alias/p256": openbadge.ES256} {
		key := must(Open(t.Context(), "awskms:key-id="+id))(t)
		if key.Public().Algorithm != algorithm {
			t.Errorf("%s: %v", id, key.Public())
		}
		checkIssues(t, key)
	}
	if n := aws.times("GetPublicKey"); n != 2 {
		t.Errorf("two public keys were asked for %d times", n)
	}
}

// DER numbers have as many bytes as they need, or one more: the raw form always has 32.
func TestAWSSignaturesHaveOneWidth(t *testing.T) {
	aws := newAWS(t)
	aws.put("k", awsKey{Signer: newECDSA(t, elliptic.P256())})
	key := must(Open(t.Context(), "awskms:key-id=k"))(t)
	short := false
	for n := 0; n < 5000 && !short; n++ { // one in 128 has a short number
		signature := must(key.Sign(t.Context(), []byte{byte(n), byte(n >> 8)}))(t)
		if len(signature) != 64 {
			t.Fatalf("a signature of %d bytes", len(signature))
		}
		short = signature[0] == 0 || signature[32] == 0
	}
	if !short {
		t.Error("no number was short")
	}
}

func TestAWSOpenRefuses(t *testing.T) {
	aws := newAWS(t)
	aws.put("rsa", awsKey{Signer: must(rsa.GenerateKey(rand.Reader, 2048))(t)})
	aws.put("agreement", awsKey{newECDSA(t, elliptic.P256()), "KEY_AGREEMENT"})
	for id, test := range map[string]struct {
		want error
		says string
	}{
		"rsa":       {openbadge.ErrKeyKind, "ECC_NIST_EDWARDS25519 or ECC_NIST_P256"},
		"agreement": {ErrUnavailable, "InvalidKeyUsageException"},
		"none":      {nil, "NotFoundException"},
	} {
		key, err := Open(t.Context(), "awskms:key-id="+id)
		if err == nil || key != nil || test.want != nil && !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), id) {
			t.Errorf("%s: %v", id, err)
		}
	}
}

// A name that has been given to another key signs nothing in the name of the first.
func TestAWSAliasOfAnotherKey(t *testing.T) {
	aws := newAWS(t)
	aws.put("alias/k", awsKey{Signer: newECDSA(t, elliptic.P256())})
	key := must(Open(t.Context(), "awskms:key-id=alias/k"))(t)
	aws.put("alias/k", awsKey{Signer: newECDSA(t, elliptic.P256())})
	if signature, err := key.Sign(t.Context(), []byte("m")); signature != nil || !errors.Is(err, openbadge.ErrBadSignature) {
		t.Errorf("%x, %v", signature, err)
	}
}

func TestAWSThrottles(t *testing.T) {
	aws := newAWS(t)
	aws.put("k", awsKey{Signer: newEd25519(t)})
	key := must(Open(t.Context(), "awskms:key-id=k"))(t)
	opened := aws.times("Sign")
	refusals := 1
	aws.mu.Lock()
	aws.before = func(w http.ResponseWriter, _ *http.Request, _ string) bool {
		aws.mu.Lock()
		defer aws.mu.Unlock()
		refusals--
		if refusals >= 0 {
			awsFault(w, "ThrottlingException", "too many requests")
		}
		return refusals >= 0
	}
	aws.mu.Unlock()
	if signature := must(key.Sign(t.Context(), []byte("m")))(t); !key.Public().Verify([]byte("m"), signature) || aws.times("Sign") != opened+2 {
		t.Error("it was not asked again")
	}

	aws.mu.Lock()
	refusals = 2
	aws.mu.Unlock()
	signature, err := key.Sign(t.Context(), []byte("m"))
	if signature != nil || !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "ThrottlingException") || !strings.Contains(err.Error(), "awskms:key-id=k") {
		t.Errorf("%x, %v", signature, err)
	}
}

func TestAWSDoesNotAnswer(t *testing.T) {
	aws := newAWS(t)
	aws.put("k", awsKey{Signer: newEd25519(t)})
	key := must(Open(t.Context(), "awskms:key-id=k"))(t)
	asked, release := make(chan struct{}, 2), make(chan struct{})
	t.Cleanup(func() { close(release) }) // before the server is closed, which waits for its answers
	aws.mu.Lock()
	aws.before = func(http.ResponseWriter, *http.Request, string) bool {
		asked <- struct{}{}
		<-release
		return false
	}
	aws.mu.Unlock()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	if signature, err := key.Sign(ctx, []byte("m")); signature != nil || !errors.Is(err, context.Canceled) || !errors.Is(err, ErrUnavailable) {
		t.Errorf("sign: %x, %v", signature, err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	if key, err := Open(ctx, "awskms:key-id=k"); key != nil || !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "awskms:key-id=k") {
		t.Errorf("open: %v", err)
	}
}
