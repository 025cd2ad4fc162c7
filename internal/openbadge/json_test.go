package openbadge

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseIsStrict(t *testing.T) {
	nested := func(depth int) string {
		return `{"a":` + strings.Repeat("[", depth-1) + strings.Repeat("]", depth-1) + "}"
	}
	tests := []struct {
		name, document string
		want           error
	}{
		{"empty object", `{}`, nil},
		{"deep enough", nested(maxDepth), nil},
		{"numbers", `{"a":[0,-1,1.5,1e3,9007199254740991]}`, nil},
		{"surrogate pair", `{"a":"\ud83d\ude00"}`, nil},
		{"empty", ``, ErrMalformed},
		{"not an object", `[]`, ErrMalformed},
		{"null", `null`, ErrMalformed},
		{"cut off", `{"a":1`, ErrMalformed},
		{"two values", `{} {}`, ErrMalformed},
		{"trailing comma", `{"a":1,}`, ErrMalformed},
		{"wrong bracket", `{"a":[1}`, ErrMalformed},
		{"key is a number", `{1:1}`, ErrMalformed},
		{"invalid UTF-8", "{\"a\":\"\xff\"}", ErrMalformed},
		{"half a surrogate pair", `{"a":"\ud83d"}`, ErrMalformed},
		{"too deep", nested(maxDepth + 1), ErrTooDeep},
		{"far too deep", strings.Repeat(`[`, MaxDocument), ErrTooDeep},
		{"too large", `{"a":"` + strings.Repeat("x", MaxDocument) + `"}`, ErrTooLarge},
		{"duplicate key", `{"a":1,"b":2,"a":1}`, ErrDuplicateKey},
		{"duplicate key below", `{"a":[{"b":1,"b":1}]}`, ErrDuplicateKey},
		{"duplicate key by escape", `{"a":1,"\u0061":1}`, ErrDuplicateKey},
		{"integer beyond a double", `{"a":9007199254740993}`, ErrNumber},
		{"huge integer", `{"a":-123456789012345678901234567890}`, ErrNumber},
		{"beyond all doubles", `{"a":1e999}`, ErrMalformed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := parse([]byte(test.document))
			if !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			if err != nil && !errors.Is(err, ErrMalformed) {
				t.Errorf("%v is not ErrMalformed", err)
			}
		})
	}
}

func TestMultibaseRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOfN(rapid.Byte(), 1, 80).Draw(t, "data")
		data = append(make([]byte, rapid.IntRange(0, 3).Draw(t, "zeros")), data...)
		back, err := decodeMultibase(encodeMultibase(data))
		if err != nil || string(back) != string(data) {
			t.Fatalf("%x became %x, %v", data, back, err)
		}
	})
}

// The examples of the Base58 draft (draft-msporny-base58-03, section 5).
func TestMultibaseExamples(t *testing.T) {
	for text, want := range map[string]string{
		"Hello World!": "z2NEpo7TZRRrLZSi2U",
		"The quick brown fox jumps over the lazy dog.": "zUSm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z",
		"\x00\x00\x28\x7f\xb4\xcd":                     "z11233QC4",
	} {
		if got := encodeMultibase([]byte(text)); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
	for _, bad := range []string{"", "x", "z0", "zO", "zé", "z" + strings.Repeat("2", maxMultibase)} {
		if _, err := decodeMultibase(bad); !errors.Is(err, ErrMalformed) {
			t.Errorf("%.20q: got %v", bad, err)
		}
	}
}
