package verify

import (
	"strings"
	"time"
	"unicode"

	"github.com/btlc/btlc/internal/jsonld"
)

const (
	maxShown        = 500 // characters of a text
	maxAchievements = 100
)

// Summary is what a document says of itself.
type Summary struct {
	ID, Title            string
	IssuerID, IssuerName string
	// Ours: it names our issuer, and a key of ours signed it.
	Ours bool
	// ValidFrom and ValidUntil bound when it counts; zero where it does not say.
	ValidFrom, ValidUntil time.Time
	// Achievements are the names of what the achievement is aligned with: competencies and standards.
	Achievements []string
}

func summaryOf(document map[string]any, party string) Summary {
	subject, _ := document["credentialSubject"].(map[string]any)
	achievement, _ := subject["achievement"].(map[string]any)
	issuer, _ := document["issuer"].(map[string]any)
	s := Summary{ID: shown(text(document, "id")), Title: shown(text(document, "name")), IssuerID: shown(party), IssuerName: shown(text(issuer, "name"))}
	if s.Title == "" {
		s.Title = shown(text(achievement, "name"))
	}
	// What cannot be read is the schema's to tell.
	names := periodOf(document)
	s.ValidFrom, _ = instant(document, names.from)
	s.ValidUntil, _ = instant(document, names.until)
	for _, value := range jsonld.Values(achievement["alignment"]) {
		alignment, _ := value.(map[string]any)
		if name := shown(text(alignment, "targetName")); name != "" && len(s.Achievements) < maxAchievements {
			s.Achievements = append(s.Achievements, name)
		}
	}
	return s
}

// shown is a text from anywhere as it can be shown to people: bounded, and without characters that move what is around
// it, on a terminal or in a line that is written from right to left.
func shown(text string) string {
	plain := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r):
			return ' '
		case unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "�"))
	count := 0
	for i := range plain {
		if count == maxShown {
			return plain[:i] + "…"
		}
		count++
	}
	return plain
}
