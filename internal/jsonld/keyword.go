package jsonld

import "slices"

// keywords are those of JSON-LD 1.1 (section 1.7).
var keywords = map[string]bool{
	"@base": true, "@container": true, "@context": true, "@direction": true, "@graph": true, "@id": true,
	"@import": true, "@included": true, "@index": true, "@json": true, "@language": true, "@list": true,
	"@nest": true, "@none": true, "@prefix": true, "@propagate": true, "@protected": true, "@reverse": true,
	"@set": true, "@type": true, "@value": true, "@version": true, "@vocab": true,
}

func isKeyword(s string) bool { return len(s) > 1 && s[0] == '@' && keywords[s] }

// looksLikeKeyword tells whether a string is reserved for keywords to come.
func looksLikeKeyword(s string) bool {
	if len(s) < 2 || s[0] != '@' {
		return false
	}
	for _, c := range []byte(s[1:]) {
		if c|0x20 < 'a' || c|0x20 > 'z' {
			return false
		}
	}
	return true
}

// aliases are the names by which objects have the keywords that decide what they are.
type aliases struct{ id, class, value, list, set []string }

func (a *aliases) collect(terms map[string]*definition) {
	*a = aliases{
		id: []string{"@id"}, class: []string{"@type"}, value: []string{"@value"}, list: []string{"@list"}, set: []string{"@set"},
	}
	for name, d := range terms {
		switch {
		case name == d.iri:
		case d.iri == "@id":
			a.id = append(a.id, name)
		case d.iri == "@type":
			a.class = append(a.class, name)
		case d.iri == "@value":
			a.value = append(a.value, name)
		case d.iri == "@list":
			a.list = append(a.list, name)
		case d.iri == "@set":
			a.set = append(a.set, name)
		}
	}
	slices.Sort(a.class)
}

// find is the entry of an object that one of the names has. An object must not have two of them.
func find(object map[string]any, names []string) (value any, found bool, err error) {
	for _, name := range names {
		if entry, ok := object[name]; ok {
			if found {
				return nil, false, invalidError("%s twice in an object", names[0])
			}
			value, found = entry, true
		}
	}
	return value, found, nil
}
