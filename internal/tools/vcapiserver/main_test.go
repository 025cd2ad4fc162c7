package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestServes(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- run(ctx, nil, writer) }()
	var address struct{ URL, Issuer string }
	if err := json.NewDecoder(reader).Decode(&address); err != nil {
		t.Fatal(err)
	}
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
	body := `{"credential":{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"],"issuer":"` + address.Issuer + `","credentialSubject":{"id":"did:example:a"}}}`
	response, err := client.Post(address.URL+"/credentials/issue", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if response.Body.Close(); response.StatusCode != http.StatusCreated || !strings.HasPrefix(address.URL, "https://127.0.0.1:") {
		t.Errorf("%s: %s", address.URL, response.Status)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := run(t.Context(), []string{"-resource", "x"}, io.Discard); err == nil {
		t.Error("a resource without a file was taken")
	}
}

func TestResources(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a")
	if err := os.WriteFile(file, []byte("a"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := resources{}
	if err := r.Set("https://a.example/?b=c=" + file); err != nil {
		t.Fatal(err)
	}
	if content, err := r.get(t.Context(), "https://a.example/?b=c"); err != nil || string(content) != "a" {
		t.Errorf("a file: %q, %v", content, err)
	}
	if content, err := r.get(t.Context(), "https://www.w3.org/ns/credentials/v2"); err != nil || len(content) == 0 {
		t.Errorf("a context: %v", err)
	}
	if _, err := r.get(t.Context(), "https://a.example/"); err == nil {
		t.Error("something was there")
	}
}
