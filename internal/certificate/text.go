package certificate

import (
	"fmt"
	"strings"

	"codeberg.org/go-pdf/fpdf"

	"github.com/btlc/btlc/internal/badge"
)

// page is a page while it is drawn.
type page struct {
	pdf     *fpdf.Fpdf
	palette badge.Palette
}

// ink is the colour of text that has none of the badge's.
var ink = badge.Colour{R: 0x33, G: 0x38, B: 0x40}

var white = badge.Colour{R: 0xff, G: 0xff, B: 0xff}

// style is how a text is set: a typeface, its sizes from the one wanted down to the smallest that is still read well,
// in points, and how many lines it may take.
type style struct {
	face         typeface
	colour       badge.Colour
	most, least  float64
	lines        int
	lineDistance float64 // in sizes
}

// block is a text that was fitted.
type block struct {
	style
	size float64
	text []string
}

func (b block) height() float64 { return b.size * b.lineDistance * float64(len(b.text)) }

// fit sets a text into a width: in as few lines as it can at three quarters of the wanted size or more, else at the
// largest size at which it takes no more lines than it may. Errors: ErrTooLong.
func (p page) fit(s style, text string, width float64) (block, error) {
	for _, try := range []struct {
		lines int
		least float64
	}{{1, s.most * 0.75}, {2, s.most * 0.75}, {s.lines, s.least}} {
		for size := s.most; size >= max(try.least, s.least); size -= 0.5 {
			if lines := p.wrap(s.face, size, text, width); len(lines) <= min(try.lines, s.lines) {
				return block{s, size, p.balance(s.face, size, text, width, len(lines))}, nil
			}
		}
	}
	return block{}, fmt.Errorf("%w: %q", ErrTooLong, text)
}

func (p page) width(face typeface, size float64, text string) float64 {
	p.pdf.SetFont(face.family, face.style, size)
	return p.pdf.GetStringWidth(text)
}

// wrap breaks a text into lines: between words, and within one that is wider than a line.
func (p page) wrap(face typeface, size float64, text string, width float64) []string {
	var lines []string
	line := ""
	for _, word := range strings.Split(text, " ") {
		if longer := strings.TrimPrefix(line+" "+word, " "); p.width(face, size, longer) <= width {
			line = longer
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		line = ""
		for _, c := range word {
			if line != "" && p.width(face, size, line+string(c)) > width {
				lines = append(lines, line)
				line = ""
			}
			line += string(c)
		}
	}
	return append(lines, line)
}

// balance breaks a text into that many lines, of as equal length as can be.
func (p page) balance(face typeface, size float64, text string, width float64, count int) []string {
	narrow, wide := 0.0, width
	for wide-narrow > 1 {
		if middle := (narrow + wide) / 2; len(p.wrap(face, size, text, middle)) > count {
			narrow = middle
		} else {
			wide = middle
		}
	}
	return p.wrap(face, size, text, wide)
}

// put sets a fitted text with its upper left corner at a point.
func (p page) put(b block, x, y float64) {
	p.pdf.SetFont(b.face.family, b.face.style, b.size)
	p.pdf.SetTextColor(int(b.colour.R), int(b.colour.G), int(b.colour.B))
	for i, line := range b.text {
		// Ascenders of these fonts rise about three quarters of the size above the baseline.
		p.pdf.Text(x, y+b.size*(b.lineDistance*float64(i)+(b.lineDistance-1)/2+0.78), line)
	}
}

// centred sets a fitted text around x.
func (p page) centred(b block, x, y float64) {
	for i, line := range b.text {
		one := block{b.style, b.size, []string{line}}
		p.put(one, x-p.width(b.face, b.size, line)/2, y+b.size*b.lineDistance*float64(i))
	}
}

func (p page) fill(c badge.Colour) { p.pdf.SetFillColor(int(c.R), int(c.G), int(c.B)) }
