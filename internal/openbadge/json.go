package openbadge

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/gowebpki/jcs"
)

const (
	// MaxDocument is the largest document that is read, in bytes. A credential is a few thousand;
	// the room is for one with an image in it.
	MaxDocument = 1 << 20
	maxDepth    = 32
	// maxInteger is the largest integer that a double holds exactly with all below it.
	maxInteger = 1<<53 - 1
)

// parse reads one JSON object strictly: bounded in size and depth, no duplicate keys, no integer
// that a double would change, valid Unicode. Numbers stay as written (json.Number). Errors are
// ErrMalformed or one of its kinds.
func parse(document []byte) (map[string]any, error) {
	if len(document) > MaxDocument {
		return nil, ErrTooLarge
	}
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	value, err := parseValue(decoder, 0)
	if err != nil {
		if errors.Is(err, ErrMalformed) {
			return nil, err
		}
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: more than one value", ErrMalformed)
	}
	if err := checkUnicode(document); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%w: not an object", ErrMalformed)
	}
	return object, nil
}

// checkUnicode refuses what the standard library repairs in silence, so that different documents would become one: bytes
// that are not UTF-8, and halves of surrogate pairs, which only escapes can write and the canonicalizer refuses.
func checkUnicode(document []byte) error {
	if !utf8.Valid(document) {
		return errors.New("not UTF-8")
	}
	if !surrogate.Match(document) {
		return nil
	}
	_, err := jcs.Transform(document)
	return err
}

var surrogate = regexp.MustCompile(`\\u[dD][89a-fA-F]`)

func parseValue(decoder *json.Decoder, depth int) (any, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case json.Delim:
		if depth == maxDepth {
			return nil, ErrTooDeep
		}
		if token == '{' {
			return parseObject(decoder, depth+1)
		}
		return parseArray(decoder, depth+1)
	case json.Number:
		return token, checkNumber(token)
	default:
		return token, nil
	}
}

func parseObject(decoder *json.Decoder, depth int) (map[string]any, error) {
	object := map[string]any{}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		key, ok := token.(string)
		if !ok {
			return nil, fmt.Errorf("%w: a key is not a string", ErrMalformed)
		}
		if _, twice := object[key]; twice {
			return nil, fmt.Errorf("%w %.40q", ErrDuplicateKey, key)
		}
		if object[key], err = parseValue(decoder, depth); err != nil {
			return nil, err
		}
	}
	_, err := decoder.Token()
	return object, err
}

func parseArray(decoder *json.Decoder, depth int) ([]any, error) {
	array := []any{}
	for decoder.More() {
		value, err := parseValue(decoder, depth)
		if err != nil {
			return nil, err
		}
		array = append(array, value)
	}
	_, err := decoder.Token()
	return array, err
}

// checkNumber refuses integers beyond a double's exact range: the canonical form rounds them, so a
// digit could change under a valid signature.
func checkNumber(number json.Number) error {
	if strings.ContainsAny(number.String(), ".eE") {
		_, err := number.Float64()
		return err
	}
	if n, err := number.Int64(); err != nil || n > maxInteger || n < -maxInteger {
		return fmt.Errorf("%w: %.40s", ErrNumber, number)
	}
	return nil
}

// mustCanonical is canonical for what this package puts together itself.
func mustCanonical(value any) []byte {
	text, err := canonical(value)
	if err != nil {
		panic("openbadge: canonical JSON: " + err.Error())
	}
	return text
}
