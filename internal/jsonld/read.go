package jsonld

// A reader reads the quads of a document: JSON-LD's expansion, flattening and deserialization to RDF
// in one walk (JSON-LD API, sections 5.1, 7.1 and 8.1).
type reader struct{ data dataset }

// A slot is where values go: into a property of a subject, in reverse, or into a list.
type slot struct {
	subject, graph term
	predicate      []byte
	reverse        bool
	list           *[]term
}

func (r *reader) put(s *slot, value term) error {
	switch {
	case s.list != nil:
		*s.list = append(*s.list, value)
	case s.reverse && value.isLiteral():
		return invalidError("a value in reverse")
	case s.reverse:
		r.data.add(value, s.predicate, s.subject, s.graph)
	default:
		r.data.add(s.subject, s.predicate, value, s.graph)
	}
	return nil
}

// document reads a whole document.
func (r *reader) document(document map[string]any) error {
	// An object that has nothing but a graph is the default graph.
	context, own := document["@context"]
	if len(document) == 1 && !own || len(document) == 2 && own {
		a := emptyContext()
		if own {
			var err error
			if a, err = a.withOwn(context); err != nil {
				return err
			}
		}
		for key, value := range document {
			if key == "@context" {
				continue
			}
			if name, err := a.expand(key, true, nil); err != nil || name == "@graph" {
				return r.contents(a, value, defaultGraph, 1)
			}
		}
	}
	return r.contents(emptyContext(), document, defaultGraph, 0)
}

// contents reads the node objects of a document or a graph. One that says nothing is refused: RDF has
// no place for it.
func (r *reader) contents(a *activeContext, value any, graph term, depth int) error {
	if err := checkDepth(depth); err != nil {
		return err
	}
	switch value := value.(type) {
	case []any:
		if len(value) == 0 {
			return unsafeError("an empty graph")
		}
		for _, item := range value {
			if err := r.contents(a, item, graph, depth+1); err != nil {
				return err
			}
		}
		return nil
	case map[string]any:
		return r.entry(a, nil, value, graph, depth)
	default:
		return unsafeError("%.200v in a graph", value)
	}
}

// entry reads one node object of a graph, which may be the value of a property.
func (r *reader) entry(a *activeContext, property *definition, object map[string]any, graph term, depth int) error {
	before := r.data.added
	var nodes []term
	if err := r.object(a, property, object, &slot{graph: graph, list: &nodes}, depth, true); err != nil {
		return err
	}
	if r.data.added == before {
		return unsafeError("an object in a document or graph that says nothing")
	}
	return nil
}

// values reads the values of a property: an array of them, an object, or a scalar.
func (r *reader) values(a *activeContext, property *definition, value any, into *slot, depth int) error {
	if err := checkDepth(depth); err != nil {
		return err
	}
	switch value := value.(type) {
	case nil:
		return unsafeError("null in %.200q", property.name)
	case *Fixed:
		return r.fixed(a, property, value, into, depth)
	case map[string]any:
		return r.object(a, property, value, into, depth, false)
	case []any:
		if property.container&containerList != 0 && into.list != nil {
			return r.list(a, property, value, into, depth+1)
		}
		for _, item := range value {
			if err := r.values(a, property, item, into, depth+1); err != nil {
				return err
			}
		}
		return nil
	default:
		made, err := r.scalar(a, property, value)
		if err != nil {
			return err
		}
		return r.put(into, made)
	}
}
