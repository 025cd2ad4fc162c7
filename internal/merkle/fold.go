package merkle

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"iter"
	"slices"
	"strconv"
)

// Fold is the node with that prefix over its rows, which come in the order of their keys. It reads each row once and
// keeps MaxRows digests and, for each level of the tree, one open node. Errors: ErrPrefix, ErrRow, ErrOrder, or the
// first that comes instead of a row.
func Fold(rows iter.Seq2[Row, error], prefix string) (Node, error) {
	return fold(func(yield func(Leaf, error) bool) {
		for row, err := range rows {
			if err == nil {
				err = row.check()
			}
			if err != nil {
				yield(Leaf{}, err)
				return
			}
			if !yield(Leaf{Key: row.Key(), Leaf: row.Leaf()}, nil) {
				return
			}
		}
	}, prefix)
}

// Sort brings rows into the order of their keys, in memory: a database does it by ORDER BY.
func Sort(rows []Row) {
	type keyed struct {
		key Digest
		row Row
	}
	list := make([]keyed, len(rows))
	for i, row := range rows {
		list[i] = keyed{row.Key(), row}
	}
	slices.SortFunc(list, func(a, b keyed) int { return bytes.Compare(a.key[:], b.key[:]) })
	for i := range list {
		rows[i] = list[i].row
	}
}

func fold(leaves iter.Seq2[Leaf, error], prefix string) (Node, error) {
	within, err := ParsePrefix(prefix)
	if err != nil {
		return Node{}, err
	}
	f := folder{within: within}
	for leaf, err := range leaves {
		if err == nil {
			err = f.check(leaf.Key)
		}
		if err != nil {
			return Node{}, err
		}
		f.add(leaf)
	}
	f.leave(len(within))

	node := Node{Prefix: prefix, Count: len(f.rows), Digest: f.digest(), Rows: f.rows}
	if len(f.open) > 0 {
		node.Count, node.Digest, node.Children, node.Rows = f.open[0].count, f.open[0].digest(), f.children, nil
	}
	return node, nil
}

// folder is the state of a fold: the nodes on the way to the newest row. Those known to have more than MaxRows rows are
// open, each a byte of key longer than the one before; below the last of them is the node that gathers rows, since it
// may yet have no more than MaxRows.
type folder struct {
	within   []byte
	open     []*inner
	rows     []Leaf
	last     Digest // the newest row's key
	started  bool
	children []Child // of the first open node, which is the result
	text     []byte
}

// inner is an open node of more than MaxRows rows, with the children that are complete.
type inner struct {
	hash  hash.Hash
	count int
}

func (n *inner) digest() Digest { return Digest(n.hash.Sum(nil)) }

// digest is that of the node that gathers rows.
func (f *folder) digest() Digest {
	f.text = f.text[:0]
	for i := range f.rows {
		f.text = append(hex.AppendEncode(f.text, f.rows[i].Leaf[:]), '\n')
	}
	return sha256.Sum256(f.text)
}

func (f *folder) check(key Digest) error {
	if !bytes.HasPrefix(key[:], f.within) {
		return fmt.Errorf("%w: %s does not begin with %x", ErrPrefix, key, f.within)
	}
	if f.started && bytes.Compare(f.last[:], key[:]) >= 0 {
		return fmt.Errorf("%w: %s comes after %s", ErrOrder, key, f.last)
	}
	return nil
}

// add takes the next row.
func (f *folder) add(leaf Leaf) {
	if f.started {
		f.leave(shared(f.last, leaf.Key))
	}
	f.last, f.started = leaf.Key, true
	f.rows = append(f.rows, leaf)
	if len(f.rows) <= MaxRows {
		return
	}
	// One too many: the node is open from now on, and deals its rows out to its children.
	rows := f.rows
	f.rows = make([]Leaf, 0, MaxRows+1)
	f.open = append(f.open, &inner{hash: sha256.New()})
	f.last = rows[0].Key
	for _, row := range rows {
		f.add(row)
	}
}

// leave completes the nodes whose prefix is longer than so many bytes, the result excepted.
func (f *folder) leave(length int) {
	depth := len(f.within) + len(f.open)
	if len(f.open) == 0 || depth <= length {
		return
	}
	f.complete(depth, len(f.rows), f.digest())
	f.rows = f.rows[:0]
	for len(f.open) > 1 {
		depth--
		if depth <= length {
			return
		}
		done := f.open[len(f.open)-1]
		f.open = f.open[:len(f.open)-1]
		f.complete(depth, done.count, done.digest())
	}
}

// complete adds a node, whose prefix is that many bytes of the newest row's key, to the last open one.
func (f *folder) complete(depth, count int, digest Digest) {
	parent := f.open[len(f.open)-1]
	parent.count += count
	line := hex.AppendEncode(f.text[:0], f.last[depth-1:depth])
	line = strconv.AppendInt(append(line, ' '), int64(count), 10)
	line = hex.AppendEncode(append(line, ' '), digest[:])
	parent.hash.Write(append(line, '\n'))
	if len(f.open) == 1 {
		f.children = append(f.children, Child{Prefix: hex.EncodeToString(f.last[:depth]), Count: count, Digest: digest})
	}
}

// shared is how many bytes two keys have in common at their beginning.
func shared(a, b Digest) int {
	for i := range a {
		if a[i] != b[i] {
			return i
		}
	}
	return len(a)
}
