package openbadge

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
)

// dateTimeStamp is a time as Verifiable Credentials have it: XML Schema's dateTimeStamp, whose time
// zone is not left out.
var dateTimeStamp = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$`)

// timeFields are the fields of credentials, wherever they stand, whose values are times (Verifiable
// Credentials Data Model 2.0, section 4.9; Open Badges 3.0, DateTimeZ).
var timeFields = strings.Fields("validFrom validUntil awardedDate activityStartDate activityEndDate created expires")

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
func fit(document map[string]any) error { return fitValue("", document) }

func fitValue(place string, value any) error {
	switch value := value.(type) {
	case string:
		if strings.ContainsFunc(value, isControl) {
			return fmt.Errorf("%w: %s has a control character", ErrUnsignable, place)
		}
	case []any:
		for _, item := range value {
			if err := fitValue(place, item); err != nil {
				return err
			}
		}
	case map[string]any:
		for key, item := range value {
			below := strings.TrimPrefix(place+"."+key, ".")
			if err := fitValue(fmt.Sprintf("the name of %.100q", below), key); err != nil {
				return err
			}
			if slices.Contains(timeFields, key) {
				if _, err := parseTime(item); err != nil {
					return fmt.Errorf("%w: %.100s: %w", ErrUnsignable, below, err)
				}
			}
			if err := fitValue(below, item); err != nil {
				return err
			}
		}
	}
	return nil
}

func isControl(r rune) bool { return r != '\n' && unicode.IsControl(r) }
