package jsonld

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strconv"
	"sync"
)

// A digest is a SHA-256 hash. Digests in binary have the order that they have in hexadecimal.
type digest [sha256.Size]byte

// A canonicalizer labels the blank nodes of a dataset and writes it as RDFC-1.0 says, section 4.4.
// Its buffers are used again for the next dataset.
type canonicalizer struct {
	quads []quad
	keys  []uint64 // of each quad; equal ones have the same
	order []int32  // the quads, each once
	// ofBlank[starts[b]:starts[b+1]] are the quads that have blank node b.
	ofBlank, starts []int32
	hashes          []digest // first-degree hash of each blank node
	byHash          []int32  // the blank nodes in order of hash
	labels          []int32  // canonical number of each blank node, or unlabelled
	labelled        int32
	budget          int
	// tied tells that the algorithm left open which of some blank nodes comes first.
	tied bool

	hasher hash.Hash
	buffer []byte
	lines  [][2]int // where lines begin and end in the buffer
}

const unlabelled int32 = -1

var canonicalizers = sync.Pool{New: func() any { return &canonicalizer{hasher: sha256.New()} }}

// canonicalize labels the blank nodes of a dataset and gives what was made of it to use, which must not
// keep it. Errors: ErrTooComplex.
func (d *dataset) canonicalize(use func(*canonicalizer)) error {
	c, _ := canonicalizers.Get().(*canonicalizer)
	defer func() {
		c.quads = nil
		canonicalizers.Put(c)
	}()
	c.quads, c.budget, c.labelled, c.tied = d.quads, nDegreeBudget, 0, false
	c.deduplicate()
	c.indexBlanks(int(d.blanks))
	c.hashFirstDegree(int(d.blanks))
	if err := c.label(); err != nil {
		return err
	}
	if c.tied && d.crossed() {
		return fmt.Errorf("%w: blank nodes in several graphs that RDFC-1.0 does not tell apart", ErrTooComplex)
	}
	use(c)
	return nil
}

// crossed tells whether ties may be between blank nodes that are not alike. RDFC-1.0 hashes the relations
// of a blank node one by one, so that it does not see which of them are of one quad. That takes quads
// with a third blank node, which is their graph; and as blank nodes without a name hang in trees, each
// in one graph, it takes names as well.
func (d *dataset) crossed() bool {
	return len(d.labels) > 0 && slices.ContainsFunc(d.quads, func(q quad) bool { return q.graph.blank != notBlank })
}

// deduplicate finds the quads of the dataset, which is a set.
func (c *canonicalizer) deduplicate() {
	c.order, c.keys = c.order[:0], c.keys[:0]
	for i := range c.quads {
		c.order, c.keys = append(c.order, int32(i)), append(c.keys, c.quads[i].key())
	}
	// Most keys differ, which spares comparing long IRIs that begin alike.
	slices.SortFunc(c.order, func(a, b int32) int {
		if order := cmp.Compare(c.keys[a], c.keys[b]); order != 0 {
			return order
		}
		return compareQuads(&c.quads[a], &c.quads[b])
	})
	c.order = slices.CompactFunc(c.order, func(a, b int32) bool {
		return c.keys[a] == c.keys[b] && compareQuads(&c.quads[a], &c.quads[b]) == 0
	})
}

// indexBlanks finds the quads of each blank node (step 2).
func (c *canonicalizer) indexBlanks(blanks int) {
	c.starts = append(c.starts[:0], make([]int32, blanks+1)...)
	for _, q := range c.order {
		for _, b := range c.quads[q].blanks() {
			if b != notBlank {
				c.starts[b]++
			}
		}
	}
	total := int32(0)
	for b := range c.starts {
		total += c.starts[b]
		c.starts[b] = total
	}
	// Filling from behind leaves in starts where each list begins.
	c.ofBlank = slices.Grow(c.ofBlank[:0], int(total))[:total]
	for _, q := range slices.Backward(c.order) {
		for _, b := range c.quads[q].blanks() {
			if b != notBlank {
				c.starts[b]--
				c.ofBlank[c.starts[b]] = q
			}
		}
	}
}

// blanks are the blank nodes of a quad, each once.
func (q *quad) blanks() [3]int32 {
	all := [3]int32{q.subject.blank, q.object.blank, q.graph.blank}
	if all[1] == all[0] {
		all[1] = notBlank
	}
	if all[2] == all[0] || all[2] == all[1] {
		all[2] = notBlank
	}
	return all
}

func (c *canonicalizer) quadsOf(blank int32) []int32 {
	return c.ofBlank[c.starts[blank]:c.starts[blank+1]]
}

// hashFirstDegree hashes each blank node by the quads that it is in (section 4.6).
func (c *canonicalizer) hashFirstDegree(blanks int) {
	c.hashes = slices.Grow(c.hashes[:0], blanks)[:blanks]
	for b := range c.hashes {
		self := int32(b)
		c.startLines()
		for _, q := range c.quadsOf(self) {
			c.addLine(&c.quads[q], func(line []byte, blank int32) []byte {
				if blank == self {
					return append(line, 'a')
				}
				return append(line, 'z')
			})
		}
		c.sortLines()
		c.hashLines(&c.hashes[b])
	}
}

// label gives each blank node its canonical number: those with a hash of their own in order of hash
// (step 4), then the others by their neighbourhood (step 5).
func (c *canonicalizer) label() error {
	c.labels, c.byHash = c.labels[:0], c.byHash[:0]
	for b := range c.hashes {
		c.labels = append(c.labels, unlabelled)
		if len(c.quadsOf(int32(b))) > 0 {
			c.byHash = append(c.byHash, int32(b))
		}
	}
	slices.SortFunc(c.byHash, func(a, b int32) int { return bytes.Compare(c.hashes[a][:], c.hashes[b][:]) })
	ties := c.byHash[:0]
	for rest := c.byHash; len(rest) > 0; {
		alike := 1
		for alike < len(rest) && c.hashes[rest[alike]] == c.hashes[rest[0]] {
			alike++
		}
		if alike == 1 {
			c.issue(rest[0])
		} else {
			ties = append(ties, rest[:alike]...)
		}
		rest = rest[alike:]
	}
	return c.labelTies(ties)
}

// issue gives a blank node the next canonical number, unless it has one.
func (c *canonicalizer) issue(blank int32) {
	if c.labels[blank] == unlabelled {
		c.labels[blank] = c.labelled
		c.labelled++
	}
}

func (c *canonicalizer) appendLabel(line []byte, blank int32) []byte {
	return strconv.AppendInt(append(line, "c14n"...), int64(c.labels[blank]), 10)
}

// write puts the dataset into lines, in their order (section 5).
func (c *canonicalizer) write() {
	c.startLines()
	for _, q := range c.order {
		c.addLine(&c.quads[q], c.appendLabel)
	}
	c.sortLines()
}

// document is the dataset as it is written.
func (c *canonicalizer) document() []byte {
	c.write()
	document := make([]byte, 0, len(c.buffer))
	for _, line := range c.lines {
		document = append(document, c.buffer[line[0]:line[1]]...)
	}
	return document
}

// hash is that of the document.
func (c *canonicalizer) hash() (sum digest) {
	c.write()
	c.hashLines(&sum)
	return sum
}

func (c *canonicalizer) hashLines(into *digest) {
	c.hasher.Reset()
	for _, line := range c.lines {
		c.hasher.Write(c.buffer[line[0]:line[1]])
	}
	c.hasher.Sum(into[:0])
}

func (c *canonicalizer) startLines() { c.buffer, c.lines = c.buffer[:0], c.lines[:0] }

func (c *canonicalizer) addLine(q *quad, label func([]byte, int32) []byte) {
	start := len(c.buffer)
	c.buffer = appendQuad(c.buffer, q, label)
	c.lines = append(c.lines, [2]int{start, len(c.buffer)})
}

func (c *canonicalizer) sortLines() {
	slices.SortFunc(c.lines, func(a, b [2]int) int {
		return bytes.Compare(c.buffer[a[0]:a[1]], c.buffer[b[0]:b[1]])
	})
}

func appendHex(line []byte, d *digest) []byte { return hex.AppendEncode(line, d[:]) }
