package fetch

import (
	"context"
	"errors"
	"fmt"
)

// Why a document was not fetched.
var (
	// ErrURL: not an absolute URL of https with a host and without user and password.
	ErrURL = errors.New("the URL is not one that is fetched")
	// ErrHost: the host is not allowed, or not with this scheme and port.
	ErrHost = errors.New("the host is not allowed")
	// ErrAddress: the host's address is not of the public internet.
	ErrAddress = errors.New("the host has an address that is not public")
	// ErrRedirects: redirected too often.
	ErrRedirects = fmt.Errorf("redirected more than %d times", maxRedirects)
	// ErrUnreachable: no connection, no TLS, or no answer that HTTP allows.
	ErrUnreachable = errors.New("the host did not answer as it should")
	// ErrTimeout: it took too long, or the caller's time was over.
	ErrTimeout = errors.New("it took too long")
	// ErrStatus: the host answered, with another status than 200.
	ErrStatus = errors.New("the host answered with another status than 200")
	// ErrContentType: not one of the media types that the caller takes, or in an encoding other than gzip.
	ErrContentType = errors.New("the document is of another type")
	// ErrTooLarge: more than the client reads.
	ErrTooLarge = errors.New("the document is too large")
)

// Error says why a document was not fetched. Its text names the host that was first asked and the reason, and repeats
// nothing of an answer: what a host that one should not have reached says is not for who asked.
type Error struct {
	// Host is the one that was asked, with its port where the URL has one; empty for what is no URL.
	Host string
	// Reason is one of the errors of this package.
	Reason error
	// Status is the host's with ErrStatus, else 0.
	Status int
}

func (e *Error) Error() string {
	text := "fetch"
	if e.Host != "" {
		text = fmt.Sprintf("fetch %.100q", e.Host)
	}
	if e.Status != 0 {
		return fmt.Sprintf("%s: %v (%d)", text, e.Reason, e.Status)
	}
	return fmt.Sprintf("%s: %v", text, e.Reason)
}

// Unwrap is the reason.
func (e *Error) Unwrap() error { return e.Reason }

// explain finds the reason in what went wrong, and leaves the rest behind.
func explain(ctx context.Context, err error, host string) *Error {
	if known := new(Error); errors.As(err, &known) {
		return &Error{Host: host, Reason: known.Reason, Status: known.Status}
	}
	for _, reason := range []error{ErrURL, ErrHost, ErrAddress, ErrRedirects, ErrContentType, ErrTooLarge} {
		if errors.Is(err, reason) {
			return &Error{Host: host, Reason: reason}
		}
	}
	if ctx.Err() != nil {
		return &Error{Host: host, Reason: ErrTimeout}
	}
	return &Error{Host: host, Reason: ErrUnreachable}
}
