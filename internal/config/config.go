// Package config reads the settings: from flags, from the environment, from a file, and their defaults, in this order of
// precedence. One table (table.go) drives all four, the help and the reference. All that is wrong is reported at once,
// and secrets are never printed.
package config

import (
	"log/slog"
	"net"
	"net/netip"
	"time"

	"github.com/btlc/btlc/internal/drops"
	"github.com/btlc/btlc/internal/notice"
)

// Config is all settings, each with a value that fits.
type Config struct {
	RESTAddress    string
	GRPCAddress    string
	MetricsAddress string // empty: no metrics

	DataDir            string
	SigningKeysKMS     []string // as kms.Open has them; empty: files in DataDir sign
	DatabaseURL        Secret   // empty: a private PostgreSQL
	MigrateDatabaseURL Secret   // never empty when DatabaseURL is not
	AssumeRole         bool     // false: DatabaseURL logs in as a member of the server's role
	PostgresBin        string   // empty: looked for
	MaxConnections     int
	MigrateOnStart     bool
	Demo               bool

	PublicURL         string // empty: made from the address that REST is served at, see Base
	IssuerName        string
	SuspensionEntries bool // credentials name the list of suspensions too
	RevocationList    bool // and one that names those that are revoked
	OIDCIssuers       []OIDCIssuer
	CORSOrigins       []string
	VCAPI             bool     // a test issuer answers the VC-API
	VerifyHosts       []string // as fetch.Config.Hosts has them
	WebhookNetworks   []netip.Prefix
	FeedRetention     time.Duration // 0: for ever, as the next one
	WebhookLog        time.Duration
	Mail              *notice.Sender // nil: no notices by e-mail
	SignInURL         string         // empty: the public URL
	NoticeRetention   time.Duration  // 0: for ever
	FileDrops         string         // a file; what is in it is in Drops
	Drops             []drops.Drop
	DropReach         drops.Reach
	Zone              *time.Location

	RequestTimeout    time.Duration
	ShutdownGrace     time.Duration
	RequestsPerSecond int // 0: no limit

	LogLevel     slog.Level
	LogFormat    string // json or text
	OTLPEndpoint string // empty: no traces

	used []used
}

// OIDCIssuer is an identity provider, and what its tokens for this service are made out to.
type OIDCIssuer struct{ URL, Audience string }

// used is a setting as it came to be. It holds no secret, so that printing a Config shows none.
type used struct {
	setting *setting
	shown   string
	source  string // empty: the default
}

// Base is the public URL: the one that was given, or else that of the address which REST is served at.
func (c *Config) Base(rest net.Addr) string {
	if c.PublicURL != "" {
		return c.PublicURL
	}
	return "http://" + rest.String()
}

// LogValue is the settings that do not have their defaults, for the log.
func (c *Config) LogValue() slog.Value {
	var given []slog.Attr
	for _, u := range c.used {
		if u.source != "" {
			given = append(given, slog.String(u.setting.name, u.shown))
		}
	}
	return slog.GroupValue(given...)
}

const redacted = "[secret]"

// Secret is a text that no printing, logging or marshalling shows.
type Secret string

// Reveal is the text itself.
func (s Secret) Reveal() string { return string(s) }

func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// GoString keeps it from %#v.
func (s Secret) GoString() string { return s.String() }

// LogValue keeps it from logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText keeps it from JSON and the like.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
