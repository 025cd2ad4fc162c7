package statuslist

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
)

// object reads one JSON object. How large it may be was settled by who fetched it.
func object(document []byte) (map[string]any, error) {
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	var fields map[string]any
	if err := decoder.Decode(&fields); err != nil || fields == nil {
		return nil, because(ErrMalformed, "not a JSON object")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, because(ErrMalformed, "more than one JSON value")
	}
	return fields, nil
}

func has(values []any, wanted string) bool { return slices.Contains(values, any(wanted)) }

// text is a property that must be a string with something in it.
func text(fields map[string]any, name string) (string, error) {
	if value, ok := fields[name].(string); ok && value != "" {
		return value, nil
	}
	return "", because(ErrMalformed, "%s is not a string, or empty", name)
}

func whole(value any) (int, bool) {
	number, ok := value.(json.Number)
	if !ok {
		return 0, false
	}
	n, err := number.Int64()
	return int(n), err == nil
}
