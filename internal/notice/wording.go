package notice

import (
	"embed"
	htmltemplate "html/template"
	"io"
	"strings"
	texttemplate "text/template"
	"time"
)

//go:embed templates
var templates embed.FS

// wording is the pair of templates of a kind. The texts define subject, body and action, what is done at the program's
// address; the HTML defines its body and takes the rest from them. Either may define anew what the layout does for most:
// details, about and unsubscribe.
type wording struct {
	text *texttemplate.Template
	html *htmltemplate.Template
}

var wordings = parseWordings()

func parseWordings() map[Kind]wording {
	all := make(map[Kind]wording, len(kinds))
	for _, kind := range kinds {
		name := "templates/" + strings.ToLower(string(kind))
		all[kind] = wording{
			text: texttemplate.Must(texttemplate.ParseFS(templates, "templates/layout.txt.tmpl", name+".txt.tmpl")),
			html: htmltemplate.Must(htmltemplate.ParseFS(templates, "templates/layout.html.tmpl", name+".html.tmpl")),
		}
	}
	return all
}

// subject is that of a notice, for which its course and moves are enough. A long title is told whole in the body.
func (w wording) subject(data Data) (string, error) {
	subject, err := execute(w.text, "subject", view{Data: data})
	return shorten(subject, maxSubject), err
}

func (w wording) render(data Data) (Message, error) {
	v := view{Data: data}
	var err error
	if v.Subject, err = w.subject(data); err != nil {
		return Message{}, err
	}
	if v.Action, err = execute(w.text, "action", v); err != nil {
		return Message{}, err
	}
	text, err := execute(w.text, "layout", v)
	if err != nil {
		return Message{}, err
	}
	html, err := execute(w.html, "layout", v)
	if err != nil {
		return Message{}, err
	}
	return Message{Subject: v.Subject, Text: wrap(text, textWidth), HTML: html, UnsubscribeURL: data.UnsubscribeURL}, nil
}

func execute(t interface {
	ExecuteTemplate(io.Writer, string, any) error
}, name string, v view) (string, error) {
	var out strings.Builder
	err := t.ExecuteTemplate(&out, name, v)
	return out.String(), err
}

// view is what templates see.
type view struct {
	Data
	Subject, Action string
}

const (
	day   = "Monday, January 2, 2006"
	clock = "3:04 PM"
)

// When is an instant as people in the section's zone say it: "Tuesday, October 6, 2026, 4:30 PM EDT".
func (v view) When(t time.Time) string {
	t = t.In(v.Zone)
	return t.Format(day+", "+clock) + " " + abbreviation(t)
}

// Day is the day of an instant in the section's zone: "Tuesday, October 6, 2026".
func (v view) Day(t time.Time) string { return t.In(v.Zone).Format(day) }

// Time is from when to when a meeting takes: "Tuesday, October 6, 2026, 4:30 PM to 6:30 PM EDT". The zone's abbreviation
// is told of both when the clocks change between them.
func (v view) Time(m Meeting) string {
	if m.End.IsZero() {
		return v.When(m.Start)
	}
	start, end := m.Start.In(v.Zone), m.End.In(v.Zone)
	if start.Format(time.DateOnly) != end.Format(time.DateOnly) || abbreviation(start) != abbreviation(end) {
		return v.When(start) + " to " + v.When(end)
	}
	return start.Format(day+", "+clock) + " to " + end.Format(clock) + " " + abbreviation(end)
}

// abbreviation is the zone's: "EST". Many zones have none, for which the database has the bare offset, "-03".
func abbreviation(t time.Time) string {
	name, _ := t.Zone()
	if strings.HasPrefix(name, "+") || strings.HasPrefix(name, "-") {
		return "UTC" + name
	}
	return name
}
