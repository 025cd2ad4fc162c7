package openbadge

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/gowebpki/jcs"

	"github.com/btlc/btlc/internal/jsontext"
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
		return jsontext.AppendString(b, value)
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
		if b, err = jsontext.AppendString(b, key); err != nil {
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
