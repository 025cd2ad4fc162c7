package webhook

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/btlc/btlc/internal/fetch"
)

const (
	// Timeout bounds an attempt from its start to the last byte that is read of the answer.
	Timeout = 15 * time.Second
	// MaxExcerpt is how many bytes of an answer are read.
	MaxExcerpt = 1 << 10
	userAgent  = "btlc"
	// idle is how long a connection waits for the next message to its host.
	idle = 30 * time.Second
)

// Transport is the guard's, but keeps a connection for the messages that follow soon: one handshake each would be most of
// the time that they take.
func Transport(guard fetch.Guard) *http.Transport {
	transport := guard.Transport()
	transport.DisableKeepAlives, transport.IdleConnTimeout = false, idle
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = 100, 1
	return transport
}

// Outcome is what an attempt means for what follows.
type Outcome uint8

// The outcomes.
const (
	// Delivered: the subscriber has it.
	Delivered Outcome = iota + 1
	// Retry: it may go better later.
	Retry
	// Disable: the subscriber is gone, or is not at an address that can be sent to. Nothing more is to be sent there.
	Disable
)

// Why a message was not delivered, besides fetch.ErrAddress, fetch.ErrTimeout and fetch.ErrUnreachable. No error repeats
// anything of an address or an answer.
var (
	// ErrURL: not an absolute URL of https, without user, password and fragment.
	ErrURL = errors.New("webhook: the URL is not one that messages are sent to")
	// ErrGone: status 410.
	ErrGone = errors.New("webhook: the subscriber is gone")
	// ErrRedirect: a status of 3xx.
	ErrRedirect = errors.New("webhook: the subscriber's host redirects, which is not followed")
	// ErrStatus: any other status than 2xx.
	ErrStatus = errors.New("webhook: the subscriber's host answered with another status than 2xx")
)

// Result is what came of an attempt.
type Result struct {
	Outcome Outcome
	// Status is that of the answer; 0 without one.
	Status int
	// RetryAfter is how long the subscriber asked to be left alone, Longest at most; 0 if it did not.
	RetryAfter time.Duration
	// Excerpt is the beginning of the answer for the subscriber's log: MaxExcerpt bytes at most, in one line, without
	// control characters.
	Excerpt string
	// Took is the time from the start to the end.
	Took time.Duration
	// Err is why it was not delivered: an error of this package or of fetch; nil if it was.
	Err error
}

// CheckURL tells whether a subscription can have that URL. Plain http is only for addresses of this machine, which no
// guarded transport reaches unless it was told to. Errors: ErrURL.
func CheckURL(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Opaque != "" || u.Hostname() == "" || u.User != nil || u.Fragment != "" {
		return ErrURL
	}
	if ip, err := netip.ParseAddr(u.Hostname()); u.Scheme != "https" && (u.Scheme != "http" || err != nil || !ip.IsLoopback()) {
		return ErrURL
	}
	return nil
}

// Send makes one attempt to deliver a message, signed with each of the secrets. The client's transport decides what can
// be reached: for subscribers of others' choice that of fetch.Guard. The client's redirects and cookies are not used,
// and its timeout only if it is shorter than Timeout. The error is of a call that no attempt can be made from, and not
// of the subscriber: ErrMessage, ErrSecret, ErrSecrets, or the context's if it ended before there was an answer, which is
// no attempt either.
func Send(ctx context.Context, client *http.Client, address string, message Message, secrets ...Secret) (Result, error) {
	start := time.Now()
	body, err := message.Body()
	if err != nil {
		return Result{}, err
	}
	// A key without a value is not sent. It tells net/http that the message may be sent anew when its host has closed the
	// connection meanwhile: subscribers tell messages apart by their ids.
	header := http.Header{"Content-Type": {ContentType}, "User-Agent": {userAgent}, "Idempotency-Key": {}}
	if err := sign(header, message.ID, start, body, secrets); err != nil {
		return Result{}, err
	}
	result := post(ctx, bounded(client), address, header, body)
	if err := ctx.Err(); err != nil && result.Status == 0 {
		return Result{}, err
	}
	result.Took = time.Since(start)
	return result, nil
}

// bounded is a client with the transport of that one.
func bounded(client *http.Client) *http.Client {
	timeout := Timeout
	if client.Timeout > 0 {
		timeout = min(timeout, client.Timeout)
	}
	return &http.Client{
		Transport:     client.Transport,
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func post(ctx context.Context, client *http.Client, address string, header http.Header, body []byte) Result {
	if err := CheckURL(address); err != nil {
		return Result{Outcome: Disable, Err: err}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return Result{Outcome: Disable, Err: ErrURL}
	}
	request.Header = header
	response, err := client.Do(request)
	if err != nil {
		return Result{Outcome: Retry, Err: reason(err)}
	}
	defer response.Body.Close()

	result := judge(response.StatusCode)
	if response.StatusCode == http.StatusTooManyRequests || response.StatusCode == http.StatusServiceUnavailable {
		result.RetryAfter = retryAfter(response.Header.Get("Retry-After"), time.Now())
	}
	// The status decides. An answer that breaks off or drips until the time is over is worth what came of it.
	excerpt, _ := io.ReadAll(io.LimitReader(response.Body, MaxExcerpt))
	result.Excerpt = printable(excerpt)
	return result
}

// judge is what a status means (Standard Webhooks, "Delivery success and failure").
func judge(status int) Result {
	switch {
	case status >= 200 && status <= 299:
		return Result{Outcome: Delivered, Status: status}
	case status == http.StatusGone:
		return Result{Outcome: Disable, Status: status, Err: ErrGone}
	case status >= 300 && status <= 399:
		return Result{Outcome: Retry, Status: status, Err: ErrRedirect}
	default:
		return Result{Outcome: Retry, Status: status, Err: ErrStatus}
	}
}

// reason finds why there was no answer, and leaves the rest behind: addresses within our network are not for subscribers.
func reason(err error) error {
	var timeout net.Error
	switch {
	case errors.Is(err, fetch.ErrAddress):
		return fetch.ErrAddress
	case errors.As(err, &timeout) && timeout.Timeout():
		return fetch.ErrTimeout
	default:
		return fetch.ErrUnreachable
	}
}

// printable is text in one line: UTF-8, runs of white space made one space, without characters that move a cursor or
// turn the writing around.
func printable(text []byte) string {
	line := strings.Join(strings.Fields(strings.ToValidUTF8(string(text), "")), " ")
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, line)
}
