package notice

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"

	"github.com/btlc/btlc/internal/notice/noticetest"
)

var login = url.UserPassword(user, password)

func envelope(t *testing.T, to string) Envelope {
	t.Helper()
	return Envelope{
		To: mail.Address{Name: "Ana Example", Address: to}, Message: render(t, Registered, example(t, Registered)),
		ID: "0190a8a4-7c1e-7b7a-9d51-3f0c2f5d9a10@example.org",
	}
}

// parts reads a message: its header, and its plain text and HTML, decoded.
func parts(t *testing.T, body string) (header mail.Header, text, html string) {
	t.Helper()
	message, err := mail.ReadMessage(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	kind, parameters, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("content type %q, %v", kind, err)
	}
	var contents []string
	reader := multipart.NewReader(message.Body, parameters["boundary"])
	for _, want := range []string{"text/plain", "text/html"} {
		part, err := reader.NextPart() // which decodes quoted-printable
		if err != nil {
			t.Fatal(err)
		}
		kind, parameters, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if err != nil || kind != want || !strings.EqualFold(parameters["charset"], "utf-8") {
			t.Errorf("part %q of %v, %v, want %s", kind, parameters, err, want)
		}
		content, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		contents = append(contents, strings.ReplaceAll(string(content), "\r\n", "\n"))
	}
	if _, err := reader.NextPart(); !errors.Is(err, io.EOF) {
		t.Errorf("after two parts: %v", err)
	}
	return message.Header, contents[0], contents[1]
}

func TestSend(t *testing.T) {
	for _, encryption := range []string{tlsStart, tlsImplicit} {
		s := new(noticetest.Server).Start(t, encryption)
		data := example(t, MeetingMoved)
		data.GivenName, data.Course, data.UnsubscribeURL = "Zoë", "Führung – 指導", "https://btlc.example.org/app/notices"
		sent := Envelope{
			To:      mail.Address{Name: "Zoë Example\r\nBcc: everybody@example.org", Address: "zoe@example.org"},
			Message: render(t, MeetingMoved, data), ID: "a.b-c@example.org",
		}
		if err := senderTo(t, s, login, encryption).Send(t.Context(), sent); err != nil {
			t.Fatalf("%s: %v", encryption, err)
		}
		inbox := s.Inbox()
		if len(inbox) != 1 || inbox[0].From != "notices@example.org" || inbox[0].To != "zoe@example.org" || !inbox[0].Encrypted {
			t.Fatalf("%s: the server has %+v", encryption, inbox)
		}
		header, text, html := parts(t, inbox[0].Body)
		if text != sent.Message.Text || html != sent.Message.HTML {
			t.Errorf("%s: the parts are\n%s\n%s", encryption, text, html)
		}
		checkHeader(t, header, map[string]string{
			"Subject": "A meeting has moved: Führung – 指導", "Message-Id": "<a.b-c@example.org>", "Auto-Submitted": "auto-generated",
			"List-Unsubscribe": "<https://btlc.example.org/app/notices>", "Mime-Version": "1.0",
			"From": `"The Program" <notices@example.org>`, "To": "Zoë Example Bcc: everybody@example.org <zoe@example.org>",
		})
	}
}

// checkHeader compares all of a header; that of the content and the date are looked at elsewhere or by themselves.
func checkHeader(t *testing.T, header mail.Header, want map[string]string) {
	t.Helper()
	for name, values := range header {
		if name == "Content-Type" || name == "Date" {
			continue
		}
		value, err := new(mime.WordDecoder).DecodeHeader(values[0])
		if err != nil || len(values) != 1 || value != want[name] {
			t.Errorf("header %s: %q, %v, want %q", name, values, err, want[name])
		}
	}
	for name := range want {
		if header[name] == nil {
			t.Errorf("no header %s", name)
		}
	}
	if date, err := header.Date(); err != nil || time.Since(date).Abs() > time.Minute {
		t.Errorf("date %v, %v", date, err)
	}
}

// Without an address there is no List-Unsubscribe, and a second attempt is the same message.
func TestSendAgain(t *testing.T) {
	s := new(noticetest.Server).Start(t, tlsStart)
	sender, sent := senderTo(t, s, login, tlsStart), envelope(t, "ana@example.org")
	for range 2 {
		if err := sender.Send(t.Context(), sent); err != nil {
			t.Fatal(err)
		}
	}
	inbox := s.Inbox()
	if len(inbox) != 2 {
		t.Fatalf("%d messages", len(inbox))
	}
	for _, message := range inbox {
		header, _, _ := parts(t, message.Body)
		if header.Get("Message-Id") != "<"+sent.ID+">" || header["List-Unsubscribe"] != nil {
			t.Errorf("header %v", header)
		}
	}
}

func refusal(code int, enhanced gosmtp.EnhancedCode) *gosmtp.SMTPError {
	return &gosmtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: "not for ana@example.org"}
}

func TestRefusals(t *testing.T) {
	for what, c := range map[string]struct {
		server    *noticetest.Server
		reason    error
		code      int
		enhanced  string
		permanent bool
	}{
		"no such mailbox": {
			&noticetest.Server{Refuse: map[string]*gosmtp.SMTPError{"ana@example.org": refusal(550, gosmtp.EnhancedCode{5, 1, 1})}},
			ErrRefused, 550, "5.1.1", true,
		},
		"greylisted": {
			&noticetest.Server{Refuse: map[string]*gosmtp.SMTPError{"ana@example.org": refusal(451, gosmtp.EnhancedCode{4, 7, 1})}},
			ErrDeferred, 451, "4.7.1", false,
		},
		"content refused": {
			&noticetest.Server{RefuseData: map[string]*gosmtp.SMTPError{"ana@example.org": refusal(554, gosmtp.EnhancedCode{5, 6, 0})}},
			ErrRefused, 554, "5.6.0", true,
		},
		"disk full": {
			&noticetest.Server{RefuseData: map[string]*gosmtp.SMTPError{"ana@example.org": refusal(452, gosmtp.EnhancedCode{4, 3, 1})}},
			ErrDeferred, 452, "4.3.1", false,
		},
		"sender refused":  {&noticetest.Server{RefuseMail: refusal(553, gosmtp.EnhancedCode{5, 7, 1})}, ErrSender, 553, "5.7.1", false},
		"sender deferred": {&noticetest.Server{RefuseMail: refusal(421, gosmtp.EnhancedCode{4, 3, 2})}, ErrDeferred, 421, "4.3.2", false},
		"breaks midway":   {&noticetest.Server{HangUpIn: map[string]bool{"ana@example.org": true}}, ErrUnreachable, 0, "", false},
	} {
		s := c.server.Start(t, tlsStart)
		err := senderTo(t, s, login, tlsStart).Send(t.Context(), envelope(t, "ana@example.org"))
		var failure *Error
		if !errors.Is(err, c.reason) || !errors.As(err, &failure) || failure.Code != c.code || failure.Enhanced != c.enhanced || Permanent(err) != c.permanent {
			t.Errorf("%s: %v (%+v), permanent %v", what, err, failure, Permanent(err))
			continue
		}
		if text := err.Error(); strings.Contains(text, "ana") || strings.Contains(text, password) || !strings.Contains(text, s.Address) {
			t.Errorf("%s: the error says %q", what, text)
		}
		if inbox := s.Inbox(); len(inbox) != 0 {
			t.Errorf("%s: the server took %d", what, len(inbox))
		}
	}
}

// What was taken counts as sent, though the connection breaks before anybody says goodbye.
func TestTaken(t *testing.T) {
	s := (&noticetest.Server{HangUpPast: map[string]bool{"ana@example.org": true}}).Start(t, tlsStart)
	errs := senderTo(t, s, login, tlsStart).SendAll(t.Context(), []Envelope{envelope(t, "ana@example.org"), envelope(t, "bo@example.org")})
	if errs[0] != nil || !errors.Is(errs[1], ErrUnreachable) || Permanent(errs[1]) {
		t.Errorf("%v", errs)
	}
	if inbox := s.Inbox(); len(inbox) != 1 || inbox[0].To != "ana@example.org" {
		t.Errorf("the server has %+v", inbox)
	}
}

func TestSendAll(t *testing.T) {
	s := (&noticetest.Server{
		Refuse:     map[string]*gosmtp.SMTPError{"gone@example.org": refusal(550, gosmtp.EnhancedCode{5, 1, 1})},
		RefuseData: map[string]*gosmtp.SMTPError{"full@example.org": refusal(452, gosmtp.EnhancedCode{4, 2, 2})},
	}).Start(t, tlsStart)
	var envelopes []Envelope
	for _, to := range []string{"ana@example.org", "gone@example.org", "bo@example.org", "no address", "full@example.org", "cy@example.org"} {
		envelopes = append(envelopes, envelope(t, to))
	}
	errs := senderTo(t, s, login, tlsStart).SendAll(t.Context(), envelopes)
	for i, want := range []error{nil, ErrRefused, nil, ErrAddress, ErrDeferred, nil} {
		if !errors.Is(errs[i], want) {
			t.Errorf("%s: %v, want %v", envelopes[i].To.Address, errs[i], want)
		}
	}
	var took []string
	for _, message := range s.Inbox() {
		took = append(took, message.To)
	}
	// The library's server has one session for before STARTTLS and one for after it.
	if _, sessions := s.Tries(); !slices.Equal(took, []string{"ana@example.org", "bo@example.org", "cy@example.org"}) || sessions > 2 {
		t.Errorf("took %q in %d sessions", took, sessions)
	}
	if errs := senderTo(t, s, login, tlsStart).SendAll(t.Context(), nil); len(errs) != 0 {
		t.Errorf("nothing to send: %v", errs)
	}
}

func TestLogin(t *testing.T) {
	s := new(noticetest.Server).Start(t, tlsStart)
	for what, c := range map[string]struct {
		credentials *url.Userinfo
		reason      error
		code        int
	}{
		"wrong password": {url.UserPassword(user, "verysecret"), ErrLogin, 535},
		"no login":       {nil, ErrSender, 502},
	} {
		err := senderTo(t, s, c.credentials, tlsStart).Send(t.Context(), envelope(t, "ana@example.org"))
		var failure *Error
		if !errors.Is(err, c.reason) || !errors.As(err, &failure) || failure.Code != c.code || Permanent(err) || strings.Contains(err.Error(), "verysecret") {
			t.Errorf("%s: %v (%+v)", what, err, failure)
		}
	}
}

// A password goes to nobody but the server that was meant, and not in the open, whatever the one who answers asks for.
func TestPasswordIsNotGivenAway(t *testing.T) {
	open := new(noticetest.Server).Start(t, tlsNone)
	other := new(noticetest.Server).Start(t, tlsStart)
	for what, c := range map[string]struct {
		server     *noticetest.Server
		encryption string
		trust      bool
		reason     error
	}{
		"no STARTTLS":         {open, tlsStart, true, ErrNotOffered},
		"no TLS at all":       {open, tlsImplicit, true, ErrUnreachable},
		"another certificate": {other, tlsStart, false, ErrCertificate},
	} {
		sender := senderTo(t, c.server, login, c.encryption)
		if !c.trust {
			_, sender.roots = noticetest.SelfSigned(t)
		}
		err := sender.Send(t.Context(), envelope(t, "ana@example.org"))
		logins, _ := c.server.Tries()
		if !errors.Is(err, c.reason) || Permanent(err) || logins != 0 || len(c.server.Inbox()) != 0 {
			t.Errorf("%s: %v, %d logins", what, err, logins)
		}
	}
}

func TestPatience(t *testing.T) {
	// A listener without a server: the system accepts, and nobody says a word.
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err = senderTo(t, &noticetest.Server{Address: silent.Addr().String()}, login, tlsStart).Send(ctx, envelope(t, "ana@example.org"))
	if !errors.Is(err, ErrTimeout) || Permanent(err) {
		t.Errorf("a silent server: %v", err)
	}

	s := (&noticetest.Server{Entered: make(chan struct{})}).Start(t, tlsStart)
	ctx, cancel = context.WithCancel(t.Context())
	go func() {
		<-s.Entered
		cancel()
	}()
	if err := senderTo(t, s, login, tlsStart).Send(ctx, envelope(t, "ana@example.org")); !errors.Is(err, context.Canceled) || Permanent(err) {
		t.Errorf("cancelled before the answer: %v", err)
	}

	_ = silent.Close()
	err = senderTo(t, &noticetest.Server{Address: silent.Addr().String()}, login, tlsStart).Send(t.Context(), envelope(t, "ana@example.org"))
	if !errors.Is(err, ErrUnreachable) || Permanent(err) {
		t.Errorf("no server: %v", err)
	}
}

// What is wrong with an envelope is found before anybody is asked.
func TestEnvelopes(t *testing.T) {
	nobody := &noticetest.Server{Address: "127.0.0.1:1"}
	sender := senderTo(t, nobody, login, tlsStart)
	for what, c := range map[string]struct {
		change func(*Envelope)
		reason error
	}{
		"no address":        {func(e *Envelope) { e.To.Address = "" }, ErrAddress},
		"no domain":         {func(e *Envelope) { e.To.Address = "ana" }, ErrAddress},
		"a name in it":      {func(e *Envelope) { e.To.Address = "Ana <ana@example.org>" }, ErrAddress},
		"a command in it":   {func(e *Envelope) { e.To.Address = "ana@example.org>\r\nRCPT TO:<bo@example.org" }, ErrAddress},
		"two addresses":     {func(e *Envelope) { e.To.Address = "ana@example.org, bo@example.org" }, ErrAddress},
		"space around it":   {func(e *Envelope) { e.To.Address = " ana@example.org" }, ErrAddress},
		"no subject":        {func(e *Envelope) { e.Message.Subject = "" }, ErrMessage},
		"no text":           {func(e *Envelope) { e.Message.Text = "" }, ErrMessage},
		"no HTML":           {func(e *Envelope) { e.Message.HTML = "" }, ErrMessage},
		"no id":             {func(e *Envelope) { e.ID = "" }, ErrMessage},
		"an id in brackets": {func(e *Envelope) { e.ID = "<a@example.org>" }, ErrMessage},
		"a header in it":    {func(e *Envelope) { e.ID = "a@example.org\r\nBcc: b@example.org" }, ErrMessage},
		"no web address":    {func(e *Envelope) { e.Message.UnsubscribeURL = "https://example.org>,<x" }, ErrMessage},
	} {
		e := envelope(t, "ana@example.org")
		c.change(&e)
		if err := sender.Send(t.Context(), e); !errors.Is(err, c.reason) || !Permanent(err) {
			t.Errorf("%s: %v, permanent %v", what, err, Permanent(err))
		}
	}
}
