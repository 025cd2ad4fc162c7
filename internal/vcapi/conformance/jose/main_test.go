package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

const (
	issuer     = "https://issuer.example/a"
	credential = `{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"],"issuer":"` + issuer +
		`","credentialSubject":{"id":"did:example:subject"}}`
)

// folder has a key as the suite writes them, whose JWK has another kid than the method has, and what is to be issued.
func folder(t *testing.T, curve elliptic.Curve) string {
	t.Helper()
	root := t.TempDir()
	private, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	method, err := json.Marshal(map[string]any{
		"id": issuer + "#key-1", "type": "JsonWebKey", "controller": issuer,
		"publicKeyJwk": jose.JSONWebKey{Key: private.Public(), KeyID: "k"}, "secretKeyJwk": jose.JSONWebKey{Key: private, KeyID: "k"},
	})
	if err != nil {
		t.Fatal(err)
	}
	put(t, root, "key.json", string(method))
	put(t, root, "credential.json", credential)
	return root
}

func put(t *testing.T, root, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(root, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// carried is the outcome of a command line.
func carried(t *testing.T, root, function, feature, input string) outcome {
	t.Helper()
	arguments := []string{
		"compose", "-f", "./compose.yml", "run", "--rm", "btlc", function, "--input", "/" + input, "--key", "/key.json", "--feature", feature, "--output", "/out.json",
	}
	if err := run(t.Context(), root, arguments); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "out.json"))
	if err != nil {
		t.Fatal(err)
	}
	var found outcome
	if err := json.Unmarshal(text, &found); err != nil {
		t.Fatal(err)
	}
	return found
}

func TestIssues(t *testing.T) {
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		root := folder(t, curve)
		issued := carried(t, root, "issue", "credential_jose", "credential.json")
		if issued.Result != "success" || strings.Count(issued.Data, ".") != 2 {
			t.Fatalf("%s: %+v", curve.Params().Name, issued)
		}
		enveloped := `{"@context":"https://www.w3.org/ns/credentials/v2","type":"EnvelopedVerifiableCredential","id":"data:application/vc+jwt,` + issued.Data + `"}`
		put(t, root, "presentation.json", `{"@context":"https://www.w3.org/ns/credentials/v2","type":"VerifiablePresentation","holder":"`+issuer+`","verifiableCredential":`+enveloped+`}`)
		presented := carried(t, root, "issue", "presentation_jose", "presentation.json")
		if presented.Result != "success" || strings.Count(presented.Data, ".") != 2 {
			t.Errorf("%s: %+v", curve.Params().Name, presented)
		}
		put(t, root, "credential.json", strings.Replace(credential, issuer, "https://another.example", 1))
		if refused := carried(t, root, "issue", "credential_jose", "credential.json"); refused.Result != "failure" || refused.Data != "" {
			t.Errorf("%s: of another issuer: %+v", curve.Params().Name, refused)
		}
	}
}

func TestVerifies(t *testing.T) {
	root := folder(t, elliptic.P384())
	text, err := os.ReadFile(filepath.Join(root, "key.json"))
	if err != nil {
		t.Fatal(err)
	}
	var method struct{ SecretKeyJwk jose.JSONWebKey }
	if err := json.Unmarshal(text, &method); err != nil {
		t.Fatal(err)
	}
	// token is signed with the suite's key, which it names by kid.
	token := func(kid, claims string) string {
		options := (&jose.SignerOptions{}).WithType("vc+jwt").WithHeader("kid", kid)
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES384, Key: method.SecretKeyJwk.Key}, options)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := signer.Sign([]byte(strings.Replace(credential, "{", "{"+claims, 1)))
		if err != nil {
			t.Fatal(err)
		}
		compact, err := signed.CompactSerialize()
		if err != nil {
			t.Fatal(err)
		}
		return compact
	}
	for name, c := range map[string]struct{ input, want string }{
		"by the key's URL":      {token(issuer+"#key-1", ""), "success"},
		"by the kid of its JWK": {token("k", `"iss":"`+issuer+`",`), "success"},
		"by a kid of nobody":    {token("k", ""), "failure"},
		"by another kid":        {token("other", `"iss":"`+issuer+`",`), "failure"},
		"not signed":            {credential, "failure"},
	} {
		put(t, root, "input.txt", c.input+"\n")
		if found := carried(t, root, "verify", "credential_jose", "input.txt"); found.Result != c.want {
			t.Errorf("%s: %+v", name, found)
		}
	}
	if found := carried(t, root, "verify", "presentation_jose", "input.txt"); found.Result != "failure" {
		t.Errorf("a credential as a presentation: %+v", found)
	}
}

func TestRefusesOtherCommands(t *testing.T) {
	root := folder(t, elliptic.P256())
	put(t, root, "broken.json", "{")
	put(t, root, "secret.json", `{"publicKeyJwk":{},"secretKeyJwk":{}}`)
	suite := []string{"compose", "-f", "f", "run", "--rm", "btlc"}
	for name, arguments := range map[string][]string{
		"nothing":         nil,
		"docker alone":    {"ps"},
		"no function":     suite,
		"another flag":    append(suite, "issue", "--other", "x"),
		"another feature": append(suite, "issue", "--feature", "credential_cose"),
		"no input":        append(suite, "issue", "--feature", "credential_jose", "--input", "none", "--key", "key.json"),
		"no key":          append(suite, "issue", "--feature", "credential_jose", "--input", "credential.json", "--key", "none"),
		"a broken key":    append(suite, "issue", "--feature", "credential_jose", "--input", "credential.json", "--key", "broken.json"),
		"a key of none":   append(suite, "issue", "--feature", "credential_jose", "--input", "credential.json", "--key", "secret.json"),
		"a function":      append(suite, "derive", "--feature", "credential_jose", "--input", "credential.json", "--key", "key.json"),
	} {
		if err := run(t.Context(), root, arguments); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}
