package jsonld

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
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
	order []int32 // the quads, each once
	// ofBlank[starts[b]:starts[b+1]] are the quads that have blank node b.
	ofBlank, starts []int32
	hashes          []digest // first-degree hash of each blank node
	byHash          []int32  // the blank nodes in order of hash
	labels          []int32  // canonical number of each blank node, or unlabelled
	labelled        int32
	budget          int

	hasher hash.Hash
	buffer []byte
	lines  [][2]int // where lines begin and end in the buffer
}

const unlabelled int32 = -1

var canonicalizers = sync.Pool{New: func() any { return &canonicalizer{hasher: sha256.New()} }}

// canonicalQuads is the canonical form of a dataset whose blank nodes are among 0 to blanks-1.
// Errors: ErrTooComplex.
func canonicalQuads(quads []quad, blanks int) ([]byte, error) {
	c, _ := canonicalizers.Get().(*canonicalizer)
	defer func() {
		c.quads = nil
		canonicalizers.Put(c)
	}()
	c.quads, c.budget, c.labelled = quads, nDegreeBudget, 0
	c.deduplicate()
	c.indexBlanks(blanks)
	c.hashFirstDegree(blanks)
	if err := c.label(); err != nil {
		return nil, err
	}
	return c.write(), nil
}

// deduplicate finds the quads of the dataset, which is a set.
func (c *canonicalizer) deduplicate() {
	c.order = c.order[:0]
	for i := range c.quads {
		c.order = append(c.order, int32(i))
	}
	slices.SortFunc(c.order, func(a, b int32) int { return compareQuads(&c.quads[a], &c.quads[b]) })
	c.order = slices.CompactFunc(c.order, func(a, b int32) bool {
		return compareQuads(&c.quads[a], &c.quads[b]) == 0
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
		c.hasher.Reset()
		for _, line := range c.lines {
			c.hasher.Write(c.buffer[line[0]:line[1]])
		}
		c.hasher.Sum(c.hashes[b][:0])
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

// write is the dataset in order of its lines (section 5).
func (c *canonicalizer) write() []byte {
	c.startLines()
	for _, q := range c.order {
		c.addLine(&c.quads[q], c.appendLabel)
	}
	c.sortLines()
	document := make([]byte, 0, len(c.buffer))
	for _, line := range c.lines {
		document = append(document, c.buffer[line[0]:line[1]]...)
	}
	return document
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
