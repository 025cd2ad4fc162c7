// Package jsonld turns JSON-LD credentials into canonical N-Quads, which is what the cryptosuite
// eddsa-rdfc-2022 hashes and signs.
//
// It works in "safe mode": what is not in the N-Quads is not signed, so a document that would lose
// anything on the way is refused. Contexts come from this package alone, never from the network, and
// the work that a hostile document can cause is bounded.
//
// The package is pure: no network, no clock, no other context. Sources of its rules:
//
//   - JSON-LD 1.1 Processing Algorithms and API, https://www.w3.org/TR/json-ld11-api/
//   - RDF Dataset Canonicalization (RDFC-1.0), https://www.w3.org/TR/rdf-canon/
//   - Verifiable Credential Data Integrity 1.0, https://www.w3.org/TR/vc-data-integrity/, section 2.4.1
package jsonld

import (
	"errors"
	"fmt"
	"sync"
)

// Why a document has no canonical form here. The errors that Canonicalize returns wrap one of them.
var (
	// ErrInvalid: not JSON-LD, such as an @id that is no string or a protected term that is redefined.
	ErrInvalid = errors.New("jsonld: invalid JSON-LD")
	// ErrUnsafe: a term that no context defines, an IRI that is not absolute, or a value that RDF
	// would leave out. The error names the property or the value.
	ErrUnsafe = errors.New("jsonld: part of the document would not be signed")
	// ErrUnknownContext: a context that is not one of Contexts. The error names its URL.
	ErrUnknownContext = errors.New("jsonld: unknown context")
	// ErrUnsupported: a part of JSON-LD that credentials do without: @base, @import, and maps by @id,
	// @type or @index. The error names it.
	ErrUnsupported = errors.New("jsonld: not supported")
	// ErrTooComplex: nested too deep, or blank nodes so alike that telling them apart takes too long.
	ErrTooComplex = errors.New("jsonld: document too complex")
)

// maxDepth is how deep objects and arrays of a document may be nested.
const maxDepth = 64

// Canonicalize returns the canonical N-Quads (RDFC-1.0 with SHA-256) of a decoded JSON document:
// maps, slices, strings, booleans, nil, and numbers as float64 or json.Number. It does not change the
// document. Errors: ErrInvalid, ErrUnsafe, ErrUnsupported, ErrUnknownContext,
// ErrTooComplex.
func Canonicalize(document map[string]any) ([]byte, error) {
	r, _ := readers.Get().(*reader)
	defer r.release()
	if err := r.document(document); err != nil {
		return nil, err
	}
	return canonicalQuads(r.data.quads, int(r.data.blanks))
}

var readers = sync.Pool{New: func() any { return new(reader) }}

// release gives the buffers of a reader to the next one.
func (r *reader) release() {
	clear(r.data.labels)
	r.data.quads, r.data.arena, r.data.blanks = r.data.quads[:0], r.data.arena[:0], 0
	readers.Put(r)
}

func checkDepth(depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("%w: nested deeper than %d", ErrTooComplex, maxDepth)
	}
	return nil
}

func unsupportedError(feature string) error {
	return fmt.Errorf("%w: %s", ErrUnsupported, feature)
}

func unsafeError(format string, arguments ...any) error {
	return fmt.Errorf("%w: %s", ErrUnsafe, fmt.Sprintf(format, arguments...))
}

func invalidError(format string, arguments ...any) error {
	return fmt.Errorf("%w: %s", ErrInvalid, fmt.Sprintf(format, arguments...))
}
