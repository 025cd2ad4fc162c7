package openbadge

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"
)

// ErrBaseURL says that a URL cannot be a did:web identifier.
var ErrBaseURL = errors.New("openbadge: the base URL cannot be a did:web")

// didSegment is what a path segment may hold: the characters that a DID needs no escape for.
var didSegment = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]*$`)

// didHost is a domain name, or the IPv4 address of this machine.
var didHost = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$`)

// DIDWeb maps the issuer's base URL to its DID: https://host[:port][/path] becomes
// did:web:host[%3Aport][:path]. Plain http is accepted on this machine only, for trying things out:
// did:web itself is resolved over https, and names hosts by domain name only. Errors are ErrBaseURL
// with the reason.
func DIDWeb(baseURL string) (string, error) {
	refuse := func(reason string) (string, error) {
		return "", fmt.Errorf("%w: %s: %q", ErrBaseURL, reason, baseURL)
	}
	u, err := url.Parse(baseURL)
	if err != nil {
		return refuse("not a URL")
	}
	host := strings.ToLower(u.Hostname())
	switch {
	case u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(host)):
		return refuse("must be https, or http on this machine")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return refuse("must be scheme, host and path only")
	case !didHost.MatchString(host), net.ParseIP(host) != nil && !isLoopback(host):
		return refuse("not a host that did:web can name")
	}
	did := "did:web:" + host
	if port := u.Port(); port != "" && (u.Scheme != "https" || port != "443") {
		did += "%3A" + port
	}
	path := strings.Trim(u.EscapedPath(), "/")
	if path == "" {
		return did, nil
	}
	for segment := range strings.SplitSeq(path, "/") {
		if !didSegment.MatchString(segment) {
			return refuse("the path may hold letters, digits, dots, hyphens and underscores")
		}
		did += ":" + segment
	}
	return did, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// PublicKey is one key of the issuer. Its ID is the fragment that names it in the DID document.
type PublicKey struct {
	ID  string
	Key ed25519.PublicKey
}

// VerificationMethod is the key's full name under the issuer's DID.
func (k PublicKey) VerificationMethod(did string) string { return did + "#" + k.ID }

// DIDDocument is the document that resolves the DID: every key as a Multikey that may assert, in
// canonical JSON.
func DIDDocument(did string, keys []PublicKey) []byte {
	methods, assertions := []any{}, []any{}
	for _, key := range keys {
		id := key.VerificationMethod(did)
		methods = append(methods, map[string]any{
			"id":                 id,
			"type":               "Multikey",
			"controller":         did,
			"publicKeyMultibase": Multikey(key.Key),
		})
		assertions = append(assertions, id)
	}
	document, err := canonical(map[string]any{
		"@context": []any{
			"https://www.w3.org/ns/did/v1",
			"https://w3id.org/security/multikey/v1",
		},
		"id":                 did,
		"verificationMethod": methods,
		"assertionMethod":    assertions,
	})
	if err != nil { // strings and lists alone: cannot fail unless the DID is not valid Unicode
		panic("openbadge: DID document: " + err.Error())
	}
	return document
}

// Resolver finds the key that a verification method names. It returns ErrUnknownKey for one that
// does not exist, and any other error when it could not look.
type Resolver = func(verificationMethod string) (ed25519.PublicKey, error)

// ResolveAmong resolves the issuer's own keys.
func ResolveAmong(did string, keys []PublicKey) Resolver {
	return func(method string) (ed25519.PublicKey, error) {
		for _, key := range keys {
			if key.VerificationMethod(did) == method {
				return key.Key, nil
			}
		}
		return nil, ErrUnknownKey
	}
}
