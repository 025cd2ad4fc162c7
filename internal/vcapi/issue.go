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
	switch {
	case options.mediaType != mediaEmbedded && options.mediaType != mediaEnveloped:
		return options, bad(problemNone, "options.mediaType: %.80q is neither %s nor %s", options.mediaType, mediaEmbedded, mediaEnveloped)
	case options.mediaType == mediaEnveloped && (options.chain || len(options.cryptosuites) > 0):
		return options, bad(problemNone, "options: a JWT has neither cryptosuite nor proofChain")
	case options.mediaType == mediaEmbedded && len(options.cryptosuites) == 0:
		options.cryptosuites = texts{string(openbadge.EdDSARDFC), string(openbadge.EdDSAJCS)}
	}
	for _, suite := range options.cryptosuites {
		if !slices.Contains([]string{string(openbadge.EdDSARDFC), string(openbadge.EdDSAJCS)}, suite) {
			return options, bad(problemNone, "options.cryptosuite: %.80q is neither %s nor %s", suite, openbadge.EdDSARDFC, openbadge.EdDSAJCS)
		}
	}
	return options, options.status.check()
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
	var credential map[string]any
	decoder := json.NewDecoder(bytes.NewReader(unsecured))
	decoder.UseNumber() // a number is signed as it was written
	if err := decoder.Decode(&credential); err != nil || credential == nil {
		return 0, nil, bad(problemParsing, "credential is not an object")
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
		return 0, nil, unsigned(err)
	}
	return http.StatusCreated, map[string]any{"verifiableCredential": secured}, nil
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
		return map[string]any{"@context": contextCredentials, "type": "EnvelopedVerifiableCredential", "id": "data:" + mediaEnveloped + "," + token}, nil
	}
	secured, err := s.prove(ctx, unsecured, options)
	return json.RawMessage(secured), err
}

// prove embeds the proofs. Those that are there stay, once it is known that they hold.
func (s *service) prove(ctx context.Context, credential []byte, options issueOptions) (secured []byte, err error) {
	var signed struct {
		Proof json.RawMessage `json:"proof"`
	}
	if err := json.Unmarshal(credential, &signed); err != nil {
		return nil, err
	}
	var suites []openbadge.Cryptosuite
	for _, suite := range options.cryptosuites {
		suites = append(suites, openbadge.Cryptosuite(suite))
	}
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

// contextExamples is the context of the examples in the specifications. It gives a meaning to every term, so this program does
// not know it: in a credential of a program that signs nothing by mistake it has no place.
const contextExamples = "https://www.w3.org/ns/credentials/examples/v2"

// defineExamples writes what the context of examples defines in place of its URL, so that any verifier can read the credential.
func defineExamples(credential map[string]any) {
	contexts, _ := credential["@context"].([]any)
	for i, context := range contexts {
		if context == any(contextExamples) {
			contexts[i] = map[string]any{"@vocab": "https://www.w3.org/ns/credentials/examples#"}
		}
	}
}

// defineProofs adds the context of Data Integrity to a credential of the data model 1.1, whose own does not define its terms
// (Verifiable Credential Data Integrity 1.0, section 2.4.2).
func defineProofs(credential map[string]any) {
	contexts, _ := credential["@context"].([]any)
	if len(contexts) > 0 && contexts[0] == any(contextCredentials1) && !slices.Contains(contexts, any(contextIntegrity)) {
		credential["@context"] = append(contexts, contextIntegrity)
	}
}

// unsigned is why a credential was not signed: for want of a fit document, or else a fault of ours.
func unsigned(err error) error {
	reason := strings.NewReplacer("openbadge: ", "", "jsonld: ", "").Replace(err.Error())
	switch {
	case errors.Is(err, jsonld.ErrUnsafe):
		return bad(problemLoss, "credential: %s", reason)
	case errors.Is(err, openbadge.ErrUnsignable), errors.Is(err, openbadge.ErrMalformed), errors.Is(err, openbadge.ErrBadChain):
		return bad(problemMalformed, "credential: %s", reason)
	}
	return err
}
