package server

import (
	"net/http"
	"strings"

	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/credential"
	"github.com/btlc/btlc/internal/statuslist"
)

// revocationList serves the revocation list of 1EdTech that goes with a status list, when such lists are published.
func (s *Server) revocationList(w http.ResponseWriter, r *http.Request) {
	list, found, err := s.credentials.RevocationList(r.Context(), r.PathValue("list"))
	switch {
	case err != nil:
		s.log.ErrorContext(r.Context(), "revocation list", "error", err)
		writeProblem(w, r, api.Errorf(api.Unavailable, "The revocation list cannot be read now: try again."))
	case !found:
		writeProblem(w, r, api.Missing(strings.TrimPrefix(r.URL.Path, "/")))
	default:
		publishAs(w, "application/json", list.Body, list.Etag)
	}
}

// statusList serves the signed list of a purpose, with proofs or as a JWT, to everybody: it names nobody. Whoever keeps it
// asks whether it still holds before each use, so that a revocation is seen at once.
func (s *Server) statusList(w http.ResponseWriter, r *http.Request) {
	form := credential.ListForm(accepted(r, []string{string(credential.ListWithProof), string(credential.ListAsJWT)}))
	if form == "" {
		form = credential.ListWithProof // better than nothing: what it is, it says
	}
	list, found, err := s.credentials.StatusList(r.Context(), r.PathValue("list"), statuslist.Purpose(r.PathValue("purpose")), form)
	switch {
	case err != nil:
		s.log.ErrorContext(r.Context(), "status list", "error", err)
		writeProblem(w, r, api.Errorf(api.Unavailable, "The status list cannot be read now: try again."))
	case !found:
		writeProblem(w, r, api.Missing(strings.TrimPrefix(r.URL.Path, "/")))
	default:
		header := w.Header()
		header.Set("Content-Type", string(form))
		header.Set("Cache-Control", "no-cache")
		header.Set("ETag", list.Etag)
		header.Add("Vary", "Accept")
		header.Set("Access-Control-Allow-Origin", "*")
		_, _ = w.Write(list.Body)
	}
}
