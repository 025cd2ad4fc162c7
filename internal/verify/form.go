package verify

import (
	"bytes"
	"context"
	"errors"
	"strings"

	"github.com/btlc/btlc/internal/badge"
	"github.com/btlc/btlc/internal/openbadge"
)

// unreadable is an input in none of the forms that a credential has.
type unreadable struct{ reason string }

func (u *unreadable) Error() string { return u.reason }

// pngSignature begins every PNG.
var pngSignature = []byte("\x89PNG")

// unwrap gets at what is secured by proofs: the input itself, what is baked into it, or what is at its address. carrier
// says for people what it was in.
func (v *verification) unwrap(ctx context.Context, input []byte) (secured []byte, carrier string, err error) {
	text := bytes.TrimSpace(input)
	picture := bytes.HasPrefix(input, pngSignature) || bytes.HasPrefix(bytes.TrimPrefix(text, []byte("\ufeff")), []byte("<"))
	switch {
	case len(text) == 0:
		return nil, "", &unreadable{"it is empty"}
	case picture && len(input) > MaxImage:
		return nil, "", &unreadable{"the picture is too large"}
	case picture:
		baked, err := badge.Extract(input)
		if err != nil {
			return nil, "", &unreadable{reason(err)}
		}
		return []byte(baked), "a picture with ", nil
	case len(text) > MaxDocument:
		return nil, "", &unreadable{"the document is too large"}
	case bytes.HasPrefix(text, []byte("https://")) || bytes.HasPrefix(text, []byte("http://")):
		return v.byAddress(ctx, string(text))
	case text[0] != '{' && bytes.Count(text, []byte(".")) != 2:
		return nil, "", &unreadable{"it is neither a JSON object, nor a compact JWT, nor a PNG or SVG picture, nor an address"}
	}
	return text, "", nil
}

// byAddress reads a credential of ours. Nothing is fetched: an address is whatever somebody wrote.
func (v *verification) byAddress(ctx context.Context, address string) (secured []byte, carrier string, err error) {
	elsewhere := &unreadable{"there is no credential of this server at the address, and no other address is asked: send the credential itself"}
	if v.Own == nil {
		return nil, "", elsewhere
	}
	entry, found, err := v.Own(ctx, address)
	switch {
	case err != nil:
		return nil, "", err
	case !found:
		return nil, "", elsewhere
	}
	return []byte(entry.Document), "the credential at the address, ", nil
}

// form says how a credential that was read is secured.
func form(secured []byte, report openbadge.Report) string {
	var token string
	if len(report.Proofs) == 1 && report.Proofs[0].Known {
		switch report.Proofs[0].Form {
		case "JWT":
			token = "a JWT of Open Badges"
		case "vc+jwt":
			token = "a vc+jwt"
		}
	}
	switch {
	case token == "" && secured[0] == '{':
		return "JSON-LD"
	case token == "":
		return "a JWT"
	case secured[0] == '{':
		return "an EnvelopedVerifiableCredential with " + token
	}
	return token
}

// reason is an error for people: without the name of the package that it comes from.
func reason(err error) string {
	if err == nil {
		return "it cannot be read"
	}
	if errors.Is(err, openbadge.ErrNoProof) {
		return "it is not signed"
	}
	text := err.Error()
	for _, from := range []string{"openbadge: ", "badge: ", "statuslist: ", "jsonld: "} {
		text = strings.ReplaceAll(text, from, "")
	}
	return text
}
