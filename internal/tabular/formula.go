package tabular

import (
	"strings"
	"unicode"
)

const apostrophe = '\''

// Restore is the text that a text field stands for: the field, without the apostrophe that kept it from being a formula.
func Restore(field string) string {
	if field != "" && field[0] == apostrophe && risky(field[1:]) {
		return field[1:]
	}
	return field
}

// risky tells whether a spreadsheet could take a text for a formula, or whether apostrophes before it are all that keeps
// it from that.
func risky(text string) bool {
	if text == "" || letter(text[0]) {
		return false
	}
	text = strings.TrimLeft(text, string(apostrophe))
	if text == "" {
		return false
	}
	switch text[0] {
	case '\t', '\r', '\n', 0:
		return true
	}
	for _, r := range text {
		switch r {
		case '=', '+', '-', '@', '＝', '＋', '－', '＠':
			return true
		}
		if !invisible(r) {
			return false
		}
	}
	return false
}

// letter tells for a text's first byte, without looking further, that the text is of the many that are not risky.
func letter(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9'
}

// invisible are spaces, control characters and marks such as those of joining and of writing direction.
func invisible(r rune) bool {
	return unicode.IsSpace(r) || unicode.Is(unicode.C, r)
}
