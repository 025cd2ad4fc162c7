package server_test

import (
	"bytes"
	"image"
	"image/draw"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/btlc/btlc/internal/qrscan/qrscantest"
)

// post sends the form of the page that verifies, as a browser does, and follows no redirect.
func (w *world) post(t testing.TB, fields map[string]string, files map[string][]byte) visited {
	t.Helper()
	var form bytes.Buffer
	parts := multipart.NewWriter(&form)
	for name, value := range fields {
		must(t, parts.WriteField(name, value))
	}
	for name, content := range files {
		part, err := parts.CreateFormFile(name, "chosen")
		must(t, err)
		_, err = part.Write(content)
		must(t, err)
	}
	must(t, parts.Close())
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.rest.base+"/verify", &form)
	must(t, err)
	req.Header.Set("Content-Type", parts.FormDataContentType())
	res, err := http.DefaultTransport.RoundTrip(req)
	must(t, err)
	defer res.Body.Close()
	var body bytes.Buffer
	_, err = body.ReadFrom(res.Body)
	must(t, err)
	return visited{res.StatusCode, res.Header, body.String()}
}

// photoOf is a telephone's photo of a code.
func photoOf(t testing.TB, text string) image.Image {
	t.Helper()
	return qrscantest.Photo{Text: text, Width: 640, Height: 480, Side: 380, Turned: 11, Leaning: .08, Noise: 12, Dim: .3}.Take(t)
}

// TestScannedCodes: who photographs the code of a certificate gets to the credential, and whatever else a code says is told as
// text, and led to by nothing.
func TestScannedCodes(t *testing.T) {
	w := newWorld(t)
	w.settle(t)
	ours := w.rest.base + "/" + w.variables["credential"]
	other := w.rest.base + "/" + w.variables["otherCredential"]
	document := visit(t, ours+".json", nil).body
	const elsewhere = "https://elsewhere.example.org/credentials/1"
	picture := photoOf(t, ours)
	two := func(first, second string) []byte {
		sheet := image.NewRGBA(image.Rect(0, 0, 1280, 480))
		draw.Draw(sheet, image.Rect(0, 0, 640, 480), photoOf(t, first), image.Point{}, draw.Src)
		draw.Draw(sheet, image.Rect(640, 0, 1280, 480), photoOf(t, second), image.Point{}, draw.Src)
		return qrscantest.JPEG(t, sheet)
	}
	for what, c := range map[string]struct {
		fields map[string]string
		files  map[string][]byte
		status int
		want   string // on the page; where the answer leads to, when it does
	}{
		"a photo":                   {nil, map[string][]byte{"photo": qrscantest.JPEG(t, picture)}, http.StatusSeeOther, w.variables["credential"]},
		"a picture of a screen":     {nil, map[string][]byte{"photo": qrscantest.PNG(t, picture)}, http.StatusSeeOther, w.variables["credential"]},
		"a photo as the file":       {nil, map[string][]byte{"file": qrscantest.JPEG(t, picture)}, http.StatusSeeOther, w.variables["credential"]},
		"a photo before a text":     {map[string]string{"credential": document}, map[string][]byte{"photo": qrscantest.JPEG(t, picture)}, http.StatusSeeOther, w.variables["credential"]},
		"the camera":                {map[string]string{"code": ours}, nil, http.StatusSeeOther, w.variables["credential"]},
		"a form of one of ours":     {map[string]string{"code": ours + ".pdf"}, nil, http.StatusSeeOther, w.variables["credential"]},
		"a code of another site":    {nil, map[string][]byte{"photo": qrscantest.JPEG(t, photoOf(t, elsewhere))}, http.StatusOK, "<code>" + elsewhere + "</code>"},
		"one that begins like ours": {map[string]string{"code": w.rest.base + "/credentials/../verify"}, nil, http.StatusOK, "leads to no credential of this program"},
		"one that would be markup":  {map[string]string{"code": "<script>alert(1)</script>"}, nil, http.StatusOK, "&lt;script&gt;"},
		"one that turns the line":   {map[string]string{"code": "a\u202eb"}, nil, http.StatusOK, "a\ufffdb"},
		"a long one":                {map[string]string{"code": strings.Repeat("a", 5000)}, nil, http.StatusOK, strings.Repeat("a", 1000) + "…"},
		"a whole credential":        {map[string]string{"code": document}, nil, http.StatusOK, ">Valid<"},
		"a JWT":                     {map[string]string{"code": visit(t, ours+".jwt", nil).body}, nil, http.StatusOK, ">Valid<"},
		"ours beside another":       {nil, map[string][]byte{"photo": two(elsewhere, ours)}, http.StatusSeeOther, w.variables["credential"]},
		"two of ours":               {nil, map[string][]byte{"photo": two(other, ours)}, http.StatusBadRequest, "several codes"},
		"no code":                   {nil, map[string][]byte{"photo": qrscantest.PNG(t, image.NewGray(image.Rect(0, 0, 99, 99)))}, http.StatusBadRequest, "No code was found"},
		"half a photo":              {nil, map[string][]byte{"photo": qrscantest.JPEG(t, picture)[:5000]}, http.StatusBadRequest, "not a whole PNG or JPEG"},
		"no photo":                  {nil, map[string][]byte{"photo": []byte("GIF89a")}, http.StatusBadRequest, "not a whole PNG or JPEG"},
		"a file that is too large":  {nil, map[string][]byte{"photo": make([]byte, 13<<20)}, http.StatusRequestEntityTooLarge, "at most 12 megabytes"},
	} {
		t.Run(what, func(t *testing.T) {
			res := w.post(t, c.fields, c.files)
			if location := res.header.Get("Location"); c.status == http.StatusSeeOther {
				if res.status != c.status || location != "/"+c.want {
					t.Errorf("%d, to %q", res.status, location)
				}
			} else if res.status != c.status || location != "" || !strings.Contains(res.body, c.want) {
				t.Errorf("%d, to %q, without %q: %s", res.status, location, c.want, res.body)
			}
		})
	}
}

// TestCameraIsForScanning: the page that verifies may ask for the camera, and no other page.
func TestCameraIsForScanning(t *testing.T) {
	w := newWorld(t)
	w.settle(t)
	for path, want := range map[string]string{"/verify": "camera=(self), geolocation=(), microphone=()", "/" + w.variables["credential"]: "camera=(), geolocation=(), microphone=()"} {
		res := visit(t, w.rest.base+path, map[string]string{"Accept": "text/html"})
		if got := res.header.Get("Permissions-Policy"); got != want {
			t.Errorf("%s: %q", path, got)
		}
		if got := res.header.Get("Content-Security-Policy"); !strings.HasPrefix(got, "default-src 'none'; ") || strings.Contains(got, "media-src") {
			t.Errorf("%s: %q", path, got)
		}
	}
	if res := w.post(t, map[string]string{"code": "nothing"}, nil); res.header.Get("Permissions-Policy") != "camera=(self), geolocation=(), microphone=()" {
		t.Errorf("the answer: %v", res.header)
	}
}
