package jsonld

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

const (
	rdfType       = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
	rdfFirst      = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#first>"
	rdfRest       = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#rest>"
	rdfNil        = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#nil>"
	rdfJSON       = "http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON"
	rdfLangString = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"
	i18n          = "https://www.w3.org/ns/i18n#"
	xsdString     = "http://www.w3.org/2001/XMLSchema#string"
	xsdBoolean    = "http://www.w3.org/2001/XMLSchema#boolean"
	xsdInteger    = "http://www.w3.org/2001/XMLSchema#integer"
	xsdDouble     = "http://www.w3.org/2001/XMLSchema#double"
)

// A term is a component of a quad: a blank node, known by its number in the dataset, or an IRI or a
// literal as N-Quads write it.
type term struct {
	text  []byte
	blank int32
}

// notBlank is the number of terms that are not blank nodes.
const notBlank int32 = -1

func textTerm(text []byte) term { return term{text: text, blank: notBlank} }

func blankTerm(number int32) term { return term{blank: number} }

func (t term) isLiteral() bool { return len(t.text) > 0 && t.text[0] == '"' }

// defaultGraph is the graph of quads that have none.
var defaultGraph = textTerm(nil)

// A quad's graph is defaultGraph when it is in none.
type quad struct {
	subject, object, graph term
	predicate              []byte
}

func compareTerms(a, b term) int {
	if a.blank != b.blank {
		return int(a.blank) - int(b.blank)
	}
	return bytes.Compare(a.text, b.text)
}

func compareQuads(a, b *quad) int {
	if order := compareTerms(a.subject, b.subject); order != 0 {
		return order
	}
	if order := bytes.Compare(a.predicate, b.predicate); order != 0 {
		return order
	}
	if order := compareTerms(a.object, b.object); order != 0 {
		return order
	}
	return compareTerms(a.graph, b.graph)
}

// appendQuad writes a quad as a line of canonical N-Quads. Blank nodes are named by label.
func appendQuad(line []byte, q *quad, label func(line []byte, blank int32) []byte) []byte {
	appendTerm := func(line []byte, t term) []byte {
		if t.blank == notBlank {
			return append(line, t.text...)
		}
		return label(append(line, "_:"...), t.blank)
	}
	line = append(appendTerm(line, q.subject), ' ')
	line = append(append(line, q.predicate...), ' ')
	line = append(appendTerm(line, q.object), ' ')
	if q.graph.blank != notBlank || q.graph.text != nil {
		line = append(appendTerm(line, q.graph), ' ')
	}
	return append(line, ".\n"...)
}

// appendIRI writes an absolute IRI in angle brackets.
func appendIRI(line []byte, iri string) []byte {
	return append(append(append(line, '<'), iri...), '>')
}

// isIRI tells whether a string is an absolute IRI that N-Quads can hold: a scheme (RFC 3986, section
// 3.1), and none of the characters that IRIREF leaves out. The rest of it may be anything, as in other
// processors.
func isIRI(s string) bool {
	colon := strings.IndexByte(s, ':')
	if colon < 1 {
		return false
	}
	for i := range colon {
		c := s[i]
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && (i == 0 || !('0' <= c && c <= '9' || c == '+' || c == '-' || c == '.')) {
			return false
		}
	}
	ascii := true
	for i := colon; i < len(s); i++ {
		if c := s[i]; c >= utf8.RuneSelf {
			ascii = false
		} else if notInIRI[c] {
			return false
		}
	}
	return ascii || utf8.ValidString(s)
}

// notInIRI are the ASCII characters that IRIREF leaves out (N-Quads, section 4).
var notInIRI = func() (table [utf8.RuneSelf]bool) {
	for c := range 0x21 {
		table[c] = true
	}
	for _, c := range "<>\"{}|^`\\" {
		table[c] = true
	}
	return table
}()

const upperHex = "0123456789ABCDEF"

// appendString writes a string in quotes, escaped as canonical N-Quads are (RDFC-1.0, section 5).
func appendString(line []byte, s string) []byte {
	line = append(line, '"')
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' && c != 0x7f {
			continue
		}
		line = append(line, s[start:i]...)
		start = i + 1
		switch c {
		case '\b':
			line = append(line, `\b`...)
		case '\t':
			line = append(line, `\t`...)
		case '\n':
			line = append(line, `\n`...)
		case '\f':
			line = append(line, `\f`...)
		case '\r':
			line = append(line, `\r`...)
		case '"':
			line = append(line, `\"`...)
		case '\\':
			line = append(line, `\\`...)
		default:
			line = append(line, '\\', 'u', '0', '0', upperHex[c>>4], upperHex[c&0xf])
		}
	}
	return append(append(line, s[start:]...), '"')
}
