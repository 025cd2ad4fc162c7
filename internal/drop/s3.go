package drop

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"io/fs"
	"net/http"
	"path"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

const (
	// partBytes is how much of an object is in memory and sent at once. Stores take 10,000 parts: 156 GiB.
	partBytes = 16 << 20
	// attempts bounds how often a request is sent that a store answers with a fault of its own, or not at all.
	attempts = 3
)

// bucket is one of an object store. An object appears whole or not at all, in place of the one before, so nothing is
// written under a temporary name. Replacing is unconditional: dated names are never used twice, and of two manifests the
// last one stays. Whoever reads after a write sees it, as S3 promises; a store that promises less shows the manifest before
// for a while, and the files that it names. Of the rights on the bucket it takes those to get, put, delete and list objects,
// and to abort uploads. What a writer that was killed had sent of an object is not seen; a rule of the bucket
// (AbortIncompleteMultipartUpload) deletes it.
type bucket struct {
	core         *minio.Core
	transport    *http.Transport
	name, prefix string
	timeout      time.Duration
}

func openS3(ctx context.Context, p place, secrets Secrets, options Options) (*bucket, error) {
	if secrets.AccessKeyID == "" || secrets.SecretAccessKey == "" {
		return nil, ErrSecrets
	}
	b := &bucket{name: p.bucket, prefix: p.path, timeout: options.Timeout, transport: &http.Transport{
		DialContext:         options.Dial,
		TLSClientConfig:     &tls.Config{RootCAs: options.RootCAs, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: options.Timeout,
		IdleConnTimeout:     options.Timeout,
	}}
	var err error
	b.core, err = minio.NewCore(p.host, &minio.Options{
		Creds:      credentials.NewStaticV4(secrets.AccessKeyID, secrets.SecretAccessKey, secrets.SessionToken),
		Secure:     !p.plain,
		Region:     p.region,
		Transport:  b.transport,
		MaxRetries: attempts,
	})
	if err != nil {
		return nil, ErrURL
	}
	if _, err := b.find(ctx, "", 1); err != nil {
		return nil, err
	}
	return b, nil
}

func (b *bucket) close() error {
	b.transport.CloseIdleConnections()
	return nil
}

func (b *bucket) key(name string) string { return path.Join(b.prefix, name) }

func (b *bucket) create(ctx context.Context, _, name string) (entry, error) {
	return &object{ctx: ctx, bucket: b, key: b.key(name)}, nil
}

func (b *bucket) read(ctx context.Context, name string, limit int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, b.timeout)
	defer cancel()
	content, _, _, err := b.core.GetObject(ctx, b.name, b.key(name), minio.GetObjectOptions{})
	switch answer := new(minio.ErrorResponse); {
	case errors.As(err, answer) && answer.Code == minio.NoSuchKey:
		return nil, fs.ErrNotExist
	case err != nil:
		return nil, err
	}
	defer content.Close()
	return readSmall(content, limit)
}

func (b *bucket) list(ctx context.Context, prefix string) ([]string, error) {
	return b.find(ctx, prefix, 0)
}

// find lists names, or at most so many of them.
func (b *bucket) find(ctx context.Context, prefix string, most int) ([]string, error) {
	// Ending the context early ends the listing.
	ctx, cancel := context.WithTimeout(ctx, b.timeout)
	defer cancel()
	var names []string
	if b.prefix != "" {
		prefix = b.prefix + "/" + prefix
	}
	for info := range b.core.Client.ListObjects(ctx, b.name, minio.ListObjectsOptions{Prefix: prefix, MaxKeys: most}) {
		if info.Err != nil {
			return nil, info.Err
		}
		names = append(names, path.Base(info.Key))
		if len(names) == most {
			break
		}
	}
	return names, ctx.Err()
}

func (b *bucket) remove(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, b.timeout)
	defer cancel()
	return b.core.RemoveObject(ctx, b.name, b.key(name), minio.RemoveObjectOptions{})
}

// object is being written: in one request when it fits into a part, else in parts of which the store makes one object.
type object struct {
	ctx    context.Context
	bucket *bucket
	key    string
	part   bytes.Buffer
	upload string
	parts  []minio.CompletePart
}

func (o *object) Write(content []byte) (int, error) {
	written := 0
	for len(content) > 0 {
		if o.part.Len() == partBytes {
			if err := o.send(); err != nil {
				return written, err
			}
		}
		n, _ := o.part.Write(content[:min(len(content), partBytes-o.part.Len())]) // a Buffer does not fail
		content, written = content[n:], written+n
	}
	return written, nil
}

// send hands over a part, and begins the upload with the first one.
func (o *object) send() error {
	ctx, cancel := context.WithTimeout(o.ctx, o.bucket.timeout)
	defer cancel()
	core, name := o.bucket.core, o.bucket.name
	if o.upload == "" {
		upload, err := core.NewMultipartUpload(ctx, name, o.key, minio.PutObjectOptions{})
		if err != nil {
			return err
		}
		o.upload = upload
	}
	part, err := core.PutObjectPart(ctx, name, o.key, o.upload, len(o.parts)+1, bytes.NewReader(o.part.Bytes()), int64(o.part.Len()),
		minio.PutObjectPartOptions{Sha256Hex: o.sum(), DisableContentSha256: true})
	if err != nil {
		return err
	}
	o.parts = append(o.parts, minio.CompletePart{PartNumber: part.PartNumber, ETag: part.ETag})
	o.part.Reset()
	return nil
}

// sum is signed with a part, so that the store refuses it when it arrives damaged. (DisableContentSha256 above means sums
// of chunks, which the library signs in place of this one where there is no TLS.)
func (o *object) sum() string {
	sum := sha256.Sum256(o.part.Bytes())
	return hex.EncodeToString(sum[:])
}

func (o *object) commit() error {
	core, name := o.bucket.core, o.bucket.name
	if o.upload == "" {
		ctx, cancel := context.WithTimeout(o.ctx, o.bucket.timeout)
		defer cancel()
		_, err := core.PutObject(ctx, name, o.key, bytes.NewReader(o.part.Bytes()), int64(o.part.Len()), "", o.sum(),
			minio.PutObjectOptions{DisableContentSha256: true})
		return err
	}
	if err := o.send(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(o.ctx, o.bucket.timeout)
	defer cancel()
	if _, err := core.CompleteMultipartUpload(ctx, name, o.key, o.upload, o.parts, minio.PutObjectOptions{}); err != nil {
		return err
	}
	o.upload = ""
	return nil
}

func (o *object) abort() {
	if o.upload == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(o.ctx), o.bucket.timeout)
	defer cancel()
	_ = o.bucket.core.AbortMultipartUpload(ctx, o.bucket.name, o.key, o.upload) // or the bucket's rule does
}
