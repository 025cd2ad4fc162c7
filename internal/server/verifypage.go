package server

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	credentialpb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/web"
)

// verification asks what any caller can ask, by the same chain.
func (s *Server) verification(ctx context.Context, question *credentialpb.VerifyCredentialRequest) (*credentialpb.VerifyCredentialResponse, error) {
	return credentialpb.NewCredentialServiceClient(s.channel).VerifyCredential(ctx, question)
}

// verifyPath is the form's address. maxForm is how many bytes it takes: photos are larger than anything else that is sent here.
const (
	verifyPath = "/verify"
	maxForm    = 12 << 20
)

func (s *Server) verifyForm(w http.ResponseWriter, r *http.Request) {
	s.verifyPage(w, r, http.StatusOK, web.Verify{})
}

func (s *Server) verifyPage(w http.ResponseWriter, r *http.Request, status int, page web.Verify) {
	page.Root = rootOf(r)
	body, err := page.Render()
	web.LetCamera(w.Header())
	s.page(w, r, status, body, err)
}

// verify answers the form with what was found of a file, a photo or a text. Nothing of it is kept.
func (s *Server) verify(w http.ResponseWriter, r *http.Request) {
	given, err := s.given(r)
	if err == nil && given.credential != "" {
		http.Redirect(w, r, rootOf(r)+"credentials/"+given.credential, http.StatusSeeOther) // #nosec G710 -- the id of one of ours
		return
	}
	page, code := web.Verify{Elsewhere: given.elsewhere}, http.StatusOK
	if err == nil && given.question != nil {
		page.Result, err = s.answer(r.Context(), given.question)
	}
	if fault, ok := errors.AsType[*formFault](err); ok {
		page.Fault, page.Text, code = fault.text, r.PostForm.Get("credential"), fault.status // PostFormValue would read what was refused
	}
	if code == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "60") // the minute that the faults tell
	}
	s.verifyPage(w, r, code, page)
}

func (s *Server) answer(ctx context.Context, question *credentialpb.VerifyCredentialRequest) (*web.Result, error) {
	answer, err := s.verification(ctx, question)
	switch {
	case err == nil:
		return s.result(answer), nil
	case status.Code(err) == codes.InvalidArgument:
		return nil, badForm("This cannot be read as a credential. A text has at most 1,000,000 characters, a picture 3,000,000 bytes.")
	}
	s.log.WarnContext(ctx, "verification", "error", err)
	return nil, busy("It cannot be verified now.")
}

func (s *Server) result(answer *credentialpb.VerifyCredentialResponse) *web.Result {
	day := func(t *timestamppb.Timestamp) time.Time {
		if t == nil {
			return time.Time{}
		}
		return t.AsTime().In(s.options.Zone)
	}
	return &web.Result{
		Verdict: verdictOf(answer), Title: answer.GetTitle(), CredentialID: answer.GetCredentialId(), IssuerName: answer.GetIssuerName(), IssuerID: answer.GetIssuerId(),
		Ours: answer.GetOurs(), From: day(answer.GetValidFrom()), Until: day(answer.GetValidUntil()), Achievements: answer.GetAchievements(), Checks: checksOf(answer),
	}
}

// verdictOf is what a verification says at one look; nil is one that could not be made.
func verdictOf(answer *credentialpb.VerifyCredentialResponse) web.Verdict {
	failed := false
	for _, c := range answer.GetChecks() {
		failed = failed || c.GetOutcome() == credentialpb.VerificationCheck_OUTCOME_FAILED
	}
	switch {
	case answer == nil:
		return web.Verdict{Tone: "unknown", Word: "Not checked", Sentence: "It could not be verified just now: try again in a minute."}
	case answer.GetValid():
		return web.Verdict{Tone: "good", Word: "Valid", Sentence: "Every check was passed."}
	case failed:
		return web.Verdict{Tone: "bad", Word: "Not valid", Sentence: "Do not rely on it: a check failed."}
	}
	return web.Verdict{Tone: "unknown", Word: "Not certain", Sentence: "Not all of it could be checked."}
}

var checkNames = map[string]string{
	"format": "Form", "proof": "Signature", "issuer": "Issuer", "schema": "Structure", "dates": "Dates", "status": "Status", "nested": "Certificate inside",
}

func checksOf(answer *credentialpb.VerifyCredentialResponse) []web.Check {
	var checks []web.Check
	for _, c := range answer.GetChecks() {
		name := checkNames[c.GetCheck()]
		if name == "" {
			name = c.GetCheck()
		}
		outcome := strings.ToLower(strings.TrimPrefix(c.GetOutcome().String(), "OUTCOME_"))
		checks = append(checks, web.Check{Outcome: outcome, Name: name, Detail: c.GetDetail()})
	}
	return checks
}
