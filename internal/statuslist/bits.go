package statuslist

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"sync"
)

const (
	// MinLength is the fewest entries of a list (Bitstring Status List 1.0, Validate Algorithm): 16 KiB of bits.
	MinLength = 131_072
	// MaxLength is the most entries that are written or read, so that a small document cannot fill the memory: 2 MiB of
	// bits. It is a limit of ours.
	MaxLength = 1 << 24

	// base64url is how multibase marks base64url without padding.
	base64url = "u"
)

// Bits is a list of single bits, eight to a byte; index 0 is the most significant bit of the first byte.
type Bits []byte

// New makes a list of that many entries with the given ones set. ErrLength: the length is not a multiple of 8 between
// MinLength and MaxLength. ErrRange: an index is not in the list.
func New(length int, set ...int) (Bits, error) {
	if length < MinLength || length > MaxLength || length%8 != 0 {
		return nil, because(ErrLength, "%d entries; it takes a multiple of 8 from %d to %d", length, MinLength, MaxLength)
	}
	bits := make(Bits, length/8)
	for _, index := range set {
		if err := bits.Set(index, true); err != nil {
			return nil, err
		}
	}
	return bits, nil
}

// Len is the number of bits.
func (b Bits) Len() int { return len(b) * 8 }

// Set sets or clears a bit. ErrRange: the index is not in the list.
func (b Bits) Set(index int, value bool) error {
	if index < 0 || index >= b.Len() {
		return because(ErrRange, "%d of %d entries", index, b.Len())
	}
	mask := byte(0x80) >> (index % 8)
	if value {
		b[index/8] |= mask
	} else {
		b[index/8] &^= mask
	}
	return nil
}

// Get tells whether a bit is set. ErrRange: the index is not in the list.
func (b Bits) Get(index int) (bool, error) {
	if index < 0 || index >= b.Len() {
		return false, because(ErrRange, "%d of %d entries", index, b.Len())
	}
	return b.at(index), nil
}

func (b Bits) at(index int) bool { return b[index/8]&(0x80>>(index%8)) != 0 }

// value is the number in an entry of that many bits, the first bit the most significant.
func (b Bits) value(index uint64, size int) (uint64, error) {
	if entries := b.Len() / size; index >= uint64(entries) {
		return 0, because(ErrRange, "%d of %d entries", index, entries)
	}
	var value uint64
	for i := range size {
		value <<= 1
		if b.at(int(index)*size + i) {
			value |= 1
		}
	}
	return value, nil
}

// writers are kept, because each holds most of a megabyte. On sparse bits a faster level costs a fifth of size at most
// and saves most of the time: BenchmarkEncode.
var writers = sync.Pool{New: func() any {
	writer, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	if err != nil {
		panic(err) // there is such a level
	}
	return writer
}}

// Encode is the encodedList of the bits: GZIP, then multibase base64url. The same bits give the same text.
func (b Bits) Encode() string {
	var compressed bytes.Buffer
	writer := writers.Get().(*gzip.Writer)
	defer writers.Put(writer)
	writer.Reset(&compressed)
	// Writing to memory does not fail.
	_, _ = writer.Write(b)
	_ = writer.Close()

	text := make([]byte, len(base64url), len(base64url)+base64.RawURLEncoding.EncodedLen(compressed.Len()))
	copy(text, base64url)
	return string(base64.RawURLEncoding.AppendEncode(text, compressed.Bytes()))
}

// Decode reads an encodedList. ErrMalformed: not multibase base64url of GZIP. ErrLength: fewer than MinLength bits.
// ErrVerification: more than MaxLength, of which no more is expanded than tells so.
func Decode(encoded string) (Bits, error) {
	text, ok := strings.CutPrefix(encoded, base64url)
	// Go's decoder would skip line breaks.
	if !ok || strings.ContainsAny(text, "\r\n") {
		return nil, because(ErrMalformed, "encodedList is not multibase base64url without padding")
	}
	reader, err := gzip.NewReader(base64.NewDecoder(base64.RawURLEncoding, strings.NewReader(text)))
	if err != nil {
		return nil, notCompressed(err)
	}
	var expanded bytes.Buffer
	if _, err := io.Copy(&expanded, io.LimitReader(reader, MaxLength/8+1)); err != nil {
		return nil, notCompressed(err)
	}
	bits := Bits(expanded.Bytes())
	switch {
	case bits.Len() > MaxLength:
		return nil, because(ErrVerification, "more than %d entries are not read", MaxLength)
	case bits.Len() < MinLength:
		return nil, because(ErrLength, "%d bits, fewer than %d", bits.Len(), MinLength)
	}
	return bits, nil
}

func notCompressed(err error) error {
	if corrupt := base64.CorruptInputError(0); errors.As(err, &corrupt) {
		return because(ErrMalformed, "encodedList is not base64url from byte %d on", int64(corrupt)+1)
	}
	return because(ErrMalformed, "encodedList is not GZIP: %v", err)
}
