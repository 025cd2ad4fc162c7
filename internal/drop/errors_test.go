package drop

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"syscall"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/pkg/sftp"
)

func TestReasons(t *testing.T) {
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	cases := map[string]struct {
		ctx    context.Context
		err    error
		want   error
		detail string
	}{
		"disk full":            {t.Context(), &fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}, ErrRefused, "no space left on device"},
		"not ours":             {t.Context(), &fs.PathError{Op: "open", Path: "x", Err: syscall.EACCES}, ErrPermission, ""},
		"not there":            {t.Context(), &fs.PathError{Op: "open", Path: "x", Err: syscall.ENOENT}, ErrMissing, ""},
		"nobody listens":       {t.Context(), &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, ErrUnreachable, ""},
		"no such host":         {t.Context(), &url.Error{Op: "Get", Err: &net.DNSError{Name: "x"}}, ErrUnreachable, ""},
		"the line went":        {t.Context(), io.ErrUnexpectedEOF, ErrUnreachable, ""},
		"deadline":             {t.Context(), os.ErrDeadlineExceeded, ErrTimeout, ""},
		"the caller's time":    {t.Context(), &url.Error{Op: "Get", Err: context.DeadlineExceeded}, ErrTimeout, ""},
		"the caller went":      {canceled, io.EOF, context.Canceled, ""},
		"SFTP failure":         {t.Context(), &sftp.StatusError{Code: 4}, ErrRefused, "SFTP status 4"},
		"S3: key without work": {t.Context(), minio.ErrorResponse{StatusCode: 403, Code: minio.AccessDenied}, ErrPermission, "status 403"},
		"S3: unknown key":      {t.Context(), minio.ErrorResponse{StatusCode: 403, Code: minio.InvalidAccessKeyID}, ErrSecrets, "status 403"},
		"S3: no bucket":        {t.Context(), minio.ErrorResponse{StatusCode: 404, Code: minio.NoSuchBucket}, ErrMissing, "status 404"},
		"S3: broken":           {t.Context(), minio.ErrorResponse{StatusCode: 500, Message: "secret"}, ErrRefused, "status 500"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := explain(c.ctx, "s3://b/", c.err)
			if !errors.Is(got, c.want) || got.Detail != c.detail || !errors.Is(got, c.err) {
				t.Errorf("%v, want %v (%s)", got, c.want, c.detail)
			}
			text := `drop "s3://b/": ` + c.want.Error()
			if c.detail != "" {
				text += " (" + c.detail + ")"
			}
			if got.Error() != text {
				t.Errorf("%s, want %s", got, text)
			}
		})
	}
}
