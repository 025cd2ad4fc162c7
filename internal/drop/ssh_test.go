package drop

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/btlc/btlc/internal/drop/droptest"
)

func TestHostKeys(t *testing.T) {
	server := droptest.StartSFTP(t, true)
	directory := t.TempDir()
	stranger, _ := droptest.NewKey(t)
	host := knownhosts.Normalize(server.Address)
	line := func(key ssh.PublicKey, hosts ...string) string { return knownhosts.Line(hosts, key) + "\n" }
	edwards, curve := server.Keys[0], server.Keys[1]
	cases := map[string]struct {
		url, known string
		want       error
	}{
		"pinned":                    {server.URL(directory, edwards), "", nil},
		"the other kind pinned":     {server.URL(directory, curve), "", nil},
		"one of two pinned":         {server.URL(directory, stranger, curve), "", nil},
		"another pinned":            {server.URL(directory, stranger), "", ErrHostKey},
		"pinned, others known":      {server.URL(directory, edwards), line(stranger, host), nil},
		"another pinned, but known": {server.URL(directory, stranger), line(edwards, host), ErrHostKey},
		"known":                     {server.URL(directory), "# a comment\n" + line(edwards, "sftp.example.org", host), nil},
		"the other kind known":      {server.URL(directory), line(curve, host), nil},
		"known, hashed":             {server.URL(directory), line(edwards, knownhosts.HashHostname(host)), nil},
		"another host's":            {server.URL(directory), line(edwards, "sftp.example.org"), ErrHostKey},
		"another known":             {server.URL(directory), line(stranger, host), ErrHostKey},
		"revoked":                   {server.URL(directory), line(edwards, host) + line(curve, host) + "@revoked " + line(edwards, "*") + "@revoked " + line(curve, "*"), ErrHostKey},
		"none":                      {server.URL(directory), "", ErrHostKey},
		"not known hosts":           {server.URL(directory), "nonsense", ErrHostKey},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			server.Asked.Store(0)
			target, err := Open(t.Context(), c.url, Secrets{Password: password}, Options{Dial: dial, KnownHosts: c.known})
			if !errors.Is(err, c.want) {
				t.Fatalf("Open says %v, want %v", err, c.want)
			}
			if err != nil {
				if asked := server.Asked.Load(); asked != 0 {
					t.Errorf("the password was told %d times", asked)
				}
				return
			}
			if err := target.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestLogins(t *testing.T) {
	server := droptest.StartSFTP(t, true)
	f := sftpFixture(t, server)
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := ssh.ParseRawPrivateKey([]byte(server.UserKey))
	if err != nil {
		t.Fatal(err)
	}
	encrypted := func(key any) string {
		block, err := ssh.MarshalPrivateKeyWithPassphrase(key, "", []byte("passphrase"))
		if err != nil {
			t.Fatal(err)
		}
		return string(pem.EncodeToMemory(block))
	}
	cases := map[string]struct {
		secrets Secrets
		want    error
	}{
		"key":                  {Secrets{PrivateKey: server.UserKey}, nil},
		"encrypted key":        {Secrets{PrivateKey: encrypted(parsed), Passphrase: "passphrase"}, nil},
		"wrong passphrase":     {Secrets{PrivateKey: encrypted(parsed), Passphrase: "wrong"}, ErrSecrets},
		"no passphrase":        {Secrets{PrivateKey: encrypted(parsed)}, ErrSecrets},
		"wrong key":            {Secrets{PrivateKey: encrypted(private), Passphrase: "passphrase"}, ErrSecrets},
		"wrong key, then word": {Secrets{PrivateKey: encrypted(private), Passphrase: "passphrase", Password: password}, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			target, err := Open(t.Context(), f.url, c.secrets, f.options)
			if !errors.Is(err, c.want) {
				t.Fatalf("Open says %v, want %v", err, c.want)
			}
			if err == nil {
				put(t, target, roster, name)
				f.expect(t, roster, name)
				if err := target.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestServerThatSaysNothing(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	key, _ := droptest.NewKey(t)
	for _, target := range []string{
		(&droptest.SFTP{Address: listener.Addr().String()}).URL("/drops", key),
		"s3://btlc-drops/?endpoint=http://" + listener.Addr().String(),
	} {
		secrets := Secrets{Password: password, AccessKeyID: accessKey, SecretAccessKey: secretKey}
		_, err = Open(t.Context(), target, secrets, Options{Dial: dial, Timeout: 50 * time.Millisecond})
		if !errors.Is(err, ErrTimeout) {
			t.Errorf("Open of %s says %v, want %v", target, err, ErrTimeout)
		}
		ctx, cancel := context.WithCancel(t.Context())
		_, err = Open(ctx, target, secrets, Options{Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			defer cancel()
			return dial(ctx, network, address)
		}})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Open of %s says %v, want %v", target, err, context.Canceled)
		}
	}
}

// stalling is a connection that takes nothing any more once it is told so, until it is closed.
type stalling struct {
	net.Conn
	stalled *atomic.Bool
	closed  chan struct{}
	once    sync.Once
}

func (c *stalling) Write(content []byte) (int, error) {
	if c.stalled.Load() {
		<-c.closed
		return 0, net.ErrClosed
	}
	return c.Conn.Write(content)
}

func (c *stalling) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

func TestServerThatStalls(t *testing.T) {
	for _, kind := range []string{"sftp", "s3"} {
		t.Run(kind, func(t *testing.T) {
			f := kinds[kind](t)
			put(t, f.open(t), roster, "whole")
			var stalled atomic.Bool
			target := f.open(t, func(o *Options) {
				o.Timeout = time.Second
				o.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
					conn, err := dial(ctx, network, address)
					if err != nil {
						return nil, err
					}
					return &stalling{Conn: conn, stalled: &stalled, closed: make(chan struct{})}, nil
				}
			})
			_, err := target.Put(t.Context(), roster, func(w io.Writer) (string, error) {
				stalled.Store(true)
				_, err := w.Write(make([]byte, partBytes+1))
				return "", err
			})
			if !errors.Is(err, ErrTimeout) {
				t.Errorf("Put says %v, want %v", err, ErrTimeout)
			}
			f.expect(t, roster, "whole")
		})
	}
}
