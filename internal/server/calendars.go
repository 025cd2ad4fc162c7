package server

import (
	"net/http"
	"strings"

	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/ical"
)

// calendar serves meetings to calendar programs, by an address that nobody can guess. Of an address that shows nothing it
// says no more than that, be it unknown or of a link that was deleted.
func (s *Server) calendar(w http.ResponseWriter, r *http.Request) {
	token, complete := strings.CutSuffix(r.PathValue("calendar"), ".ics")
	found, there, err := s.enrollment.Calendar(r.Context(), token)
	switch {
	case err != nil:
		s.log.ErrorContext(r.Context(), "calendar", "error", err)
		writeProblem(w, r, api.Errorf(api.Unavailable, "The calendar cannot be read now: try again."))
		return
	case !there || !complete:
		w.Header().Set("Cache-Control", "no-store")
		plain(w, http.StatusNotFound, "There is no calendar at this address.\n")
		return
	}
	body, modified := found.Feed.Bytes(), found.Modified.UTC().Format(http.TimeFormat)
	h := w.Header()
	h.Set("Cache-Control", "private, max-age=300")
	h.Set("ETag", hashTag(body))
	h.Set("Last-Modified", modified)
	h.Set("X-Content-Type-Options", "nosniff")
	// Equal, not later: what a calendar lost moves the time of what is left back. By an ETag `revalidated` answers.
	if r.Header.Get("If-None-Match") == "" && r.Header.Get("If-Modified-Since") == modified {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", ical.MediaType)
	_, _ = w.Write(body) // a caller that went away cannot be told
}
