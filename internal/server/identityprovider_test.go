package server_test

import (
	"bufio"
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// identityProvider is a real OpenID provider, of one test: npm's oidc-provider, in a process that ends with the test. It
// signs with a key that the test has too, so that the test can make what no provider would.
type identityProvider struct {
	issuer string
	key    *rsa.PrivateKey
	socket *os.File
}

// newIdentityProvider takes an address for a provider that is down: its socket is bound, so nobody else gets the port,
// and does not listen, so connections are refused.
func newIdentityProvider(t testing.TB) *identityProvider {
	t.Helper()
	syscall.ForkLock.RLock()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	must(t, err)
	p := &identityProvider{socket: os.NewFile(uintptr(fd), "the provider's socket")}
	t.Cleanup(func() { _ = p.socket.Close() })
	must(t, syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	bound, err := syscall.Getsockname(fd)
	must(t, err)
	p.issuer = fmt.Sprintf("http://127.0.0.1:%d", bound.(*syscall.SockaddrInet4).Port)
	p.key, err = rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	return p
}

// keyID names the provider's key.
const keyID = "signs-tokens"

// start brings the provider up.
func (p *identityProvider) start(t testing.TB) {
	t.Helper()
	const folder = "testdata/oidc"
	if _, err := os.Stat(folder + "/node_modules/oidc-provider"); err != nil {
		t.Fatal("the identity provider is not installed: run `npm ci --prefix internal/server/testdata/oidc` in the root of the project")
	}
	key, err := x509.MarshalPKCS8PrivateKey(p.key)
	must(t, err)
	var faults bytes.Buffer
	provider := exec.Command("node", "provider.mjs")
	provider.Dir, provider.Stderr, provider.ExtraFiles = folder, &faults, []*os.File{p.socket}
	stdin, err := provider.StdinPipe()
	must(t, err)
	stdout, err := provider.StdoutPipe()
	must(t, err)
	must(t, provider.Start())
	must(t, p.socket.Close()) // the provider has its own
	said := bufio.NewScanner(stdout)
	t.Cleanup(func() {
		_ = stdin.Close() // tells the provider to end
		for said.Scan() { // until it has
		}
		if err := provider.Wait(); err != nil {
			t.Errorf("the identity provider ended with %v\n%s", err, &faults)
		}
	})
	tooLong := time.AfterFunc(time.Minute, func() { _ = provider.Process.Kill() })
	defer tooLong.Stop()
	settings := map[string]any{"issuer": p.issuer, "kid": keyID, "key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))}
	_, err = stdin.Write(append(marshal(t, settings), '\n'))
	must(t, err)
	for said.Scan() {
		if said.Text() == "ready" {
			return
		}
	}
	t.Fatal("the identity provider did not start") // the clean-up says why
}

// tokens are what a sign-in gives to the application.
type tokens struct {
	Access string `json:"access_token"`
	ID     string `json:"id_token"`
}

// signedIn is where the application waits for people who have signed in.
const signedIn = "http://127.0.0.1/signed-in"

var (
	formAction = regexp.MustCompile(`<form [^>]*action="([^"]+)"`)
	formPrompt = regexp.MustCompile(`name="prompt" value="([^"]+)"`)
)

// signIn is a person who signs in to an application with a browser: authorization code with PKCE, the provider's pages
// for login and consent, and the application's exchange of the code for tokens that are made out to the audience.
func (p *identityProvider) signIn(t testing.TB, login, audience string) (got tokens) {
	t.Helper()
	var endpoints struct {
		Authorization string `json:"authorization_endpoint"`
		Token         string `json:"token_endpoint"`
	}
	jar, err := cookiejar.New(nil)
	must(t, err)
	browser := &http.Client{Jar: jar, Timeout: time.Minute, CheckRedirect: func(next *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(next.URL.String(), signedIn) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	res, err := browser.Get(p.issuer + "/.well-known/openid-configuration")
	must(t, err)
	must(t, json.Unmarshal(page(t, res), &endpoints))
	state, verifier := rand.Text(), rand.Text()+rand.Text()
	challenge := sha256.Sum256([]byte(verifier))
	res, err = browser.Get(endpoints.Authorization + "?" + url.Values{
		"client_id": {"portal"}, "response_type": {"code"}, "scope": {"openid registry"}, "redirect_uri": {signedIn}, "resource": {audience},
		"state": {state}, "code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"},
	}.Encode())
	must(t, err)
	for range 2 { // the login, then the consent
		body := page(t, res)
		action, prompt := formAction.FindSubmatch(body), formPrompt.FindSubmatch(body)
		if action == nil || prompt == nil {
			t.Fatalf("%s is no form of the provider's: %s", res.Request.URL, body)
		}
		res, err = browser.PostForm(string(action[1]), url.Values{"prompt": {string(prompt[1])}, "login": {login}, "password": {"any"}})
		must(t, err)
	}
	page(t, res)
	back, err := res.Location()
	must(t, err)
	if back.Query().Get("state") != state || back.Query().Get("code") == "" {
		t.Fatalf("the provider sent the browser to %s", back)
	}
	res, err = http.PostForm(endpoints.Token, url.Values{
		"client_id": {"portal"}, "grant_type": {"authorization_code"}, "code": {back.Query().Get("code")}, "redirect_uri": {signedIn},
		"code_verifier": {verifier}, "resource": {audience},
	})
	must(t, err)
	must(t, json.Unmarshal(page(t, res), &got))
	return got
}

func page(t testing.TB, res *http.Response) []byte {
	t.Helper()
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	must(t, err)
	if res.StatusCode >= 400 {
		t.Fatalf("%s answered %d: %s", res.Request.URL, res.StatusCode, body)
	}
	return body
}

type claims map[string]any

// claimsOf are the claims of a token, with some changed.
func claimsOf(t testing.TB, token string, changes claims) claims {
	t.Helper()
	body, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	must(t, err)
	var all claims
	must(t, json.Unmarshal(body, &all))
	for name, value := range changes {
		if all[name] = value; value == nil {
			delete(all, name)
		}
	}
	return all
}

// tokenBy makes a token whose signature a function of the test's makes.
func tokenBy(t testing.TB, algorithm string, c claims, sign func(text []byte) []byte) string {
	t.Helper()
	encode := base64.RawURLEncoding.EncodeToString
	text := encode(marshal(t, map[string]any{"alg": algorithm, "kid": keyID, "typ": "at+jwt"})) + "." + encode(marshal(t, c))
	return text + "." + encode(sign([]byte(text)))
}

// signedBy signs as the provider does.
func signedBy(t testing.TB, key *rsa.PrivateKey) func(text []byte) []byte {
	return func(text []byte) []byte {
		digest := sha256.Sum256(text)
		signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
		must(t, err)
		return signature
	}
}
