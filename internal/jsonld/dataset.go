package jsonld

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gowebpki/jcs"
)

// A dataset is the quads of a document while it is read. Its methods refuse what RDF cannot hold.
type dataset struct {
	quads  []quad
	labels map[string]int32 // blank nodes that the document names
	blanks int32
	arena  []byte // the text of terms
	added  int    // quads, of which some may be the same
	// viewed tells that quads are not kept, but seen from their blank nodes.
	viewed bool
	views  []view
}

func (d *dataset) add(subject term, predicate []byte, object, graph term) {
	q := quad{subject: subject, predicate: predicate, object: object, graph: graph}
	d.added++
	if d.viewed {
		d.see(&q)
		return
	}
	d.quads = append(d.quads, q)
}

func (d *dataset) newBlank() term {
	d.blanks++
	if d.viewed {
		d.views = append(d.views, view{})
	}
	return blankTerm(d.blanks - 1)
}

// reset empties the dataset, but for its buffers.
func (d *dataset) reset(viewed bool) {
	clear(d.labels)
	d.quads, d.arena, d.views = d.quads[:0], d.arena[:0], d.views[:0]
	d.blanks, d.added, d.viewed = 0, 0, viewed
}

// since is the text that was appended to the arena from a position on. It stays when the arena grows.
func (d *dataset) since(start int) term {
	return textTerm(d.arena[start:len(d.arena):len(d.arena)])
}

func isBlankLabel(id string) bool { return strings.HasPrefix(id, "_:") }

// node is the term of an expanded @id or @type. Errors: ErrUnsafe when it is not absolute.
func (d *dataset) node(id string) (term, error) {
	if isBlankLabel(id) {
		number, known := d.labels[id]
		if !known {
			if d.labels == nil {
				d.labels = map[string]int32{}
			}
			number = d.newBlank().blank
			d.labels[id] = number
		}
		return blankTerm(number), nil
	}
	return d.iri(id)
}

func (d *dataset) iri(iri string) (term, error) {
	if !isIRI(iri) {
		return term{}, unsafeError("%.200q is not an absolute IRI", iri)
	}
	start := len(d.arena)
	d.arena = appendIRI(d.arena, iri)
	return d.since(start), nil
}

// literal is the term of a string with a datatype, which is empty or xsd:string for a plain one, or
// with a language.
func (d *dataset) literal(value, datatype, language string) (term, error) {
	if !utf8.ValidString(value) {
		return term{}, invalidError("%.200q is not Unicode", value)
	}
	start := len(d.arena)
	d.arena = appendString(d.arena, value)
	switch {
	case language != "":
		if !isLanguage(language) {
			return term{}, unsafeError("%.200q is not a language tag", language)
		}
		d.arena = append(append(d.arena, '@'), language...)
	case datatype == rdfLangString || datatype != "" && !isIRI(datatype):
		return term{}, unsafeError("%.200q is not a datatype", datatype)
	case datatype != "" && datatype != xsdString:
		d.arena = appendIRI(append(d.arena, "^^"...), datatype)
	}
	return d.since(start), nil
}

// text is the literal of a string, in a language and with a base direction unless these are empty. RDF has no place for a
// direction but in a datatype: rdfDirection is i18n-datatype, as eddsa-rdfc-2022 is used elsewhere (JSON-LD API, section 8.2.2).
func (d *dataset) text(value, language, direction string) (term, error) {
	if direction == "" {
		return d.literal(value, "", language)
	}
	if language != "" && !isLanguage(language) {
		return term{}, unsafeError("%.200q is not a language tag", language)
	}
	return d.literal(value, i18n+language+"_"+direction, "")
}

// isLanguage tells whether a string has the form of a language tag (N-Quads, LANGTAG).
func isLanguage(tag string) bool {
	for i, part := range strings.Split(tag, "-") {
		if part == "" {
			return false
		}
		for _, c := range []byte(part) {
			letter := 'a' <= c|0x20 && c|0x20 <= 'z'
			if !letter && (i == 0 || c < '0' || c > '9') {
				return false
			}
		}
	}
	return true
}

// scalar is the literal of a JSON value that is no object and no array. The datatype is empty for the
// native one (JSON-LD API, section 8.2.2).
func (d *dataset) scalar(value any, datatype string) (term, error) {
	native := func(name string) string {
		if datatype == "" {
			return name
		}
		return datatype
	}
	switch value := value.(type) {
	case string:
		return d.literal(value, datatype, "")
	case bool:
		return d.literal(strconv.FormatBool(value), native(xsdBoolean), "")
	case float64:
		return d.number(value, datatype)
	case json.Number:
		number, err := value.Float64()
		if err != nil {
			return term{}, invalidError("the number %.200q", value)
		}
		return d.number(number, datatype)
	default:
		return term{}, invalidError("a value of type %T", value)
	}
}

func (d *dataset) number(value float64, datatype string) (term, error) {
	if math.IsInf(value, 0) || math.IsNaN(value) {
		return term{}, invalidError("a number that JSON does not have")
	}
	if value == math.Trunc(value) && math.Abs(value) < 1e21 && datatype != xsdDouble {
		if datatype == "" {
			datatype = xsdInteger
		}
		// Adding zero takes the sign off a negative zero.
		return d.literal(strconv.FormatFloat(value+0, 'f', 0, 64), datatype, "")
	}
	if datatype == "" {
		datatype = xsdDouble
	}
	return d.literal(canonicalDouble(value), datatype, "")
}

// canonicalDouble is the canonical form of an xsd:double with 15 digits after the point.
func canonicalDouble(value float64) string {
	text := strconv.FormatFloat(value, 'E', 15, 64)
	mantissa, exponent, _ := strings.Cut(text, "E")
	mantissa = strings.TrimRight(mantissa, "0")
	if strings.HasSuffix(mantissa, ".") {
		mantissa += "0"
	}
	power, _ := strconv.Atoi(exponent)
	return mantissa + "E" + strconv.Itoa(power)
}

// jsonLiteral is any JSON value as a literal of type rdf:JSON.
func (d *dataset) jsonLiteral(value any, depth int) (term, error) {
	if err := checkJSON(value, depth); err != nil {
		return term{}, err
	}
	text, err := json.Marshal(value)
	if err == nil {
		text, err = jcs.Transform(text)
	}
	if err != nil {
		return term{}, invalidError("a JSON literal: %v", err)
	}
	return d.literal(string(text), rdfJSON, "")
}

// checkJSON refuses what is nested too deep and strings that the encoder would repair in silence.
func checkJSON(value any, depth int) error {
	if err := checkDepth(depth); err != nil {
		return err
	}
	switch value := value.(type) {
	case string:
		if !utf8.ValidString(value) {
			return invalidError("%.200q is not Unicode", value)
		}
	case *Fixed:
		return checkJSON(value.value, depth)
	case []any:
		for _, item := range value {
			if err := checkJSON(item, depth+1); err != nil {
				return err
			}
		}
	case map[string]any:
		for key, item := range value {
			if !utf8.ValidString(key) {
				return invalidError("%.200q is not Unicode", key)
			}
			if err := checkJSON(item, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}
