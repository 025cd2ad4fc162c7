package notice

import (
	"fmt"
	"log/slog"
	"net"
	"net/mail"
	"net/url"
	"strconv"
	"strings"
)

// How the way to the server is encrypted.
const (
	tlsStart    = "starttls" // a must: a server that does not offer it gets nothing
	tlsImplicit = "implicit" // from the first byte
	tlsNone     = "none"
)

const (
	submissionPort  = 587 // RFC 6409
	submissionsPort = 465 // RFC 8314
)

// settings are what the URL of a server says.
type settings struct {
	host           string
	port           int
	user, password string
	tls            string
	from           mail.Address
}

// parse reads the URL of a server. What it says when it fails repeats nothing of the URL.
func parse(text string) (settings, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Opaque != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "" {
		return settings{}, ErrURL
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return settings{}, ErrURL
	}
	for name, values := range query {
		// One that is misspelt would otherwise not be heeded.
		if name != "from" && name != "tls" || len(values) != 1 {
			return settings{}, fmt.Errorf("%w: it has from and tls, once each", ErrURL)
		}
	}
	s := settings{host: u.Hostname()}
	from, err := mail.ParseAddress(query.Get("from"))
	if err != nil {
		return settings{}, fmt.Errorf("%w: from is no address", ErrURL)
	}
	s.from = mail.Address{Name: line(from.Name), Address: from.Address}
	if !validID.MatchString("id" + s.domain()) {
		return settings{}, fmt.Errorf("%w: the domain of from is not in ASCII", ErrURL)
	}
	if s.tls, err = encryption(u.Scheme, query.Get("tls")); err != nil {
		return settings{}, err
	}
	if s.port, err = port(u.Port(), s.tls); err != nil {
		return settings{}, err
	}
	if u.User == nil {
		return s, nil
	}
	s.user = u.User.Username()
	s.password, _ = u.User.Password()
	if s.user == "" || s.password == "" {
		return settings{}, fmt.Errorf("%w: a user and a password belong together", ErrURL)
	}
	if s.tls == tlsNone {
		return settings{}, fmt.Errorf("%w: a password is not sent without TLS", ErrURL)
	}
	return s, nil
}

func encryption(scheme, tls string) (string, error) {
	switch {
	case scheme == "smtp" && tls == "":
		return tlsStart, nil
	case scheme == "smtp" && (tls == tlsStart || tls == tlsImplicit || tls == tlsNone):
		return tls, nil
	case scheme == "smtps" && (tls == "" || tls == tlsImplicit):
		return tlsImplicit, nil
	}
	return "", fmt.Errorf("%w: smtp:// with tls=starttls, implicit or none, or smtps://", ErrURL)
}

func port(text, tls string) (int, error) {
	switch {
	case text != "":
		n, err := strconv.ParseUint(text, 10, 16)
		if err != nil || n == 0 {
			return 0, fmt.Errorf("%w: the port is none", ErrURL)
		}
		return int(n), nil
	case tls == tlsImplicit:
		return submissionsPort, nil
	}
	return submissionPort, nil
}

// domain is that of the sender, with the at sign.
func (s settings) domain() string { return s.from.Address[strings.LastIndexByte(s.from.Address, '@'):] }

// String is the URL without user, password and parameters.
func (s settings) String() string {
	scheme := "smtp"
	if s.tls == tlsImplicit {
		scheme = "smtps"
	}
	return scheme + "://" + net.JoinHostPort(s.host, strconv.Itoa(s.port))
}

// String is the server's URL without user, password and parameters.
func (s *Sender) String() string { return s.settings.String() }

// Format prints, for every verb, what String says.
func (s *Sender) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) }

// LogValue is what logs have of it, which is the same.
func (s *Sender) LogValue() slog.Value { return slog.StringValue(s.String()) }
