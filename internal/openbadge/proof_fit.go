package openbadge

import (
	"fmt"
	"regexp"
	"time"
	"unicode"
)

// dateTimeStamp is a time as Verifiable Credentials have it: XML Schema's dateTimeStamp, whose time
// zone is not left out.
var dateTimeStamp = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$`)

// timeFields are the fields of credentials, wherever they stand, whose values are times (Verifiable
// Credentials Data Model 2.0, section 4.9; Open Badges 3.0, DateTimeZ).
var timeFields = map[string]bool{
	"validFrom": true, "validUntil": true, "awardedDate": true, "activityStartDate": true, "activityEndDate": true, "created": true, "expires": true,
}

// parseTime reads a dateTimeStamp. Any other value is ErrMalformed.
func parseTime(value any) (time.Time, error) {
	written, _ := value.(string)
	if !dateTimeStamp.MatchString(written) {
		return time.Time{}, fmt.Errorf("%w: not a date and time with its zone: %.40q", ErrMalformed, value)
	}
	t, err := time.Parse(time.RFC3339, written)
	if err != nil {
		return time.Time{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return t, nil
}

// fit tells whether a document reads the same to everybody: no control characters, which
// canonicalizers are known to write differently, but for the line feeds of Markdown; and every time
// whole. Errors are ErrUnsignable with the place.
func fit(document map[string]any) (fault error) {
	walk(make(trail, 0, maxDepth), document, func(at trail, value any) {
		name := at.member()
		switch {
		case fault != nil:
		case hasControl(name):
			fault = fmt.Errorf("%w: the name of %.100q has a control character", ErrUnsignable, at)
		case timeFields[name]:
			if _, err := parseTime(value); err != nil {
				fault = fmt.Errorf("%w: %.100s: %w", ErrUnsignable, at, err)
			}
		default:
			if text, ok := value.(string); ok && hasControl(text) {
				fault = fmt.Errorf("%w: %.100s has a control character", ErrUnsignable, at)
			}
		}
	})
	return fault
}

func isControl(r rune) bool { return r != '\n' && unicode.IsControl(r) }

// hasControl tells whether a text has a character that isControl, by its bytes: those from U+0080 to U+009F are written
// with a C2 before them, which stands for nothing else.
func hasControl(text string) bool {
	if isPlain(text) {
		return false
	}
	for i := range len(text) {
		switch c := text[i]; {
		case c < ' ' && c != '\n', c == 0x7f, c == 0xc2 && i+1 < len(text) && text[i+1]&0xe0 == 0x80:
			return true
		}
	}
	return false
}
