package jsonld

import (
	"slices"
	"strings"
)

// object reads a value, set, list or node object. In a graph only nodes have a place.
func (r *reader) object(a *activeContext, property *definition, object map[string]any, into *slot, depth int, inGraph bool) error {
	if err := checkDepth(depth); err != nil {
		return err
	}
	a, err := enter(a, property, object)
	if err != nil {
		return err
	}
	value, isValue, err := find(object, a.aliases.value)
	if err != nil {
		return err
	}
	if isValue && !inGraph {
		made, err := r.value(a, object, value, depth)
		if err != nil {
			return err
		}
		return r.put(into, made)
	}
	set, isSet, err := find(object, a.aliases.set)
	if err != nil {
		return err
	}
	list, isList, err := find(object, a.aliases.list)
	if err != nil {
		return err
	}
	switch {
	case (isValue || isList || isSet) && inGraph:
		return unsafeError("a value in a graph")
	case !isList && !isSet:
		return r.node(a, object, into, depth)
	case len(object) > 1 && !(len(object) == 2 && object["@context"] != nil):
		return invalidError("a list or set with more entries")
	case isList:
		return r.list(a, property, list, into, depth)
	default:
		return r.values(a, property, set, into, depth+1)
	}
}

// enter finds the context of an object, but for what its types add (JSON-LD API, section 5.1.2, steps
// 7 to 9).
func enter(a *activeContext, property *definition, object map[string]any) (*activeContext, error) {
	if a.previous != nil && !keepsTypeScope(a, object) {
		a = a.previous
	}
	if property != nil && property.hasContext {
		var err error
		if a, err = a.withProperty(property); err != nil {
			return nil, err
		}
	}
	if own, ok := object["@context"]; ok {
		return a.withOwn(own)
	}
	return a, nil
}

// keepsTypeScope tells whether an object is a value or a mere reference, which the context of its
// parent's type still holds for.
func keepsTypeScope(a *activeContext, object map[string]any) bool {
	for _, name := range a.aliases.value {
		if _, ok := object[name]; ok {
			return true
		}
	}
	if len(object) == 1 {
		for _, name := range a.aliases.id {
			if _, ok := object[name]; ok {
				return true
			}
		}
	}
	return false
}

// node reads a node object.
func (r *reader) node(a *activeContext, object map[string]any, into *slot, depth int) error {
	outer := a
	a, err := r.typeScope(outer, object)
	if err != nil {
		return err
	}
	id, hasID, err := find(object, a.aliases.id)
	if err != nil {
		return err
	}
	var subject term
	if hasID {
		text, ok := id.(string)
		if !ok {
			return invalidError("an @id is no string")
		}
		if text, err = a.expand(text, false, nil); err != nil {
			return err
		}
		if subject, err = r.data.node(text); err != nil {
			return err
		}
	} else {
		subject = r.data.newBlank()
	}
	if err := r.put(into, subject); err != nil {
		return err
	}
	return r.properties(scope{a, outer}, object, subject, into.graph, depth)
}

// A scope is what the terms of a node's properties mean, and what those of its types do.
type scope struct{ properties, types *activeContext }

// typeScope adds the contexts that the types of a node are defined with, in order of the types.
func (r *reader) typeScope(outer *activeContext, object map[string]any) (*activeContext, error) {
	a := outer
	for _, name := range outer.aliases.class {
		value, ok := object[name]
		if !ok {
			continue
		}
		var few [4]*definition
		scoped := few[:0]
		err := eachType(value, func(class string) error {
			if d := outer.terms[class]; d != nil && d.hasContext {
				scoped = append(scoped, d)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if len(scoped) > 1 {
			slices.SortFunc(scoped, func(a, b *definition) int { return strings.Compare(a.name, b.name) })
		}
		for _, class := range scoped {
			if a, err = a.withType(class); err != nil {
				return nil, err
			}
		}
	}
	return a, nil
}

// eachType calls do for each string of a @type.
func eachType(value any, do func(class string) error) error {
	list, ok := value.([]any)
	if !ok {
		class, ok := value.(string)
		if !ok {
			return invalidError("a @type is no string")
		}
		return do(class)
	}
	for _, item := range list {
		class, ok := item.(string)
		if !ok {
			return invalidError("a @type is no string")
		}
		if err := do(class); err != nil {
			return err
		}
	}
	return nil
}

// properties reads the entries of a node object.
func (r *reader) properties(s scope, object map[string]any, subject, graph term, depth int) error {
	for key, value := range object {
		if key == "@context" {
			continue
		}
		var err error
		switch d := s.properties.terms[key]; {
		case d != nil && d.text != nil:
			err = r.property(s.properties, d, d.text, value, subject, graph, depth)
		case d != nil && isKeyword(d.iri):
			err = r.keyword(s, d.iri, value, subject, graph, depth)
		default:
			err = r.undefined(s, key, value, subject, graph, depth)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// undefined reads an entry whose name is no term, but may be a keyword, an IRI, a compact one, or in a
// vocabulary.
func (r *reader) undefined(s scope, key string, value any, subject, graph term, depth int) error {
	name, err := s.properties.expand(key, true, nil)
	switch {
	case err != nil:
		return err
	case isKeyword(name):
		return r.keyword(s, name, value, subject, graph, depth)
	case !isIRI(name):
		return unsafeError("the property %.200q is not defined", key)
	}
	predicate, err := r.data.iri(name)
	if err != nil {
		return err
	}
	return r.property(s.properties, &definition{name: key}, predicate.text, value, subject, graph, depth)
}

// keyword reads an entry of a node object that is no property.
func (r *reader) keyword(s scope, name string, value any, subject, graph term, depth int) error {
	switch name {
	case "@id":
		return nil
	case "@type":
		return r.types(s.types, value, subject, graph)
	case "@graph":
		return r.contents(s.properties, value, subject, depth+1)
	case "@included":
		return r.contents(s.properties, value, graph, depth+1)
	case "@nest":
		return r.nested(s, value, subject, graph, depth)
	case "@reverse":
		properties, ok := value.(map[string]any)
		if !ok {
			return invalidError("@reverse is no object")
		}
		return r.reversed(s.properties, properties, subject, graph, depth+1)
	default:
		return unsafeError("%s in a node", name)
	}
}

func (r *reader) types(a *activeContext, value any, subject, graph term) error {
	return eachType(value, func(class string) error {
		if d := a.terms[class]; d != nil && d.text != nil {
			r.data.add(subject, typePredicate, textTerm(d.text), graph)
			return nil
		}
		name, err := a.expand(class, true, nil)
		if err != nil {
			return err
		}
		object, err := r.data.node(name)
		if err != nil {
			return unsafeError("the type %.200q is not defined", class)
		}
		r.data.add(subject, typePredicate, object, graph)
		return nil
	})
}

// nested reads the properties in a @nest as if they were the node's own.
func (r *reader) nested(s scope, value any, subject, graph term, depth int) error {
	if err := checkDepth(depth); err != nil {
		return err
	}
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	for _, item := range list {
		object, ok := item.(map[string]any)
		if !ok {
			return invalidError("@nest is no object")
		}
		for key := range object {
			if name, err := s.properties.expand(key, true, nil); err != nil || isKeyword(name) && name != "@nest" {
				return unsupportedError("keywords in a @nest")
			}
		}
		if err := r.properties(s, object, subject, graph, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// reversed reads the properties that other nodes have this one in.
func (r *reader) reversed(a *activeContext, properties map[string]any, subject, graph term, depth int) error {
	for key, value := range properties {
		name, err := a.expand(key, true, nil)
		if err != nil {
			return err
		}
		if isKeyword(name) {
			return invalidError("%s in @reverse", name)
		}
		predicate, err := r.data.iri(name)
		if err != nil {
			return unsafeError("the property %.200q is not defined", key)
		}
		d := definition{name: key}
		if known := a.terms[key]; known != nil {
			d = *known
		}
		d.reverse = !d.reverse
		if err := r.property(a, &d, predicate.text, value, subject, graph, depth); err != nil {
			return err
		}
	}
	return nil
}

var (
	typePredicate  = []byte(rdfType)
	firstPredicate = []byte(rdfFirst)
	restPredicate  = []byte(rdfRest)
	nilTerm        = textTerm([]byte(rdfNil))
)

// value reads a value object.
func (r *reader) value(a *activeContext, object map[string]any, value any, depth int) (term, error) {
	var class, language, direction string
	var typed, tagged bool
	for key, entry := range object {
		name := key
		if key != "@context" {
			var err error
			if name, err = a.expand(key, true, nil); err != nil {
				return term{}, err
			}
		}
		switch name {
		case "@context", "@value":
		case "@type":
			text, ok := entry.(string)
			if !ok || typed {
				return term{}, invalidError("the @type of a value")
			}
			var err error
			if class, err = a.expand(text, true, nil); err != nil {
				return term{}, err
			}
			typed = true
		case "@language":
			text, ok := entry.(string)
			if !ok || text == "" || tagged {
				return term{}, invalidError("the @language of a value")
			}
			language, tagged = strings.ToLower(text), true
		case "@direction":
			text, ok := readDirection(entry)
			if !ok || text == "" || direction != "" {
				return term{}, invalidError("the @direction of a value")
			}
			direction = text
		case "@index":
			return term{}, unsafeError("%s", name)
		default:
			return term{}, invalidError("%.200q in a value", key)
		}
	}
	switch {
	case typed && (tagged || direction != ""):
		return term{}, invalidError("a value with @type and @language or @direction")
	case class == "@json":
		return r.data.jsonLiteral(value, depth)
	case value == nil:
		return term{}, unsafeError("a @value that is null")
	case tagged || direction != "":
		text, ok := value.(string)
		if !ok {
			return term{}, invalidError("a value with a language or direction is no string")
		}
		return r.data.text(text, language, direction)
	case typed && !isIRI(class):
		return term{}, unsafeError("the datatype %.200q", class)
	default:
		return r.data.scalar(value, class)
	}
}
