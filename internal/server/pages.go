package server

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/openbadge"
	"github.com/btlc/btlc/internal/web"
)

// pages are what is no RPC: health, the API reference, the issuer's keys, and signed documents.
func (s *Server) pages(gateway http.Handler) http.Handler {
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
	mux.HandleFunc("GET /credentials/{credential}", s.document)
	mux.Handle("GET /docs", web.Docs())
	mux.Handle("GET /docs/", web.Docs())
	mux.Handle("GET /openapi.json", web.OpenAPI())
	mux.Handle("/v1/", gateway)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { writeProblem(w, r, routeError(http.StatusNotFound)) })
	return mux
}

// document serves the signed document to whoever has its address, which nobody can guess.
func (s *Server) document(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("credential")
	body, found, err := []byte(nil), false, error(nil)
	if _, e := uuid.Parse(id); e == nil {
		body, found, err = s.credentials.Document(r.Context(), strings.ToLower(id))
	}
	switch {
	case err != nil:
		s.log.ErrorContext(r.Context(), "document", "error", err)
		writeProblem(w, r, api.Errorf(api.Unavailable, "The document cannot be read now: try again."))
	case !found:
		writeProblem(w, r, api.Missing("credentials/"+id))
	default:
		w.Header().Set("Content-Type", "application/vc")
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("Access-Control-Allow-Origin", "*")
		_, _ = w.Write(body)
	}
}

// public serves what is for everybody and the same until the server is started again.
func public(contentType string, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("Access-Control-Allow-Origin", "*")
		_, _ = w.Write(body)
	}
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text))
}
