package server

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	credentialpb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/qrscan"
)

// scanTime bounds how long a photo is looked at, the time that it waits for others included.
const scanTime = 20 * time.Second

// maxLargeForms is how many forms are read at a time of those that may be larger than any other body: whoever sends one slowly
// holds the memory for all of it.
const maxLargeForms = 4

// given is what a form asks: one of these.
type given struct {
	question *credentialpb.VerifyCredentialRequest
	// credential is the id of one of ours, whose code was scanned.
	credential string
	// elsewhere is what a code says that leads to no credential here.
	elsewhere string
}

// formFault says why a form asks nothing, for people.
type formFault struct {
	status int
	text   string
}

func (f *formFault) Error() string { return f.text }

func badForm(text string) error { return &formFault{http.StatusBadRequest, text} }

func busy(text string) error {
	return &formFault{http.StatusServiceUnavailable, text + " Try again in a minute."}
}

// given reads a form: a file comes before a photo, that before what a camera has scanned, and a text last. Errors are
// formFaults.
func (s *Server) given(r *http.Request) (given, error) {
	if r.ContentLength < 0 || r.ContentLength > maxBody {
		if !s.largeForms.TryAcquire(1) {
			return given{}, busy("Too many files are being looked at.")
		}
		defer s.largeForms.Release(1)
	}
	err := r.ParseForm() // alone first: of a form without files, ParseMultipartForm keeps for itself what is wrong with it
	if err == nil {
		err = r.ParseMultipartForm(maxForm) // #nosec G120 -- all bodies are bounded, this one by maxForm
	}
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return given{}, &formFault{http.StatusRequestEntityTooLarge, "This is too large: a photo has at most 12 megabytes."}
	} else if err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return given{}, badForm("The form did not arrive whole.")
	}
	for _, field := range []string{"file", "photo"} {
		content, chosen, err := upload(r, field)
		switch {
		case err != nil:
			return given{}, badForm("The file did not arrive whole.")
		case chosen && (field == "photo" || bytes.HasPrefix(content, []byte("\xff\xd8\xff"))): // no JPEG has a credential inside
			return s.scanned(r.Context(), content)
		case chosen:
			return asked(content)
		}
	}
	if code := r.PostFormValue("code"); code != "" {
		return s.said(code)
	}
	return asked([]byte(r.PostFormValue("credential")))
}

// upload takes a file out of the form, so that it is not held twice while it is looked at; chosen is false when there is none.
func upload(r *http.Request, field string) (content []byte, chosen bool, err error) {
	file, header, err := r.FormFile(field)
	if errors.Is(err, http.ErrMissingFile) || errors.Is(err, http.ErrNotMultipart) {
		return nil, false, nil
	} else if err != nil {
		return nil, false, err
	}
	defer file.Close()
	delete(r.MultipartForm.File, field)
	content = make([]byte, header.Size)
	_, err = io.ReadFull(file, content)
	return content, true, err
}

// asked is the question whether something is a credential.
func asked(content []byte) (given, error) {
	content = bytes.TrimSpace(content)
	switch {
	case len(content) == 0:
		return given{}, badForm("Choose a file, or put a text into the field.")
	case bytes.HasPrefix(content, []byte("\x89PNG")) || bytes.HasPrefix(content, []byte("<")):
		return given{question: &credentialpb.VerifyCredentialRequest{Image: content}}, nil
	case !utf8.Valid(content):
		return given{}, badForm("This is neither a text nor a picture of a kind that can have a credential inside.")
	}
	return given{question: &credentialpb.VerifyCredentialRequest{Credential: string(content)}}, nil
}

// scanned is what the code in a photo asks. Of several, it is the one that leads to a credential here.
func (s *Server) scanned(ctx context.Context, photo []byte) (given, error) {
	ctx, cancel := context.WithTimeout(ctx, scanTime)
	defer cancel()
	codes, err := s.scanner.Codes(ctx, photo)
	switch {
	case errors.Is(err, qrscan.ErrTooLarge):
		return given{}, badForm("The photo has more than 25 million pixels. Take it at a lower resolution.")
	case errors.Is(err, qrscan.ErrFormat):
		return given{}, badForm("The photo is not a whole PNG or JPEG.")
	case errors.Is(err, qrscan.ErrBusy):
		return given{}, busy("Too many photos are being looked at.")
	case err != nil:
		s.log.WarnContext(ctx, "scan", "error", err)
		return given{}, busy("The photo could not be read in time.")
	case len(codes) == 0:
		return given{}, badForm("No code was found in the photo. Take it from straight above, sharp and in even light, with the code as large as can be.")
	case len(codes) == 1:
		return s.said(codes[0])
	}
	var ours []string
	for _, code := range codes {
		if id := s.idAt(code); id != "" {
			ours = append(ours, id)
		}
	}
	if len(ours) != 1 {
		return given{}, badForm("There are several codes in the photo. Take one of a single certificate's.")
	}
	return given{credential: ours[0]}, nil
}

// said is what a code asks that was read: for the credential here that it leads to, or whether it is itself one. What leads
// anywhere else is told, and neither opened nor asked for.
func (s *Server) said(code string) (given, error) {
	code = strings.TrimSpace(code)
	if id := s.idAt(code); id != "" {
		return given{credential: id}, nil
	}
	if strings.HasPrefix(code, "{") || strings.Count(code, ".") == 2 && strings.HasPrefix(code, "ey") { // JSON, or a JWT
		return asked([]byte(code))
	}
	return given{elsewhere: printable(code)}, nil
}

// idAt is the id of the credential that has an address here; "" when it is the address of none.
func (s *Server) idAt(address string) string {
	id, here := strings.CutPrefix(address, s.options.Issuer.BaseURL+"/credentials/")
	id, _, _ = strings.Cut(id, ".")
	if parsed, err := uuid.Parse(id); !here || err != nil || parsed.String() != strings.ToLower(id) {
		return ""
	}
	return strings.ToLower(id)
}

// printable is a text that changes nothing around it: without control characters, and without those that turn the
// direction of writing. It is cut where nobody reads on.
func printable(text string) string {
	const longest = 1000
	shown := []rune(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, text))
	if len(shown) > longest {
		return string(shown[:longest]) + "…"
	}
	return string(shown)
}
