package openbadge

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf16"

	"github.com/gowebpki/jcs"

	"github.com/btlc/btlc/internal/jsonld"
	"github.com/btlc/btlc/internal/jsontext"
)

// canonical is the RFC 8785 form of a decoded JSON value. It is what the library jcs makes of the value's text, without
// writing and reading that text first: signing a credential needs the form of four values.
func canonical(value any) ([]byte, error) { return appendCanonical(make([]byte, 0, 4096), value) }

// buffers are for canonical forms that are not kept.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// hashCanonical hashes the canonical form of a value.
func hashCanonical(value map[string]any) (sum [sha256.Size]byte, err error) {
	buffer, _ := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	form, err := appendCanonical((*buffer)[:0], value)
	if err != nil {
		return sum, err
	}
	*buffer = form
	return sha256.Sum256(form), nil
}

func appendCanonical(b []byte, value any) (_ []byte, err error) {
	switch value := value.(type) {
	case nil:
		return append(b, "null"...), nil
	case bool:
		return strconv.AppendBool(b, value), nil
	case string:
		return appendText(b, value)
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
	case *jsonld.Fixed:
		return append(b, value.Text()...), nil
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
	var few [16]string
	b = append(b, '{')
	for _, key := range keysOf(few[:0], object) {
		if b, err = appendMember(b, key, object[key]); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

// keysOf appends the keys of an object in their order.
func keysOf(keys []string, object map[string]any) []string {
	for key := range object {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, compareUTF16)
	return keys
}

// appendMember appends a member to an object that is not closed yet.
func appendMember(b []byte, key string, value any) (_ []byte, err error) {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	if b, err = appendText(b, key); err != nil {
		return nil, err
	}
	return appendCanonical(append(b, ':'), value)
}

func appendText(b []byte, text string) ([]byte, error) {
	if isPlain(text) {
		return append(append(append(b, '"'), text...), '"'), nil
	}
	return jsontext.AppendString(b, text)
}

// isPlain tells whether a text has nothing but visible ASCII and spaces, and no quotes and backslashes: most texts need no
// closer look, and eight bytes are looked at at once.
func isPlain(text string) bool {
	const each, high = 0x0101010101010101, 0x8080808080808080
	for ; len(text) >= 8; text = text[8:] {
		eight := uint64(text[0]) | uint64(text[1])<<8 | uint64(text[2])<<16 | uint64(text[3])<<24 |
			uint64(text[4])<<32 | uint64(text[5])<<40 | uint64(text[6])<<48 | uint64(text[7])<<56
		// Subtracting sets the high bit of a byte that is too small, and of none when all are well.
		if (eight|(eight-' '*each)|((eight^'"'*each)-each)|((eight^'\\'*each)-each)|((eight^0x7f*each)-each))&high != 0 {
			return false
		}
	}
	for i := range len(text) {
		if c := text[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			return false
		}
	}
	return true
}

// appendBut appends the canonical form of an object that has no member of a name, and tells where in the buffer that would
// stand: after the members before it.
func appendBut(b []byte, object map[string]any, name string) (form []byte, at int, err error) {
	var few [16]string
	b = append(b, '{')
	at = len(b)
	for _, key := range keysOf(few[:0], object) {
		if b, err = appendMember(b, key, object[key]); err != nil {
			return nil, 0, err
		}
		if compareUTF16(key, name) < 0 {
			at = len(b)
		}
	}
	return append(b, '}'), at, nil
}

// written is a document without proof, with its canonical form and the place where the proof would stand in that.
type written struct {
	document map[string]any
	form     []byte
	at       int
}

// write appends the canonical form of a document to a buffer.
func write(buffer []byte, document map[string]any) (written, error) {
	form, at, err := appendBut(buffer, document, "proof")
	return written{document, form, at}, err
}

// isClear tells of canonical JSON whether no text in it hasControl. Anything else than UTF-8 has no canonical form.
func isClear(form []byte) bool {
	const each, high = 0x0101010101010101, 0x8080808080808080
	for i := 0; i < len(form); i++ {
		for i+8 <= len(form) { // nothing is escaped, and all is ASCII but for the last of it
			eight := binary.LittleEndian.Uint64(form[i:])
			if (eight|((eight^'\\'*each)-each)|((eight^0x7f*each)-each))&high != 0 {
				break
			}
			i += 8
		}
		if i == len(form) {
			break
		}
		var next byte
		if i+1 < len(form) {
			next = form[i+1]
		}
		switch c := form[i]; {
		case c == '\\' && next != '"' && next != '\\' && next != 'n', c == 0x7f, c == 0xc2 && next&0xe0 == 0x80:
			return false
		case c == '\\':
			i++
		}
	}
	return true
}

// insertMember is the canonical form of an object with one more member, at the place that appendBut found in that without.
func insertMember(form []byte, at int, name string, value any) ([]byte, error) {
	whole := append(make([]byte, 0, len(form)+1536), form[:at]...) // with room for two proofs
	whole, err := appendMember(whole, name, value)
	if err != nil {
		return nil, err
	}
	if at == 1 && form[at] != '}' {
		whole = append(whole, ',')
	}
	return append(whole, form[at:]...), nil
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
