package jsonld

import "sync/atomic"

// Fixed is a value of a property that documents have again and again, and that nobody changes. What was read of it is
// remembered, and serves where it cannot be read otherwise: the same context is in force, for the same property, no deeper in a
// document. Nowhere but as a property's value, or in the array of one, may a Fixed stand in a document.
type Fixed struct {
	value    any
	text     []byte
	readings atomic.Pointer[[]reading]
}

// Fix makes a Fixed of an object, or an array of objects, and its JSON text, which is for whoever writes the document. Both are
// from then on not to be changed.
func Fix(value any, text []byte) *Fixed { return &Fixed{value: value, text: text} }

// Text is the JSON text of the value.
func (f *Fixed) Text() []byte { return f.text }

// MarshalJSON implements json.Marshaler.
func (f *Fixed) MarshalJSON() ([]byte, error) { return f.text, nil }

// A reading is what a value says at its place in a document, but for how it is tied to the document.
type reading struct {
	place
	terms []term // what the property has
	quads []quad // with blank nodes from 0 on
	views []view // of each blank node in these quads
}

// A place is what decides how a value is read.
type place struct {
	context  uint64 // the context in force, by id
	property string // a term of that
	depth    int    // how deep it stood: there is still room for it above
}

// maxReadings is how many readings are remembered of a value: there is one for each kind of document that it is in.
const maxReadings = 4

// fixed reads a value, or remembers how it was read.
func (r *reader) fixed(a *activeContext, property *definition, f *Fixed, into *slot, depth int) error {
	read, err := f.read(a, property, depth)
	if err != nil {
		return err
	}
	if read == nil || into.graph.blank != notBlank || into.graph.text != nil {
		return r.values(a, property, f.value, into, depth)
	}
	first := r.data.blanks
	r.data.addAll(read.quads, read.views)
	for _, t := range read.terms {
		if err := r.put(into, t.renumbered(first)); err != nil {
			return err
		}
	}
	return nil
}

// read is a value's reading in the default graph. It is nil when that does not depend on the place alone, or no other document
// has the place.
func (f *Fixed) read(a *activeContext, property *definition, depth int) (*reading, error) {
	if !a.cache.shared || a.terms[property.name] != property {
		return nil, nil // neither comes again
	}
	at := place{a.id, property.name, depth}
	known := f.readings.Load()
	if known != nil {
		for i := range *known {
			if (*known)[i].serves(at) {
				return &(*known)[i], nil
			}
		}
	}
	made := reading{place: at}
	var r reader
	if err := r.values(a, property, f.value, &slot{graph: defaultGraph, list: &made.terms}, depth); err != nil {
		return nil, err
	}
	if len(r.data.labels) > 0 {
		return nil, nil // its blank nodes may be those of others in the document
	}
	made.quads, made.views = r.data.quads, r.data.viewsOfAll()
	f.keep(known, made)
	return &made, nil
}

// serves tells whether a value is read at a place as it was for a reading.
func (r *reading) serves(at place) bool {
	return r.context == at.context && r.property == at.property && r.depth >= at.depth
}

// keep remembers a reading beside those that were known. When there are too many, it begins anew.
func (f *Fixed) keep(known *[]reading, made reading) {
	var all []reading
	if known != nil && len(*known) < maxReadings {
		all = append(all, *known...)
	}
	all = append(all, made)
	f.readings.CompareAndSwap(known, &all) // another one came first: a later document has it remembered
}

// addAll adds quads whose blank nodes are numbered from 0 on, and have these views.
func (d *dataset) addAll(quads []quad, views []view) {
	first := d.blanks
	d.blanks += int32(len(views))
	d.added += len(quads)
	if d.viewed {
		d.views = append(d.views, views...)
		return
	}
	for _, q := range quads {
		q.subject, q.object, q.graph = q.subject.renumbered(first), q.object.renumbered(first), q.graph.renumbered(first)
		d.quads = append(d.quads, q)
	}
}

// renumbered is a term whose blank nodes are numbered from first on.
func (t term) renumbered(first int32) term {
	if t.blank != notBlank {
		t.blank += first
	}
	return t
}

// viewsOfAll are the views of the blank nodes of a dataset that is not viewed.
func (d *dataset) viewsOfAll() []view {
	seen := dataset{views: make([]view, d.blanks)}
	for i := range d.quads {
		seen.see(&d.quads[i])
	}
	return seen.views
}
