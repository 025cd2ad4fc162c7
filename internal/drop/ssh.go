package drop

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// keyKinds are the kinds of host keys that are asked for, the preferred first. A server has several keys and shows the one
// that is asked for, so they are tried one by one until it is a known one.
var keyKinds = [][]string{
	{ssh.KeyAlgoED25519},
	{ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521},
	{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256},
}

// connection is one to an SSH server.
type connection struct {
	ssh     *ssh.Client
	raw     net.Conn
	timeout time.Duration
	severed atomic.Bool
}

// connect logs in. A secret is offered only to a server whose key is known.
func connect(ctx context.Context, p place, secrets Secrets, options Options) (*connection, error) {
	methods, err := logins(secrets)
	if err != nil {
		return nil, err
	}
	known, err := hostKeys(p, options.KnownHosts)
	if err != nil {
		return nil, err
	}
	var faults []error
	for _, kind := range keyKinds {
		c, err := connectWith(ctx, p, options, ssh.ClientConfig{
			User: p.user, Auth: methods, HostKeyCallback: known, HostKeyAlgorithms: kind,
		})
		if err == nil {
			return c, nil
		}
		faults = append(faults, err)
		if none := new(ssh.AlgorithmNegotiationError); !errors.Is(err, ErrHostKey) && !errors.As(err, &none) {
			return nil, err
		}
	}
	return nil, errors.Join(faults...)
}

func connectWith(ctx context.Context, p place, options Options, config ssh.ClientConfig) (*connection, error) {
	ctx, cancel := context.WithTimeout(ctx, options.Timeout)
	defer cancel()
	raw, err := options.Dial(ctx, "tcp", p.host)
	if err != nil {
		return nil, err
	}
	c := &connection{raw: raw, timeout: options.Timeout}
	var trusted bool
	known := config.HostKeyCallback
	config.HostKeyCallback = func(host string, remote net.Addr, key ssh.PublicKey) error {
		err := known(host, remote, key)
		trusted = err == nil
		return err
	}
	err = c.bounded(ctx, func() error {
		established, channels, requests, err := ssh.NewClientConn(raw, p.host, &config)
		if err == nil {
			c.ssh = ssh.NewClient(established, channels, requests)
		}
		return err
	})
	if err == nil {
		return c, nil
	}
	_ = raw.Close() // the first error says more
	var operation *net.OpError
	if trusted && !c.broken() && !errors.As(err, &operation) && !errors.Is(err, io.EOF) {
		// The library has no error of its own for a login that failed; nothing else is left to fail after the keys.
		return nil, errors.Join(ErrSecrets, err)
	}
	return nil, err
}

// bounded runs a step of which the library cannot be told to end: when its time is over, or the caller's, the connection
// is closed under it.
func (c *connection) bounded(ctx context.Context, step func() error) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	stop := context.AfterFunc(ctx, func() {
		c.severed.Store(true)
		_ = c.raw.Close()
	})
	err := step()
	if !stop() {
		c.severed.Store(true)
		return ctx.Err()
	}
	return err
}

// broken tells whether a step took too long for the connection.
func (c *connection) broken() bool { return c.severed.Load() }

// logins are the ways of logging in that the secrets allow.
func logins(secrets Secrets) ([]ssh.AuthMethod, error) {
	var methods []ssh.AuthMethod
	if secrets.PrivateKey != "" {
		parse := ssh.ParsePrivateKey
		if secrets.Passphrase != "" {
			parse = func(pem []byte) (ssh.Signer, error) {
				return ssh.ParsePrivateKeyWithPassphrase(pem, []byte(secrets.Passphrase))
			}
		}
		signer, err := parse([]byte(secrets.PrivateKey))
		if err != nil {
			return nil, ErrSecrets
		}
		methods = append(methods, ssh.PublicKeys(signer))
	}
	if secrets.Password != "" {
		methods = append(methods, ssh.Password(secrets.Password))
	}
	if len(methods) == 0 {
		return nil, ErrSecrets
	}
	return methods, nil
}

// hostKeys tells which keys the server may have: those that the URL pins, else those of the known hosts.
func hostKeys(p place, text string) (ssh.HostKeyCallback, error) {
	if len(p.hostKeys) > 0 {
		return func(_ string, _ net.Addr, key ssh.PublicKey) error {
			if !slices.Contains(p.hostKeys, ssh.FingerprintSHA256(key)) {
				return ErrHostKey
			}
			return nil
		}, nil
	}
	if text == "" {
		return nil, ErrHostKey
	}
	known, err := parseKnownHosts(text)
	if err != nil {
		return nil, err
	}
	return func(host string, remote net.Addr, key ssh.PublicKey) error {
		if err := known(host, remote, key); err != nil {
			return errors.Join(ErrHostKey, err)
		}
		return nil
	}, nil
}

// parseKnownHosts reads a text, which the library does from files only.
func parseKnownHosts(text string) (known ssh.HostKeyCallback, err error) {
	file, err := os.CreateTemp("", "btlc-known-hosts-*")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.Remove(file.Name())) }()
	_, err = file.WriteString(text)
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	if known, err = knownhosts.New(file.Name()); err != nil {
		return nil, errors.Join(ErrHostKey, err)
	}
	return known, nil
}
