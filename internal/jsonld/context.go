package jsonld

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
)

// An activeContext is what the terms of a document mean at some place in it (JSON-LD API, section
// 4.1). It does not change once it is made, so that documents share it; what scoped contexts and URLs
// make of it is kept beside it.
type activeContext struct {
	// id tells contexts apart, for as long as the process runs.
	id        uint64
	terms     map[string]*definition
	vocab     string // what @vocab prepends; empty when there is none
	language  string // default language; empty when there is none
	direction string // default base direction; empty when there is none
	// previous is the context to go back to in nested objects: that of before a type's scoped context.
	previous *activeContext
	aliases  aliases

	cache                     *contextCache
	byURL, byProperty, byType sync.Map // of *activeContext, by URL and by *definition
}

// A contextCache bounds what is made of contexts: of those of this package by all documents together,
// which use the same ones, and of a document's own by that document.
type contextCache struct {
	shared bool
	origin *activeContext
	size   atomic.Int32 // contexts that are kept
	copied atomic.Int64 // terms that contexts were made with
}

const (
	// maxContexts is how many contexts are kept. Documents of one kind need a dozen.
	maxContexts = 512
	// maxCopied is how many terms the contexts of a document may be made with.
	maxCopied = 1 << 19
)

// contextIDs is the last id of a context.
var contextIDs atomic.Uint64

var currentCache atomic.Pointer[contextCache]

// emptyContext is the context that documents begin with. When the cache is full, a new one is begun.
func emptyContext() *activeContext {
	cache := currentCache.Load()
	if cache == nil || cache.size.Load() >= maxContexts {
		cache = &contextCache{shared: true}
		cache.origin = &activeContext{id: contextIDs.Add(1), cache: cache}
		cache.origin.aliases.collect(nil)
		currentCache.Store(cache)
	}
	return cache.origin
}

// fork is the same context for a document with contexts of its own.
func (a *activeContext) fork(cache *contextCache) *activeContext {
	return &activeContext{
		id: contextIDs.Add(1), terms: a.terms, vocab: a.vocab, language: a.language, direction: a.direction, aliases: a.aliases, previous: a.previous, cache: cache,
	}
}

// keep puts a context that was made from another one beside it.
func (a *activeContext) keep(beside *sync.Map, key any, made *activeContext) *activeContext {
	if a.cache.size.Add(1) > maxContexts {
		return made
	}
	kept, _ := beside.LoadOrStore(key, made)
	return kept.(*activeContext)
}

// withURL applies the context at a URL. Errors: ErrUnknownContext.
func (a *activeContext) withURL(url string, override bool) (*activeContext, error) {
	if known, ok := a.byURL.Load(url); ok && !override {
		return known.(*activeContext), nil
	}
	document, ok := readContexts()[url]
	if !ok {
		return nil, fmt.Errorf("%w: %.200q", ErrUnknownContext, url)
	}
	local, ok := document["@context"].(map[string]any)
	if !ok {
		return nil, invalidError("%s has no single @context", url)
	}
	made, err := a.withMap(local, override, true)
	if err != nil || override {
		return made, err
	}
	return a.keep(&a.byURL, url, made), nil
}

// withProperty applies the context that a property is defined with to its values.
func (a *activeContext) withProperty(property *definition) (*activeContext, error) {
	if known, ok := a.byProperty.Load(property); ok {
		return known.(*activeContext), nil
	}
	made, err := a.with(property.context, local{override: true, propagate: true, scoped: true})
	if err != nil {
		return nil, err
	}
	return a.keep(&a.byProperty, property, made), nil
}

// withType applies the context that a type is defined with to the properties of an object.
func (a *activeContext) withType(class *definition) (*activeContext, error) {
	if known, ok := a.byType.Load(class); ok {
		return known.(*activeContext), nil
	}
	made, err := a.with(class.context, local{scoped: true})
	if err != nil {
		return nil, err
	}
	return a.keep(&a.byType, class, made), nil
}

// withOwn applies the @context of an object.
func (a *activeContext) withOwn(context any) (*activeContext, error) {
	return a.with(context, local{propagate: true})
}

// local is how a local context is applied.
type local struct {
	override  bool // protected terms may be redefined
	propagate bool // to nested objects, which otherwise go back to the context of before
	scoped    bool // it is part of a definition
}

// with applies a local context: null, a URL, an object, or a list of these (JSON-LD API, section 4.1.2).
func (a *activeContext) with(context any, how local) (*activeContext, error) {
	list, ok := context.([]any)
	if !ok {
		list = []any{context}
	}
	if len(list) > 0 {
		if first, ok := unwrap(list[0]).(map[string]any); ok {
			if own, ok := first["@propagate"].(bool); ok {
				how.propagate = own
			}
		}
	}
	result := a
	for _, item := range list {
		var err error
		switch item := unwrap(item).(type) {
		case nil:
			if !how.override && result.hasProtected() {
				return nil, invalidError("null would take protected terms away")
			}
			result = emptyContext()
		case string:
			result, err = result.withURL(item, how.override)
		case map[string]any:
			if result.cache.shared && !how.scoped {
				result = result.fork(&contextCache{})
			}
			result, err = result.withMap(item, how.override, false)
		default:
			return nil, invalidError("a @context of type %T", item)
		}
		if err != nil {
			return nil, err
		}
	}
	if how.propagate || result == a {
		return result, nil
	}
	scoped := result.fork(result.cache)
	if scoped.previous = a; a.previous != nil {
		scoped.previous = a.previous
	}
	return scoped, nil
}

// unwrap is the context object in an object that has nothing else. JSON-LD 1.1 leaves that open, but jsonld.js and json-gold
// take it, and so do documents that others have signed. It is safe to read as what is inside: that names no other terms, and
// loads nothing.
func unwrap(context any) any {
	if wrapper, ok := context.(map[string]any); ok && len(wrapper) == 1 {
		if inner, ok := wrapper["@context"].(map[string]any); ok {
			return inner
		}
	}
	return context
}

func (a *activeContext) hasProtected() bool {
	for _, d := range a.terms {
		if d.protected {
			return true
		}
	}
	return false
}

// withMap applies a context that is an object; remote tells that it was found at a URL.
func (a *activeContext) withMap(local map[string]any, override, remote bool) (*activeContext, error) {
	if cost := int64(len(a.terms) + len(local)); !a.cache.shared && a.cache.copied.Add(cost) > maxCopied {
		return nil, fmt.Errorf("%w: too many contexts", ErrTooComplex)
	}
	made := a.fork(a.cache)
	made.terms = make(map[string]*definition, len(a.terms)+len(local))
	for name, d := range a.terms {
		made.terms[name] = d
	}
	definer := definer{context: made, local: local, override: override, defined: map[string]bool{}}
	for key, value := range local {
		if err := definer.setting(key, value, remote); err != nil {
			return nil, err
		}
	}
	if vocab, ok := local["@vocab"]; ok {
		if err := definer.setVocab(vocab); err != nil {
			return nil, err
		}
	}
	for key := range local {
		if !isSetting(key) {
			if err := definer.define(key); err != nil {
				return nil, err
			}
		}
	}
	made.aliases.collect(made.terms)
	return made, nil
}

func isSetting(key string) bool {
	switch key {
	case "@base", "@direction", "@import", "@language", "@propagate", "@protected", "@version", "@vocab":
		return true
	}
	return false
}

// setting reads an entry of a context that defines no term.
func (d *definer) setting(key string, value any, remote bool) error {
	ok := true
	switch key {
	case "@version":
		number, _ := value.(json.Number)
		ok = value == 1.1 || number == "1.1"
	case "@language":
		if value == nil {
			d.context.language = ""
			return nil
		}
		var language string
		language, ok = value.(string)
		d.context.language = strings.ToLower(language)
	case "@protected":
		d.protected, ok = value.(bool)
	case "@propagate":
		_, ok = value.(bool)
	case "@direction":
		d.context.direction, ok = readDirection(value)
	case "@base":
		if !remote {
			return unsupportedError("@base")
		}
	case "@import":
		return unsupportedError("@import")
	}
	if !ok {
		return invalidError("%s in a context is %.200v", key, value)
	}
	return nil
}

func (d *definer) setVocab(value any) error {
	if value == nil {
		d.context.vocab = ""
		return nil
	}
	vocab, ok := value.(string)
	if !ok {
		return invalidError("@vocab is no string")
	}
	expanded, err := d.context.expand(vocab, true, nil)
	if err != nil {
		return err
	}
	if !isIRI(expanded) {
		return unsupportedError("a relative @vocab")
	}
	d.context.vocab = expanded
	return nil
}

// expand makes an IRI or a keyword of a term, a compact IRI or an IRI (section 5.2). It is empty for
// what means nothing, and as it was for what is relative. A vocabulary term is looked up among the
// terms and put after @vocab. The definer is nil but while a context is processed.
func (a *activeContext) expand(value string, vocabulary bool, d *definer) (string, error) {
	if strings.HasPrefix(value, "@") {
		if isKeyword(value) {
			return value, nil
		}
		if looksLikeKeyword(value) {
			return "", nil
		}
	}
	if err := d.defineFirst(value); err != nil {
		return "", err
	}
	if term, ok := a.terms[value]; ok && (vocabulary || isKeyword(term.iri)) {
		return term.iri, nil
	}
	if colon := strings.IndexByte(value, ':'); colon > 0 {
		prefix, suffix := value[:colon], value[colon+1:]
		if prefix == "_" || strings.HasPrefix(suffix, "//") {
			return value, nil
		}
		if err := d.defineFirst(prefix); err != nil {
			return "", err
		}
		if term, ok := a.terms[prefix]; ok && term.prefix {
			return term.iri + suffix, nil
		}
		if isIRI(value) {
			return value, nil
		}
	}
	if vocabulary && a.vocab != "" {
		return a.vocab + value, nil
	}
	return value, nil
}
