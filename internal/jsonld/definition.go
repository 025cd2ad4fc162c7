package jsonld

import (
	"reflect"
	"strings"
)

// A container is how the values of a term are held (JSON-LD 1.1, section 4.3 and following).
type container uint8

const (
	containerSet container = 1 << iota
	containerList
	containerLanguage
	containerGraph
	containerIndex
	containerID
	containerType
)

var containers = map[string]container{
	"@set": containerSet, "@list": containerList, "@language": containerLanguage, "@graph": containerGraph,
	"@index": containerIndex, "@id": containerID, "@type": containerType,
}

// A definition is the meaning of a term.
type definition struct {
	name string
	iri  string // or a keyword; empty when the term means nothing
	text []byte // the IRI as N-Quads write it; nil for what is not an absolute IRI
	// class is the type of the values: a datatype, @id, @vocab, @json or @none; empty when none is given.
	class        string
	language     string // of strings, when hasLanguage; empty for none
	hasLanguage  bool
	direction    string // base direction of strings, when hasDirection; empty for none
	hasDirection bool
	container    container
	context      any // of the values of a property, or the properties of a type, when hasContext
	hasContext   bool
	reverse      bool
	prefix       bool
	protected    bool
}

// same tells whether two definitions differ in nothing but protection.
func (d definition) same(other definition) bool {
	d.protected, other.protected = false, false
	return reflect.DeepEqual(d, other)
}

// A definer makes the definitions of one context object (JSON-LD API, section 4.2).
type definer struct {
	context   *activeContext // being made
	local     map[string]any
	defined   map[string]bool // false while a term is being defined
	protected bool            // terms are, unless they say otherwise
	override  bool            // protected terms may be redefined
}

// defineFirst defines a term that another one is defined by.
func (d *definer) defineFirst(name string) error {
	if d == nil {
		return nil
	}
	if _, here := d.local[name]; !here || isSetting(name) || d.defined[name] {
		return nil
	}
	return d.define(name)
}

func (d *definer) define(name string) error {
	if done, begun := d.defined[name]; begun {
		if !done {
			return invalidError("the term %.200q is defined by itself", name)
		}
		return nil
	}
	if name == "" || isKeyword(name) && name != "@type" {
		return invalidError("%.200q must not be defined", name)
	}
	if name != "@type" && looksLikeKeyword(name) {
		return nil
	}
	d.defined[name] = false
	previous := d.context.terms[name]
	delete(d.context.terms, name)
	made, err := d.read(name, d.local[name])
	if err != nil {
		return err
	}
	if made == nil {
		if previous != nil && previous.protected && !d.override {
			return invalidError("the protected term %.200q is redefined", name)
		}
		return nil
	}
	if isIRI(made.iri) {
		made.text = appendIRI(nil, made.iri)
	}
	if previous != nil && previous.protected && !d.override {
		if !made.same(*previous) {
			return invalidError("the protected term %.200q is redefined", name)
		}
		made = previous
	}
	d.context.terms[name] = made
	d.defined[name] = true
	return nil
}

// entries are the keys that a definition may have.
var entries = map[string]bool{
	"@container": true, "@context": true, "@direction": true, "@id": true, "@index": true, "@language": true,
	"@nest": true, "@prefix": true, "@protected": true, "@reverse": true, "@type": true,
}

// read makes the definition of a term. It is nil for one that is to be ignored.
func (d *definer) read(name string, value any) (*definition, error) {
	made := &definition{name: name, protected: d.protected}
	var object map[string]any
	simple := false
	switch value := value.(type) {
	case nil:
		return made, nil
	case string:
		object, simple = map[string]any{"@id": value}, true
	case map[string]any:
		object = value
	default:
		return nil, invalidError("the definition of %.200q", name)
	}
	for key := range object {
		if !entries[key] || name == "@type" && key != "@container" && key != "@protected" {
			return nil, invalidError("%.200q in the definition of %.200q", key, name)
		}
	}
	if err := flag(object, "@protected", &made.protected); err != nil {
		return nil, err
	}
	if _, indexed := object["@index"]; indexed {
		return nil, unsupportedError("@index in a definition")
	}
	if err := d.readIRI(made, object, simple); err != nil || made.iri == "" && object["@id"] != nil {
		return nil, err
	}
	if err := d.readClass(made, object); err != nil {
		return nil, err
	}
	if err := readContainer(made, object["@container"]); err != nil {
		return nil, err
	}
	if err := readLanguage(made, object); err != nil {
		return nil, err
	}
	made.context, made.hasContext = object["@context"]
	if err := flag(object, "@prefix", &made.prefix); err != nil {
		return nil, err
	}
	if made.prefix && strings.ContainsAny(name, ":/") {
		return nil, invalidError("%.200q cannot be a prefix", name)
	}
	return made, nil
}

// flag reads a boolean entry, if there is one.
func flag(object map[string]any, key string, into *bool) error {
	value, ok := object[key]
	if !ok {
		return nil
	}
	if *into, ok = value.(bool); !ok {
		return invalidError("%s is no boolean", key)
	}
	return nil
}

// readIRI finds what a term stands for.
func (d *definer) readIRI(made *definition, object map[string]any, simple bool) error {
	id, hasID := object["@id"]
	if reverse, ok := object["@reverse"]; ok {
		if hasID || object["@nest"] != nil {
			return invalidError("@reverse with @id or @nest in the definition of %.200q", made.name)
		}
		made.reverse = true
		id, hasID = reverse, true
	}
	if hasID && id == nil && !made.reverse {
		return nil
	}
	if hasID && (id != made.name || made.reverse) {
		text, ok := id.(string)
		if !ok {
			return invalidError("the @id of %.200q is no string", made.name)
		}
		return d.expandIRI(made, text, simple)
	}
	if colon := strings.IndexByte(made.name, ':'); colon > 0 {
		prefix := made.name[:colon]
		if err := d.defineFirst(prefix); err != nil {
			return err
		}
		if term, ok := d.context.terms[prefix]; ok {
			made.iri = term.iri + made.name[colon+1:]
		} else {
			made.iri = made.name
		}
		return nil
	}
	switch {
	case made.name == "@type":
		made.iri = "@type"
	case d.context.vocab != "" && !strings.Contains(made.name, "/"):
		made.iri = d.context.vocab + made.name
	default:
		return invalidError("%.200q is defined without an IRI", made.name)
	}
	return nil
}

func (d *definer) expandIRI(made *definition, text string, simple bool) error {
	if !isKeyword(text) && looksLikeKeyword(text) {
		return nil
	}
	iri, err := d.context.expand(text, true, d)
	if err != nil {
		return err
	}
	if iri == "@context" || !isKeyword(iri) && !isIRI(iri) && !isBlankLabel(iri) || made.reverse && isKeyword(iri) {
		return invalidError("%.200q is defined as %.200q", made.name, text)
	}
	made.iri = iri
	if strings.ContainsAny(strings.Trim(made.name, ":"), ":/") {
		d.defined[made.name] = true
		own, err := d.context.expand(made.name, true, d)
		if err != nil {
			return err
		}
		if own != iri {
			return invalidError("the term %.200q is an IRI, but defined as another one", made.name)
		}
		return nil
	}
	made.prefix = simple && (strings.ContainsAny(iri[len(iri)-1:], ":/?#[]@") || isBlankLabel(iri))
	return nil
}

func (d *definer) readClass(made *definition, object map[string]any) error {
	value, ok := object["@type"]
	if !ok {
		return nil
	}
	text, ok := value.(string)
	if !ok {
		return invalidError("the @type of %.200q is no string", made.name)
	}
	class, err := d.context.expand(text, true, d)
	if err != nil {
		return err
	}
	switch class {
	case "@id", "@vocab", "@json", "@none":
	default:
		if !isIRI(class) {
			return invalidError("the @type of %.200q is %.200q", made.name, text)
		}
	}
	made.class = class
	return nil
}

func readContainer(made *definition, value any) error {
	if value == nil {
		return nil
	}
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	for _, item := range list {
		name, _ := item.(string)
		kind, ok := containers[name]
		if !ok {
			return invalidError("the @container of %.200q", made.name)
		}
		made.container |= kind
	}
	alone := made.container &^ containerSet
	graph := containerGraph | containerID | containerIndex
	switch {
	case made.container&containerList != 0 && made.container != containerList,
		alone&(alone-1) != 0 && (alone&containerGraph == 0 || alone&^graph != 0 || alone == graph),
		made.reverse && made.container&^(containerSet|containerIndex) != 0:
		return invalidError("the @container of %.200q", made.name)
	}
	return nil
}

func readLanguage(made *definition, object map[string]any) error {
	language, ok := object["@language"]
	if ok && made.class == "" {
		text, isText := language.(string)
		if !isText && language != nil {
			return invalidError("the @language of %.200q", made.name)
		}
		made.language, made.hasLanguage = strings.ToLower(text), true
	}
	direction, ok := object["@direction"]
	if ok && made.class == "" {
		if made.direction, made.hasDirection = readDirection(direction); !made.hasDirection {
			return invalidError("the @direction of %.200q", made.name)
		}
	}
	return nil
}

// directionIn is the base direction of strings of a term that say none themselves.
func (d *definition) directionIn(a *activeContext) string {
	if d.hasDirection {
		return d.direction
	}
	return a.direction
}

// readDirection reads a base direction, which null takes away.
func readDirection(value any) (direction string, ok bool) {
	direction, _ = value.(string)
	return direction, value == nil || direction == "ltr" || direction == "rtl"
}
