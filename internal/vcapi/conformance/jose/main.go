// Command jose answers, in place of docker, the one command line by which the W3C's suite for VC-JOSE-COSE has implementations
// issue and verify:
//
//	docker compose -f FILE run --rm NAME issue|verify --input FILE --key FILE --feature FEATURE --output FILE
//
// It asks the VC-API of a test issuer that has the suite's key. Files are in the working directory, which the suite's containers
// see as /. run.sh in the folder above puts it in the suite's way.
package main

import (
	"bytes"
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/btlc/btlc/internal/openbadge"
	"github.com/btlc/btlc/internal/vcapi"
)

// offered are the suite's features that there are here, with what the VC-API calls what each is of.
var offered = map[string]kind{
	"credential_jose": {
		issue: "/credentials/issue", verify: "/credentials/verify", unsecured: "credential", secured: "verifiableCredential",
		envelope: "EnvelopedVerifiableCredential", media: "application/vc+jwt",
	},
	"presentation_jose": {
		issue: "/presentations/prove", verify: "/presentations/verify", unsecured: "presentation", secured: "verifiablePresentation",
		envelope: "EnvelopedVerifiablePresentation", media: "application/vp+jwt",
	},
}

type kind struct{ issue, verify, unsecured, secured, envelope, media string }

// outcome is what the suite reads.
type outcome struct {
	Result string `json:"result"`
	Data   string `json:"data,omitempty"`
}

func main() {
	if err := run(context.Background(), ".", os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "jose:", err)
		os.Exit(1)
	}
}

// run carries out one command line, whose files are below the root.
func run(ctx context.Context, root string, arguments []string) error {
	const before = 6 // compose -f FILE run --rm NAME
	if len(arguments) <= before || arguments[0] != "compose" {
		return errors.New("not the command line of the suite")
	}
	function := arguments[before]
	flags := flag.NewFlagSet(function, flag.ContinueOnError)
	input, key := flags.String("input", "", "what to issue or verify"), flags.String("key", "", "a verification method with its secret")
	feature, output := flags.String("feature", "", "what it is of"), flags.String("output", "", "where the outcome goes")
	if err := flags.Parse(arguments[before+1:]); err != nil {
		return err
	}
	of, ok := offered[*feature]
	if !ok {
		return fmt.Errorf("the feature %q is not offered", *feature)
	}
	content, err := os.ReadFile(filepath.Join(root, *input))
	if err != nil {
		return err
	}
	handler, err := testIssuer(filepath.Join(root, *key))
	if err != nil {
		return err
	}
	found, err := of.carryOut(ctx, handler, function, bytes.TrimSpace(content))
	if err != nil {
		return err
	}
	text, err := json.Marshal(found)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(root, *output), text, 0o600)
}

// testIssuer has the key in a file, and knows no other: by its id, and by the kid of its JWK.
func testIssuer(file string) (http.Handler, error) {
	var method struct {
		ID, Controller             string
		PublicKeyJwk, SecretKeyJwk json.RawMessage
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &method); err != nil {
		return nil, err
	}
	public, err := openbadge.ParseJWK(method.PublicKeyJwk)
	if err != nil {
		return nil, err
	}
	var secret jose.JSONWebKey
	if err := secret.UnmarshalJSON(method.SecretKeyJwk); err != nil {
		return nil, err
	}
	private, ok := secret.Key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("%w: it does not sign", openbadge.ErrKeyKind)
	}
	signer, err := openbadge.NewTestSigningKey(private)
	if err != nil {
		return nil, err
	}
	keys := func(_ context.Context, name string, _ openbadge.Purpose) (openbadge.PublicKey, error) {
		if name == method.ID || name == method.Controller+"#"+secret.KeyID {
			return public, nil
		}
		return openbadge.PublicKey{}, openbadge.ErrUnknownKey
	}
	return vcapi.Handler(vcapi.Options{Signer: signer, Issuer: method.Controller, Holder: method.Controller, Now: time.Now, Keys: keys}), nil
}

// carryOut asks the VC-API to issue or verify. What it refuses is a failure, as the suite calls it.
func (k kind) carryOut(ctx context.Context, handler http.Handler, function string, input []byte) (outcome, error) {
	var path string
	var body map[string]any
	switch function {
	case "issue":
		path, body = k.issue, map[string]any{k.unsecured: json.RawMessage(input), "options": map[string]any{"mediaType": k.media}}
	case "verify":
		path, body = k.verify, map[string]any{k.secured: k.wrapped(input)}
	default:
		return outcome{}, fmt.Errorf("the function %q is not offered", function)
	}
	text, err := json.Marshal(body)
	if err != nil {
		return outcome{}, err
	}
	request := httptest.NewRequestWithContext(ctx, http.MethodPost, path, bytes.NewReader(text))
	request.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	fmt.Println(recorder.Code, recorder.Body)
	if recorder.Code >= http.StatusInternalServerError {
		return outcome{}, errors.New("a fault of the test issuer")
	}
	if recorder.Code >= http.StatusBadRequest {
		return outcome{Result: "failure"}, nil
	}
	return outcome{"success", k.token(recorder.Body.Bytes())}, nil
}

// wrapped is a JWT in its envelope; JSON, which the suite has where nothing is signed, stays as it is.
func (k kind) wrapped(input []byte) any {
	if bytes.HasPrefix(input, []byte("{")) {
		return json.RawMessage(input)
	}
	return map[string]any{"@context": "https://www.w3.org/ns/credentials/v2", "type": k.envelope, "id": "data:" + k.media + "," + string(input)}
}

// token is the JWT that an answer has in its envelope, empty when it has none.
func (k kind) token(answer []byte) string {
	var secured map[string]struct{ ID string }
	if json.Unmarshal(answer, &secured) != nil {
		return ""
	}
	return strings.TrimPrefix(secured[k.secured].ID, "data:"+k.media+",")
}
