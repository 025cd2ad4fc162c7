package web

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"time"
)

//go:embed pages.html.tmpl credential.html.tmpl verify.html.tmpl message.html.tmpl
var pageFiles embed.FS

// Style is the style sheet of the pages, Icon their sign, and Script what the page that verifies has of a script.
var (
	//go:embed pages.css
	Style []byte
	//go:embed icon.svg
	Icon []byte
	//go:embed verify.js
	Script []byte
)

var pageTemplates = map[string]*template.Template{}

func init() {
	layout := template.Must(template.New("pages.html.tmpl").Funcs(template.FuncMap{
		"day":     func(t time.Time) string { return t.Format("January 2, 2006") },
		"machine": func(t time.Time) string { return t.Format(time.RFC3339) },
	}).ParseFS(pageFiles, "pages.html.tmpl"))
	for _, name := range []string{"credential.html.tmpl", "verify.html.tmpl", "message.html.tmpl"} {
		pageTemplates[name] = template.Must(template.Must(layout.Clone()).ParseFS(pageFiles, name))
	}
}

// Page is what all pages have.
type Page struct {
	// Root leads to the server's root, "" or "../": addresses are relative, so that the server may stand anywhere.
	Root string
	// Script says whether the page has one.
	Script bool
}

// Verdict is what a credential is worth, at one look. Tone is good, hold, bad or unknown.
type Verdict struct{ Tone, Word, Sentence string }

// Check is one thing that was looked at. Outcome is passed, failed, unknown or absent.
type Check struct{ Outcome, Name, Detail string }

// OutcomeWord is the outcome for people.
func (c Check) OutcomeWord() string {
	return map[string]string{"passed": "Passed", "failed": "Failed", "unknown": "Not known", "absent": "Nothing to check"}[c.Outcome]
}

// Mark is the outcome as a sign.
func (c Check) Mark() string {
	return map[string]string{"passed": "✓", "failed": "✕", "unknown": "?", "absent": "–"}[c.Outcome]
}

// Form is a form in which the credential can be had.
type Form struct{ Name, Note, Address, MediaType string }

// Credential is the page of a credential. Who holds it is not on it.
type Credential struct {
	Page
	Verdict
	ID, Title, Description, Criteria, Issuer string
	// Badge is the address of its picture; "" for none.
	Badge        string
	Issued       time.Time
	Until        time.Time // zero for always
	Competencies []string
	// Checks were made on the day of Checked.
	Checks  []Check
	Checked time.Time
	Forms   []Form
	// AsksHolder says whether the page can tell if it is a person's; HolderAnswer is "yes", "no", or "" before it was asked.
	AsksHolder   bool
	HolderAnswer string
	// NamesDID says that the holder is known by a DID, of which their wallet can tell.
	NamesDID bool
	// Since is when it came to its status; zero for one that counts.
	Since time.Time
}

// Render is the page as HTML.
func (c Credential) Render() ([]byte, error) { return execute("credential.html.tmpl", c) }

// Verify is the page on which a credential from anywhere is verified.
type Verify struct {
	Page
	// Text is what was pasted.
	Text string
	// Fault says why nothing could be verified; "" when it could, or when nothing was asked.
	Fault string
	// Result is nil before anything was asked.
	Result *Result
	// Elsewhere is what a scanned code says that leads to no credential here; "" when there is none.
	Elsewhere string
}

// Result is what was found of a credential.
type Result struct {
	Verdict
	Title, CredentialID, IssuerName, IssuerID string
	Ours                                      bool
	From, Until                               time.Time // zero when not told
	Achievements                              []string
	Checks                                    []Check
}

// Render is the page as HTML.
func (v Verify) Render() ([]byte, error) {
	v.Script = true
	return execute("verify.html.tmpl", v)
}

// Message is a page that says one thing.
type Message struct {
	Page
	Title, Text string
}

// Render is the page as HTML.
func (m Message) Render() ([]byte, error) { return execute("message.html.tmpl", m) }

func execute(name string, page any) ([]byte, error) {
	var b bytes.Buffer
	err := pageTemplates[name].ExecuteTemplate(&b, name, page)
	return b.Bytes(), err
}

// Guard sets the headers that every page has: nothing runs or loads that is not ours, and no address, which for a
// credential is the key to it, is told to others.
func Guard(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Robots-Tag", "noindex")
	if h.Get("Permissions-Policy") == "" {
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	}
}

// LetCamera lets a page ask for the camera, where people scan codes: the page itself, and nothing in it. It is called before
// Guard.
func LetCamera(h http.Header) {
	h.Set("Permissions-Policy", "camera=(self), geolocation=(), microphone=()")
}
