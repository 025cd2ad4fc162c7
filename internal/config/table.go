package config

import (
	"strings"
	"unicode"
)

// setting is a row of the table.
type setting struct {
	name     string // rest-address: the flag, from which the names in the environment and in the file follow
	kind     string // what stands for a value in the help
	fallback string // the default as it would be written
	derived  string // how the default is worked out, where it is not the same everywhere
	secret   bool
	usage    string
	example  string
	set      func(c *Config, text string) error // its error says what would be right
}

// configFile is no row: it says where the file is.
const configFile = "config"

// settings is the table, in the order of help and reference.
var settings = []*setting{
	{
		name: "rest-address", kind: "host:port", fallback: "127.0.0.1:8080", example: "0.0.0.0:8080", set: into(restAddress, address),
		usage: "where REST, the API reference and the health pages are served",
	},
	{
		name: "grpc-address", kind: "host:port", fallback: "127.0.0.1:9090", example: "0.0.0.0:9090", set: into(grpcAddress, address),
		usage: "where gRPC is served",
	},
	{
		name: "metrics-address", kind: "host:port", fallback: "127.0.0.1:9464", example: "0.0.0.0:9464", set: into(metricsAddress, optional(address)),
		usage: "where Prometheus finds metrics; empty for none",
	},
	{
		name: "public-url", kind: "url", derived: "http:// and the REST address", example: "https://btlc.example.org", set: into(publicURL, optional(baseURL)),
		usage: "the address by which others reach REST; the ids of credentials and of their issuer begin with it, so it must not change later",
	},
	{
		name: "data-dir", kind: "directory", derived: "/var/lib/btlc as root, else $XDG_DATA_HOME/btlc or ~/.local/share/btlc", example: "/srv/btlc", set: into(dataDir, path),
		usage: "where the signing keys, the first keys of callers and the private PostgreSQL are kept",
	},
	{
		// A URI with a secret in it is refused, but must not be shown in the refusal.
		name: "signing-keys-kms", kind: "uri,...", secret: true, example: "awskms:key-id=alias/btlc-ed25519;region=us-east-1,awskms:key-id=alias/btlc-p256;region=us-east-1", set: into(signingKeysKMS, list(signingKeyKMS)),
		usage: "the keys of a key service that sign in the place of files: one Ed25519 key, one P-256 key or both, by the URIs of awskms, cloudkms, azurekms or softkms; who calls is told by the service's own variables, never by the URI",
	},
	{
		name: "database-url", kind: "url", secret: true, derived: "a private PostgreSQL in the data directory", example: "postgres://btlc@db.example.org/btlc", set: into(databaseURL, databaseAddress),
		usage: "the PostgreSQL to use; it holds a password, so prefer the environment or the file to the flag",
	},
	{
		name: "migrate-database-url", kind: "url", secret: true, derived: "the database URL", example: "postgres://btlc_owner@db.example.org/btlc", set: into(migrateDatabaseURL, databaseAddress),
		usage: "the same database as the owner of its tables, and not through a pooler",
	},
	{
		name: "assume-role", kind: "true|false", fallback: "true", example: "false", set: into(assumeRole, yesNo),
		usage: "work as the role btlc_server, whoever the database URL logs in as; false for a pooler, which refuses that: then log in as a member of the role",
	},
	{
		name: "postgres-bin", kind: "directory", derived: "looked for in PATH, then in /usr/lib/postgresql", example: "/usr/lib/postgresql/15/bin", set: into(postgresBin, optional(directory)),
		usage: "where the programs for a private PostgreSQL are",
	},
	{
		name: "max-connections", kind: "number", fallback: "20", example: "50", set: into(maxConnections, number(4, 1000)),
		usage: "how many connections to the database are used at most",
	},
	{
		name: "migrate-on-start", kind: "true|false", fallback: "true", example: "false", set: into(migrateOnStart, yesNo),
		usage: "apply the migrations that the database lacks before serving; if not, run btlc migrate",
	},
	{
		name: "demo", kind: "true|false", fallback: "false", example: "true", set: into(demo, yesNo),
		usage: "fill an empty database with made-up people, and show keys to try things out with",
	},
	{
		name: "issuer-name", kind: "text", fallback: "Boston Teacher Leadership Certificate", example: "Example Certificate Board", set: into(issuerName, text),
		usage: "the name of the issuer in credentials",
	},
	{
		name: "suspension-entries", kind: "true|false", fallback: "false", example: "true", set: into(suspensionEntries, yesNo),
		usage: "have credentials name the list of suspensions beside that of revocations, for verifiers of W3C status lists; the JSON schema of Open Badges 3.0 allows only one",
	},
	{
		name: "revocation-list-1edtech", kind: "true|false", fallback: "false", example: "true", set: into(revocationList, yesNo),
		usage: "publish the ids of revoked and replaced credentials to everybody, as a revocation list of 1EdTech, for verifiers that know no other: an id is the credential's address, so whoever reads the list can read the document. Credentials issued meanwhile name it beside the other lists, though the JSON schema of Open Badges 3.0 allows only one, and go on doing so: once on, leave it on",
	},
	{
		name: "oidc-issuers", kind: "url=audience,...", example: "https://login.example.org=btlc", set: into(oidcIssuers, list(oidcIssuer)),
		usage: "the identity providers whose tokens are taken, each with the audience that tokens for this service name",
	},
	{
		name: "cors-origins", kind: "origin,...", example: "https://app.example.org", set: into(corsOrigins, list(origin)),
		usage: "the web pages that browsers may call from",
	},
	{
		name: "vc-api", kind: "true|false", fallback: "false", example: "true", set: into(vcAPI, yesNo),
		usage: "answer the VC-API under /vc-api/ in the name of a test issuer, with a key made at each start, for conformance suites: anybody may issue there, so never where people rely on the server",
	},
	{
		name: "verify-hosts", kind: "host,...", example: "badges.example.org", set: into(verifyHosts, list(verifyHost)),
		usage: "the hosts of other issuers, which may be asked for keys and status lists when a credential of theirs is verified, and those of people who give a did:web; none are unless they are named",
	},
	{
		name: "webhook-networks", kind: "network,...", example: "10.20.0.0/16", set: into(webhookNetworks, list(network)),
		usage: "the networks within yours that changes may be posted to, beside the public internet; http:// is taken for loopback addresses among them only",
	},
	{
		name: "feed-retention-days", kind: "number", fallback: "400", example: "800", set: into(feedRetention, days(7)),
		usage: "how many days changes stay on the change feed at least; whole months are dropped, and who comes later starts again from a full reading; 0 keeps all",
	},
	{
		name: "webhook-log-days", kind: "number", fallback: "40", example: "90", set: into(webhookLog, days(31)),
		usage: "how many days the attempts to post changes stay on record at least; 0 keeps all",
	},
	{
		name: "smtp-url", kind: "url", secret: true, derived: "no e-mail is sent, nor kept to be sent", example: "smtp://user:password@mail.example.org:587?from=notices@example.org&tls=starttls", set: into(mail, mailServer),
		usage: "the mail server that e-mails are handed to, and who they are from; smtps:// and tls=implicit have TLS from the first byte, tls=none has none and takes no password; it holds a password, so prefer the environment or the file to the flag",
	},
	{
		name: "sign-in-url", kind: "url", derived: "the public URL", example: "https://app.example.org", set: into(signInURL, optional(signInPage)),
		usage: "where educators sign in, which is where notices lead them",
	},
	{
		name: "notice-retention-days", kind: "number", fallback: "400", example: "800", set: into(noticeRetention, days(7)),
		usage: "how many days notices that were sent, or will not be, stay on record; 0 keeps all",
	},
	{
		name: "file-drops", kind: "file", example: "/etc/btlc/drops.yaml", set: into(fileDrops, optional(path)),
		usage: "a YAML file that says which files are left each day for systems that cannot call, see File drops in deploy/README.md",
	},
	{
		name: "drop-root", kind: "directory", example: "/var/lib/btlc-drops", set: into(dropRoot, optional(directory)),
		usage: "the folder, which exists, below which files may be left on this machine; nowhere unless it is given",
	},
	{
		name: "drop-networks", kind: "network,...", example: "10.20.0.0/16", set: into(dropNetworks, list(network)),
		usage: "the networks within yours whose SFTP servers and object stores files may be left on, beside the public internet",
	},
	{
		name: "zone", kind: "time zone", fallback: "America/New_York", example: "Europe/Vienna", set: into(zone, timeZone),
		usage: "the time zone in which sections meet",
	},
	{
		name: "request-timeout", kind: "duration", fallback: "30s", example: "10s", set: into(requestTimeout, duration(minRequestTimeout, maxRequestTimeout)),
		usage: "how long a request may take that brings no deadline of its own",
	},
	{
		name: "shutdown-grace", kind: "duration", fallback: "20s", example: "1m", set: into(shutdownGrace, duration(0, maxShutdownGrace)),
		usage: "how long requests in flight may take to finish when the server stops",
	},
	{
		name: "requests-per-second", kind: "number", fallback: "500", example: "50", set: into(requestsPerSecond, number(0, 1_000_000)),
		usage: "how many requests a second one caller may make, in bursts of twice that; 0 for no limit",
	},
	{
		name: "log-level", kind: "level", fallback: "info", example: "debug", set: into(logLevel, level),
		usage: "the least important messages that are logged: debug, info, warn or error",
	},
	{
		name: "log-format", kind: "json|text", fallback: "json", example: "text", set: into(logFormat, oneOf("json", "text")),
		usage: "how log lines look",
	},
	{
		name: "otlp-endpoint", kind: "url", example: "http://127.0.0.1:4317", set: into(otlpEndpoint, optional(endpoint)),
		usage: "where traces are sent by OTLP over gRPC; empty for nowhere",
	},
}

// envName is BTLC_REST_ADDRESS for rest-address.
func envName(name string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// fileKey is restAddress for rest-address.
func fileKey(name string) string {
	var key strings.Builder
	upper := false
	for _, r := range name {
		switch {
		case r == '-':
			upper = true
		case upper:
			key.WriteRune(unicode.ToUpper(r))
			upper = false
		default:
			key.WriteRune(r)
		}
	}
	return key.String()
}

// shown is a value of the setting as it may be printed.
func (s *setting) shown(text string) string {
	if s.secret && text != "" {
		return redacted
	}
	return text
}

func find(name string) *setting {
	for _, s := range settings {
		if s.name == name {
			return s
		}
	}
	return nil
}
