package jsonld

import (
	"hash/maphash"
	"math/bits"
	"slices"
)

// seed is that of the hashes by which quads are told apart. What is remembered of one document is used with others.
var seed = maphash.MakeSeed()

// A view is what a blank node is to its quads, as RDFC-1.0 hashes it at first (section 4.6), but as a
// Bloom filter: each quad sets eight bits. Blank nodes with different views have different hashes; the
// inverse holds nearly always.
type view [4]uint64

func (v *view) add(quad uint64) {
	for range 8 {
		v[quad>>6&3] |= 1 << (quad & 63)
		quad >>= 8
	}
}

// see adds a quad to the views of its blank nodes.
func (d *dataset) see(q *quad) {
	for _, blank := range q.blanks() {
		if blank != notBlank {
			d.views[blank].add(q.seenFrom(blank))
		}
	}
}

// blanksDiffer tells of a dataset that is viewed that no two blank nodes have the same quads, as far as the
// labels of their neighbours do not matter, so that they are easily told apart.
func (d *dataset) blanksDiffer() bool {
	slices.SortFunc(d.views, func(a, b view) int { return slices.Compare(a[:], b[:]) })
	views := len(d.views)
	return len(slices.Compact(d.views)) == views
}

// seenFrom hashes a quad in which one blank node is known, and others are alike.
func (q *quad) seenFrom(blank int32) uint64 {
	part := func(t *term) uint64 {
		switch t.blank {
		case notBlank:
			return maphash.Bytes(seed, t.text)
		case blank:
			return 1
		default:
			return 2
		}
	}
	return blend(blend(part(&q.subject), maphash.Bytes(seed, q.predicate)), blend(part(&q.object), part(&q.graph)))
}

// key hashes a quad.
func (q *quad) key() uint64 {
	part := func(t *term) uint64 {
		if t.blank != notBlank {
			return uint64(t.blank)
		}
		return maphash.Bytes(seed, t.text)
	}
	return blend(blend(part(&q.subject), maphash.Bytes(seed, q.predicate)), blend(part(&q.object), part(&q.graph)))
}

// blend makes one hash of two, in whose order it matters.
func blend(a, b uint64) uint64 {
	high, low := bits.Mul64(a^0x9e3779b97f4a7c15, b^0xc2b2ae3d27d4eb4f)
	return high ^ low
}
