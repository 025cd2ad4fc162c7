// Package vcapi answers the calls of the VC-API (W3C Credentials Community Group) that public conformance suites make: it
// issues credentials in the name of an issuer of its own, who vouches for nothing, presents them in the name of a holder, and
// verifies credentials and presentations as the rest of this program does.
//
// It signs whatever conforms to the data model, for anybody who asks. Its key is never to be the program's.
//
// Sources: https://w3c-ccg.github.io/vc-api/, Verifiable Credentials Data Model 2.0, Verifiable Credential Data Integrity 1.0,
// VC-JOSE-COSE, Bitstring Status List 1.0.
package vcapi

import (
	"crypto/ed25519"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/btlc/btlc/internal/openbadge"
	"github.com/btlc/btlc/internal/verify"
)

// DefaultMaxBody is the largest request that is read, in bytes: a credential as large as is verified, and what is around it.
const DefaultMaxBody = verify.MaxDocument + 64<<10

// Options are what the handler is made of.
type Options struct {
	// Signer is the key of the test issuer and of the test holder: of Ed25519, or one that signs JWTs alone
	// (openbadge.NewTestSigningKey). It is required.
	Signer openbadge.Signer
	// Issuer is the test issuer: a did:web that publishes the key, or the did:key of the key when it is empty.
	Issuer string
	// Holder is who presents: the did:key of the key when it is empty.
	Holder string
	// Now is the clock. It is required.
	Now func() time.Time
	// MaxBody bounds requests, in bytes; DefaultMaxBody when zero.
	MaxBody int64
	// BaseURL is where the handler is reached, without a slash at the end. It is in the addresses of status lists; without it
	// credentials with a status are not issued. Lists are signed by Ed25519 keys alone.
	BaseURL string
	// Keys are asked first for the keys of others, and Fetch gets what others publish, as in verify.Options; nil for none.
	Keys  openbadge.Resolver
	Fetch openbadge.Fetch
	// Resource gets the related resources that credentials name, whose digests are compared then; nil for no comparison.
	Resource verify.Resource
}

// NewKey is a key to throw away.
func NewKey() (openbadge.Signer, error) {
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	return openbadge.NewSigningKey(private)
}

// Issuer is who issues with a key when nothing else is said: its did:key.
func Issuer(key openbadge.Signer) string { return "did:key:" + key.Public().ID }

// Handler answers POST /credentials/issue, /credentials/status, /credentials/verify, /presentations/prove and
// /presentations/verify, and GET /status-lists/{purpose}. It keeps in memory which credentials it gave a status, and nothing else.
func Handler(options Options) http.Handler {
	if options.Issuer == "" {
		options.Issuer = Issuer(options.Signer)
	}
	if options.Holder == "" {
		options.Holder = Issuer(options.Signer)
	}
	if options.Signer.Public().Algorithm != openbadge.EdDSA {
		options.BaseURL = ""
	}
	if options.MaxBody == 0 {
		options.MaxBody = DefaultMaxBody
	}
	options.BaseURL = strings.TrimSuffix(options.BaseURL, "/")
	s := &service{Options: options, lists: newLists()}
	mux := http.NewServeMux()
	mux.Handle("POST /credentials/issue", s.call(s.issue))
	mux.Handle("POST /credentials/status", s.call(s.setStatus))
	mux.Handle("POST /credentials/verify", s.call(s.verifyCredential))
	mux.Handle("POST /presentations/prove", s.call(s.provePresentation))
	mux.Handle("POST /presentations/verify", s.call(s.verifyPresentation))
	mux.HandleFunc("GET /status-lists/{purpose}", s.serveList)
	return mux
}

// errNotFetched: nothing is fetched from anywhere.
var errNotFetched = errors.New("nothing is fetched from there")

type service struct {
	Options
	lists *lists
}
