package merkle

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"reflect"
	"slices"
	"sort"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func each(rows []Row) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}

func folded(t interface {
	Helper()
	Fatal(...any)
}, rows []Row, prefix string) Node {
	t.Helper()
	node, err := Fold(each(rows), prefix)
	if err != nil {
		t.Fatal(err)
	}
	return node
}

// made are rows that are the same in every run, in the order of their keys.
func made(count int) []Row {
	rows := make([]Row, count)
	for i := range rows {
		rows[i] = Row{Credential: fmt.Sprintf("credentials/%08d", i), Educator: "educators/1", CredentialType: "credentialTypes/using-data-certificate", Status: "ACTIVE", Version: 1}
	}
	Sort(rows)
	return rows
}

// sha is the specification's "hex SHA-256 of".
func sha(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// plain is the digest as the specification words it, over all rows at once.
func plain(rows []Row, prefix string) string {
	leaf := map[string]string{}
	for _, r := range rows {
		if key := sha(r.Credential); strings.HasPrefix(key, prefix) {
			leaf[key] = sha(fmt.Sprintf("%s\n%s\n%s\n%s\n%d", r.Credential, r.Educator, r.CredentialType, r.Status, r.Version))
		}
	}
	keys := make([]string, 0, len(leaf))
	for key := range leaf {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	var lines strings.Builder
	if len(keys) <= 256 {
		for _, key := range keys {
			lines.WriteString(leaf[key] + "\n")
		}
		return sha(lines.String())
	}
	for child := range 256 {
		digits := fmt.Sprintf("%02x", child)
		count := 0
		for _, key := range keys {
			if strings.HasPrefix(key, prefix+digits) {
				count++
			}
		}
		if count > 0 {
			fmt.Fprintf(&lines, "%s %d %s\n", digits, count, plain(rows, prefix+digits))
		}
	}
	return sha(lines.String())
}

// A partner's engineer checks these against their own, and PostgreSQL gives the same.
func TestVectors(t *testing.T) {
	row := Row{
		Credential: "credentials/01990000-0000-7000-8000-0000000000c1", Educator: "educators/01990000-0000-7000-8000-000000000001",
		CredentialType: "credentialTypes/using-data-certificate", Status: "CREDENTIAL_STATUS_ACTIVE", Version: 3,
	}
	for _, vector := range []struct{ what, got, want string }{
		{"key", row.Key().String(), "7b241d2585542de7854cd4e1969f055e7112997a28f4ae04474df8ab029b271d"},
		{"leaf", row.Leaf().String(), "13f724b052ceeae028f9632b0ff0edfdd9d603d363a2d7ded6b166a5c569dd7a"},
		{"no rows", folded(t, nil, "").Digest.String(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{"one row", folded(t, []Row{row}, "").Digest.String(), "b4fa7e06ee3c65f78497a3062bb199fdd72824e85398e8cf353accf04735191a"},
		{"256 rows", folded(t, made(256), "").Digest.String(), "a9422f2026b6767a4f57bbf945adecb677bd78683faaf62746b1592488463b80"},
		{"257 rows", folded(t, made(257), "").Digest.String(), "b5bd6d7738480a411e1bf29b49ce7248a822d833b5f2646fb31431beaf0e344e"},
		{"70,000 rows", folded(t, made(70_000), "").Digest.String(), "91e7d27ddae40fe85fc64e70322c17c5d070deda6c1663f14db005c1f41f1686"},
	} {
		if vector.got != vector.want {
			t.Errorf("%s: %s, want %s", vector.what, vector.got, vector.want)
		}
	}
}

func TestDigestIsTheOneOfTheSpecification(t *testing.T) {
	for _, count := range []int{0, 1, 2, MaxRows - 1, MaxRows, MaxRows + 1, 2000} {
		rows := made(count)
		node := folded(t, rows, "")
		if got, want := node.Digest.String(), plain(rows, ""); got != want {
			t.Errorf("%d rows: %s, want %s", count, got, want)
		}
		if small := count <= MaxRows; node.Count != count || small && (len(node.Rows) != count || node.Children != nil) || !small && (node.Rows != nil || node.Children == nil) {
			t.Errorf("%d rows: %d, given as %d rows and %d children", count, node.Count, len(node.Rows), len(node.Children))
		}
	}
}

// Rows whose keys begin alike for long cannot be found, so nodes below nodes are tried on leaves.
func TestDeepNodes(t *testing.T) {
	var leaves []Leaf
	add := func(count int, begin ...byte) {
		for i := range count {
			var leaf Leaf
			copy(leaf.Key[:], begin)
			leaf.Key[len(begin)], leaf.Key[len(begin)+1] = byte(i>>8), byte(i)
			leaf.Leaf = sha256.Sum256(leaf.Key[:])
			leaves = append(leaves, leaf)
		}
	}
	add(3, 0)
	add(300, 1, 1, 1, 1)
	add(257, 1, 1, 1, 2)
	add(256, 1, 2)
	add(1, 2)
	add(400, 0xff, 0xff, 0xff)

	all := &side{leaves: leaves}
	var walk func(prefix string) Node
	walk = func(prefix string) Node {
		node, err := all.node(prefix)
		if err != nil {
			t.Fatal(err)
		}
		count := len(node.Rows)
		for _, child := range node.Children {
			asked := walk(child.Prefix)
			if asked.Count != child.Count || asked.Digest != child.Digest {
				t.Errorf("%s: %d rows of %s, asked for: %d of %s", child.Prefix, child.Count, child.Digest, asked.Count, asked.Digest)
			}
			count += child.Count
		}
		if count != node.Count {
			t.Errorf("%q has %d rows, its parts %d", prefix, node.Count, count)
		}
		return node
	}
	if root := walk(""); root.Count != len(leaves) || len(root.Children) != 4 {
		t.Errorf("%d rows in %d children, want %d in 4", root.Count, len(root.Children), len(leaves))
	}
}

func TestRefusedInput(t *testing.T) {
	good := made(3)
	stop := errors.New("the database went away")
	changed := func(change func(*Row)) []Row {
		rows := slices.Clone(good)
		change(&rows[1])
		return rows
	}
	for _, refused := range []struct {
		what   string
		rows   iter.Seq2[Row, error]
		prefix string
		want   error
	}{
		{"order", each([]Row{good[1], good[0]}), "", ErrOrder},
		{"a row that comes twice", each([]Row{good[0], good[0]}), "", ErrOrder},
		{"a line feed", each(changed(func(r *Row) { r.Status = "ACTIVE\n1" })), "", ErrRow},
		{"an empty field", each(changed(func(r *Row) { r.CredentialType = "" })), "", ErrRow},
		{"version 0", each(changed(func(r *Row) { r.Version = 0 })), "", ErrRow},
		{"an odd prefix", each(nil), "abc", ErrPrefix},
		{"a prefix in capitals", each(nil), "AB", ErrPrefix},
		{"a prefix of other letters", each(nil), "xy", ErrPrefix},
		{"a prefix that is too long", each(nil), strings.Repeat("0", 66), ErrPrefix},
		{"a row of another node", each(good), good[0].Key().String()[:4], ErrPrefix},
		{"an error instead of a row", func(yield func(Row, error) bool) { yield(Row{}, stop) }, "", stop},
	} {
		if _, err := Fold(refused.rows, refused.prefix); !errors.Is(err, refused.want) {
			t.Errorf("%s: %v, want %v", refused.what, err, refused.want)
		}
	}
}

func TestNodesAsJSON(t *testing.T) {
	for _, count := range []int{0, 5, 1000} {
		node := folded(t, made(count), "")
		text, err := json.Marshal(node)
		if err != nil {
			t.Fatal(err)
		}
		var read Node
		if err := json.Unmarshal(text, &read); err != nil || !reflect.DeepEqual(read, node) {
			t.Errorf("%d rows are read otherwise than written: %v", count, err)
		}
	}
	var d Digest
	for _, text := range []string{`""`, `"ab"`, `"` + strings.Repeat("A", 64) + `"`, `"` + strings.Repeat("0", 66) + `"`} {
		if err := json.Unmarshal([]byte(text), &d); err == nil {
			t.Errorf("%s is a digest", text)
		}
	}
}

// side answers for nodes as a server does, and counts.
type side struct {
	leaves []Leaf
	calls  int
}

func newSide(rows []Row) *side {
	s := &side{leaves: make([]Leaf, len(rows))}
	for i, row := range rows {
		s.leaves[i] = Leaf{Key: row.Key(), Leaf: row.Leaf()}
	}
	return s
}

func (s *side) node(prefix string) (Node, error) {
	s.calls++
	begin, err := ParsePrefix(prefix)
	if err != nil {
		return Node{}, err
	}
	from := sort.Search(len(s.leaves), func(i int) bool { return bytes.Compare(s.leaves[i].Key[:], begin) >= 0 })
	return fold(func(yield func(Leaf, error) bool) {
		for _, leaf := range s.leaves[from:] {
			if !bytes.HasPrefix(leaf.Key[:], begin) || !yield(leaf, nil) {
				return
			}
		}
	}, prefix)
}

// pool is what rows of properties are drawn from, so that no run hashes anew.
var pool = made(3000)

func TestDiffFindsWhatDiffersAndNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.IntRange(0, len(pool)).Draw(t, "rows")
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		changes := rapid.SliceOfN(rapid.IntRange(0, 3), 0, 40).Draw(t, "changes")

		ours := slices.Clone(pool[:count])
		theirs := slices.Clone(ours)
		want := map[Digest]int{}
		for _, change := range changes {
			if len(theirs) == 0 {
				break
			}
			at := random.IntN(len(theirs))
			key := theirs[at].Key()
			if _, done := want[key]; done {
				continue
			}
			want[key] = change
			switch change {
			case 0:
				theirs[at].Version++
			case 1:
				theirs[at].Status = "REVOKED"
			case 2:
				theirs = slices.Delete(theirs, at, at+1)
			case 3:
				ours = slices.DeleteFunc(ours, func(r Row) bool { return r.Key() == key })
			}
		}
		found, err := Diff(newSide(theirs).node, newSide(ours).node)
		if err != nil {
			t.Fatal(err)
		}
		for i, difference := range found {
			change, ok := want[difference.Key]
			if !ok || (difference.Theirs == nil) != (change == 2) || (difference.Ours == nil) != (change == 3) {
				t.Fatalf("%s: %+v for change %d", difference.Key, difference, change)
			}
			if i > 0 && found[i-1].Key.String() >= difference.Key.String() {
				t.Fatal("differences are not in the order of their keys")
			}
			delete(want, difference.Key)
		}
		if len(want) != 0 {
			t.Fatalf("not found: %v", want)
		}
	})
}

// In whichever order rows were, once sorted they have one digest; and another one as soon as anything differs.
func TestDigestIsOfTheRowsAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.IntRange(1, 600).Draw(t, "rows")
		shuffled := rapid.Permutation(pool[:count]).Draw(t, "order")
		shuffled = slices.Clone(shuffled)
		Sort(shuffled)
		before := folded(t, pool[:count], "")
		if after := folded(t, shuffled, ""); !reflect.DeepEqual(before, after) {
			t.Fatalf("%s, and in another order %s", before.Digest, after.Digest)
		}
		shuffled[rapid.IntRange(0, count-1).Draw(t, "changed")].Version++
		if after := folded(t, shuffled, ""); before.Digest == after.Digest || before.Count != after.Count {
			t.Fatal("a change does not change the digest")
		}
	})
}

func TestDiffPassesErrorsOn(t *testing.T) {
	gone := errors.New("the other side went away")
	s := newSide(made(1000))
	fails := func(string) (Node, error) { return Node{}, gone }
	if _, err := Diff(fails, s.node); !errors.Is(err, gone) {
		t.Errorf("%v", err)
	}
	if _, err := Diff(s.node, fails); !errors.Is(err, gone) {
		t.Errorf("%v", err)
	}
}

// A million rows, and three that differ: the root, and two calls for each.
func TestThreeOfAMillion(t *testing.T) {
	ours := newSide(made(1_000_000))
	theirs := &side{leaves: slices.Clone(ours.leaves)}
	theirs.leaves[123_456].Leaf[0]++
	theirs.leaves[777_777].Leaf[31]++
	theirs.leaves = slices.Delete(theirs.leaves, 500_000, 500_001)

	found, err := Diff(theirs.node, ours.node)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 3 || found[0].Key != ours.leaves[123_456].Key || found[1].Theirs != nil || found[2].Key != ours.leaves[777_777].Key {
		t.Errorf("found %v", found)
	}
	if most := 1 + 2*3; theirs.calls > most {
		t.Errorf("%d calls, more than %d", theirs.calls, most)
	}
}
