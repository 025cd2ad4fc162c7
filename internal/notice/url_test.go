package notice

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

const from = "from=notices@example.org"

func TestOpen(t *testing.T) {
	for url, want := range map[string]string{
		"smtp://mail.example.org?" + from:                                      "smtp://mail.example.org:587",
		"smtp://mail.example.org/?tls=starttls&" + from:                        "smtp://mail.example.org:587",
		"smtp://me:p%40ss@mail.example.org:2525?" + from:                       "smtp://mail.example.org:2525",
		"smtp://me:p%40ss@mail.example.org?tls=implicit&" + from:               "smtps://mail.example.org:465",
		"smtps://me%40example.org:p%40ss@mail.example.org?" + from:             "smtps://mail.example.org:465",
		"smtps://mail.example.org:4650?tls=implicit&" + from:                   "smtps://mail.example.org:4650",
		"smtp://[::1]:25?tls=none&" + from:                                     "smtp://[::1]:25",
		"smtp://mail.example.org?from=The%20Program%20<notices%40example.org>": "smtp://mail.example.org:587",
	} {
		s, err := Open(url)
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		if s.String() != want || s.settings.user != "" && s.settings.password != "p@ss" || s.MessageID("a.b") != "a.b@example.org" {
			t.Errorf("%s: %s, %s", url, s, s.MessageID("a.b"))
		}
	}
}

func TestNotOpened(t *testing.T) {
	for what, url := range map[string]string{
		"nothing":                   "",
		"no URL":                    "smtp://me:verysecret@%zz?" + from,
		"another scheme":            "https://me:verysecret@mail.example.org?" + from,
		"no host":                   "smtp://me:verysecret@:587?" + from,
		"no port":                   "smtp://me:verysecret@mail.example.org:0?" + from,
		"a port that is too high":   "smtp://me:verysecret@mail.example.org:65536?" + from,
		"a path":                    "smtp://me:verysecret@mail.example.org/inbox?" + from,
		"a fragment":                "smtp://me:verysecret@mail.example.org?" + from + "#x",
		"no sender":                 "smtp://me:verysecret@mail.example.org",
		"a sender that is none":     "smtp://me:verysecret@mail.example.org?from=verysecret",
		"two senders":               "smtp://me:verysecret@mail.example.org?" + from + "&" + from,
		"a sender not in ASCII":     "smtp://me:verysecret@mail.example.org?from=notices@ex%C3%A4mple.org",
		"another parameter":         "smtp://me:verysecret@mail.example.org?password=verysecret&" + from,
		"a query that is none":      "smtp://me:verysecret@mail.example.org?verysecret=%zz&" + from,
		"no such TLS":               "smtp://me:verysecret@mail.example.org?tls=verysecret&" + from,
		"two ways of TLS":           "smtps://me:verysecret@mail.example.org?tls=starttls&" + from,
		"a password without TLS":    "smtp://me:verysecret@mail.example.org?tls=none&" + from,
		"a user without a password": "smtp://verysecret@mail.example.org?" + from,
		"a password without a user": "smtp://:verysecret@mail.example.org?" + from,
	} {
		_, err := Open(url)
		var failure *Error
		if !errors.Is(err, ErrURL) || !errors.As(err, &failure) {
			t.Errorf("%s: %v", what, err)
		} else if strings.Contains(err.Error(), "verysecret") {
			t.Errorf("%s: the error shows the secret: %v", what, err)
		}
	}
}

func TestSecretsAreNotShown(t *testing.T) {
	s, err := Open("smtp://me:verysecret@mail.example.org?" + from)
	if err != nil {
		t.Fatal(err)
	}
	var logged bytes.Buffer
	slog.New(slog.NewTextHandler(&logged, nil)).Info("sent", "to", s)
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("sent", "to", s)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&logged, verb, s)
		fmt.Fprintf(&logged, verb, struct{ S *Sender }{s})
	}
	if strings.Contains(logged.String(), "verysecret") || strings.Count(logged.String(), "smtp://mail.example.org:587") != 16 {
		t.Errorf("it prints %s", logged.String())
	}
}
