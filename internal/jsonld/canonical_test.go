package jsonld

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

const drawnBlanks = 6

var predicates = rapid.SampledFrom([]string{"<urn:p>", "<urn:q>"})

// drawDataset draws quads of named blank nodes that differ by their neighbours alone, in a few graphs.
func drawDataset(t *rapid.T) dataset {
	var d dataset
	d.blanks, d.labels = drawnBlanks, map[string]int32{}
	for b := range d.blanks {
		d.labels[fmt.Sprintf("_:n%d", b)] = b
	}
	node := rapid.Int32Range(0, rapid.Int32Range(0, drawnBlanks-1).Draw(t, "nodes"))
	for range rapid.IntRange(1, 9).Draw(t, "quads") {
		graph := defaultGraph
		if rapid.Bool().Draw(t, "in a graph") {
			graph = blankTerm(node.Draw(t, "graph"))
		}
		predicate := []byte(predicates.Draw(t, "predicate"))
		d.add(blankTerm(node.Draw(t, "subject")), predicate, blankTerm(node.Draw(t, "object")), graph)
	}
	return d
}

// drawTree draws quads as documents have them that do not name their blank nodes: each is the value of
// another one's property, in the same graph, or stands in a graph that is such a value.
func drawTree(t *rapid.T) dataset {
	var d dataset
	d.blanks = drawnBlanks
	graphs := [drawnBlanks]term{defaultGraph}
	for b := range d.blanks {
		if b > 0 {
			above := rapid.Int32Range(0, b-1).Draw(t, "above")
			if rapid.Bool().Draw(t, "in its graph") {
				graphs[b] = blankTerm(above)
			} else {
				graphs[b] = graphs[above]
				d.add(blankTerm(above), []byte(predicates.Draw(t, "predicate")), blankTerm(b), graphs[b])
			}
		}
		if rapid.Bool().Draw(t, "with a value") {
			d.add(blankTerm(b), []byte(predicates.Draw(t, "predicate")), textTerm([]byte("<urn:v>")), graphs[b])
		}
	}
	return d
}

// relabelled is the same dataset with other numbers for its blank nodes, in another order.
func (d *dataset) relabelled(t *rapid.T) dataset {
	same := *d
	same.quads = nil
	numbers := rapid.Permutation([]int32{0, 1, 2, 3, 4, 5}).Draw(t, "numbers")
	for _, q := range rapid.Permutation(d.quads).Draw(t, "order") {
		for _, t := range []*term{&q.subject, &q.object, &q.graph} {
			if t.blank != notBlank {
				t.blank = numbers[t.blank]
			}
		}
		same.quads = append(same.quads, q)
	}
	return same
}

func (d *dataset) form() (form string, err error) {
	err = d.canonicalize(func(c *canonicalizer) { form = string(c.document()) })
	return form, err
}

// A dataset has one canonical form, or none: whatever its blank nodes are called, in whatever order it stands.
func TestCanonicalFormDependsNeitherOnLabelsNorOnOrder(t *testing.T) {
	t.Run("named", rapid.MakeCheck(func(t *rapid.T) {
		d := drawDataset(t)
		want, wantErr := d.form()
		if wantErr != nil && !errors.Is(wantErr, ErrTooComplex) {
			t.Fatal(wantErr)
		}
		for range 10 {
			same := d.relabelled(t)
			if got, err := same.form(); got != want || (err == nil) != (wantErr == nil) {
				t.Fatalf("%v\n%s\nafter %v\n%s", err, got, wantErr, want)
			}
		}
	}))
	t.Run("in trees", rapid.MakeCheck(func(t *rapid.T) {
		d := drawTree(t)
		want, err := d.form()
		if err != nil {
			t.Fatal(err)
		}
		for range 10 {
			same := d.relabelled(t)
			if got, err := same.form(); got != want || err != nil {
				t.Fatalf("%v\n%s\nafter\n%s", err, got, want)
			}
		}
	}))
}

// RDFC-1.0 gives two forms to this document, by which of n2 and n3 comes first: both have the same
// relations, but each in the other one's quads.
func TestDocumentWithSeveralFormsIsRefused(t *testing.T) {
	document := decode(t, `{"@context": {"@vocab": "urn:v#", "in": {"@type": "@id"}}, "@graph": [
		{"@id": "_:n0", "@graph": [{"@id": "_:n3", "in": "_:n2"}, {"@id": "_:n1", "in": "_:n4"}]},
		{"@id": "_:n4", "@graph": [{"@id": "_:n2", "in": "_:n3"}]}
	]}`)
	for range 20 { // Go goes through maps in another order each time
		if form, err := Canonicalize(document); !errors.Is(err, ErrTooComplex) {
			t.Fatalf("%v\n%s", err, form)
		}
	}
	// A word more at one of the quads tells the two apart.
	graph := document["@graph"].([]any)[1].(map[string]any)["@graph"].([]any)
	graph[0].(map[string]any)["other"] = "x"
	if _, err := Canonicalize(document); err != nil {
		t.Error(err)
	}
}

// Check and Hash are ways to do less than Canonicalize, to the same effect.
func TestCheckAndHashAreCanonicalize(t *testing.T) {
	refused, apart := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		document := withContexts(drawCredential(t, 1))
		place := rapid.SampledFrom(places(document)).Draw(t, "place")
		switch rapid.IntRange(0, 9).Draw(t, "what") {
		case 0:
			place["undefined"] = drawText.Draw(t, "value")
		case 1:
			place["id"] = rapid.SampledFrom([]any{"relative", "", 1.0, nil, "_:x", "urn:a"}).Draw(t, "id")
		case 2:
			place["type"] = rapid.SampledFrom([]any{"Undefined", []any{}, 1.0, "Profile", nil}).Draw(t, "type")
		case 3:
			place["name"] = rapid.SampledFrom([]any{nil, []any{}, "\xff", map[string]any{"@value": "x", "@language": "1"}}).Draw(t, "name")
		case 4:
			place["@context"] = rapid.SampledFrom([]any{"https://example.org/c", nil, map[string]any{"name": "urn:n"}, 1.0}).Draw(t, "@context")
		}
		form, err := Canonicalize(document)
		sum, hashErr := Hash(document)
		if checkErr := Check(document); kind(checkErr) != kind(err) || kind(hashErr) != kind(err) {
			t.Fatalf("Check: %v; Hash: %v; Canonicalize: %v", checkErr, hashErr, err)
		}
		if err != nil {
			refused++
			return
		}
		if sum != sha256.Sum256(form) {
			t.Fatalf("%x is not the hash of %s", sum, form)
		}
		if err := readAs(document, true, func(d *dataset) error {
			if d.blanksDiffer() {
				apart++
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
	if refused == 0 || apart == 0 {
		t.Errorf("%d refused and %d without twins: all cases should have been drawn", refused, apart)
	}
}

// kind is which of the package's errors one is.
func kind(err error) string {
	for _, kind := range []error{ErrInvalid, ErrUnsafe, ErrUnknownContext, ErrUnsupported, ErrTooComplex} {
		if errors.Is(err, kind) {
			return kind.Error()
		}
	}
	return fmt.Sprint(err)
}

// No dataset that is told to have no ties has any: its canonical labels are those by the first hash.
func TestBlanksThatDifferAreNotTied(t *testing.T) {
	differ := 0
	rapid.Check(t, func(t *rapid.T) {
		d := drawDataset(t)
		d.views = make([]view, d.blanks)
		for i := range d.quads {
			d.see(&d.quads[i])
		}
		if !d.blanksDiffer() {
			return
		}
		differ++
		if err := d.canonicalize(func(c *canonicalizer) {
			for i := range c.hashes[1:] {
				for _, other := range c.hashes[:i+1] {
					if c.hashes[i+1] == other {
						t.Fatalf("two blank nodes have the hash %x", other)
					}
				}
			}
		}); err != nil {
			t.Fatal(err)
		}
	})
	if differ == 0 {
		t.Error("none was drawn")
	}
}
