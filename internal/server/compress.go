package server

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"sync"
)

var gzipWriters = sync.Pool{New: func() any { return gzip.NewWriter(io.Discard) }}

// smallBody is the size in bytes below which compressing costs more than it saves.
const smallBody = 1024

// compressed answers in gzip to callers that take it, when the answer is not small.
func compressed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Accept-Encoding")
		if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			next.ServeHTTP(w, r)
			return
		}
		c := &compressor{ResponseWriter: w, status: http.StatusOK}
		defer c.close()
		next.ServeHTTP(c, r)
	})
}

// compressor decides at the first write: every answer of ours is one write, or begins with a large one.
type compressor struct {
	http.ResponseWriter
	status  int
	decided bool
	gzip    *gzip.Writer
}

func (c *compressor) WriteHeader(status int) { c.status = status }

func (c *compressor) Write(body []byte) (int, error) {
	if !c.decided {
		c.decided = true
		if kind := c.Header().Get("Content-Type"); (len(body) >= smallBody || isExport(kind)) && kind != mediaEvents {
			c.Header().Set("Content-Encoding", "gzip")
			c.Header().Del("Content-Length")
			c.gzip = gzipWriters.Get().(*gzip.Writer)
			c.gzip.Reset(c.ResponseWriter)
		}
		c.ResponseWriter.WriteHeader(c.status)
	}
	if c.gzip != nil {
		return c.gzip.Write(body)
	}
	return c.ResponseWriter.Write(body)
}

// isExport says whether an answer is large whatever its first part is.
func isExport(kind string) bool {
	return kind == mediaNDJSON || kind == mediaProtobuf || strings.HasPrefix(kind, mediaCSV)
}

// FlushError sends what there is of a stream: nothing before its first byte, which decides how it is sent.
func (c *compressor) FlushError() error {
	if !c.decided {
		return nil
	}
	if c.gzip != nil {
		if err := c.gzip.Flush(); err != nil {
			return err
		}
	}
	return http.NewResponseController(c.ResponseWriter).Flush()
}

// Unwrap lets a stream take its time.
func (c *compressor) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func (c *compressor) close() {
	switch {
	case !c.decided:
		c.ResponseWriter.WriteHeader(c.status)
	case c.gzip != nil:
		_ = c.gzip.Close() // the caller went away: there is nobody to tell
		gzipWriters.Put(c.gzip)
	}
}
