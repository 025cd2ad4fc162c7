// Package jsontext writes texts as JSON.
package jsontext

import (
	"fmt"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// AppendString appends a text in quotes, with no escapes but those that it must have, the short ones where there are any:
// the form of RFC 8785, section 3.2.2.2, which is also that of ProtoJSON. Bytes that are not UTF-8 are an error.
func AppendString(b []byte, text string) ([]byte, error) {
	if isPlain(text) {
		return append(append(append(b, '"'), text...), '"'), nil
	}
	if !utf8.ValidString(text) {
		return nil, fmt.Errorf("%.40q is not UTF-8", text)
	}
	b = append(b, '"')
	plain := 0
	for i := range len(text) {
		c := text[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(append(b, text[plain:i]...), '\\')
		plain = i + 1
		switch c {
		case '"', '\\':
			b = append(b, c)
		case '\b':
			b = append(b, 'b')
		case '\t':
			b = append(b, 't')
		case '\n':
			b = append(b, 'n')
		case '\f':
			b = append(b, 'f')
		case '\r':
			b = append(b, 'r')
		default:
			b = append(b, 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return append(append(b, text[plain:]...), '"'), nil
}

// isPlain tells whether a text is ASCII that needs no escape, as most texts are.
func isPlain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
