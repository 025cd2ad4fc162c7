package drop

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

const (
	testBucket = "btlc-drops"
	testRegion = "us-east-2"
	accessKey  = "AKIAEXAMPLE"
	secretKey  = "very/secret+key"
)

// s3Server is an object store that checks signatures.
type s3Server struct {
	*httptest.Server
	backend gofakes3.Backend
	// down breaks connections, and aborted counts uploads that were.
	down    atomic.Bool
	aborted atomic.Int32
}

func startS3(t *testing.T) *s3Server {
	t.Helper()
	s := &s3Server{backend: s3mem.New()}
	if err := s.backend.CreateBucket(testBucket); err != nil {
		t.Fatal(err)
	}
	store := gofakes3.New(s.backend).Server()
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case s.down.Load():
			panic(http.ErrAbortHandler)
		case strings.ReplaceAll(r.Header.Get("Authorization"), ", ", ",") != signature(r):
			w.Header().Set("Content-Type", "application/xml")
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, "<Error><Code>SignatureDoesNotMatch</Code><Message>%s is not %s</Message></Error>", r.Header.Get("Authorization"), secretKey)
		default:
			if r.Method == http.MethodDelete && r.URL.Query().Has("uploadId") {
				s.aborted.Add(1)
			}
			store.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func newS3(t *testing.T) *fixture {
	return startS3(t).fixture()
}

func (s *s3Server) fixture() *fixture {
	const prefix = "drops/bps"
	return &fixture{
		url:     s.target(prefix),
		secrets: Secrets{AccessKeyID: accessKey, SecretAccessKey: secretKey},
		options: Options{Dial: dial},
		wrong:   []Secrets{{AccessKeyID: accessKey, SecretAccessKey: "wrong " + secretKey}, {AccessKeyID: "stranger", SecretAccessKey: secretKey}, {}},
		read: func(name string) ([]byte, error) {
			object, err := s.backend.GetObject(testBucket, prefix+"/"+name, nil)
			if gofakes3.HasErrorCode(err, gofakes3.ErrNoSuchKey) {
				return nil, fs.ErrNotExist
			}
			if err != nil {
				return nil, err
			}
			content, err := io.ReadAll(object.Contents)
			return content, errors.Join(err, object.Contents.Close())
		},
		names: func(t *testing.T) []string {
			t.Helper()
			list, err := s.backend.ListBucket(testBucket, &gofakes3.Prefix{HasPrefix: true, Prefix: prefix + "/"}, gofakes3.ListBucketPage{})
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, object := range list.Contents {
				names = append(names, strings.TrimPrefix(object.Key, prefix+"/"))
			}
			return names
		},
		sever: func() {
			s.down.Store(true)
			s.CloseClientConnections()
		},
		mend: func() { s.down.Store(false) },
		much: partBytes + 1,
	}
}

func (s *s3Server) target(prefix string) string {
	return "s3://" + testBucket + "/" + prefix + "?region=" + testRegion + "&endpoint=" + url.QueryEscape(s.URL)
}

// signature is what the Authorization of a request has to be, by AWS Signature Version 4.
func signature(r *http.Request) string {
	_, signed, _ := strings.Cut(r.Header.Get("Authorization"), "SignedHeaders=")
	signed, _, _ = strings.Cut(signed, ",")
	var headers strings.Builder
	for name := range strings.SplitSeq(signed, ";") {
		value := r.Header.Get(name)
		if name == "host" {
			value = r.Host
		}
		headers.WriteString(name + ":" + strings.TrimSpace(value) + "\n")
	}
	query := strings.ReplaceAll(r.URL.Query().Encode(), "+", "%20")
	request := strings.Join([]string{r.Method, r.URL.EscapedPath(), query, headers.String(), signed, r.Header.Get("X-Amz-Content-Sha256")}, "\n")
	at := r.Header.Get("X-Amz-Date")
	day, _, _ := strings.Cut(at, "T")
	scope := day + "/" + testRegion + "/s3/aws4_request"
	sum := sha256.Sum256([]byte(request))
	key := []byte("AWS4" + secretKey)
	for _, text := range []string{day, testRegion, "s3", "aws4_request", "AWS4-HMAC-SHA256\n" + at + "\n" + scope + "\n" + hex.EncodeToString(sum[:])} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(text))
		key = mac.Sum(nil)
	}
	return "AWS4-HMAC-SHA256 Credential=" + accessKey + "/" + scope + ",SignedHeaders=" + signed + ",Signature=" + hex.EncodeToString(key)
}
