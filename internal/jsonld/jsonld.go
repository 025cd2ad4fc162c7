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
	"crypto/sha256"
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
	// ErrTooComplex: nested too deep, or blank nodes so alike that telling them apart takes too long, or
	// that RDFC-1.0 does not tell them apart although they differ: such a document has several canonical
	// forms.
	ErrTooComplex = errors.New("jsonld: document too complex")
)

// maxDepth is how deep objects and arrays of a document may be nested.
const maxDepth = 64

// Canonicalize returns the canonical N-Quads (RDFC-1.0 with SHA-256) of a decoded JSON document:
// maps, slices, strings, booleans, nil, and numbers as float64 or json.Number. It does not change the
// document. Errors: ErrInvalid, ErrUnsafe, ErrUnsupported, ErrUnknownContext,
// ErrTooComplex.
func Canonicalize(document map[string]any) (form []byte, err error) {
	err = read(document, func(d *dataset) error {
		return d.canonicalize(func(c *canonicalizer) { form = c.document() })
	})
	return form, err
}

// Hash is the SHA-256 hash of what Canonicalize returns, and made faster. Errors: those of Canonicalize.
func Hash(document map[string]any) (sum [sha256.Size]byte, err error) {
	err = read(document, func(d *dataset) error {
		return d.canonicalize(func(c *canonicalizer) { sum = c.hash() })
	})
	return sum, err
}

// Check tells whether a document has a canonical form, without making it unless blank nodes in it are
// hard to tell apart. Errors: those of Canonicalize, for the same documents.
func Check(document map[string]any) error {
	differ := false
	err := readAs(document, true, func(d *dataset) error {
		differ = d.blanksDiffer()
		return nil
	})
	if err != nil || differ {
		return err
	}
	return read(document, func(d *dataset) error { return d.canonicalize(func(*canonicalizer) {}) })
}

// Values are those of a property: one that stands alone says the same as an array that has only it.
func Values(value any) []any {
	switch value := value.(type) {
	case nil:
		return nil
	case []any:
		return value
	default:
		return []any{value}
	}
}

// read gives the dataset of a document to use, which must not keep it.
func read(document map[string]any, use func(*dataset) error) error {
	return readAs(document, false, use)
}

func readAs(document map[string]any, viewed bool, use func(*dataset) error) error {
	r, _ := readers.Get().(*reader)
	defer readers.Put(r)
	r.data.reset(viewed)
	if err := r.document(document); err != nil {
		return err
	}
	return use(&r.data)
}

var readers = sync.Pool{New: func() any { return new(reader) }}

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
