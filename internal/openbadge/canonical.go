package openbadge

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/gowebpki/jcs"
)

// canonical is the RFC 8785 form of a decoded JSON value. It is what the library jcs makes of the value's text, without
// writing and reading that text first: signing a credential needs the form of four values.
func canonical(value any) ([]byte, error) { return appendCanonical(make([]byte, 0, 4096), value) }

func appendCanonical(b []byte, value any) (_ []byte, err error) {
	switch value := value.(type) {
	case nil:
		return append(b, "null"...), nil
	case bool:
		return strconv.AppendBool(b, value), nil
	case string:
		return appendString(b, value)
	case json.Number:
		return appendNumber(b, value)
	case float64:
		return appendDouble(b, value)
	case []any:
		b = append(b, '[')
		for i, item := range value {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = appendCanonical(b, item); err != nil {
				return nil, err
			}
		}
		return append(b, ']'), nil
	case map[string]any:
		return appendObject(b, value)
	default: // other types of Go are rare: by their text
		text, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		form, err := jcs.Transform(text)
		return append(b, form...), err
	}
}

func appendObject(b []byte, object map[string]any) (_ []byte, err error) {
	keys := make([]string, 0, len(object))
	for key := range object {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, compareUTF16)
	b = append(b, '{')
	for i, key := range keys {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendString(b, key); err != nil {
			return nil, err
		}
		if b, err = appendCanonical(append(b, ':'), object[key]); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

// compareUTF16 is the order of RFC 8785, section 3.2.3. It differs from the order of bytes only where a character beyond
// the 16 bits, written as surrogates, stands against one from U+E000 on.
func compareUTF16(a, b string) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			if a[i] < 0xee && b[i] < 0xee {
				return int(a[i]) - int(b[i])
			}
			return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
		}
	}
	return len(a) - len(b)
}

func appendNumber(b []byte, number json.Number) ([]byte, error) {
	text := number.String()
	if len(text) <= 15 && !strings.ContainsAny(text, ".eE") && text != "-0" {
		return append(b, text...), nil // an integer that a double holds stands as it is
	}
	double, err := number.Float64()
	if err != nil {
		return nil, err
	}
	return appendDouble(b, double)
}

func appendDouble(b []byte, double float64) ([]byte, error) {
	form, err := jcs.NumberToJSON(double)
	return append(b, form...), err
}

const hexDigits = "0123456789abcdef"

// appendString is section 3.2.2.2.
func appendString(b []byte, text string) ([]byte, error) {
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
