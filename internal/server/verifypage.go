package server

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

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

func (s *Server) verifyForm(w http.ResponseWriter, r *http.Request) {
	body, err := web.Verify{Page: web.Page{Root: rootOf(r)}}.Render()
	s.page(w, r, http.StatusOK, body, err)
}

// verify answers the form with what was found of a file or of a text. Nothing of it is kept.
func (s *Server) verify(w http.ResponseWriter, r *http.Request) {
	page := web.Verify{Page: web.Page{Root: rootOf(r)}}
	code := http.StatusOK
	question, fault := asked(r)
	if fault != "" {
		page.Fault, code = fault, http.StatusBadRequest
	} else if answer, err := s.verification(r.Context(), question); err == nil {
		page.Result = s.result(answer)
	} else if status.Code(err) == codes.InvalidArgument {
		page.Fault, code = "This cannot be read as a credential. A text has at most 1,000,000 characters, a picture 3,000,000 bytes.", http.StatusBadRequest
	} else {
		s.log.WarnContext(r.Context(), "verification", "error", err)
		page.Fault, code = "It cannot be verified now. Try again in a minute.", http.StatusServiceUnavailable
	}
	if page.Fault != "" {
		page.Text = r.PostFormValue("credential")
	}
	body, err := page.Render()
	s.page(w, r, code, body, err)
}

// asked is what a form asks, or why it asks nothing, for people.
func asked(r *http.Request) (*credentialpb.VerifyCredentialRequest, string) {
	file, _, err := r.FormFile("file")
	if err != nil && !errors.Is(err, http.ErrMissingFile) && !errors.Is(err, http.ErrNotMultipart) {
		return nil, "The form did not arrive whole."
	}
	content := []byte(r.PostFormValue("credential"))
	if err == nil {
		defer file.Close()
		if content, err = io.ReadAll(file); err != nil {
			return nil, "The file did not arrive whole."
		}
	}
	content = bytes.TrimSpace(content)
	switch {
	case len(content) == 0:
		return nil, "Choose a file, or put a text into the field."
	case bytes.HasPrefix(content, []byte("\x89PNG")) || bytes.HasPrefix(content, []byte("<")):
		return &credentialpb.VerifyCredentialRequest{Image: content}, ""
	case !utf8.Valid(content):
		return nil, "This is neither a text nor a picture of a kind that can have a credential inside."
	}
	return &credentialpb.VerifyCredentialRequest{Credential: string(content)}, ""
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
