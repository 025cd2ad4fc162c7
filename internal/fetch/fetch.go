// Package fetch gets documents from hosts that others name: the key of a foreign issuer, a status list, a context. What
// a credential names is an address of an attacker's choice, so a request goes only to hosts that were allowed, only to
// addresses of the public internet, and only for so long and so much.
package fetch

import (
	"cmp"
	"compress/gzip"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// What a client does when its configuration does not say.
const (
	DefaultTimeout  = 10 * time.Second
	DefaultMaxBytes = 1 << 20

	maxRedirects   = 3
	maxHeaderBytes = 64 << 10
	userAgent      = "btlc"
)

// Config says what a client may reach. Its zero value allows nothing.
type Config struct {
	// Hosts are those that may be asked: "badges.example.org" for https on port 443, "https://badges.example.org:8443" for
	// another port. "http://127.0.0.1:8080", without TLS, is for tests and taken for loopback addresses only. A host that
	// is given as an address may be reached at that address, whatever network it belongs to.
	Hosts []string
	// Networks may be reached though they are not of the public internet: where the program's partners are inside.
	Networks []netip.Prefix
	// Timeout bounds a request from its start to the last byte, redirects included; DefaultTimeout when zero.
	Timeout time.Duration
	// MaxBytes bounds what is read, as it arrives and again as it is when expanded; DefaultMaxBytes when zero.
	MaxBytes int64
	// RootCAs are whose certificates are trusted; the system's when nil.
	RootCAs *x509.CertPool
	// Resolver finds the addresses of hosts; the system's when nil.
	Resolver *net.Resolver
}

// Client gets documents. It holds no connections open and is safe for concurrent use.
type Client struct {
	allowed  map[origin]bool
	timeout  time.Duration
	maxBytes int64
	http     *http.Client
}

// Document is what a host answered.
type Document struct {
	// URL is where the document was found, after redirects.
	URL string
	// ContentType is its media type, without parameters, in lower case.
	ContentType string
	Body        []byte
}

// New makes a client. The error names everything that is wrong with the configuration.
func New(config Config) (*Client, error) {
	c := &Client{
		allowed:  map[origin]bool{},
		timeout:  cmp.Or(config.Timeout, DefaultTimeout),
		maxBytes: cmp.Or(config.MaxBytes, DefaultMaxBytes),
	}
	var faults []error
	if c.timeout < 0 || c.maxBytes < 0 {
		faults = append(faults, errors.New("fetch: the timeout and the largest size cannot be negative"))
	}
	for _, host := range config.Hosts {
		o, err := parseHost(host)
		if err != nil {
			faults = append(faults, err)
		}
		c.allowed[o] = true
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	guard := Guard{Networks: config.Networks, RootCAs: config.RootCAs, Resolver: config.Resolver}
	c.http = &http.Client{
		Transport: guard.transport(func(host string) netip.Addr {
			named, _ := netip.ParseAddr(host) // the zero value unless the host is an address; those were allowed as such
			return named
		}),
		CheckRedirect: c.redirect,
	}
	return c, nil
}

// Get fetches the document at a URL if it is of one of the media types. The error is an *Error, with one of the reasons
// of this package.
func (c *Client) Get(ctx context.Context, address string, types ...string) (*Document, error) {
	target, err := url.Parse(address)
	if err != nil {
		return nil, &Error{Reason: ErrURL}
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	document, err := c.get(ctx, target, types)
	if err == nil {
		// A host that notices our leaving may end its answer properly while the connection closes: what arrived looks whole.
		err = ctx.Err()
	}
	if err != nil {
		return nil, explain(ctx, err, target.Host)
	}
	return document, nil
}

func (c *Client) get(ctx context.Context, target *url.URL, types []string) (*Document, error) {
	if err := c.check(target); err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return nil, ErrURL
	}
	request.Header.Set("Accept", strings.Join(types, ", "))
	request.Header.Set("Accept-Encoding", "gzip")
	request.Header.Set("User-Agent", userAgent)
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if ctx.Err() != nil { // a host that notices our leaving may answer yet, with what it has
		return nil, ctx.Err()
	}
	if response.StatusCode != http.StatusOK {
		return nil, &Error{Reason: ErrStatus, Status: response.StatusCode}
	}
	// Of a type that cannot be read nothing matches.
	contentType, _, err := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if err != nil || !slices.Contains(types, contentType) {
		return nil, ErrContentType
	}
	body, err := c.read(response)
	if err != nil {
		return nil, err
	}
	return &Document{URL: response.Request.URL.String(), ContentType: contentType, Body: body}, nil
}

// read is the body, expanded, both within bounds.
func (c *Client) read(response *http.Response) ([]byte, error) {
	arriving := &bounded{response.Body, c.maxBytes}
	switch strings.ToLower(response.Header.Get("Content-Encoding")) {
	case "", "identity":
		return io.ReadAll(arriving)
	case "gzip":
		expanding, err := gzip.NewReader(arriving)
		if err != nil {
			return nil, err
		}
		return io.ReadAll(&bounded{expanding, c.maxBytes})
	default:
		return nil, ErrContentType
	}
}

// bounded fails with ErrTooLarge when there is more to read than is left.
type bounded struct {
	from io.Reader
	left int64
}

func (b *bounded) Read(into []byte) (int, error) {
	if int64(len(into)) > b.left+1 {
		into = into[:b.left+1]
	}
	n, err := b.from.Read(into)
	if b.left -= int64(n); b.left < 0 {
		return 0, ErrTooLarge
	}
	return n, err
}

// redirect decides about a redirect, which is another address of somebody else's choice.
func (c *Client) redirect(next *http.Request, before []*http.Request) error {
	if len(before) > maxRedirects {
		return ErrRedirects
	}
	// The next host need not know where we come from.
	next.Header.Del("Referer")
	return c.check(next.URL)
}

// check tells whether a URL may be asked at all.
func (c *Client) check(target *url.URL) error {
	if target.User != nil || target.Opaque != "" || target.Hostname() == "" {
		return ErrURL
	}
	o, err := originOf(target)
	if err != nil {
		return err
	}
	if !c.allowed[o] {
		return ErrHost
	}
	return nil
}
