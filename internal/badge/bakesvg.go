package badge

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	svgSpace  = "http://www.w3.org/2000/svg"
	bakeSpace = "https://purl.imsglobal.org/ob/v3p0"
	// prefix is how bakeSVG calls that namespace, as the standard's examples do.
	prefix = "openbadges"
	// bakeSpace2 is that of Open Badges 2 and 1.
	bakeSpace2 = "http://openbadges.org"
	// maxDepth is how deep an SVG may nest; drawing programs stay under twenty.
	maxDepth = 100
)

var byteOrderMark = []byte("\xef\xbb\xbf")

// svgReader goes through an SVG once and keeps what is baked in.
type svgReader struct {
	decoder *xml.Decoder
	depth   int
	// rootEnd is where the root's start tag ends.
	rootEnd int64
	// declared is the namespace that the prefix stands for in the root, if any.
	declared string
	inside   bool // a credential, at depth 2
	count    int
	old      bool // Open Badges 2 or 1
	verify   string
	body     strings.Builder
}

func extractSVG(picture []byte) (string, error) {
	r, err := readSVG(picture)
	switch {
	case err != nil:
		return "", err
	case r.count > 1:
		return "", fmt.Errorf("%w: %d", ErrSeveral, r.count)
	case r.count == 0 && r.old:
		return "", ErrOpenBadges2
	case r.count == 0:
		return "", ErrNoCredential
	}
	body := r.body.String()
	if r.verify == "" {
		return body, nil
	}
	if strings.Trim(body, whiteSpace) != "" {
		return "", fmt.Errorf("%w: both a verify attribute and a body", ErrMisplaced)
	}
	return r.verify, nil
}

// readSVG reads all of it, for a second credential may come after the first.
func readSVG(picture []byte) (*svgReader, error) {
	picture = bytes.TrimPrefix(picture, byteOrderMark)
	r := &svgReader{decoder: xml.NewDecoder(bytes.NewReader(picture))}
	for {
		token, err := r.decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrSVG, err)
		}
		if err := r.read(token); err != nil {
			return nil, err
		}
	}
	if r.rootEnd == 0 {
		return nil, fmt.Errorf("%w: empty", ErrSVG)
	}
	return r, nil
}

func (r *svgReader) read(token xml.Token) error {
	switch t := token.(type) {
	case xml.StartElement:
		return r.open(t)
	case xml.EndElement:
		r.depth--
		r.inside = r.inside && r.depth >= 2
	case xml.CharData:
		if r.inside {
			if r.body.Len()+len(t) > 2*MaxCredential {
				return fmt.Errorf("%w: the body of the credential", ErrTooLarge)
			}
			r.body.Write(t)
		} else if r.depth == 0 && len(bytes.Trim(t, whiteSpace)) > 0 {
			return fmt.Errorf("%w: text outside of the root", ErrSVG)
		}
	case xml.Directive:
		// An internal subset declares entities. None is ever expanded here, but other readers would.
		if bytes.ContainsAny(t, "[") {
			return fmt.Errorf("%w: a document type with declarations of its own", ErrSVG)
		}
	}
	return nil
}

func (r *svgReader) open(t xml.StartElement) error {
	r.depth++
	isCredential := t.Name == xml.Name{Space: bakeSpace, Local: "credential"}
	r.old = r.old || t.Name.Space == bakeSpace2
	for _, a := range t.Attr {
		if a.Name.Space == "xmlns" && a.Value == "" {
			return fmt.Errorf("%w: the prefix %s stands for nothing", ErrSVG, a.Name.Local)
		}
	}
	switch {
	case r.depth > maxDepth:
		return fmt.Errorf("%w: nested deeper than %d", ErrSVG, maxDepth)
	case t.Name.Space == prefix: // as the decoder has prefixes that are not declared
		return fmt.Errorf("%w: the prefix %s is not declared", ErrSVG, prefix)
	case r.inside:
		return fmt.Errorf("%w: it has an element %q within", ErrMisplaced, t.Name.Local)
	case r.depth == 1:
		return r.openRoot(t)
	case isCredential && r.depth != 2:
		return fmt.Errorf("%w: it is not a child of the root", ErrMisplaced)
	case isCredential:
		r.inside = true
		r.count++
		return r.readVerify(t)
	}
	return nil
}

func (r *svgReader) openRoot(t xml.StartElement) error {
	if r.rootEnd != 0 || t.Name != (xml.Name{Space: svgSpace, Local: "svg"}) {
		return fmt.Errorf("%w: not one svg element of the namespace %s", ErrSVG, svgSpace)
	}
	r.rootEnd = r.decoder.InputOffset()
	for _, a := range t.Attr {
		if a.Name == (xml.Name{Space: "xmlns", Local: prefix}) {
			r.declared = a.Value
		}
	}
	return nil
}

// readVerify: readers disagree on which of two attributes of the same name counts, so there is one.
func (r *svgReader) readVerify(t xml.StartElement) error {
	var found bool
	for _, a := range t.Attr {
		if a.Name != (xml.Name{Local: "verify"}) {
			continue
		}
		if found || len(a.Value) > MaxCredential {
			return fmt.Errorf("%w: one verify attribute of at most %d bytes is read", ErrMisplaced, MaxCredential)
		}
		found = true
		r.verify = a.Value
	}
	return nil
}

// bakeSVG puts the credential right after the root's start tag of a picture that extractSVG has read.
func bakeSVG(picture []byte, credential string) ([]byte, error) {
	picture = bytes.TrimPrefix(picture, byteOrderMark)
	r, err := readSVG(picture)
	if err != nil {
		return nil, err
	}
	before, after := picture[:r.rootEnd], picture[r.rootEnd:]
	tag, closed := bytes.CutSuffix(before, []byte("/>"))
	if closed {
		return nil, fmt.Errorf("%w: nothing is drawn", ErrSVG)
	}
	tag = bytes.TrimSuffix(tag, []byte(">"))

	var b bytes.Buffer
	b.Write(tag)
	switch r.declared {
	case "":
		fmt.Fprintf(&b, ` xmlns:%s="%s"`, prefix, bakeSpace)
	case bakeSpace:
	default:
		return nil, fmt.Errorf("%w: the prefix %s stands for %q", ErrSVG, prefix, r.declared)
	}
	b.WriteByte('>')
	if isJWS(credential) {
		fmt.Fprintf(&b, `<%s:credential verify="%s"></%[1]s:credential>`, prefix, credential)
	} else {
		carried, err := characterData(credential)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, `<%s:credential>%s</%[1]s:credential>`, prefix, carried)
	}
	b.Write(after)
	return b.Bytes(), nil
}

// characterData is text that every XML reader reads back unchanged: a CDATA section, which "]]>" would end and in
// which a carriage return would become a line feed.
func characterData(text string) (string, error) {
	for _, c := range text {
		if c == 0xFFFE || c == 0xFFFF {
			return "", fmt.Errorf("%w: XML has no character U+%04X: escape it", ErrCredential, c)
		}
	}
	carried := strings.NewReplacer("]]>", "]]]]><![CDATA[>", "\r", "]]>&#13;<![CDATA[").Replace(text)
	return "<![CDATA[" + carried + "]]>", nil
}
