package server

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"time"

	"github.com/btlc/btlc/internal/openbadge"
	"github.com/btlc/btlc/internal/web"
)

// pages are what is no RPC: health, the API reference, the issuer's keys, and signed documents.
func (s *Server) pages(gateway http.Handler) *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok\n") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
		defer cancel()
		if err := s.ready(ctx); err != nil {
			if r.Context().Err() == nil { // a prober that hung up says nothing about us
				s.log.WarnContext(ctx, "not ready", "error", err)
			}
			plain(w, http.StatusServiceUnavailable, "not ready\n")
			return
		}
		plain(w, http.StatusOK, "ok\n")
	})
	issuer := s.options.Issuer
	identity := public("application/json", openbadge.DIDDocument(issuer.DID, issuer.Keys.Public()))
	mux.HandleFunc("GET /.well-known/did.json", identity)
	mux.HandleFunc("GET /did.json", identity) // of a did:web with a path, which a proxy takes off
	mux.HandleFunc("GET /.well-known/jwks.json", public("application/jwk-set+json", openbadge.JWKS(issuer.Keys.Public())))
	for _, key := range issuer.Keys.Public() {
		if key.Revoked.IsZero() {
			mux.HandleFunc("GET /keys/"+key.ID, public("application/jwk+json", key.JWK(key.URL(issuer.DID))))
		}
	}
	mux.HandleFunc("GET /credentials/{credential}", s.credential)
	mux.HandleFunc("POST /credentials/{credential}", s.askHolder)
	mux.HandleFunc("GET /credentials/{credential}/learner-record", s.learnerRecord)
	mux.HandleFunc("GET /calendars/{calendar}", s.calendar)
	mux.HandleFunc("GET "+verifyPath, s.verifyForm)
	mux.HandleFunc("POST "+verifyPath, s.verify)
	mux.HandleFunc("GET /assets/pages.css", public("text/css; charset=utf-8", web.Style))
	mux.HandleFunc("GET /assets/icon.svg", public("image/svg+xml", web.Icon))
	mux.HandleFunc("GET /assets/verify.js", public("text/javascript; charset=utf-8", web.Script))
	mux.HandleFunc("GET /status-lists/{list}/{purpose}", s.statusList)
	mux.HandleFunc("GET /status-lists/{list}/1edtech", s.revocationList)
	mux.Handle("GET /docs", web.Docs())
	mux.Handle("GET /docs/", web.Docs())
	mux.Handle("GET /openapi.json", web.OpenAPI())
	mux.Handle("/v1/", gateway)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { writeProblem(w, r, routeError(http.StatusNotFound)) })
	return mux
}

// public serves what is for everybody and the same until the server is started again.
func public(contentType string, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { publish(w, contentType, body) }
}

// publish answers with what is for everybody, by whatever page it is asked, and has not changed as long as its bytes are
// the same.
func publish(w http.ResponseWriter, contentType string, body []byte) {
	publishAs(w, contentType, body, hashTag(body))
}

func publishAs(w http.ResponseWriter, contentType string, body []byte, tag string) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Content-Type", contentType)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", tag)
	_, _ = w.Write(body) // a caller that went away cannot be told
}

// hashTag is the ETag of bytes.
func hashTag(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
}

// jwtTag is the ETag of a JWT by what is signed. It is weak (RFC 9110, section 8.8.1): the bytes of the signature may be others
// and mean the same.
func jwtTag(token []byte) string {
	return "W/" + hashTag(token[:max(0, bytes.LastIndexByte(token, '.'))])
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text))
}
