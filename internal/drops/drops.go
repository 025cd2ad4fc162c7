// Package drops leaves what a district's systems fetch as files, each day at a time of the district's, where those systems
// cannot call: which drops there are is read from a file of the operator's, and which server makes one is settled by the
// table drop_runs. How a file is left is up to package drop, and what is in it to who exports.
package drops

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"

	"github.com/btlc/btlc/internal/drop"
	"github.com/btlc/btlc/internal/fetch"
)

// The forms of a file, which are the endings of its name too.
const (
	CSV    = "csv"
	NDJSON = "ndjson"
)

// Drop is one file that is left again and again.
type Drop struct {
	// Name is that of the drop, and of the file before its ending: "bps-credentials".
	Name string
	// District is whose people's credentials are exported: "districts/bps".
	District string
	// At is when, each day, in the district's time zone.
	At ClockTime
	// Form is CSV or NDJSON.
	Form string
	// Target is a URL as drop.Open takes it, and Keep how many files are kept there; 0 is drop.DefaultKeep.
	Target string
	Keep   int

	// Where the secrets of the target are, and what its servers are known by; empty for none. They are read at each run, so
	// that a secret that was changed is the one that is used.
	PasswordFile, PrivateKeyFile, PassphraseFile           string
	AccessKeyIDFile, SecretAccessKeyFile, SessionTokenFile string
	KnownHostsFile, RootCAsFile                            string
}

// File is the name that the files are dropped under: "bps-credentials.csv".
func (d Drop) File() string { return d.Name + "." + d.Form }

// Principal is who exports, on the audit record.
func (d Drop) Principal() string { return "drops/" + d.Name }

// Reach says where drops may lead.
type Reach struct {
	// Root is the folder below which local folders may be; none may when empty.
	Root string
	// Networks may hold SFTP servers and object stores, beside the public internet.
	Networks []netip.Prefix
}

// Open opens a drop's target. The error is of package drop, or names a file that cannot be read; it holds no secret.
func (r Reach) Open(ctx context.Context, d Drop) (*drop.Target, error) {
	options := drop.Options{Root: r.Root, Dial: fetch.Guard{Networks: r.Networks}.Dial, Keep: d.Keep}
	var secrets drop.Secrets
	var authorities string
	for _, f := range []struct {
		path string
		into *string
	}{
		{d.PasswordFile, &secrets.Password}, {d.PrivateKeyFile, &secrets.PrivateKey}, {d.PassphraseFile, &secrets.Passphrase},
		{d.AccessKeyIDFile, &secrets.AccessKeyID}, {d.SecretAccessKeyFile, &secrets.SecretAccessKey}, {d.SessionTokenFile, &secrets.SessionToken},
		{d.KnownHostsFile, &options.KnownHosts}, {d.RootCAsFile, &authorities},
	} {
		if f.path == "" {
			continue
		}
		content, err := os.ReadFile(f.path)
		if err != nil {
			return nil, err
		}
		*f.into = strings.TrimRight(string(content), "\r\n") // as editors and echo end a file
	}
	if d.RootCAsFile != "" {
		options.RootCAs = x509.NewCertPool()
		if !options.RootCAs.AppendCertsFromPEM([]byte(authorities)) {
			return nil, fmt.Errorf("%s: there is no certificate in PEM", d.RootCAsFile)
		}
	}
	target, err := drop.Open(ctx, d.Target, secrets, options)
	return target, explain(err)
}

// explain says of an address that was refused that it was: package drop tells only that there is no connection.
func explain(err error) error {
	if errors.Is(err, fetch.ErrAddress) {
		return fmt.Errorf("%w: its address is not of the public internet, and in none of drop-networks", err)
	}
	return err
}
