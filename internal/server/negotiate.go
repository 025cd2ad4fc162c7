package server

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// accepted is the one of the offered media types that a request takes best (RFC 9110, section 12.5.1); "" when it takes
// none. Of what it takes equally well, what it names most exactly comes first, then what is offered first.
func accepted(r *http.Request, offers []string) string {
	header := strings.Join(r.Header.Values("Accept"), ",")
	if strings.TrimSpace(header) == "" {
		return offers[0]
	}
	ranges := mediaRanges(header)
	best, quality, exactness := "", 0.0, -1
	for _, offer := range offers {
		q, exact := taken(offer, ranges)
		if q > quality || q == quality && q > 0 && exact > exactness {
			best, quality, exactness = offer, q, exact
		}
	}
	return best
}

// mediaRange is an entry of an Accept header. Parameters other than q are passed over: no form of ours has two of them.
type mediaRange struct {
	kind    string
	quality float64
}

func mediaRanges(header string) []mediaRange {
	var ranges []mediaRange
	for _, entry := range unquotedCommas(header) {
		kind, parameters, err := mime.ParseMediaType(entry)
		if err != nil {
			continue // what cannot be read asks for nothing
		}
		quality := 1.0
		if q, given := parameters["q"]; given {
			if quality, err = strconv.ParseFloat(q, 64); err != nil || !(quality >= 0 && quality <= 1) {
				continue
			}
		}
		ranges = append(ranges, mediaRange{kind, quality})
	}
	return ranges
}

// taken is how well a media type is taken, by the range that fits it most exactly: 2 names it, 1 its kind, 0 anything.
func taken(offer string, ranges []mediaRange) (quality float64, exactness int) {
	exactness = -1
	family, _, _ := strings.Cut(offer, "/")
	for _, r := range ranges {
		exact := -1
		switch r.kind {
		case offer:
			exact = 2
		case family + "/*":
			exact = 1
		case "*/*":
			exact = 0
		}
		if exact > exactness || exact == exactness && exact >= 0 && r.quality > quality {
			quality, exactness = r.quality, exact
		}
	}
	return quality, exactness
}

// unquotedCommas splits a header at its commas, those in quoted strings left alone.
func unquotedCommas(header string) []string {
	quoted, escaped := false, false
	return strings.FieldsFunc(header, func(c rune) bool {
		switch {
		case escaped:
			escaped = false
		case c == '\\' && quoted:
			escaped = true
		case c == '"':
			quoted = !quoted
		}
		return c == ',' && !quoted
	})
}
