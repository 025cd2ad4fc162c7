package vcapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/btlc/btlc/internal/jsonld"
	"github.com/btlc/btlc/internal/openbadge"
	"github.com/btlc/btlc/internal/verify"
)

// The media types by which options say how a credential is to be secured.
const (
	mediaEmbedded  = "application/vc"
	mediaEnveloped = "application/vc+jwt"
)

// defaultSuites are those of the proofs when none is asked for.
var defaultSuites = texts{string(openbadge.EdDSARDFC), string(openbadge.EdDSAJCS)}

const (
	contextCredentials  = "https://www.w3.org/ns/credentials/v2"
	contextCredentials1 = "https://www.w3.org/2018/credentials/v1"
	contextIntegrity    = "https://w3id.org/security/data-integrity/v2"
)

// issueOptions say how a credential is issued.
type issueOptions struct {
	// cryptosuites of the proofs that are embedded, in this order.
	cryptosuites texts
	// chain has each proof build on the one before; otherwise they stand side by side.
	chain bool
	// mediaType: with proofs in it, or as a JWT in an envelope.
	mediaType string
	// status is that which the credential gets, nil for none.
	status *statusOption
}

func readIssueOptions(text json.RawMessage) (issueOptions, error) {
	options := issueOptions{mediaType: mediaEmbedded}
	if given(text) {
		err := members(text, "options", map[string]any{
			"cryptosuite": &options.cryptosuites, "proofChain": &options.chain, "mediaType": &options.mediaType, "credentialStatus": &options.status,
		})
		if err != nil {
			return options, err
		}
	}
	if options.mediaType == mediaEnveloped && options.chain {
		return options, bad(problemNone, "options: a JWT has neither cryptosuite nor proofChain")
	}
	if err := securing(options.mediaType, &options.cryptosuites, mediaEmbedded, mediaEnveloped); err != nil {
		return options, err
	}
	return options, options.status.check()
}

// securing checks how something is to be secured: with embedded proofs, by the default suites if none is named, or enveloped
// in a JWT.
func securing(mediaType string, suites *texts, embedded, enveloped string) error {
	switch {
	case mediaType != embedded && mediaType != enveloped:
		return bad(problemNone, "options.mediaType: %.80q is neither %s nor %s", mediaType, embedded, enveloped)
	case mediaType == enveloped && len(*suites) > 0:
		return bad(problemNone, "options: a JWT has neither cryptosuite nor proofChain")
	case mediaType == embedded && len(*suites) == 0:
		*suites = defaultSuites
	}
	for _, suite := range *suites {
		if !slices.Contains(defaultSuites, suite) {
			return bad(problemNone, "options.cryptosuite: %.80q is neither %s nor %s", suite, openbadge.EdDSARDFC, openbadge.EdDSAJCS)
		}
	}
	return nil
}

// cryptosuites are the suites by their names.
func (t texts) cryptosuites() (suites []openbadge.Cryptosuite) {
	for _, name := range t {
		suites = append(suites, openbadge.Cryptosuite(name))
	}
	return suites
}

// issue answers POST /credentials/issue.
func (s *service) issue(ctx context.Context, body []byte) (int, any, error) {
	var unsecured, chosen json.RawMessage
	if err := members(body, "the body", map[string]any{"credential": &unsecured, "options": &chosen}); err != nil {
		return 0, nil, err
	}
	options, err := readIssueOptions(chosen)
	if err != nil {
		return 0, nil, err
	}
	credential, err := object(unsecured, "credential")
	if err != nil {
		return 0, nil, err
	}
	if err := s.issuable(ctx, credential); err != nil {
		return 0, nil, err
	}
	if options.status != nil {
		if err := s.giveStatus(credential, *options.status); err != nil {
			return 0, nil, err
		}
	}
	secured, err := s.secure(ctx, credential, options)
	if err != nil {
		return 0, nil, unsigned(err, "credential")
	}
	return http.StatusCreated, map[string]any{"verifiableCredential": secured}, nil
}

// object reads what is to be signed.
func object(text json.RawMessage, name string) (value map[string]any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber() // a number is signed as it was written
	if err := decoder.Decode(&value); err != nil || value == nil {
		return nil, bad(problemParsing, "%s is not an object", name)
	}
	return value, nil
}

// issuable tells whether a credential conforms to the data model and is one of the test issuer.
func (s *service) issuable(ctx context.Context, credential map[string]any) error {
	if err := verify.Conforming(credential); err != nil {
		return bad(problemMalformed, "credential: %v", err)
	}
	issuer := credential["issuer"]
	if profile, described := issuer.(map[string]any); described {
		issuer = profile["id"]
	}
	if issuer != any(s.Issuer) {
		return bad(problemNone, "credential.issuer is not %s, who alone issues here", s.Issuer)
	}
	if err := declared(credential); err != nil {
		return err
	}
	if s.Resource == nil {
		return nil
	}
	if err := verify.CheckRelated(ctx, credential, s.Resource); err != nil {
		return bad(problemMalformed, "credential: %v", err)
	}
	return nil
}

// secure signs a credential as the options say.
func (s *service) secure(ctx context.Context, credential map[string]any, options issueOptions) (any, error) {
	defineExamples(credential)
	defineProofs(credential)
	unsecured, err := json.Marshal(credential)
	if err != nil {
		return nil, err
	}
	if options.mediaType == mediaEnveloped {
		token, err := openbadge.SignVCJWT(ctx, unsecured, s.Signer)
		if err != nil {
			return nil, err
		}
		return envelope("EnvelopedVerifiableCredential", mediaEnveloped, token), nil
	}
	secured, err := s.prove(ctx, unsecured, options)
	return json.RawMessage(secured), err
}

// envelope has a JWT in it (Verifiable Credentials Data Model 2.0, section 4.13).
func envelope(kind, media, token string) map[string]any {
	return map[string]any{"@context": contextCredentials, "type": kind, "id": "data:" + media + "," + token}
}

// prove embeds the proofs. Those that are there stay, once it is known that they hold.
func (s *service) prove(ctx context.Context, credential []byte, options issueOptions) (secured []byte, err error) {
	var signed struct {
		Proof json.RawMessage `json:"proof"`
	}
	if err := json.Unmarshal(credential, &signed); err != nil {
		return nil, err
	}
	suites := options.cryptosuites.cryptosuites()
	if signed.Proof == nil && !options.chain {
		return openbadge.Sign(ctx, credential, s.Signer, s.Now(), suites...)
	}
	var previous []string
	if signed.Proof != nil {
		found, err := verify.Document(ctx, credential, s.relying(verifyOptions{checks: texts{checkProof}}))
		if err != nil || !found.Valid {
			return nil, errors.Join(err, bad(problemProof, "credential: the proofs in it do not hold"))
		}
		if previous, err = lastOf(signed.Proof, options.chain); err != nil {
			return nil, err
		}
	}
	for _, suite := range suites {
		var id string
		if credential, id, err = openbadge.AddProof(ctx, credential, s.Signer, s.Now(), suite, previous...); err != nil {
			return nil, err
		}
		if options.chain {
			previous = []string{id}
		}
	}
	return credential, nil
}

// lastOf is the id of the last proof, when one is to build on it.
func lastOf(proof json.RawMessage, chain bool) ([]string, error) {
	type named struct {
		ID string `json:"id"`
	}
	var proofs []named
	if err := json.Unmarshal(proof, &proofs); err != nil {
		proofs = make([]named, 1)
		if err := json.Unmarshal(proof, &proofs[0]); err != nil {
			return nil, bad(problemParsing, "credential.proof: %v", err)
		}
	}
	switch last := proofs[len(proofs)-1]; {
	case !chain:
		return nil, nil
	case last.ID == "":
		return nil, bad(problemNone, "options.proofChain: the last proof of the credential has no id")
	default:
		return []string{last.ID}, nil
	}
}

// unsigned is why a credential was not signed: for want of a fit document, or else a fault of ours.
func unsigned(err error, name string) error {
	reason := strings.NewReplacer("openbadge: ", "", "jsonld: ", "").Replace(err.Error())
	switch {
	case errors.Is(err, jsonld.ErrUnsafe):
		return bad(problemLoss, "%s: %s", name, reason)
	case errors.Is(err, openbadge.ErrUnsignable), errors.Is(err, openbadge.ErrMalformed), errors.Is(err, openbadge.ErrBadChain), errors.Is(err, openbadge.ErrAlreadySigned):
		return bad(problemMalformed, "%s: %s", name, reason)
	case errors.Is(err, openbadge.ErrKeyKind):
		return bad(problemNone, "options: the key here signs JWTs alone, as %s and %s", mediaEnveloped, mediaPresentationJWT)
	}
	return err
}
