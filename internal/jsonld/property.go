package jsonld

import (
	"slices"
	"strings"
)

// property reads a property of a node.
func (r *reader) property(a *activeContext, d *definition, predicate []byte, value any, subject, graph term, depth int) error {
	if fixed, ok := value.(*Fixed); ok && d.container&^containerSet != 0 {
		value = fixed.value
	}
	into := &slot{subject: subject, predicate: predicate, graph: graph, reverse: d.reverse}
	if d.class == "@json" {
		if d.container&^containerSet != 0 {
			return unsupportedError("the @container of JSON in " + d.name)
		}
		made, err := r.data.jsonLiteral(value, depth)
		if err != nil {
			return err
		}
		return r.put(into, made)
	}
	object, isObject := value.(map[string]any)
	switch {
	case d.container == 0 || d.container == containerSet:
	case isObject && d.container&containerLanguage != 0:
		return r.languages(a, d, object, into)
	case isObject && d.container&(containerIndex|containerID|containerType) != 0:
		return unsupportedError("the map in " + d.name)
	case d.container&containerGraph != 0:
		return r.graphs(a, d, value, into, depth)
	case d.container&containerList != 0:
		if isObject {
			// A list that is written out is not wrapped in another one.
			if _, written, err := find(object, a.aliases.list); err != nil || written {
				return r.object(a, d, object, into, depth+1, false)
			}
		}
		return r.list(a, d, value, into, depth+1)
	}
	return r.values(a, d, value, into, depth+1)
}

// graphs reads values that are graphs of their own.
func (r *reader) graphs(a *activeContext, d *definition, value any, into *slot, depth int) error {
	if err := checkDepth(depth); err != nil {
		return err
	}
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			if err := r.graphs(a, d, item, into, depth+1); err != nil {
				return err
			}
		}
		return nil
	case map[string]any:
		graph := r.data.newBlank()
		if err := r.put(into, graph); err != nil {
			return err
		}
		return r.entry(a, d, value, graph, depth+1)
	default:
		return unsafeError("%.200v as the graph %.200q", value, d.name)
	}
}

// list reads an ordered list.
func (r *reader) list(a *activeContext, d *definition, value any, into *slot, depth int) error {
	if into.reverse {
		return invalidError("a list in reverse")
	}
	items, ok := value.([]any)
	if !ok {
		items = []any{value}
	}
	var terms []term
	within := &slot{graph: into.graph, list: &terms}
	for _, item := range items {
		if err := r.values(a, d, item, within, depth+1); err != nil {
			return err
		}
	}
	head := nilTerm
	for _, item := range slices.Backward(terms) {
		cell := r.data.newBlank()
		r.data.add(cell, firstPredicate, item, into.graph)
		r.data.add(cell, restPredicate, head, into.graph)
		head = cell
	}
	return r.put(into, head)
}

// languages reads a map of strings by language.
func (r *reader) languages(a *activeContext, d *definition, object map[string]any, into *slot) error {
	for key, value := range object {
		name, err := a.expand(key, true, nil)
		if err != nil {
			return err
		}
		language := strings.ToLower(key)
		if name == "@none" {
			language = ""
		} else if language == "" {
			return unsafeError("an empty language in %.200q", d.name)
		}
		items, ok := value.([]any)
		if !ok {
			items = []any{value}
		}
		for _, item := range items {
			text, ok := item.(string)
			if !ok {
				return invalidError("%.200q in a language is no string", d.name)
			}
			made, err := r.data.text(text, language, d.directionIn(a))
			if err != nil {
				return err
			}
			if err := r.put(into, made); err != nil {
				return err
			}
		}
	}
	return nil
}

// scalar reads a value that is no object: an IRI or a literal, as the property's type says (JSON-LD
// API, section 5.3.2).
func (r *reader) scalar(a *activeContext, d *definition, value any) (term, error) {
	if d.hasContext {
		scoped, err := a.withProperty(d)
		if err != nil {
			return term{}, err
		}
		if own := scoped.terms[d.name]; own != nil {
			a, d = scoped, own
		}
	}
	text, isText := value.(string)
	switch {
	case d.class == "@id" || d.class == "@vocab":
		if !isText {
			return r.data.scalar(value, "")
		}
		id, err := a.expand(text, d.class == "@vocab", nil)
		if err != nil {
			return term{}, err
		}
		made, err := r.data.node(id)
		if err != nil {
			return term{}, unsafeError("%.200q is not an absolute IRI, in %.200q", text, d.name)
		}
		return made, nil
	case d.class != "" && d.class != "@none":
		return r.data.scalar(value, d.class)
	case !isText:
		return r.data.scalar(value, "")
	case d.hasLanguage:
		return r.data.text(text, d.language, d.directionIn(a))
	default:
		return r.data.text(text, a.language, d.directionIn(a))
	}
}
