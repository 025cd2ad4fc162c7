package notice

import (
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var update = flag.Bool("update", false, "write the texts of testdata anew, to be read by a person before they are committed")

const programURL = "https://btlc.example.org/app/sections/0190a8a4-7c1e-7b7a-9d51-3f0c2f5d9a10/registrations"

func boston(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// example is a notice of the kind with everything that it can tell.
func example(t *testing.T, kind Kind) Data {
	zone := boston(t)
	at := func(month time.Month, day, hour, minute int) time.Time {
		return time.Date(2026, month, day, hour, minute, 0, 0, zone).UTC()
	}
	data := Data{
		GivenName: "Ana", Program: "Example Teacher Leadership Certificate", Course: "Leading Inquiry Cycles",
		Section: "Fall 2026, Tuesdays", Site: "Example School, Dorchester", Zone: zone, URL: programURL,
	}
	first := Meeting{Number: 1, Start: at(time.October, 6, 16, 30), End: at(time.October, 6, 18, 30), Place: "Room 12"}
	switch kind {
	case Registered, Waitlisted:
		data.First = first
	case Offered:
		data.First, data.Deadline = first, at(time.September, 30, 17, 0)
	case OfferExpired:
		data.Deadline = at(time.September, 30, 17, 0)
	case RoleAwaited:
		data.Role, data.Deadline = "Leader of the grade 5 team at Example School", at(time.September, 25, 17, 0)
	case Withdrawn:
		data.Reason = "The educator asked for it."
	case SectionCancelled:
		data.Reason = "Too few people registered."
	case MeetingMoved:
		before := Meeting{Number: 4, Start: at(time.October, 27, 16, 30), End: at(time.October, 27, 18, 30), Place: "Room 12"}
		after := Meeting{Number: 4, Start: at(time.November, 3, 17, 0), End: at(time.November, 3, 19, 0), Place: "Library, second floor"}
		data.Moves = []Move{{before, after}}
	case RoleToConfirm:
		data.GivenName, data.Person, data.Role = "", "Ana Example", "Leader of the grade 5 team at Example School"
		data.Reported, data.Deadline = at(time.September, 1, 9, 15), at(time.September, 25, 17, 0)
	case WebhookFailing, WebhookFailed:
		data.GivenName, data.Course, data.Section, data.Site = "", "", "", ""
		data.Webhook = Webhook{
			Name: "webhookSubscriptions/0190a8a4-7c1e-7b7a-9d51-3f0c2f5d9a10", Stream: "districts/bps", Description: "Certificates for the HR system", Host: "hr.example.org",
			Since: at(time.September, 1, 9, 15), Failure: "Change 42 was not taken in 15 attempts. The endpoint answered with status 500.", Delivered: 41,
		}
		if kind == WebhookFailing {
			data.Webhook.Failure, data.Deadline = "The endpoint answered with status 500.", at(time.September, 4, 11, 0)
		}
	}
	return data
}

func render(t *testing.T, kind Kind, data Data) Message {
	t.Helper()
	message, err := Render(kind, data)
	if err != nil {
		t.Fatalf("%s: %v", kind, err)
	}
	return message
}

func TestTexts(t *testing.T) {
	for _, kind := range kinds {
		message := render(t, kind, example(t, kind))
		got := "Subject: " + message.Subject + "\n\n" + message.Text
		path := filepath.Join("testdata", strings.ToLower(string(kind))+".txt")
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s is not as in %s:\n%s", kind, path, got)
		}
		for text := range strings.Lines(message.Text) {
			if utf8.RuneCountInString(strings.TrimRight(text, "\n")) > 78 && strings.TrimSpace(text) != programURL {
				t.Errorf("%s has a line that is too long: %q", kind, text)
			}
		}
	}
}

// page is what is in a document: its words, and the values of attributes by their names.
type page struct {
	words      []string
	elements   []string
	attributes map[string][]string
}

// readPage takes the documents for XML, which they are as well, so that each element is closed in its place.
func readPage(t *testing.T, html string) page {
	t.Helper()
	p := page{attributes: map[string][]string{}}
	decoder := xml.NewDecoder(strings.NewReader(html))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return p
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, html)
		}
		switch token := token.(type) {
		case xml.StartElement:
			p.elements = append(p.elements, token.Name.Local)
			for _, attribute := range token.Attr {
				p.attributes[attribute.Name.Local] = append(p.attributes[attribute.Name.Local], attribute.Value)
			}
		case xml.CharData:
			p.words = append(p.words, words(string(token))...)
		}
	}
}

func words(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \n.:,", r) })
}

// Who reads plain text is told the same as who reads HTML; and no document asks anybody else for anything.
func TestBothPartsSayTheSame(t *testing.T) {
	for _, kind := range kinds {
		message := render(t, kind, example(t, kind))
		html := readPage(t, message.HTML)
		heading := words(message.Subject)
		want := slices.Concat(heading, heading, words(strings.ReplaceAll(strings.ReplaceAll(message.Text, programURL, ""), "\n--\n", "\n")))
		if !slices.Equal(html.words, want) {
			t.Errorf("%s says as HTML\n%q\nand as text\n%q", kind, html.words, want)
		}
		for _, name := range []string{"img", "link", "script", "style", "iframe", "form", "object"} {
			if slices.Contains(html.elements, name) {
				t.Errorf("%s has an element %s", kind, name)
			}
		}
		if links := html.attributes["href"]; !slices.Equal(links, []string{programURL}) || html.attributes["src"] != nil || strings.Contains(message.HTML, "url(") {
			t.Errorf("%s refers to %q", kind, links)
		}
		if !slices.Equal(html.attributes["lang"], []string{"en"}) || !slices.Contains(html.attributes["content"], "light dark") {
			t.Errorf("%s has no language or colour scheme", kind)
		}
	}
}

// Every kind can be told of with no more than what it requires, and without it not.
func TestRequired(t *testing.T) {
	full := example(t, MeetingMoved)
	least := Data{Program: full.Program, Course: full.Course, Section: full.Section, Zone: full.Zone, URL: full.URL}
	for _, kind := range kinds {
		data := least
		switch kind {
		case Offered:
			data.Deadline = full.Moves[0].After.Start
		case MeetingMoved:
			data.Moves = []Move{{Meeting{Start: full.Moves[0].Before.Start}, Meeting{Start: full.Moves[0].After.Start}}}
		case RoleToConfirm:
			data.Person, data.Role, data.Reported, data.Deadline = "Ana", "Mentor", full.Moves[0].Before.Start, full.Moves[0].After.Start
		case WebhookFailing, WebhookFailed:
			data.Deadline = full.Moves[0].After.Start
			data.Webhook = Webhook{Name: "webhookSubscriptions/x", Stream: "program", Host: "hr.example.org", Since: full.Moves[0].Before.Start, Failure: "The endpoint could not be reached."}
		}
		message := render(t, kind, data)
		if !strings.HasPrefix(message.Text, "Hello,\n") || strings.Contains(message.Text, "January 1, 1") || strings.Contains(message.HTML, "January 1, 1") {
			t.Errorf("%s tells what it was not given:\n%s", kind, message.Text)
		}
		readPage(t, message.HTML)
		for what, change := range map[string]func(*Data){
			"program":    func(d *Data) { d.Program = " \n" },
			"course":     func(d *Data) { d.Course = "" },
			"section":    func(d *Data) { d.Section = "" },
			"zone":       func(d *Data) { d.Zone = nil },
			"address":    func(d *Data) { d.URL = "" },
			"web":        func(d *Data) { d.URL = "javascript:alert(1)" },
			"host":       func(d *Data) { d.URL = "https:///path" },
			"one word":   func(d *Data) { d.URL = "https://example.org/a b" },
			"leave":      func(d *Data) { d.UnsubscribeURL = "mailto:x@example.org" },
			"no bracket": func(d *Data) { d.UnsubscribeURL = "https://example.org/>,<https://example.com" },
		} {
			poor := data
			change(&poor)
			needless := kind.ofWebhook() && (what == "course" || what == "section")
			if _, err := Render(kind, poor); errors.Is(err, ErrData) == needless {
				t.Errorf("%s with a wrong %s: %v", kind, what, err)
			}
		}
	}
	for what, change := range map[string]func(*Data){
		"person": func(d *Data) { d.Person = "" }, "role": func(d *Data) { d.Role = " " }, "day": func(d *Data) { d.Reported = time.Time{} }, "deadline": func(d *Data) { d.Deadline = time.Time{} },
	} {
		poor := example(t, RoleToConfirm)
		change(&poor)
		if _, err := Render(RoleToConfirm, poor); !errors.Is(err, ErrData) {
			t.Errorf("without a %s: %v", what, err)
		}
	}
	for what, change := range map[string]func(*Data){
		"name": func(d *Data) { d.Webhook.Name = "" }, "stream": func(d *Data) { d.Webhook.Stream = "" }, "host": func(d *Data) { d.Webhook.Host = " " },
		"reason": func(d *Data) { d.Webhook.Failure = "" }, "beginning": func(d *Data) { d.Webhook.Since = time.Time{} }, "deadline": func(d *Data) { d.Deadline = time.Time{} },
	} {
		poor := example(t, WebhookFailing)
		change(&poor)
		if _, err := Render(WebhookFailing, poor); !errors.Is(err, ErrData) {
			t.Errorf("without a %s: %v", what, err)
		}
	}
	for _, kind := range []Kind{Offered, MeetingMoved, WebhookFailing, WebhookFailed} {
		if _, err := Render(kind, least); !errors.Is(err, ErrData) {
			t.Errorf("%s without its times: %v", kind, err)
		}
	}
	if _, err := Render("SURPRISED", least); !errors.Is(err, ErrKind) {
		t.Errorf("an unknown kind: %v", err)
	}
}

// What people are called is shown as it is and means nothing to a mail program.
func TestNamesAreText(t *testing.T) {
	data := example(t, Registered)
	data.GivenName = "<script>alert('x')</script>"
	data.Course = "Data & Equity <b>now</b>\r\nBcc: everybody@example.org"
	data.Section = "evil\u202Etxt\x00\u2028section"
	message := render(t, Registered, data)

	html := readPage(t, message.HTML)
	if slices.Contains(html.elements, "script") || slices.Contains(html.elements, "b") {
		t.Errorf("a name became an element:\n%s", message.HTML)
	}
	if !strings.Contains(message.HTML, "Hello &lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;,") || !strings.Contains(message.Text, "Hello <script>alert('x')</script>,") {
		t.Errorf("the name is not shown as it is:\n%s\n%s", message.Text, message.HTML)
	}
	if want := "You are registered: Data & Equity <b>now</b> Bcc: everybody@example.org"; message.Subject != want {
		t.Errorf("subject %q, want %q", message.Subject, want)
	}
	if !strings.Contains(message.Text, "  Section: eviltxt section\n") {
		t.Errorf("the section is not in one line:\n%s", message.Text)
	}
}

func TestLongTitles(t *testing.T) {
	data := example(t, Completed)
	data.Course = strings.Repeat("äöü ", 100)
	message := render(t, Completed, data)
	if n := utf8.RuneCountInString(message.Subject); n > maxSubject || !strings.HasSuffix(message.Subject, "…") {
		t.Errorf("a subject of %d characters: %q", n, message.Subject)
	}
	if got := strings.Count(message.Text, "äöü"); got != 100 {
		t.Errorf("%d words of the title in the text, want all 100", got)
	}
}

func TestUnsubscribe(t *testing.T) {
	data := example(t, Registered)
	data.Unsubscribe, data.UnsubscribeURL = "Choose \"no notices\" in your profile.", "https://btlc.example.org/app/notices"
	message := render(t, Registered, data)
	if !strings.HasSuffix(message.Text, "\nChoose \"no notices\" in your profile.\nhttps://btlc.example.org/app/notices\n") {
		t.Errorf("the text does not say how to turn notices off:\n%s", message.Text)
	}
	if links := readPage(t, message.HTML).attributes["href"]; !slices.Equal(links, []string{programURL, data.UnsubscribeURL}) || message.UnsubscribeURL != data.UnsubscribeURL {
		t.Errorf("links %q, header %q", links, message.UnsubscribeURL)
	}
}

// Of several meetings each is told of by its number, and a document says what the text does.
func TestSeveralMoves(t *testing.T) {
	data := example(t, MeetingMoved)
	second := data.Moves[0]
	second.Before.Number, second.After.Number, second.After.Place = 5, 5, ""
	second.After.Start, second.After.End = second.After.Start.AddDate(0, 0, 7), second.After.End.AddDate(0, 0, 7)
	data.Moves = append(data.Moves, second)
	message := render(t, MeetingMoved, data)
	const body = `2 meetings of this section have moved.

  Meeting 4
  Now: Tuesday, November 3, 2026, 5:00 PM to 7:00 PM EST, Library, second
    floor
  Before: Tuesday, October 27, 2026, 4:30 PM to 6:30 PM EDT, Room 12

  Meeting 5
  Now: Tuesday, November 10, 2026, 5:00 PM to 7:00 PM EST
  Before: Tuesday, October 27, 2026, 4:30 PM to 6:30 PM EDT, Room 12

  Course: `
	if message.Subject != "Meetings have moved: Leading Inquiry Cycles" || !strings.Contains(message.Text, body) {
		t.Errorf("%s\n%s", message.Subject, message.Text)
	}
	told := strings.Join(readPage(t, message.HTML).words, " ")
	if !strings.Contains(told, strings.Join(words(body), " ")) {
		t.Errorf("as HTML %s", told)
	}
}

// A principal is told who, which role, since when, for which course and until when, and nothing else about anybody.
func TestAPrincipalIsToldNoMore(t *testing.T) {
	data := example(t, RoleToConfirm)
	data.First, data.Reason = Meeting{Number: 1, Start: data.Deadline, Place: "Room 12"}, "No reason"
	message := render(t, RoleToConfirm, data)
	for _, secret := range []string{data.Section, data.Site, "Room 12", "No reason", "turn them off"} {
		if strings.Contains(message.Text, secret) || strings.Contains(message.HTML, secret) {
			t.Errorf("it tells %q:\n%s", secret, message.Text)
		}
	}
}
