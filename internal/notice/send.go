package notice

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/mail"
	"regexp"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// Timeout bounds each step with the server: to connect and log in, and to hand over a message.
const Timeout = time.Minute

// validID is what RFC 5322, section 3.6.4, has between the angle brackets, near enough.
var validID = regexp.MustCompile(`^[A-Za-z0-9!#$%&'*+/=?^_{|}~.-]{1,200}@[A-Za-z0-9.:\[\]-]{1,253}$`)

// Sender hands messages to one SMTP server. It is safe for concurrent use: every call has a connection of its own.
type Sender struct {
	settings settings
	// roots are whose certificates the server may have; the system's when nil.
	roots *x509.CertPool
}

// Envelope is a message to somebody.
type Envelope struct {
	// To is the address of one recipient and a name that goes with it; the name may be empty.
	To      mail.Address
	Message Message
	// ID becomes the Message-ID, "left@right" without brackets. It is the same for each attempt at one message, so that a
	// server or mail program knows it again when the answer to the first one was lost.
	ID string
}

// Open reads the URL of a server:
//
//	smtp://user:password@host:587?from=notices@example.org&tls=starttls   the default for tls; a server without it gets nothing
//	smtps://user:password@host:465?from=notices@example.org               the same as smtp:// with tls=implicit
//	smtp://host:25?from=notices@example.org&tls=none                      never with a password
//
// From may have a name, "Program <notices@example.org>", and all is percent-encoded. Open connects nowhere. The error is an
// *Error of ErrURL that repeats nothing of the URL.
func Open(url string) (*Sender, error) {
	s, err := parse(url)
	if err != nil {
		return nil, &Error{Reason: err}
	}
	return &Sender{settings: s}, nil
}

// MessageID is an Envelope's ID: the key, which says which notice it is, in the domain of the sender.
func (s *Sender) MessageID(key string) string {
	return key + s.settings.domain()
}

// Send hands over one message. The error is an *Error; Permanent tells whether another attempt is useless. The context's
// end breaks the connection, after which the message may nevertheless have been taken.
func (s *Sender) Send(ctx context.Context, envelope Envelope) error {
	return s.SendAll(ctx, []Envelope{envelope})[0]
}

// SendAll hands over messages one after the other on one connection. There is one error for each envelope, as of Send;
// one that is refused does not keep the others back. When the connection breaks, what is left has an error that is not
// Permanent.
func (s *Sender) SendAll(ctx context.Context, envelopes []Envelope) []error {
	errs := make([]error, len(envelopes))
	messages := make([]*gomail.Msg, len(envelopes))
	good := 0
	for i, envelope := range envelopes {
		message, err := s.message(envelope)
		if err != nil {
			errs[i] = &Error{Server: s.String(), Reason: err}
			continue
		}
		messages[i] = message
		good++
	}
	if good == 0 {
		return errs
	}
	session, failure := s.open(ctx)
	if failure == nil {
		defer session.close()
	}
	for i, message := range messages {
		if message == nil {
			continue
		}
		e := failure
		if e == nil {
			e = session.send(ctx, message)
		}
		if e != nil {
			e.Server = s.String()
			errs[i] = e
		}
	}
	return errs
}

// message is an envelope as the library has it. Errors: ErrAddress, ErrMessage.
func (s *Sender) message(envelope Envelope) (*gomail.Msg, error) {
	to, err := mail.ParseAddress("<" + envelope.To.Address + ">")
	// The parser would take a comment or space around it for granted.
	if err != nil || to.Address != envelope.To.Address {
		return nil, ErrAddress
	}
	to.Name = line(envelope.To.Name)
	content := envelope.Message
	if content.Subject == "" || content.Text == "" || content.HTML == "" || !validID.MatchString(envelope.ID) {
		return nil, ErrMessage
	}
	message := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	message.FromMailAddress(&s.settings.from)
	message.ToMailAddress(to)
	message.Subject(line(content.Subject))
	message.SetDate()
	message.SetMessageIDWithValue(envelope.ID)
	// RFC 3834: that out-of-office replies are not sent to us.
	message.SetGenHeader("Auto-Submitted", "auto-generated")
	if content.UnsubscribeURL != "" {
		if !isWeb(content.UnsubscribeURL) {
			return nil, ErrMessage
		}
		message.SetGenHeader(gomail.HeaderListUnsubscribe, "<"+content.UnsubscribeURL+">")
	}
	// The last part is the one that is shown if it can be (RFC 2046, section 5.1.4).
	message.SetBodyString(gomail.TypeTextPlain, content.Text)
	message.AddAlternativeString(gomail.TypeTextHTML, content.HTML)
	return message, nil
}

// session is a connection on which we are logged in.
type session struct {
	mailer *gomail.Client
	smtp   *smtp.Client
	hangUp func()
}

// open connects and logs in.
func (s *Sender) open(ctx context.Context) (*session, *Error) {
	hangUp := func() {}
	dial := func(dialing context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(dialing, network, address)
		if err != nil {
			return nil, err
		}
		// The library heeds the context only until it is connected, and leaves the connection open after some failures.
		stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
		hangUp = func() {
			stop()
			_ = conn.Close()
		}
		if s.settings.tls == tlsImplicit {
			return tls.Client(conn, s.tlsConfig()), nil
		}
		return conn, nil
	}
	mailer, err := gomail.NewClient(s.settings.host, s.options(dial)...)
	if err != nil {
		return nil, &Error{Reason: ErrURL}
	}
	client, err := mailer.DialToSMTPClientWithContext(ctx)
	if err != nil {
		hangUp()
		return nil, judgeSession(ctx, err)
	}
	return &session{mailer: mailer, smtp: client, hangUp: hangUp}, nil
}

func (s *Sender) options(dial gomail.DialContextFunc) []gomail.Option {
	policy := gomail.TLSMandatory
	if s.settings.tls != tlsStart {
		policy = gomail.NoTLS // of STARTTLS: there is TLS already, or to be none
	}
	options := []gomail.Option{
		gomail.WithPort(s.settings.port), gomail.WithTimeout(Timeout), gomail.WithDialContextFunc(dial),
		gomail.WithTLSPolicy(policy), gomail.WithTLSConfig(s.tlsConfig()),
	}
	if s.settings.user != "" {
		// Left to itself, the library prefers NTLM and CRAM-MD5, which are broken, to a password within TLS.
		options = append(options, gomail.WithUsername(s.settings.user), gomail.WithPassword(s.settings.password),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin))
	}
	return options
}

func (s *Sender) tlsConfig() *tls.Config {
	return &tls.Config{ServerName: s.settings.host, MinVersion: tls.VersionTLS12, RootCAs: s.roots}
}

// send hands over one message. What the server said it took counts as sent, whatever comes after it.
func (s *session) send(ctx context.Context, message *gomail.Msg) *Error {
	err := s.mailer.SendWithSMTPClient(s.smtp, message)
	if err == nil || message.IsDelivered() {
		return nil
	}
	failure := judgeMessage(ctx, err)
	if failure.Code != 0 {
		// The next message must not be taken for a part of this one. If it fails, so will the next.
		_ = s.mailer.ResetWithSMTPClient(s.smtp)
	}
	return failure
}

// close says goodbye; the messages are sent, whether it is answered or not.
func (s *session) close() {
	_ = s.mailer.CloseWithSMTPClient(s.smtp)
	s.hangUp()
}
