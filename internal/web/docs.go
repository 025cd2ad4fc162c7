// Package web holds what people look at: the API reference.
package web

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/btlc/btlc/gen/openapi"
)

//go:embed docs.html.tmpl docs.css
var files embed.FS

// OpenAPI serves the OpenAPI document.
func OpenAPI() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Access-Control-Allow-Origin", "*")
		http.ServeContent(w, r, "openapi.json", time.Time{}, bytes.NewReader(openapi.Document))
	})
}

// Docs serves the API reference: one page made from the OpenAPI document, without scripts and without anything from
// elsewhere.
func Docs() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page, err := reference()
		if err != nil {
			http.Error(w, "the API reference cannot be made", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		http.ServeContent(w, r, "docs.html", time.Time{}, bytes.NewReader(page))
	})
}

var reference = sync.OnceValues(func() ([]byte, error) { return render(openapi.Document) })

type document struct {
	Info struct{ Title, Summary, Description, Version string }
	Tags []struct{ Name, Description string }
	// Paths are by address, then by method.
	Paths      map[string]map[string]operation
	Components struct {
		Schemas    map[string]json.RawMessage
		Parameters map[string]parameter
		Responses  map[string]response
	}
}

type operation struct {
	Tags                              []string
	Summary, Description, OperationID string
	Parameters                        []parameter
	RequestBody                       *struct {
		Description string
		Content     map[string]media
	}
	Responses  map[string]response
	Security   []map[string][]string
	Permission string `json:"x-btlc-permission"`
}

type parameter struct {
	Ref                   string `json:"$ref"`
	Name, In, Description string
	Required              bool
	Example               any
}

type response struct {
	Ref         string `json:"$ref"`
	Description string
	Content     map[string]media
}

type media struct {
	Schema  json.RawMessage
	Example json.RawMessage
}

// section is one tag of the page; entry is one operation.
type section struct {
	ID, Name, Description string
	Entries               []entry
}

type entry struct {
	operation
	Method, Path, Request, Answer, Curl, Who string
	Errors                                   []string
}

func render(openAPI []byte) ([]byte, error) {
	var d document
	if err := json.Unmarshal(openAPI, &d); err != nil {
		return nil, err
	}
	byTag := map[string]*section{}
	var sections []*section
	for _, tag := range d.Tags {
		s := &section{ID: strings.ToLower(strings.ReplaceAll(tag.Name, " ", "-")), Name: tag.Name, Description: tag.Description}
		byTag[tag.Name], sections = s, append(sections, s)
	}
	for path, methods := range d.Paths {
		for method, op := range methods {
			if len(op.Tags) == 0 || byTag[op.Tags[0]] == nil {
				return nil, fmt.Errorf("%s %s has no tag", method, path)
			}
			s := byTag[op.Tags[0]]
			s.Entries = append(s.Entries, d.entry(strings.ToUpper(method), path, op))
		}
	}
	for _, s := range sections {
		sort.Slice(s.Entries, func(i, j int) bool {
			a, b := s.Entries[i], s.Entries[j]
			return a.Path < b.Path || a.Path == b.Path && a.Method < b.Method
		})
	}
	style, err := files.ReadFile("docs.css")
	if err != nil {
		return nil, err
	}
	page, err := template.ParseFS(files, "docs.html.tmpl")
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = page.Execute(&out, map[string]any{"Document": d, "Sections": sections, "Style": template.CSS(style), "About": strings.Split(d.Info.Description, "\n\n")}) // #nosec G203 -- our own style sheet
	return out.Bytes(), err
}

func (d *document) entry(method, path string, op operation) entry {
	e := entry{operation: op, Method: method, Path: path}
	for i, p := range op.Parameters {
		if p.Ref != "" {
			e.Parameters[i] = d.Components.Parameters[p.Ref[strings.LastIndexByte(p.Ref, '/')+1:]]
		}
	}
	if op.RequestBody != nil {
		e.Request = indented(op.RequestBody.Content["application/json"].Example)
	}
	for status, r := range op.Responses {
		if status == "200" {
			for _, m := range r.Content {
				e.Answer = indented(m.Example)
			}
			continue
		}
		if r.Ref != "" {
			r = d.Components.Responses[r.Ref[strings.LastIndexByte(r.Ref, '/')+1:]]
		}
		e.Errors = append(e.Errors, status+" "+r.Description)
	}
	sort.Strings(e.Errors)
	e.Who = "Anyone."
	if op.Permission != "" {
		e.Who = "Needs the permission " + op.Permission + "."
	} else if len(op.Security) > 0 && len(op.Security[0]) > 0 {
		e.Who = "Any known caller."
	}
	e.Curl = e.curl()
	return e
}

func (e entry) curl() string {
	path := e.Path
	for _, p := range e.Parameters {
		if p.In == "path" {
			path = strings.ReplaceAll(path, "{"+p.Name+"}", fmt.Sprint(p.Example))
		}
	}
	lines := []string{"curl -s"}
	if e.Method != http.MethodGet {
		lines[0] += " -X " + e.Method
	}
	lines[0] += ` "$BTLC_URL` + path + `"`
	if e.Who != "Anyone." {
		lines = append(lines, `  -H "Authorization: Bearer $BTLC_KEY"`)
	}
	if e.Request != "" {
		lines = append(lines, `  -H "Content-Type: application/json"`, "  -d '"+e.Request+"'")
	}
	return strings.Join(lines, " \\\n")
}

func indented(raw json.RawMessage) string {
	if len(raw) == 0 {
		return ""
	}
	var out bytes.Buffer
	if err := json.Indent(&out, raw, "", "  "); err != nil {
		return string(raw)
	}
	return out.String()
}
