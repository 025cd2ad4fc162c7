package vcapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/btlc/btlc/internal/jsonld"
	"github.com/btlc/btlc/internal/openbadge"
)

// The media types by which options say how a presentation is to be secured.
const (
	mediaPresentation    = "application/vp"
	mediaPresentationJWT = "application/vp+jwt"
)

// proveOptions say how a presentation is secured, and what it answers.
type proveOptions struct {
	// cryptosuites of the proofs that are embedded, in this order.
	cryptosuites texts
	// mediaType: with proofs in it, or as a JWT in an envelope.
	mediaType string
	challenge string
	domain    texts
}

func readProveOptions(text json.RawMessage) (proveOptions, error) {
	options := proveOptions{mediaType: mediaPresentation}
	if given(text) {
		err := members(text, "options", map[string]any{
			"cryptosuite": &options.cryptosuites, "mediaType": &options.mediaType, "challenge": &options.challenge, "domain": &options.domain,
		})
		if err != nil {
			return options, err
		}
	}
	return options, securing(options.mediaType, &options.cryptosuites, mediaPresentation, mediaPresentationJWT)
}

// provePresentation answers POST /presentations/prove: the test holder signs a presentation, whatever the credentials in it are
// worth.
func (s *service) provePresentation(ctx context.Context, body []byte) (int, any, error) {
	var unsecured, chosen json.RawMessage
	if err := members(body, "the body", map[string]any{"presentation": &unsecured, "options": &chosen}); err != nil {
		return 0, nil, err
	}
	options, err := readProveOptions(chosen)
	if err != nil {
		return 0, nil, err
	}
	presentation, err := object(unsecured, "presentation")
	if err != nil {
		return 0, nil, err
	}
	secured, err := s.present(ctx, presentation, options)
	if errors.Is(err, openbadge.ErrWrongIssuer) {
		return 0, nil, bad(problemNone, "presentation.holder is not %s, who alone presents here", s.Holder)
	}
	if err != nil {
		return 0, nil, unsigned(err, "presentation")
	}
	return http.StatusCreated, map[string]any{"verifiablePresentation": secured}, nil
}

// present signs a presentation as the options say.
func (s *service) present(ctx context.Context, presentation map[string]any, options proveOptions) (any, error) {
	defineExamples(presentation)
	parseEnvelopes(presentation)
	unsecured, err := json.Marshal(presentation)
	if err != nil {
		return nil, err
	}
	by := openbadge.Presenter{Holder: s.Holder, Challenge: options.challenge, Domain: options.domain}
	if options.mediaType == mediaPresentationJWT {
		token, err := openbadge.SignVPJWT(ctx, unsecured, s.Signer, by)
		if err != nil {
			return nil, err
		}
		return envelope("EnvelopedVerifiablePresentation", mediaPresentationJWT, token), nil
	}
	secured, err := openbadge.SignPresentation(ctx, unsecured, s.Signer, s.Now(), by, options.cryptosuites.cryptosuites()...)
	return json.RawMessage(secured), err
}

// unbroken is a URL without what a parser leaves out of it (URL Standard, section 4.4, which the data model goes by).
var unbroken = strings.NewReplacer("\t", "", "\n", "", "\r", "")

// parseEnvelopes writes the URLs of the envelopes in a presentation as they read, so that the lines of a base64 text may be
// broken in what the test holder is given. It signs nothing that is no URL.
func parseEnvelopes(presentation map[string]any) {
	for _, value := range jsonld.Values(presentation["verifiableCredential"]) {
		credential, _ := value.(map[string]any)
		if id, ok := credential["id"].(string); ok && strings.HasPrefix(id, "data:") {
			credential["id"] = unbroken.Replace(id)
		}
	}
}
