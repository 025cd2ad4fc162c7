package merkle

import (
	"bytes"
	"encoding/hex"
	"maps"
	"slices"
)

// Difference is a row that two sides do not have alike.
type Difference struct {
	Key Digest
	// Theirs and Ours are the row's leaves; nil for the side that has no such row.
	Theirs, Ours *Digest
}

// Diff finds all rows that two sides do not have alike, in the order of their keys, by asking each for nodes: the root
// first, then those that differ, none of them twice and none that follows from an answer before. Errors are those of
// the two sides.
func Diff(theirs, ours func(prefix string) (Node, error)) ([]Difference, error) {
	d := differ{ask: [2]func(string) (Node, error){theirs, ours}}
	err := d.walk("", [2]branch{})
	return d.found, err
}

type differ struct {
	ask   [2]func(string) (Node, error)
	found []Difference
}

// branch is a node as far as it is known without asking for it: its digest, and all of it where its parent gave rows.
type branch struct {
	digest Digest
	node   *Node
}

// walk finds the differences between the two sides' nodes of that prefix.
func (d *differ) walk(prefix string, known [2]branch) error {
	var nodes [2]Node
	for side := range nodes {
		if known[side].node != nil {
			nodes[side] = *known[side].node
			continue
		}
		node, err := d.ask[side](prefix)
		if err != nil {
			return err
		}
		nodes[side] = node
	}
	if nodes[0].Digest == nodes[1].Digest {
		return nil
	}
	if len(nodes[0].Children) == 0 && len(nodes[1].Children) == 0 {
		d.compare(nodes[0].Rows, nodes[1].Rows)
		return nil
	}
	below := map[string][2]branch{}
	for side, node := range nodes {
		list, err := branches(node)
		if err != nil {
			return err
		}
		for prefix, b := range list {
			pair, ok := below[prefix]
			if !ok {
				pair = [2]branch{none, none}
			}
			pair[side] = b
			below[prefix] = pair
		}
	}
	for _, prefix := range slices.Sorted(maps.Keys(below)) {
		if pair := below[prefix]; pair[0].digest != pair[1].digest {
			if err := d.walk(prefix, pair); err != nil {
				return err
			}
		}
	}
	return nil
}

// none is a child without rows.
var none = func() branch {
	empty := new(folder).digest()
	return branch{digest: empty, node: &Node{Digest: empty}}
}()

// branches are a node's children, made of its rows where it gives these.
func branches(n Node) (map[string]branch, error) {
	list := map[string]branch{}
	for _, child := range n.Children {
		list[child.Prefix] = branch{digest: child.Digest}
	}
	depth := len(n.Prefix)/2 + 1
	for rows := n.Rows; len(rows) > 0; {
		prefix := rows[0].Key[:depth]
		end := slices.IndexFunc(rows, func(row Leaf) bool { return !bytes.HasPrefix(row.Key[:], prefix) })
		if end < 0 {
			end = len(rows)
		}
		child, err := fold(func(yield func(Leaf, error) bool) {
			for _, row := range rows[:end] {
				if !yield(row, nil) {
					return
				}
			}
		}, hex.EncodeToString(prefix))
		if err != nil {
			return nil, err
		}
		list[child.Prefix] = branch{digest: child.Digest, node: &child}
		rows = rows[end:]
	}
	return list, nil
}

// compare finds the differences between two nodes that give their rows, in one pass over both.
func (d *differ) compare(theirs, ours []Leaf) {
	for len(theirs) > 0 || len(ours) > 0 {
		var found Difference
		order := 0
		switch {
		case len(ours) == 0:
			order = -1
		case len(theirs) == 0:
			order = 1
		default:
			order = bytes.Compare(theirs[0].Key[:], ours[0].Key[:])
		}
		if order <= 0 {
			found.Key, found.Theirs = theirs[0].Key, &theirs[0].Leaf
			theirs = theirs[1:]
		}
		if order >= 0 {
			found.Key, found.Ours = ours[0].Key, &ours[0].Leaf
			ours = ours[1:]
		}
		if order != 0 || *found.Theirs != *found.Ours {
			d.found = append(d.found, found)
		}
	}
}
