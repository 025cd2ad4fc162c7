package vcapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"

	"github.com/gowebpki/jcs"
)

// The types of problems: of Verifiable Credentials Data Model 2.0, section 7.2; of Data Integrity, section 4.7; and of
// Bitstring Status List, section 3.5.
const (
	problemParsing   = "https://www.w3.org/TR/vc-data-model#PARSING_ERROR"
	problemCrypto    = "https://www.w3.org/TR/vc-data-model#CRYPTOGRAPHIC_SECURITY_ERROR"
	problemMalformed = "https://www.w3.org/TR/vc-data-model#MALFORMED_VALUE_ERROR"
	problemRange     = "https://www.w3.org/TR/vc-data-model#RANGE_ERROR"
	problemProof     = "https://w3id.org/security#PROOF_VERIFICATION_ERROR"
	problemLoss      = "https://w3id.org/security#DATA_LOSS_DETECTION_ERROR"
	problemStatus    = "https://www.w3.org/ns/credentials/status-list#STATUS_VERIFICATION_ERROR"
	problemNone      = "about:blank"
)

// problem is what is wrong with a request (RFC 9457).
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status,omitempty"`
	Detail string `json:"detail,omitempty"`
}

func (p *problem) Error() string { return p.Detail }

// bad is a request that the caller has to change.
func bad(kind, format string, arguments ...any) *problem {
	return &problem{Type: kind, Title: "the request cannot be carried out", Status: http.StatusBadRequest, Detail: fmt.Sprintf(format, arguments...)}
}

// call reads a request and writes what comes of it: an answer with its status, or the problem that the error is.
func (s *service) call(answer func(ctx context.Context, body []byte) (status int, value any, err error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := s.read(w, r)
		if err != nil {
			refuse(w, err)
			return
		}
		status, value, err := answer(r.Context(), body)
		if err != nil {
			refuse(w, err)
			return
		}
		write(w, status, "application/json", value)
	})
}

// read reads a body: JSON that every reader takes for the same, so with no member twice.
func (s *service) read(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, &problem{Type: problemNone, Title: "the body is not application/json", Status: http.StatusUnsupportedMediaType}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.MaxBody))
	if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
		return nil, &problem{Type: problemNone, Title: "the body is too large", Status: http.StatusRequestEntityTooLarge, Detail: fmt.Sprintf("more than %d bytes", large.Limit)}
	} else if err != nil {
		return nil, bad(problemParsing, "the body cannot be read")
	}
	if _, err := jcs.Transform(body); err != nil {
		return nil, bad(problemParsing, "the body is not JSON: %v", err)
	}
	return body, nil
}

func refuse(w http.ResponseWriter, err error) {
	p := (*problem)(nil)
	if !errors.As(err, &p) {
		p = &problem{Type: problemNone, Title: "the server could not carry it out", Status: http.StatusInternalServerError}
	}
	write(w, p.Status, "application/problem+json", p)
}

func write(w http.ResponseWriter, status int, kind string, value any) {
	text, err := json.Marshal(value)
	if err != nil {
		status, text = http.StatusInternalServerError, nil
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(text) // who hung up gets nothing
}

// members reads the members of an object into what is named for each. One that is not named is refused by its name: an option
// that had no effect would be taken for obeyed.
func members(object []byte, at string, into map[string]any) error {
	var given map[string]json.RawMessage
	if err := json.Unmarshal(object, &given); err != nil || given == nil {
		return bad(problemParsing, "%s is not an object", at)
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		target, known := into[name]
		if !known {
			return bad(problemNone, "%s has the member %q, which is not known here", at, name)
		}
		if err := json.Unmarshal(given[name], target); err != nil {
			return bad(problemMalformed, "%s of %s is of the wrong type", name, at)
		}
	}
	return nil
}

// given tells whether a member was there: null says as much as nothing.
func given(member json.RawMessage) bool { return member != nil && string(member) != "null" }

// texts is a text, or several.
type texts []string

// UnmarshalJSON reads either.
func (t *texts) UnmarshalJSON(value []byte) error {
	var one string
	if err := json.Unmarshal(value, &one); err == nil {
		*t = texts{one}
		return nil
	}
	return json.Unmarshal(value, (*[]string)(t))
}
