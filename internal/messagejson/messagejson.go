// Package messagejson is what the generated AppendJSON of messages is made with. The form is ProtoJSON with fields that are
// empty shown, as front ends expect, and without the white space that protojson varies.
package messagejson

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"
	"sync"
	"time"

	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/btlc/btlc/internal/jsontext"
)

// Options are those of protojson for the same form.
var Options = protojson.MarshalOptions{EmitDefaultValues: true}

// Append appends a message: one of ours by itself, any other by protojson.
func Append(b []byte, m proto.Message) ([]byte, error) {
	if ours, ok := m.(interface{ AppendJSON([]byte) ([]byte, error) }); ok {
		return ours.AppendJSON(b)
	}
	return AppendLoose(b, m)
}

// buffers are for messages that are being written, whose length is not known before. Longer ones than mostKept are not kept.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

const mostKept = 1 << 20

// Marshal is Append into memory of the message's own.
func Marshal(m proto.Message) ([]byte, error) {
	buffer := buffers.Get().(*[]byte)
	text, err := Append((*buffer)[:0], m)
	if err != nil {
		return nil, err
	}
	own := bytes.Clone(text)
	if *buffer = text; cap(text) <= mostKept {
		buffers.Put(buffer)
	}
	return own, nil
}

// AppendLoose appends any message, by protojson.
func AppendLoose(b []byte, m proto.Message) ([]byte, error) {
	loose, err := Options.Marshal(m)
	if err != nil {
		return nil, err
	}
	buffer := bytes.NewBuffer(b)
	err = json.Compact(buffer, loose)
	return buffer.Bytes(), err
}

// AppendString appends a text; bytes that are not UTF-8 are an error.
func AppendString(b []byte, text string) ([]byte, error) { return jsontext.AppendString(b, text) }

// AppendBytes appends bytes in base64.
func AppendBytes(b, data []byte) []byte {
	return append(base64.StdEncoding.AppendEncode(append(b, '"'), data), '"')
}

// AppendInt64 appends a number of 64 bits, which is a text: JavaScript's numbers have 53.
func AppendInt64(b []byte, n int64) []byte {
	return append(strconv.AppendInt(append(b, '"'), n, 10), '"')
}

// AppendDouble appends a number as encoding/json does; what is none, or infinite, by its name as a text.
func AppendDouble(b []byte, x float64) ([]byte, error) {
	switch {
	case math.IsNaN(x):
		return append(b, `"NaN"`...), nil
	case math.IsInf(x, 1):
		return append(b, `"Infinity"`...), nil
	case math.IsInf(x, -1):
		return append(b, `"-Infinity"`...), nil
	}
	number, err := json.Marshal(x)
	return append(b, number...), err
}

// AppendEnum appends the name of an enum's value, by the names of its values; the number of one that has none.
func AppendEnum[E ~int32](b []byte, value E, names map[int32]string) []byte {
	if name, ok := names[int32(value)]; ok {
		return append(append(append(b, '"'), name...), '"')
	}
	return strconv.AppendInt(b, int64(value), 10)
}

// AppendDate appends a day as an object.
func AppendDate(b []byte, day *date.Date) ([]byte, error) {
	b = strconv.AppendInt(append(b, `{"year":`...), int64(day.GetYear()), 10)
	b = strconv.AppendInt(append(b, `,"month":`...), int64(day.GetMonth()), 10)
	b = strconv.AppendInt(append(b, `,"day":`...), int64(day.GetDay()), 10)
	return append(b, '}'), nil
}

// The seconds of the first and the last Timestamp: the years 1 to 9999.
const firstSecond, lastSecond = -62135596800, 253402300799

// AppendTimestamp appends a moment with as many digits of its second, in threes, as it has. It formats by time.RFC3339, the
// layout that package time writes without reading it.
func AppendTimestamp(b []byte, stamp *timestamppb.Timestamp) ([]byte, error) {
	seconds, nanos := stamp.GetSeconds(), int64(stamp.GetNanos())
	if seconds < firstSecond || seconds > lastSecond || nanos < 0 || nanos > 999_999_999 {
		return AppendLoose(b, stamp) // which says what is wrong with it
	}
	b = time.Unix(seconds, 0).UTC().AppendFormat(append(b, '"'), time.RFC3339)
	if nanos == 0 {
		return append(b, '"'), nil
	}
	point := len(b) - 1               // where the Z stands
	fraction := 1_000_000_000 + nanos // the point comes in the place of the 1
	for fraction%1_000 == 0 {
		fraction /= 1_000
	}
	b = strconv.AppendInt(b[:point], fraction, 10)
	b[point] = '.'
	return append(b, 'Z', '"'), nil
}
