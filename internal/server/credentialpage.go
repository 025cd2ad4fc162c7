package server

import (
	"errors"
	"net/http"
	"strings"

	credentialpb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/credential"
	"github.com/btlc/btlc/internal/openbadge"
	"github.com/btlc/btlc/internal/web"
)

// credential serves a credential to whoever has its address, which nobody can guess: in the form that Accept asks for, or
// in that of the address's extension.
func (s *Server) credential(w http.ResponseWriter, r *http.Request) {
	id, extension, explicit := strings.Cut(r.PathValue("credential"), ".")
	form, known := formWith(func(f credentialForm) bool { return explicit && f.extension == extension })
	if !explicit {
		w.Header().Add("Vary", "Accept")
		media := accepted(r, credentialMedia)
		if media == "" { // told before anything is looked for: it says nothing of what there is
			plain(w, http.StatusNotAcceptable, "A credential is given as one of:\n"+strings.Join(credentialMedia, "\n")+"\n")
			return
		}
		form, known = formWith(func(f credentialForm) bool { return f.media == media })
	}
	p, ok := s.published(w, r, id, known)
	if !ok {
		return
	}
	if form.media == htmlMedia {
		s.credentialPage(w, r, id, p, "")
		return
	}
	if p.Ended() && !form.asStored {
		verdict := statusVerdicts[p.Status]
		s.message(w, r, http.StatusGone, verdict.Word, "This form of the credential is not given any more. "+verdict.Sentence)
		return
	}
	body, err := form.make(r.Context(), s, id, p)
	if err != nil {
		s.log.ErrorContext(r.Context(), "form of a credential", "form", form.media, "error", err)
		reason, detail := api.Internal, "This form of the credential cannot be made."
		if errors.Is(err, openbadge.ErrNotSigned) {
			reason, detail = api.Unavailable, "This form of the credential cannot be signed now: try again."
		}
		writeProblem(w, r, api.Errorf(reason, "%s", detail))
		return
	}
	if form.media == "image/svg+xml" {
		w.Header().Set("Content-Security-Policy", "default-src 'none'")
	}
	tag := hashTag(body)
	if form.signs {
		tag = jwtTag(body)
	}
	publishAs(w, form.media, body, tag)
}

// learnerRecord serves the record that goes with a credential, signed as a JWT when it was issued. It is a resource of its own:
// most credentials have none.
func (s *Server) learnerRecord(w http.ResponseWriter, r *http.Request) {
	p, ok := s.published(w, r, r.PathValue("credential"), true)
	switch {
	case !ok:
	case len(p.LearnerRecord) == 0:
		s.missing(w, r, "No such record", "This credential has no learner record.")
	case p.Ended():
		verdict := statusVerdicts[p.Status]
		s.message(w, r, http.StatusGone, verdict.Word, "The learner record is not given any more. "+verdict.Sentence)
	default:
		publish(w, "application/jwt", p.LearnerRecord)
	}
}

// missing answers that there is nothing at an address below /credentials.
func (s *Server) missing(w http.ResponseWriter, r *http.Request, title, text string) {
	if prefersPage(r) {
		s.message(w, r, http.StatusNotFound, title, text)
	} else {
		writeProblem(w, r, api.Missing(strings.TrimPrefix(r.URL.Path, "/")))
	}
}

// askHolder serves a credential's page with the answer whether it is the person's whose e-mail address is given. What is
// asked is neither kept nor told in logs. There is no limit on asking: the document has the salt, so that whoever knows the
// address could hash guesses without us, and each one costs us the same one read.
func (s *Server) askHolder(w http.ResponseWriter, r *http.Request) {
	email := r.PostFormValue("email")
	id := r.PathValue("credential")
	p, ok := s.published(w, r, id, true)
	if !ok {
		return
	}
	answer := "no"
	if p.IssuedTo(email) {
		answer = "yes"
	}
	s.credentialPage(w, r, id, p, answer)
}

// published reads a credential, or answers that there is none: the same for what is unknown and for what is not known by
// that address.
func (s *Server) published(w http.ResponseWriter, r *http.Request, id string, known bool) (credential.Published, bool) {
	p, found, err := s.credentials.Published(r.Context(), id)
	switch {
	case err != nil:
		s.log.ErrorContext(r.Context(), "credential", "error", err)
		w.Header().Set("Cache-Control", "no-store")
		if prefersPage(r) {
			s.message(w, r, http.StatusServiceUnavailable, "Not now", "The credential cannot be read now. Try again in a minute.")
		} else {
			writeProblem(w, r, api.Errorf(api.Unavailable, "The document cannot be read now: try again."))
		}
	case !found || !known:
		s.missing(w, r, "No such credential", "There is no credential at this address. Check that it is complete.")
	default:
		return p, true
	}
	return p, false
}

// prefersPage says whether people read the answer.
func prefersPage(r *http.Request) bool {
	return accepted(r, []string{"application/problem+json", htmlMedia}) == htmlMedia
}

// message answers with a sentence, to people on a page.
func (s *Server) message(w http.ResponseWriter, r *http.Request, status int, title, text string) {
	if !prefersPage(r) {
		w.Header().Set("Cache-Control", "no-store")
		plain(w, status, title+". "+text+"\n")
		return
	}
	body, err := web.Message{Page: web.Page{Root: rootOf(r)}, Title: title, Text: text}.Render()
	s.page(w, r, status, body, err)
}

// credentialPage shows a credential to people. holder is the answer to whose it is, "" when that was not asked.
func (s *Server) credentialPage(w http.ResponseWriter, r *http.Request, id string, p credential.Published, holder string) {
	answer, err := s.verification(r.Context(), &credentialpb.VerifyCredentialRequest{Credential: string(p.Document)})
	if err != nil {
		s.log.WarnContext(r.Context(), "a credential's own verification", "error", err)
	}
	zone := s.options.Zone
	page := web.Credential{
		Page: web.Page{Root: rootOf(r)}, Verdict: verdictOn(p, answer), ID: id, Title: p.Title, Description: p.Description, Criteria: p.Criteria, Issuer: p.Issuer,
		Issued: p.IssueTime.In(zone), Competencies: p.Competencies, Checks: checksOf(answer), Checked: s.db.Now().In(zone), AsksHolder: p.ByEmail(), HolderAnswer: holder, NamesDID: p.ByDID(),
	}
	if !p.ExpireTime.IsZero() {
		page.Until = p.ExpireTime.In(zone)
	}
	if p.Status != "ACTIVE" {
		page.Since = p.StatusTime.In(zone)
	}
	for _, f := range credentialForms {
		if f.name == "" || p.Ended() && !f.asStored {
			continue
		}
		page.Forms = append(page.Forms, web.Form{Name: f.name, Note: f.note, Address: id + "." + f.extension, MediaType: f.media})
		if f.extension == "svg" {
			page.Badge = id + ".svg"
		}
	}
	if len(p.LearnerRecord) > 0 && !p.Ended() {
		page.Forms = append(page.Forms, web.Form{
			Name: "Learner record (JWT)", Note: "The certificates that it rests on, all in one", Address: id + "/learner-record", MediaType: "application/jwt",
		})
	}
	body, err := page.Render()
	if holder != "" {
		w.Header().Set("Cache-Control", "no-store")
	} else {
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("ETag", hashTag(body))
	}
	s.page(w, r, http.StatusOK, body, err)
}

// page answers with a page that was rendered.
func (s *Server) page(w http.ResponseWriter, r *http.Request, status int, body []byte, err error) {
	if err != nil {
		s.log.ErrorContext(r.Context(), "page", "error", err)
		writeProblem(w, r, api.Errorf(api.Internal, "The page cannot be made."))
		return
	}
	web.Guard(w.Header())
	if w.Header().Get("Cache-Control") == "" {
		w.Header().Set("Cache-Control", "no-store")
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a caller that went away cannot be told
}

// rootOf leads from the address that was asked to the server's root.
func rootOf(r *http.Request) string {
	return strings.Repeat("../", strings.Count(strings.TrimPrefix(r.URL.Path, "/"), "/"))
}

var statusVerdicts = map[string]web.Verdict{
	"SUSPENDED":  {Tone: "hold", Word: "Suspended", Sentence: "It does not count unless it is reinstated."},
	"REVOKED":    {Tone: "bad", Word: "Revoked", Sentence: "It does not count any more."},
	"SUPERSEDED": {Tone: "bad", Word: "Superseded", Sentence: "Another credential stands in its place; this one does not count any more."},
	"EXPIRED":    {Tone: "bad", Word: "Expired", Sentence: "Its time is over."},
}

// verdictOn is what a credential of ours is worth: our record counts first, then what verifiers find.
func verdictOn(p credential.Published, answer *credentialpb.VerifyCredentialResponse) web.Verdict {
	if verdict, told := statusVerdicts[p.Status]; told {
		return verdict
	}
	verdict := verdictOf(answer)
	if verdict.Tone == "good" {
		verdict.Sentence = "The signature holds, and the issuer’s record says that it counts."
	}
	return verdict
}
