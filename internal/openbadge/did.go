package openbadge

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"
)

const didWeb = "did:web:"

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
	did := didWeb + host
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

// didWebBase is the URL below which a did:web is published, with a slash at the end: DIDWeb backwards.
// A name that DIDWeb does not make is ErrMalformed.
func didWebBase(did string) (string, error) {
	name, ok := strings.CutPrefix(did, didWeb)
	if !ok {
		return "", fmt.Errorf("%w: not a did:web: %.200q", ErrMalformed, did)
	}
	segments := strings.Split(name, ":")
	host, port, found := strings.Cut(segments[0], "%3A")
	base := "https://" + host
	if found {
		base += ":" + port
	}
	for _, segment := range segments[1:] {
		base += "/" + segment
	}
	if made, err := DIDWeb(base); err != nil || made != did {
		return "", fmt.Errorf("%w: not a did:web: %.200q", ErrMalformed, did)
	}
	return base + "/", nil
}

// didWebURL is where the document of a did:web is published (did:web, section 2.5.2).
func didWebURL(did string) (string, error) {
	base, err := didWebBase(did)
	if err != nil {
		return "", err
	}
	if !strings.Contains(strings.TrimPrefix(did, didWeb), ":") {
		base += ".well-known/"
	}
	return base + "did.json", nil
}

// VerificationMethod is the key's full name under the issuer's DID.
func (k PublicKey) VerificationMethod(did string) string { return did + "#" + k.ID }

// URL is where a did:web issuer publishes the key as a JWK, /keys/ and the ID below its base URL, as
// the JWT of Open Badges 3.0 names it (section 8.2.3). For another issuer, who has no base URL, it
// is the verification method.
func (k PublicKey) URL(did string) string {
	base, err := didWebBase(did)
	if err != nil {
		return k.VerificationMethod(did)
	}
	return base + "keys/" + k.ID
}
