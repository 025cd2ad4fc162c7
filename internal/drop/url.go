package drop

import (
	"encoding/base64"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
)

// The kinds of targets, by the schemes of their URLs.
const (
	KindFolder = "file"
	KindSFTP   = "sftp"
	KindS3     = "s3"
)

const (
	defaultPort     = "22"
	defaultEndpoint = "s3.amazonaws.com"
	defaultRegion   = "us-east-1"
)

var validBucket = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// place is what the URL of a target says.
type place struct {
	scheme string
	// host is host:port of an SFTP server or of an endpoint.
	host string
	// user is that on the SFTP server.
	user string
	// path is the folder, absolute; of an object store the prefix, without slashes around it.
	path string
	// hostKeys are the fingerprints that the SFTP server's key may have.
	hostKeys []string
	// bucket and region are of an object store, and plain when it is asked without TLS.
	bucket, region string
	plain          bool
}

// Check tells of which kind a target is, and whether the server that its URL names has pinned host keys. It connects
// nowhere. The error is an *Error of ErrURL or ErrSecretInURL.
func Check(target string) (kind string, pinned bool, err error) {
	p, err := parsePlace(target)
	if err != nil {
		return "", false, &Error{Reason: err}
	}
	return p.scheme, len(p.hostKeys) > 0, nil
}

// parsePlace reads the URL of a target. What it says when it fails repeats nothing of the URL.
func parsePlace(text string) (place, error) {
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" || u.Fragment != "" {
		return place{}, ErrURL
	}
	if _, has := u.User.Password(); has {
		return place{}, ErrSecretInURL
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return place{}, ErrURL
	}
	directory, err := cleanPath(u.Path)
	if err != nil {
		return place{}, err
	}
	p := place{scheme: u.Scheme, path: directory}
	switch u.Scheme {
	case KindFolder:
		err = p.readFile(u, query)
	case KindSFTP:
		err = p.readSFTP(u, query)
	case KindS3:
		err = p.readS3(u, query)
	default:
		err = ErrURL
	}
	return p, err
}

func (p *place) readFile(u *url.URL, query url.Values) error {
	if u.Host != "" || u.User != nil || len(query) != 0 {
		return ErrURL
	}
	return nil
}

func (p *place) readSFTP(u *url.URL, query url.Values) error {
	p.user = u.User.Username()
	if p.user == "" || u.Hostname() == "" || !only(query, "host-key") {
		return ErrURL
	}
	p.host = withPort(u, defaultPort)
	for _, fingerprint := range query["host-key"] {
		// Fingerprints are in base64 and pasted as ssh-keygen prints them; a plus in a query means a space.
		fingerprint = strings.ReplaceAll(fingerprint, " ", "+")
		digest, ok := strings.CutPrefix(fingerprint, "SHA256:")
		if sum, err := base64.RawStdEncoding.DecodeString(digest); !ok || err != nil || len(sum) != 32 {
			return ErrURL
		}
		p.hostKeys = append(p.hostKeys, fingerprint)
	}
	return nil
}

func (p *place) readS3(u *url.URL, query url.Values) error {
	if u.User != nil {
		return ErrSecretInURL
	}
	if !validBucket.MatchString(u.Host) || !only(query, "endpoint", "region") || len(query["endpoint"]) > 1 || len(query["region"]) > 1 {
		return ErrURL
	}
	p.bucket, p.path = u.Host, strings.TrimPrefix(p.path, "/")
	p.region, p.host = defaultRegion, defaultEndpoint
	if query.Has("region") {
		p.region = query.Get("region")
	}
	if !query.Has("endpoint") {
		return nil
	}
	text := query.Get("endpoint")
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	endpoint, err := url.Parse(text)
	if err != nil || endpoint.Hostname() == "" || endpoint.Path != "" || endpoint.RawQuery != "" || endpoint.Fragment != "" {
		return ErrURL
	}
	if endpoint.User != nil {
		return ErrSecretInURL
	}
	p.host, p.plain = endpoint.Host, endpoint.Scheme == "http"
	// Without TLS everyone on the way reads the file; within this machine there is nobody.
	if ip, err := netip.ParseAddr(endpoint.Hostname()); endpoint.Scheme != "https" && (!p.plain || err != nil || !ip.IsLoopback()) {
		return ErrURL
	}
	return nil
}

// only tells whether a query has these parameters alone: one that is misspelt would otherwise not be heeded.
func only(query url.Values, names ...string) bool {
	left := len(query)
	for _, name := range names {
		if query.Has(name) {
			left--
		}
	}
	return left == 0
}

func withPort(u *url.URL, port string) string {
	if u.Port() != "" {
		port = u.Port()
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// String is the URL without its parameters.
func (p place) String() string {
	u := url.URL{Scheme: p.scheme, Path: p.path}
	switch p.scheme {
	case KindSFTP:
		u.User, u.Host = url.User(p.user), p.host
	case KindS3:
		u.Host, u.Path = p.bucket, "/"+p.path
	}
	return u.String()
}
