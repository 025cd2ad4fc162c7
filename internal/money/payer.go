package money

import (
	"regexp"
	"strings"

	"github.com/google/uuid"
)

var word = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// ValidPayer tells whether a name is one that a payer can have: educators/{uuid}, districts/{word}, or
// districts/{word}/schools/{uuid}; not whether there is such a payer.
func ValidPayer(name string) bool {
	parts := strings.Split(name, "/")
	switch {
	case len(parts) == 2 && parts[0] == "educators":
		return canonical(parts[1])
	case len(parts) == 2 && parts[0] == "districts":
		return word.MatchString(parts[1])
	case len(parts) == 4 && parts[0] == "districts" && parts[2] == "schools":
		return word.MatchString(parts[1]) && canonical(parts[3])
	}
	return false
}

// ValidPayee tells whether a name is one that a payee can have: institutions/{word}, or Program.
func ValidPayee(name string) bool {
	id, institution := strings.CutPrefix(name, "institutions/")
	return name == Program || institution && word.MatchString(id)
}

// Program is the payee that courses are charged by; the institutions charge the cost of graduate credits.
const Program = "program"

// canonical tells whether a text is a UUID in the one form that names have.
func canonical(text string) bool {
	id, err := uuid.Parse(text)
	return err == nil && id.String() == text
}
