package notice

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// textWidth is what RFC 5322, section 2.1.1, and terminals ask for.
	textWidth  = 78
	maxSubject = 150
	// maxLine is longer than any text of the tables: what is longer was not meant to be read.
	maxLine = 2000
)

// line is a text in one line: UTF-8, runs of white space made one space, without control characters and those that turn
// the writing around, so that no name becomes a header and no title looks like another one.
func line(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	return shorten(strings.Join(strings.Fields(text), " "), maxLine)
}

// shorten cuts a text to so many characters, the last of which tells that more followed.
func shorten(text string, most int) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return strings.TrimSpace(string([]rune(text)[:most-1])) + "…"
}

// wrap breaks lines at spaces to be of so many characters at most. What follows in a line that is indented is indented
// by two more. A word that is longer stays whole: it is an address, which would not work in two.
func wrap(text string, width int) string {
	var out strings.Builder
	for paragraph := range strings.Lines(text) {
		wrapLine(&out, strings.TrimRight(paragraph, " \n"), width)
		out.WriteByte('\n')
	}
	return out.String()
}

func wrapLine(out *strings.Builder, text string, width int) {
	indent := text[:len(text)-len(strings.TrimLeft(text, " "))]
	out.WriteString(indent)
	if indent != "" {
		indent += "  "
	}
	column, first := len(indent)-min(len(indent), 2), true
	for _, word := range strings.Fields(text) {
		length := utf8.RuneCountInString(word)
		switch {
		case first:
		case column+1+length > width:
			out.WriteString("\n" + indent)
			column = len(indent)
		default:
			out.WriteByte(' ')
			column++
		}
		out.WriteString(word)
		column += length
		first = false
	}
}
