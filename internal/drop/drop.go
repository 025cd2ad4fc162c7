// Package drop leaves files where a system that cannot be called fetches them: in a local folder, on an SFTP server, in an
// object store of S3's protocol.
//
// A file is dropped under a name, "roster.csv", again and again. Each time it becomes a dated file of its own, which never
// changes afterwards, and then the manifest is replaced, which says what is the latest:
//
//	roster-20260901T040000Z-6f1c02ab.csv         the file
//	roster-20260901T040000Z-6f1c02ab.csv.sha256  its checksum, for sha256sum -c
//	roster.csv.latest.json                       {"file", "size", "sha256", "cursor", "createTime", "previous": […]}
//
// Who reads
//
//  1. reads roster.csv.latest.json,
//  2. reads the file that it names; when that is not there any more, begins again,
//  3. compares it with sha256 and size of the manifest, or runs sha256sum -c on the checksum's file.
//
// At every moment there is a whole file for that, however a writer ended: two files cannot be changed at once, so the
// manifest alone decides, and what it names was whole and on disk before. Who cannot read JSON takes the last in order of
// names of roster-*.csv: a dated file appears only when it is whole, after its checksum, and disappears before it. What
// begins with a dot and ends in .part is being written.
//
// The manifest names the files before the latest as "previous", the later first, so that a reader who missed one finds it;
// as many are kept as the options say, and the others deleted. What a writer left behind that was stopped is deleted a day
// later. Several writers under one name do no harm, except on an SFTP server that cannot replace a file: who replaces the
// manifest last has the latest file, and of the previous ones some may already be gone.
package drop

import (
	"cmp"
	"context"
	"crypto/x509"
	"io"
	"net"
	"time"
)

// What a target does when its options do not say.
const (
	DefaultKeep    = 7
	DefaultTimeout = 2 * time.Minute
)

// MaxKeep is how many files of a name can be kept.
const MaxKeep = 1000

// Options say which targets are allowed and how they are used. The zero value allows none.
type Options struct {
	// Root is the folder, existing and absolute, below which local folders may be; none when empty.
	Root string
	// Dial connects to SFTP servers and object stores, and refuses addresses that are not to be reached. It is called with
	// the name of the host and has to look at the address that it finds; none are allowed when nil.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// KnownHosts is a text in the format of OpenSSH's known_hosts, for SFTP servers whose URL has no host-key.
	KnownHosts string
	// RootCAs are whose certificates object stores may have; the system's when nil.
	RootCAs *x509.CertPool
	// Keep is how many files of a name are kept, the latest included, 1 to 1000; DefaultKeep when zero.
	Keep int
	// Timeout bounds each step: to connect, to hand over a part, to rename; DefaultTimeout when zero.
	Timeout time.Duration
	// Now is the clock; time.Now when nil.
	Now func() time.Time
}

// Target is a place where files are dropped. It is safe for concurrent use. After an error that is ErrUnreachable or
// ErrTimeout another one is to be opened: a connection that broke stays broken.
type Target struct {
	store store
	place string
	keep  int
	now   func() time.Time
}

// store is what the kinds of targets differ in. The names are those of entries of the target's folder.
type store interface {
	// create begins an entry, which appears under its name when it is committed, at once and whole, in place of one that
	// is there. Until then it may be seen under the temporary name.
	create(ctx context.Context, temporary, name string) (entry, error)
	// read is a small entry; the error is fs.ErrNotExist or ErrManifest, when it is larger than the limit, or any other.
	read(ctx context.Context, name string, limit int64) ([]byte, error)
	// list are the entries whose names begin with the prefix, or with a dot before it.
	list(ctx context.Context, prefix string) ([]string, error)
	// remove deletes an entry; that it is not there is no error.
	remove(ctx context.Context, name string) error
	close() error
}

// entry is being written.
type entry interface {
	io.Writer
	// commit makes it durable and gives it its name. After an error it may nevertheless have it.
	commit() error
	// abort removes what was written, as far as it can; after commit it does nothing.
	abort()
}

// Open opens the target of a URL:
//
//	file:///var/lib/btlc/drops/bps
//	sftp://user@host:22/path?host-key=SHA256:…   the key's fingerprint as ssh-keygen -lf prints it; several may be given
//	s3://bucket/prefix?endpoint=…&region=…       the endpoint as host, host:port or https://host:port; AWS's when missing
//
// It connects, so that a wrong host key, secret or folder is told at once. The error is an *Error with a reason of this
// package; no error, and nothing that is logged of Secrets, holds a secret.
func Open(ctx context.Context, target string, secrets Secrets, options Options) (*Target, error) {
	p, err := parsePlace(target)
	if err != nil {
		return nil, &Error{Reason: err}
	}
	t := &Target{place: p.String(), keep: cmp.Or(options.Keep, DefaultKeep), now: options.Now}
	options.Timeout = cmp.Or(options.Timeout, DefaultTimeout)
	if t.now == nil {
		t.now = time.Now
	}
	switch {
	case t.keep < 1, t.keep > MaxKeep, options.Timeout < 0, p.scheme == KindFolder && options.Root == "", p.scheme != KindFolder && options.Dial == nil:
		return nil, &Error{Target: t.place, Reason: ErrNotAllowed}
	case p.scheme == KindFolder:
		t.store, err = openFolder(p, options.Root)
	case p.scheme == KindSFTP:
		t.store, err = openSFTP(ctx, p, secrets, options)
	default:
		t.store, err = openS3(ctx, p, secrets, options)
	}
	if err != nil {
		return nil, explain(ctx, t.place, err)
	}
	return t, nil
}

// Close ends the connection.
func (t *Target) Close() error {
	if err := t.store.close(); err != nil {
		return explain(context.Background(), t.place, err)
	}
	return nil
}

// Latest is what the manifest of a name says: the last file that was dropped whole. The error is ErrNone before the first.
func (t *Target) Latest(ctx context.Context, name string) (Receipt, error) {
	s, err := newSeries(name)
	if err != nil {
		return Receipt{}, explain(ctx, t.place, err)
	}
	m, err := t.latest(ctx, s)
	if err == nil && m == nil {
		err = ErrNone
	}
	if err != nil {
		return Receipt{}, explain(ctx, t.place, err)
	}
	return m.Receipt, nil
}
