package drop

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"syscall"

	"github.com/minio/minio-go/v7"
	"github.com/pkg/sftp"
)

// Why a file was not dropped.
var (
	// ErrURL: not a URL of a target, or with a parameter that its scheme does not have.
	ErrURL = errors.New("the URL is not one of a target")
	// ErrSecretInURL: the URL holds a password or a key.
	ErrSecretInURL = errors.New("the URL holds a password, which belongs to the secrets")
	// ErrNotAllowed: the options allow no such target, or the folder is outside of the root.
	ErrNotAllowed = errors.New("targets of this kind, or at this place, are not allowed")
	// ErrName: not a plain file name, or one that could be taken for a checksum, a manifest or a draft.
	ErrName = errors.New("the name is not one of a file to drop")
	// ErrSecrets: a secret is missing or malformed, or the target refused it.
	ErrSecrets = errors.New("the secrets are missing, malformed, or not accepted")
	// ErrHostKey: the server's key is not pinned and not known, or none was given to compare it with.
	ErrHostKey = errors.New("the server's host key is not a known one")
	// ErrMissing: the folder or the bucket does not exist. It is not made: one that is missing is a mistake, or not mounted.
	ErrMissing = errors.New("the folder or bucket does not exist")
	// ErrPermission: the target allows it not.
	ErrPermission = errors.New("permission denied")
	// ErrUnreachable: no connection, or one that broke.
	ErrUnreachable = errors.New("the target cannot be reached, or the connection broke")
	// ErrTimeout: a step took too long, or the caller's time was over.
	ErrTimeout = errors.New("it took too long")
	// ErrRefused: the target could not or would not do it: a full disk, a quota, a fault of its own.
	ErrRefused = errors.New("the target did not take it")
	// ErrManifest: what stands at the manifest's place is no manifest of this package. It is left as it is.
	ErrManifest = errors.New("another file stands in the place of the manifest")
	// ErrNone: nothing was dropped under the name yet.
	ErrNone = errors.New("nothing was dropped yet")
	// ErrPrune: the new file is in place, but older ones could not be deleted.
	ErrPrune = errors.New("the file is in place, but older ones were not deleted")
)

// Error says why a file was not dropped. Its text names the target and the reason, and repeats nothing that a server
// answered: that could be a secret, or of a server that was not to be reached.
type Error struct {
	// Target is the URL without its parameters; empty for what is no URL.
	Target string
	// Reason is one of the errors of this package, or context.Canceled.
	Reason error
	// Detail is a number or text of the system's own: "status 507", "no space left on device"; often empty.
	Detail string

	cause error
}

func (e *Error) Error() string {
	text := "drop"
	if e.Target != "" {
		text = fmt.Sprintf("drop %.200q", e.Target)
	}
	text += ": " + e.Reason.Error()
	if e.Detail != "" {
		text += " (" + e.Detail + ")"
	}
	return text
}

// Unwrap is the reason and what caused it, so that the error of who dialled is found. The cause is not to be printed.
func (e *Error) Unwrap() []error {
	if e.cause == nil {
		return []error{e.Reason}
	}
	return []error{e.Reason, e.cause}
}

// explain finds the reason in what went wrong.
func explain(ctx context.Context, target string, err error) *Error {
	if known := new(Error); errors.As(err, &known) {
		return &Error{Target: target, Reason: known.Reason, Detail: known.Detail, cause: known.cause}
	}
	detail, reason := judge(ctx, err)
	return &Error{Target: target, Reason: reason, Detail: detail, cause: err}
}

func judge(ctx context.Context, err error) (detail string, reason error) {
	for _, known := range []error{
		ErrURL, ErrSecretInURL, ErrNotAllowed, ErrName, ErrSecrets, ErrHostKey, ErrMissing, ErrPermission, ErrTimeout, ErrRefused, ErrManifest, ErrNone, ErrPrune,
	} {
		if errors.Is(err, known) {
			return "", known
		}
	}
	var (
		answer    minio.ErrorResponse
		request   *url.Error
		operation *net.OpError
		status    *sftp.StatusError
		number    syscall.Errno
	)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return "", context.Canceled
	case ctx.Err() != nil, errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return "", ErrTimeout
	case errors.As(err, &answer) && answer.StatusCode != 0:
		return judgeAnswer(answer)
	case errors.As(err, &request), errors.As(err, &operation):
		return "", ErrUnreachable
	case errors.Is(err, fs.ErrNotExist):
		return "", ErrMissing
	case errors.Is(err, fs.ErrPermission):
		return "", ErrPermission
	case errors.As(err, &status):
		return fmt.Sprintf("SFTP status %d", status.Code), ErrRefused
	case errors.As(err, &number):
		return number.Error(), ErrRefused
	}
	return "", ErrUnreachable
}

// judgeAnswer finds the reason in an answer of an object store.
func judgeAnswer(answer minio.ErrorResponse) (detail string, reason error) {
	detail = fmt.Sprintf("status %d", answer.StatusCode)
	switch answer.Code {
	case minio.NoSuchBucket:
		return detail, ErrMissing
	case minio.AccessDenied:
		return detail, ErrPermission
	case minio.InvalidAccessKeyID, minio.SignatureDoesNotMatch, "InvalidToken", "ExpiredToken":
		return detail, ErrSecrets
	}
	return detail, ErrRefused
}
