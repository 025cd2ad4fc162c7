// Package noticetest has an SMTP server for tests: it takes messages on this machine, and refuses what a test wants refused.
package noticetest

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log"
	"math/big"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"
)

// User and Password are whom the server lets in.
const (
	User     = "btlc@example.org"
	Password = "very:secret/pässword"
)

// Received is a message as the server took it.
type Received struct {
	From, To, Body string
	Encrypted      bool
}

// How the way to the server is encrypted, as URLs have it.
const (
	StartTLS = "starttls"
	Implicit = "implicit"
	Open     = "none"
)

// Server is an SMTP server that takes messages, and does to some recipients what its fields say.
type Server struct {
	// Address is host and port: one that is free, unless it is given.
	Address string
	// Roots are whose certificate it has.
	Roots *x509.CertPool
	// Anybody may send, without a login.
	Anybody bool

	Refuse     map[string]*gosmtp.SMTPError // in answer to RCPT
	RefuseData map[string]*gosmtp.SMTPError // in answer to the end of DATA
	RefuseMail *gosmtp.SMTPError
	HangUpIn   map[string]bool // in the middle of DATA
	HangUpPast map[string]bool // after the message was taken
	Entered    chan struct{}   // is told of each DATA, which then is not answered; nil for a server that answers
	Took       chan Received   // is told of each message that was taken, and waited for; nil for nobody

	mu       sync.Mutex
	logins   int // tries included
	sessions int
	messages []Received
}

// Free is a server that is down: it has an address, at which nobody answers until it is started.
func Free(t testing.TB) *Server {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	return &Server{Address: listener.Addr().String(), Anybody: true}
}

// Start serves until the test is over. Implicit is TLS from the first byte; without TLS, passwords are asked for in the
// open, as a server does that somebody stands in front of.
func (s *Server) Start(t testing.TB, encryption string) *Server {
	t.Helper()
	certificate, roots := SelfSigned(t)
	config := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", cmp.Or(s.Address, "127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	s.Address, s.Roots = listener.Addr().String(), roots
	library := gosmtp.NewServer(gosmtp.BackendFunc(func(c *gosmtp.Conn) (gosmtp.Session, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.sessions++
		return &visit{server: s, conn: c}, nil
	}))
	library.Domain, library.ErrorLog = "mail.example.org", log.New(io.Discard, "", 0)
	switch encryption {
	case StartTLS:
		library.TLSConfig = config
	case Implicit:
		listener = tls.NewListener(listener, config)
	case Open:
		library.AllowInsecureAuth = true
	}
	done := make(chan error, 1)
	go func() { done <- library.Serve(listener) }()
	t.Cleanup(func() {
		_ = library.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return s
}

// Inbox is what the server took.
func (s *Server) Inbox() []Received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// Tries are how often somebody logged in, or tried to, and how many sessions there were.
func (s *Server) Tries() (logins, sessions int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logins, s.sessions
}

// visit is a client's session.
type visit struct {
	server       *Server
	conn         *gosmtp.Conn
	known, taken bool
	from, to     string
}

func (v *visit) AuthMechanisms() []string { return []string{sasl.Plain} }

func (v *visit) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, name, word string) error {
		v.server.mu.Lock()
		defer v.server.mu.Unlock()
		v.server.logins++
		if name != User || word != Password {
			return gosmtp.ErrAuthFailed
		}
		v.known = true
		return nil
	}), nil
}

func (v *visit) Mail(from string, _ *gosmtp.MailOptions) error {
	if !v.known && !v.server.Anybody {
		return gosmtp.ErrAuthRequired
	}
	if v.server.RefuseMail != nil {
		return v.server.RefuseMail
	}
	v.from = from
	return nil
}

func (v *visit) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	if err := v.server.refusal(to); err != nil {
		return err
	}
	v.to = to
	return nil
}

func (s *Server) refusal(to string) *gosmtp.SMTPError {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Refuse[to]
}

// Relent takes from now on what is sent to a recipient who was refused.
func (s *Server) Relent(to string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.Refuse, to)
}

func (v *visit) Data(r io.Reader) error {
	if v.server.HangUpIn[v.to] {
		_, _ = io.ReadFull(r, make([]byte, 100))
		return v.conn.Conn().Close()
	}
	body, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if v.server.Entered != nil {
		v.server.Entered <- struct{}{}
		// Nothing more comes, so this ends when the client hangs up.
		_, err = v.conn.Conn().Read(make([]byte, 1))
		return err
	}
	if err := v.server.RefuseData[v.to]; err != nil {
		return err
	}
	_, encrypted := v.conn.TLSConnectionState()
	message := Received{v.from, v.to, string(body), encrypted}
	v.server.take(message)
	v.taken = true
	if v.server.Took != nil {
		v.server.Took <- message
	}
	return nil
}

func (s *Server) take(message Received) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages = append(s.messages, message)
}

// Reset comes after the answer to a message.
func (v *visit) Reset() {
	if v.taken && v.server.HangUpPast[v.to] {
		_ = v.conn.Conn().Close()
	}
	v.taken = false
}

func (v *visit) Logout() error { return nil }

// SelfSigned is a certificate of this machine, and who trusts it.
func SelfSigned(t testing.TB) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail.example.org"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(certificate)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}
