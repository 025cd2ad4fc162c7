package main

import (
	"bytes"
	"encoding/json"
)

// object is a JSON object whose members keep the order in which they were set, so that the document reads like the
// contract and is the same on every run.
type object[V any] struct {
	keys   []string
	values map[string]V
}

func (o *object[V]) set(key string, value V) {
	if o.values == nil {
		o.values = map[string]V{}
	}
	if _, known := o.values[key]; !known {
		o.keys = append(o.keys, key)
	}
	o.values[key] = value
}

// IsZero makes `omitzero` leave out an object without members.
func (o object[V]) IsZero() bool { return len(o.keys) == 0 }

// MarshalJSON writes the members in order.
func (o object[V]) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for i, key := range o.keys {
		if i > 0 {
			out.WriteByte(',')
		}
		name, err := encode(key)
		if err != nil {
			return nil, err
		}
		value, err := encode(o.values[key])
		if err != nil {
			return nil, err
		}
		out.Write(name)
		out.WriteByte(':')
		out.Write(value)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// encode is json.Marshal that leaves <, > and & as they are.
func encode(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}
