package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lib/pq"

	"github.com/btlc/btlc/internal/fetch"
	"github.com/btlc/btlc/internal/kms"
	"github.com/btlc/btlc/internal/notice"
	"github.com/btlc/btlc/internal/openbadge"
)

const (
	minRequestTimeout = 100 * time.Millisecond
	maxRequestTimeout = time.Hour
	maxShutdownGrace  = 10 * time.Minute
	maxDays           = 36500
)

// Where the table's rows put their values.
func restAddress(c *Config) *string             { return &c.RESTAddress }
func grpcAddress(c *Config) *string             { return &c.GRPCAddress }
func metricsAddress(c *Config) *string          { return &c.MetricsAddress }
func publicURL(c *Config) *string               { return &c.PublicURL }
func dataDir(c *Config) *string                 { return &c.DataDir }
func signingKeysKMS(c *Config) *[]string        { return &c.SigningKeysKMS }
func databaseURL(c *Config) *Secret             { return &c.DatabaseURL }
func migrateDatabaseURL(c *Config) *Secret      { return &c.MigrateDatabaseURL }
func assumeRole(c *Config) *bool                { return &c.AssumeRole }
func postgresBin(c *Config) *string             { return &c.PostgresBin }
func maxConnections(c *Config) *int             { return &c.MaxConnections }
func migrateOnStart(c *Config) *bool            { return &c.MigrateOnStart }
func demo(c *Config) *bool                      { return &c.Demo }
func issuerName(c *Config) *string              { return &c.IssuerName }
func suspensionEntries(c *Config) *bool         { return &c.SuspensionEntries }
func revocationList(c *Config) *bool            { return &c.RevocationList }
func oidcIssuers(c *Config) *[]OIDCIssuer       { return &c.OIDCIssuers }
func corsOrigins(c *Config) *[]string           { return &c.CORSOrigins }
func vcAPI(c *Config) *bool                     { return &c.VCAPI }
func verifyHosts(c *Config) *[]string           { return &c.VerifyHosts }
func webhookNetworks(c *Config) *[]netip.Prefix { return &c.WebhookNetworks }
func feedRetention(c *Config) *time.Duration    { return &c.FeedRetention }
func webhookLog(c *Config) *time.Duration       { return &c.WebhookLog }
func mail(c *Config) **notice.Sender            { return &c.Mail }
func signInURL(c *Config) *string               { return &c.SignInURL }
func noticeRetention(c *Config) *time.Duration  { return &c.NoticeRetention }
func fileDrops(c *Config) *string               { return &c.FileDrops }
func dropRoot(c *Config) *string                { return &c.DropReach.Root }
func dropNetworks(c *Config) *[]netip.Prefix    { return &c.DropReach.Networks }
func zone(c *Config) **time.Location            { return &c.Zone }
func requestTimeout(c *Config) *time.Duration   { return &c.RequestTimeout }
func shutdownGrace(c *Config) *time.Duration    { return &c.ShutdownGrace }
func requestsPerSecond(c *Config) *int          { return &c.RequestsPerSecond }
func logLevel(c *Config) *slog.Level            { return &c.LogLevel }
func logFormat(c *Config) *string               { return &c.LogFormat }
func otlpEndpoint(c *Config) *string            { return &c.OTLPEndpoint }

// into reads a text and puts the value where it belongs.
func into[T any](field func(*Config) *T, parse func(string) (T, error)) func(*Config, string) error {
	return func(c *Config, text string) error {
		value, err := parse(text)
		if err == nil {
			*field(c) = value
		}
		return err
	}
}

// optional takes the empty text as well.
func optional(parse func(string) (string, error)) func(string) (string, error) {
	return func(text string) (string, error) {
		if text == "" {
			return "", nil
		}
		return parse(text)
	}
}

func address(text string) (string, error) {
	wrong := errors.New("a host and a port, such as 127.0.0.1:8080")
	host, port, err := net.SplitHostPort(text)
	if err != nil || strings.ContainsAny(host, " /") {
		return "", wrong
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return "", wrong
	}
	return text, nil
}

// baseURL takes what can be the issuer's DID.
func baseURL(text string) (string, error) {
	text = strings.TrimRight(text, "/")
	if _, err := openbadge.DIDWeb(text); err != nil {
		return "", errors.New("https:// and a host name, perhaps with a port and a path; http:// on this machine only, such as http://127.0.0.1:8080")
	}
	return text, nil
}

func path(text string) (string, error) {
	if text == "" {
		return "", errors.New("the path of a directory")
	}
	return filepath.Abs(text)
}

func directory(text string) (string, error) {
	if info, err := os.Stat(text); err != nil || !info.IsDir() {
		return "", errors.New("a directory that exists")
	}
	return filepath.Abs(text)
}

func databaseAddress(text string) (Secret, error) {
	if text == "" {
		return "", nil
	}
	if _, err := pq.NewConfig(text); err != nil {
		return "", errors.New("postgres://user:password@host:5432/database, with special characters of the password percent-encoded")
	}
	return Secret(text), nil
}

func number(least, most int) func(string) (int, error) {
	return func(text string) (int, error) {
		n, err := strconv.Atoi(text)
		if err != nil || n < least || n > most {
			return 0, fmt.Errorf("a whole number from %d to %d", least, most)
		}
		return n, nil
	}
}

func duration(least, most time.Duration) func(string) (time.Duration, error) {
	return func(text string) (time.Duration, error) {
		d, err := time.ParseDuration(text)
		if err != nil || d < least || d > most {
			return 0, fmt.Errorf("a duration from %s to %s, such as 30s", least, most)
		}
		return d, nil
	}
}

func yesNo(text string) (bool, error) {
	switch text {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, errors.New("true or false")
}

func text(text string) (string, error) {
	if strings.TrimSpace(text) == "" {
		return "", errors.New("a text that is not empty")
	}
	return text, nil
}

// list takes values between commas; an empty text is no value.
func list[T any](parse func(string) (T, error)) func(string) ([]T, error) {
	return func(text string) ([]T, error) {
		var values []T
		if strings.TrimSpace(text) == "" {
			return nil, nil
		}
		for item := range strings.SplitSeq(text, ",") {
			value, err := parse(strings.TrimSpace(item))
			if err != nil {
				return nil, err
			}
			values = append(values, value)
		}
		return values, nil
	}
}

func oidcIssuer(text string) (OIDCIssuer, error) {
	// The URL of an issuer has no query, so the first equals sign is ours.
	issuer, audience, _ := strings.Cut(text, "=")
	if _, ok := webURL(issuer); !ok || audience == "" {
		return OIDCIssuer{}, errors.New("https://issuer=audience, with commas between several; http:// on this machine only")
	}
	return OIDCIssuer{URL: issuer, Audience: audience}, nil
}

func origin(text string) (string, error) {
	if u, ok := webURL(text); !ok || u.Path != "" {
		return "", errors.New("origins such as https://app.example.org, with commas between several and no path; http:// on this machine only")
	}
	return strings.ToLower(text), nil // as browsers send it
}

func network(text string) (netip.Prefix, error) {
	prefix, err := netip.ParsePrefix(text)
	if err != nil || prefix != prefix.Masked() {
		return netip.Prefix{}, errors.New("networks such as 10.20.0.0/16 or fd12:3456::/32, with commas between several")
	}
	return prefix, nil
}

// days takes a number of days, or 0.
func days(least int) func(string) (time.Duration, error) {
	return func(text string) (time.Duration, error) {
		n, err := strconv.Atoi(text)
		if err != nil || n != 0 && (n < least || n > maxDays) {
			return 0, fmt.Errorf("a whole number of days from %d to %d, or 0", least, maxDays)
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
}

// verifyHost takes what the guarded client takes.
func signingKeyKMS(text string) (string, error) { return text, kms.CheckURI(text) }

func verifyHost(text string) (string, error) {
	if _, err := fetch.New(fetch.Config{Hosts: []string{text}}); err != nil {
		return "", errors.New("hosts such as badges.example.org or https://badges.example.org:8443, with commas between several and no path")
	}
	return text, nil
}

// webURL is a URL without user, query and fragment, over https unless it leads to this machine.
func webURL(text string) (*url.URL, bool) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return nil, false
	}
	return u, u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname())
}

func signInPage(text string) (string, error) {
	if _, ok := webURL(text); !ok {
		return "", errors.New("https:// and a host name, perhaps with a path; http:// on this machine only")
	}
	return text, nil
}

// mailServer says what is wrong without the URL, which holds a password.
func mailServer(text string) (*notice.Sender, error) {
	if text == "" {
		return nil, nil
	}
	sender, err := notice.Open(text)
	if failure, ok := errors.AsType[*notice.Error](err); ok {
		return nil, failure.Reason
	}
	return sender, err
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func endpoint(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Path != "" || u.User != nil || u.RawQuery != "" {
		return "", errors.New("http:// or https:// with a host and a port, such as http://127.0.0.1:4317")
	}
	return text, nil
}

func timeZone(text string) (*time.Location, error) {
	location, err := time.LoadLocation(text)
	// The machine's own zone is none to rely on.
	if err != nil || text == "" || text == "Local" {
		return nil, errors.New("the name of a time zone, such as America/New_York")
	}
	return location, nil
}

func level(text string) (level slog.Level, err error) {
	if _, err := oneOf("debug", "info", "warn", "error")(text); err != nil {
		return 0, err
	}
	return level, level.UnmarshalText([]byte(text))
}

func oneOf(words ...string) func(string) (string, error) {
	return func(text string) (string, error) {
		if !slices.Contains(words, text) {
			return "", errors.New(strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1])
		}
		return text, nil
	}
}
