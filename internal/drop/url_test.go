package drop

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParsePlace(t *testing.T) {
	const pin = "SHA256:0123456789+/abcdefghijklmnopqrstuvwxyzABCDE"
	cases := []struct {
		url  string
		want place
		err  error
	}{
		{"file:///var/lib/btlc/drops/bps", place{scheme: "file", path: "/var/lib/btlc/drops/bps"}, nil},
		{"file:///a/b/", place{scheme: "file", path: "/a/b"}, nil},
		{"file://host/a", place{}, ErrURL},
		{"file:///a?x=1", place{}, ErrURL},
		{"file:///a/../b", place{}, ErrURL},
		{"file:///a//b", place{}, ErrURL},
		{"file:///a/%2e%2e/b", place{}, ErrURL},
		{`file:///a/..\b`, place{}, ErrURL},
		{"file:///a%00b", place{}, ErrURL},
		{"file:a", place{}, ErrURL},
		{"/a", place{}, ErrURL},
		{"ftp://h/a", place{}, ErrURL},
		{"", place{}, ErrURL},

		{"sftp://bps@sftp.example.org/in?host-key=" + pin, place{scheme: "sftp", user: "bps", host: "sftp.example.org:22", path: "/in", hostKeys: []string{pin}}, nil},
		{"sftp://bps@[2001:db8::1]:2222", place{scheme: "sftp", user: "bps", host: "[2001:db8::1]:2222", path: "/"}, nil},
		{"sftp://h/in", place{}, ErrURL},
		{"sftp://bps@/in", place{}, ErrURL},
		{"sftp://bps@h/in#x", place{}, ErrURL},
		{"sftp://bps@h/in?hostkey=" + pin, place{}, ErrURL},
		{"sftp://bps@h/in?host-key=MD5:00", place{}, ErrURL},
		{"sftp://bps@h/in?host-key=SHA256:short", place{}, ErrURL},
		{"sftp://bps:secret@h/in", place{}, ErrSecretInURL},
		{"sftp://bps:@h/in", place{}, ErrSecretInURL},

		{"s3://btlc-drops", place{scheme: "s3", bucket: "btlc-drops", host: "s3.amazonaws.com", region: "us-east-1"}, nil},
		{"s3://b.c/a/b/?endpoint=minio.example.org:9000&region=eu", place{scheme: "s3", bucket: "b.c", path: "a/b", host: "minio.example.org:9000", region: "eu"}, nil},
		{"s3://btlc?endpoint=https://minio.example.org", place{scheme: "s3", bucket: "btlc", host: "minio.example.org", region: "us-east-1"}, nil},
		{"s3://btlc?endpoint=http://127.0.0.1:9000", place{scheme: "s3", bucket: "btlc", host: "127.0.0.1:9000", region: "us-east-1", plain: true}, nil},
		{"s3://btlc?endpoint=http://minio.example.org", place{}, ErrURL},
		{"s3://btlc?endpoint=http://localhost:9000", place{}, ErrURL},
		{"s3://btlc?endpoint=https://h/path", place{}, ErrURL},
		{"s3://btlc?endpoint=", place{}, ErrURL},
		{"s3://btlc?endpoint=a&endpoint=b", place{}, ErrURL},
		{"s3://btlc?endpoint=key:secret@h", place{}, ErrSecretInURL},
		{"s3://key:secret@btlc", place{}, ErrSecretInURL},
		{"s3://key@btlc", place{}, ErrSecretInURL},
		{"s3://btlc?secret-key=secret", place{}, ErrURL},
		{"s3://Not_A_Bucket/a", place{}, ErrURL},
		{"s3://btlc/a/../b", place{}, ErrURL},
	}
	for _, c := range cases {
		if kind, pinned, err := Check(c.url); !errors.Is(err, c.err) || kind != c.want.scheme || pinned != (len(c.want.hostKeys) > 0) {
			t.Errorf("%s: Check says %q, %t, %v", c.url, kind, pinned, err)
		}
		t.Run(c.url, func(t *testing.T) {
			got, err := parsePlace(c.url)
			if !errors.Is(err, c.err) {
				t.Fatalf("%v, want %v", err, c.err)
			}
			if err == nil && !same(got, c.want) {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

func same(a, b place) bool {
	keys := slices.Equal(a.hostKeys, b.hostKeys)
	return keys && a.scheme == b.scheme && a.host == b.host && a.user == b.user && a.path == b.path && a.bucket == b.bucket && a.region == b.region && a.plain == b.plain
}

// Whatever surrounds it, a password in a URL is refused and not repeated.
func TestPasswordsInURLs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const secret = "hunter2secret"
		scheme := rapid.SampledFrom([]string{"sftp", "s3", "file", "ftp"}).Draw(t, "scheme")
		rest := rapid.StringMatching(`[a-z0-9/?=&%#:@. -]{0,30}`).Draw(t, "rest")
		_, err := Open(t.Context(), scheme+"://user:"+secret+"@host"+rest, Secrets{}, Options{})
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Fatalf("Open says %v", err)
		}
	})
}
