package notice

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"os"

	gomail "github.com/wneessen/go-mail"
)

// Why a message was not handed over.
var (
	// ErrURL: not the URL of a server.
	ErrURL = errors.New("not a URL such as smtp://user:password@host:587?from=notices@example.org&tls=starttls")
	// ErrAddress: the recipient's address is none.
	ErrAddress = errors.New("the recipient's address is not one")
	// ErrMessage: the message lacks a subject or a part, or its id is none.
	ErrMessage = errors.New("the message is incomplete, or its id is not one")
	// ErrRefused: the server will never take this message for this recipient.
	ErrRefused = errors.New("the server refused the recipient or the message")
	// ErrDeferred: the server does not take it now.
	ErrDeferred = errors.New("the server does not take it now")
	// ErrSender: the server takes nothing from the sender of the settings.
	ErrSender = errors.New("the server refused the sender")
	// ErrLogin: the server does not let us in, most often for a wrong user or password.
	ErrLogin = errors.New("the server refused the connection or the login")
	// ErrCertificate: the server's certificate is of another host, has expired, or is of nobody whom this machine trusts.
	ErrCertificate = errors.New("the server's certificate is not trusted")
	// ErrNotOffered: the server offers no TLS, or none of the ways to log in.
	ErrNotOffered = errors.New("the server does not offer the TLS or the login that the settings ask for")
	// ErrUnreachable: no connection, or one that broke, or a server that was not understood.
	ErrUnreachable = errors.New("the server cannot be reached, or the connection broke")
	// ErrTimeout: a step took too long, or the caller's time was over.
	ErrTimeout = errors.New("it took too long")
)

// Error says why a message was not handed over. Its text names the server and the reason, and repeats neither what the
// server said nor who was to get it: logs are not for people's addresses.
type Error struct {
	// Server is as Sender.String says.
	Server string
	// Reason is one of the errors of this package, or context.Canceled.
	Reason error
	// Code is that of the server's answer, such as 550; 0 without one. Enhanced is that of RFC 3463, such as "5.1.1", if
	// the server has them.
	Code     int
	Enhanced string
}

func (e *Error) Error() string { return fmt.Sprintf("notice to %.200q: %s", e.Server, e.cause()) }

// cause is the reason with the server's code.
func (e *Error) cause() string {
	switch {
	case e.Code == 0:
		return e.Reason.Error()
	case e.Enhanced == "":
		return fmt.Sprintf("%v (status %d)", e.Reason, e.Code)
	}
	return fmt.Sprintf("%v (status %d %s)", e.Reason, e.Code, e.Enhanced)
}

func (e *Error) Unwrap() error { return e.Reason }

// Permanent tells whether another attempt is useless, because the recipient or the message is at fault. What the network
// or the settings are to blame for is not: they can be mended while the message waits.
func Permanent(err error) bool {
	return errors.Is(err, ErrRefused) || errors.Is(err, ErrAddress) || errors.Is(err, ErrMessage)
}

// judgeSession finds why there is no session.
func judgeSession(ctx context.Context, err error) *Error {
	var (
		answer      *textproto.Error
		certificate *tls.CertificateVerificationError
	)
	switch {
	case ctx.Err() != nil || isTimeout(err):
		return &Error{Reason: late(ctx)}
	case errors.As(err, &answer) && answer.Code >= 400 && answer.Code <= 499:
		return &Error{Reason: ErrDeferred, Code: answer.Code}
	case errors.As(err, &answer):
		return &Error{Reason: ErrLogin, Code: answer.Code}
	case errors.As(err, &certificate):
		return &Error{Reason: ErrCertificate}
	case isBroken(err):
		return &Error{Reason: ErrUnreachable}
	}
	return &Error{Reason: ErrNotOffered}
}

// judgeMessage finds why a message was not taken in a session. Only the server's own code tells that it never will be:
// the library holds every failure that has no code for a lasting one.
func judgeMessage(ctx context.Context, err error) *Error {
	var failure *gomail.SendError
	if !errors.As(err, &failure) {
		return &Error{Reason: ErrUnreachable}
	}
	e := &Error{Code: failure.ErrorCode(), Enhanced: failure.EnhancedStatusCode()}
	switch {
	case e.Code == 0 && ctx.Err() != nil:
		e.Reason = late(ctx)
	case e.Code >= 500 && failure.Reason == gomail.ErrSMTPMailFrom:
		e.Reason = ErrSender
	case e.Code >= 500:
		e.Reason = ErrRefused
	case e.Code >= 400:
		e.Reason = ErrDeferred
	default:
		e.Reason = ErrUnreachable
	}
	return e
}

// late is the reason when the time is over or the caller does not wait.
func late(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return context.Canceled
	}
	return ErrTimeout
}

func isTimeout(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded)
}

func isBroken(err error) bool {
	var network net.Error
	var record tls.RecordHeaderError
	var protocol textproto.ProtocolError
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &record) ||
		errors.As(err, &protocol)
}
