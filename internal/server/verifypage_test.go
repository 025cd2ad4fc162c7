package server_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestVerifyPage(t *testing.T) {
	w := newWorld(t)
	w.settle(t)
	name := w.variables["credential"]
	if res, body := w.ask(t, http.MethodGet, "/verify", nil, nil); res.StatusCode != http.StatusOK || !strings.Contains(string(body), "<h1>Verify a credential</h1>") || res.Header.Get("Content-Security-Policy") == "" {
		t.Fatalf("the form: %s %s", res.Status, body)
	}
	get := func(path string) string {
		_, body := w.ask(t, http.MethodGet, path, nil, nil)
		return string(body)
	}
	document := get("/" + name)
	for what, c := range map[string]struct {
		file, text string
		status     int
		want       string
	}{
		"a document":             {"", document, http.StatusOK, ">Valid<"},
		"a file and white space": {"\n" + document + "\n", "", http.StatusOK, ">Valid<"},
		"a file before a text":   {document, "nonsense", http.StatusOK, ">Valid<"},
		"a JWT":                  {"", get("/" + name + ".jwt"), http.StatusOK, ">Valid<"},
		"another JWT":            {get("/" + name + ".vc.jwt"), "", http.StatusOK, ">Valid<"},
		"a PNG":                  {get("/" + name + ".png"), "", http.StatusOK, ">Valid<"},
		"an SVG":                 {get("/" + name + ".svg"), "", http.StatusOK, ">Valid<"},
		"an address":             {"", w.rest.base + "/" + name, http.StatusOK, ">Valid<"},
		"a changed document":     {"", strings.Replace(document, "Using Data", "Using Tea", 1), http.StatusOK, ">Not valid<"},
		"nothing":                {"", " ", http.StatusBadRequest, "Choose a file"},
		"bytes":                  {"\xff\xfe\xfd", "", http.StatusBadRequest, "neither a text nor a picture"},
		"too long a text":        {"", strings.Repeat("a", 1_000_001), http.StatusBadRequest, "cannot be read as a credential"},
	} {
		t.Run(what, func(t *testing.T) {
			var form bytes.Buffer
			parts := multipart.NewWriter(&form)
			must(t, parts.WriteField("credential", c.text))
			part, err := parts.CreateFormFile("file", fileName(c.file))
			must(t, err)
			_, err = part.Write([]byte(c.file))
			must(t, err)
			must(t, parts.Close())
			res, body := w.ask(t, http.MethodPost, "/verify", map[string]string{"Content-Type": parts.FormDataContentType()}, &form)
			if res.StatusCode != c.status || !strings.Contains(string(body), c.want) || res.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s, without %q: %.3000s", res.Status, c.want, body)
			}
		})
	}
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	if res, body := w.ask(t, http.MethodPost, "/verify", form, strings.NewReader(url.Values{"credential": {document}}.Encode())); res.StatusCode != http.StatusOK || !strings.Contains(string(body), ">Valid<") {
		t.Errorf("a plain form: %s %s", res.Status, body)
	}
	_, body := w.ask(t, http.MethodPost, "/verify", form, strings.NewReader(url.Values{"credential": {`<script>alert(1)</script>`}}.Encode()))
	if strings.Contains(string(body), "<script>alert") {
		t.Error("what was given stands in the page as markup")
	}
}

// fileName is what browsers say: of a field in which no file was chosen, none.
func fileName(content string) string {
	if content == "" {
		return ""
	}
	return "file"
}
