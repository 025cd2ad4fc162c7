package jsonld

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
)

// nDegreeBudget bounds the work of telling blank nodes apart that have the same quads, counted in
// quads looked at and labels written; RDFC-1.0, section 7.1, asks for a bound. Credentials need a few
// hundred; the whole of it takes well under a second.
const nDegreeBudget = 1 << 18

// An issuer is the temporary labels _:b0, _:b1, … of blank nodes, in the order they were issued.
type issuer []int32

// label is the number of a blank node's temporary label; issued tells whether it had one before.
func (i *issuer) label(blank int32) (number int, issued bool) {
	if at := slices.Index(*i, blank); at >= 0 {
		return at, true
	}
	*i = append(*i, blank)
	return len(*i) - 1, false
}

func (c *canonicalizer) spend(cost int) error {
	if c.budget -= cost; c.budget < 0 {
		return fmt.Errorf("%w: too many blank nodes that are alike", ErrTooComplex)
	}
	return nil
}

// labelTies numbers blank nodes whose first-degree hash is not theirs alone, given in order of hash
// (RDFC-1.0, section 4.4.3, step 5).
func (c *canonicalizer) labelTies(ties []int32) error {
	type path struct {
		hash   digest
		issuer issuer
	}
	for len(ties) > 0 {
		alike := 1
		for alike < len(ties) && c.hashes[ties[alike]] == c.hashes[ties[0]] {
			alike++
		}
		var paths []path
		for _, b := range ties[:alike] {
			if c.labels[b] != unlabelled {
				continue
			}
			hash, chosen, err := c.hashNDegree(b, issuer{b})
			if err != nil {
				return err
			}
			paths = append(paths, path{hash, chosen})
		}
		slices.SortStableFunc(paths, func(a, b path) int { return bytes.Compare(a.hash[:], b.hash[:]) })
		for i := range paths {
			c.tied = c.tied || i > 0 && paths[i].hash == paths[i-1].hash
		}
		for _, p := range paths {
			for _, b := range p.issuer {
				c.issue(b)
			}
		}
		ties = ties[alike:]
	}
	return nil
}

// A relation is a blank node that shares a quad with another one, and the hash of how.
type relation struct {
	hash  digest
	blank int32
}

// hashNDegree hashes a blank node by its neighbourhood (section 4.8). It returns the issuer with the
// labels that the hash stands on; the one it is given stays as it is.
func (c *canonicalizer) hashNDegree(blank int32, issued issuer) (digest, issuer, error) {
	var none digest
	relations := c.relations(blank, &issued)
	if err := c.spend(1 + len(relations) + len(issued)); err != nil {
		return none, nil, err
	}
	var data []byte
	for len(relations) > 0 {
		var alike []int32
		for _, r := range relations {
			if r.hash != relations[0].hash {
				break
			}
			alike = append(alike, r.blank)
		}
		data = appendHex(data, &relations[0].hash)
		relations = relations[len(alike):]

		var chosen []byte
		var chosenIssuer issuer
		before, chosenTied := c.tied, false
		for more := true; more; more = nextPermutation(alike) {
			c.tied = before // by this path alone
			path, copied, err := c.walk(alike, issued, chosen)
			switch {
			case err != nil:
				return none, nil, err
			case path == nil:
			case chosen == nil || bytes.Compare(path, chosen) < 0:
				chosen, chosenIssuer, chosenTied = path, copied, c.tied
			default: // as good as the chosen one
				chosenTied = chosenTied || c.tied || !slices.Equal(copied, chosenIssuer)
			}
		}
		c.tied = chosenTied
		data = append(data, chosen...)
		issued = chosenIssuer
	}
	return sha256.Sum256(data), issued, nil
}

// walk writes the path through related blank nodes in the given order, and labels them in a copy of
// the issuer (steps 5.4.1 to 5.4.5). The path is nil as soon as it cannot become less than chosen.
func (c *canonicalizer) walk(related []int32, issued issuer, chosen []byte) ([]byte, issuer, error) {
	if err := c.spend(len(related) + len(issued)); err != nil {
		return nil, nil, err
	}
	copied := slices.Clone(issued)
	var path []byte
	var recursion []int32
	worse := func() bool {
		return chosen != nil && len(path) >= len(chosen) && bytes.Compare(path, chosen) > 0
	}
	for _, r := range related {
		path = append(path, "_:"...)
		if c.labels[r] != unlabelled {
			path = c.appendLabel(path, r)
		} else {
			number, had := copied.label(r)
			if !had {
				recursion = append(recursion, r)
			}
			path = appendTemporary(path, number)
		}
		if worse() {
			return nil, nil, nil
		}
	}
	for _, r := range recursion {
		hash, deeper, err := c.hashNDegree(r, copied)
		if err != nil {
			return nil, nil, err
		}
		number, _ := copied.label(r)
		path = appendTemporary(append(path, "_:"...), number)
		path = append(appendHex(append(path, '<'), &hash), '>')
		copied = deeper
		if worse() {
			return nil, nil, nil
		}
	}
	return path, copied, nil
}

func appendTemporary(line []byte, number int) []byte {
	return strconv.AppendInt(append(line, 'b'), int64(number), 10)
}

// relations are the blank nodes in quads with one, in order of hash (section 4.7; section 4.8, step 3).
func (c *canonicalizer) relations(blank int32, issued *issuer) []relation {
	var all []relation
	add := func(q *quad, t term, position byte) {
		if t.blank == notBlank || t.blank == blank {
			return
		}
		input := append(c.buffer[:0], position)
		if position != 'g' {
			input = append(input, q.predicate...)
		}
		if c.labels[t.blank] != unlabelled {
			input = c.appendLabel(append(input, "_:"...), t.blank)
		} else if number := slices.Index(*issued, t.blank); number >= 0 {
			input = appendTemporary(append(input, "_:"...), number)
		} else {
			input = appendHex(input, &c.hashes[t.blank])
		}
		c.buffer = input
		all = append(all, relation{sha256.Sum256(input), t.blank})
	}
	for _, i := range c.quadsOf(blank) {
		q := &c.quads[i]
		add(q, q.subject, 's')
		add(q, q.object, 'o')
		add(q, q.graph, 'g')
	}
	slices.SortFunc(all, func(a, b relation) int {
		if order := bytes.Compare(a.hash[:], b.hash[:]); order != 0 {
			return order
		}
		return int(a.blank) - int(b.blank)
	})
	return all
}

// nextPermutation puts a list into its next order, and tells whether there was one. A list that
// begins in ascending order goes through all its orders; equal items are not exchanged.
func nextPermutation(list []int32) bool {
	last := len(list) - 2
	for last >= 0 && list[last] >= list[last+1] {
		last--
	}
	if last < 0 {
		return false
	}
	greater := len(list) - 1
	for list[greater] <= list[last] {
		greater--
	}
	list[last], list[greater] = list[greater], list[last]
	slices.Reverse(list[last+1:])
	return true
}
