package badge

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image"
	"image/png"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func designs(t *rapid.T) Design {
	return Design{
		Shape:  rapid.SampledFrom(Shapes()).Draw(t, "shape"),
		Colour: rapid.SampledFrom(Colours()).Draw(t, "colour"),
		Glyph:  rapid.SampledFrom(Glyphs()).Draw(t, "glyph"),
	}
}

func mustDraw(t interface{ Fatal(...any) }, d Design) Drawing {
	drawing, err := Draw(d)
	if err != nil {
		t.Fatal(err)
	}
	return drawing
}

func mustPNG(t interface{ Fatal(...any) }, d Drawing, pixels int) []byte {
	picture, err := d.PNG(pixels)
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

func decode(t interface{ Fatal(...any) }, picture []byte) *image.NRGBA {
	decoded, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	pixels, ok := decoded.(*image.NRGBA)
	if !ok {
		t.Fatal("not true colour with alpha")
	}
	return pixels
}

func TestUnknownWords(t *testing.T) {
	for _, d := range []Design{
		{"pentagon", "blue", "bars"}, {"circle", "grey", "bars"}, {"circle", "blue", "cat"}, {},
	} {
		if _, err := Draw(d); !errors.Is(err, ErrDesign) {
			t.Errorf("%+v: %v", d, err)
		}
	}
}

func TestPixels(t *testing.T) {
	drawing := mustDraw(t, Design{"circle", "blue", "bars"})
	for _, pixels := range []int{-1, 0, MinPixels - 1, MaxPixels + 1} {
		if _, err := drawing.PNG(pixels); !errors.Is(err, ErrPixels) {
			t.Errorf("%d: %v", pixels, err)
		}
	}
}

// TestSameBytes: a badge that is drawn again is the badge.
func TestSameBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := designs(t)
		a, b := mustDraw(t, d), mustDraw(t, d)
		if !bytes.Equal(a.SVG("a", "b"), b.SVG("a", "b")) || !bytes.Equal(mustPNG(t, a, 64), mustPNG(t, b, 64)) {
			t.Fatal("drawn twice, it differs")
		}
	})
}

// box is the pen that measures.
type box struct{ min, max float64 }

func (b *box) put(numbers ...float64) {
	for _, n := range numbers {
		b.min, b.max = min(b.min, n), max(b.max, n)
	}
}
func (b *box) MoveTo(x, y float64)                  { b.put(x, y) }
func (b *box) LineTo(x, y float64)                  { b.put(x, y) }
func (b *box) CurveTo(x1, y1, x2, y2, x, y float64) { b.put(x1, y1, x2, y2, x, y) }
func (b *box) ClosePath()                           {}

// TestInTheSquare: nothing is cut off, and the square is filled.
func TestInTheSquare(t *testing.T) {
	for _, shape := range Shapes() {
		for _, glyph := range Glyphs() {
			extent := box{Side, 0}
			for _, layer := range mustDraw(t, Design{shape, "blue", glyph}).Layers {
				layer.Path.Trace(&extent)
			}
			if extent.min < 0 || extent.max > Side || extent.max-extent.min < 0.9*Side {
				t.Errorf("%s with %s: from %g to %g", shape, glyph, extent.min, extent.max)
			}
		}
	}
}

// area is the pen that tells which way an outline turns, as the polygon of its points.
type area struct {
	start, at point
	sum       float64
	outlines  []float64
}

func (a *area) to(x, y float64) {
	a.sum += a.at.x*y - x*a.at.y
	a.at = point{x, y}
}
func (a *area) MoveTo(x, y float64) { a.start, a.at, a.sum = point{x, y}, point{x, y}, 0 }
func (a *area) LineTo(x, y float64) { a.to(x, y) }
func (a *area) CurveTo(x1, y1, x2, y2, x, y float64) {
	a.to(x1, y1)
	a.to(x2, y2)
	a.to(x, y)
}
func (a *area) ClosePath() {
	a.to(a.start.x, a.start.y)
	a.outlines = append(a.outlines, a.sum/2)
}

// TestOutlinesTurnOneWay: or painters would differ on what is inside where they overlap.
func TestOutlinesTurnOneWay(t *testing.T) {
	for _, shape := range Shapes() {
		for _, glyph := range Glyphs() {
			for i, layer := range mustDraw(t, Design{shape, "blue", glyph}).Layers {
				var turns area
				layer.Path.Trace(&turns)
				for _, outline := range turns.outlines {
					if outline*turns.outlines[0] <= 0 {
						t.Errorf("%s with %s, layer %d: outlines of area %v", shape, glyph, i, turns.outlines)
						break
					}
				}
			}
		}
	}
}

// TestToldApart: at 64 pixels, in grey, any two shapes and any two glyphs differ in a good part of the picture.
func TestToldApart(t *testing.T) {
	grey := func(d Design) []float64 {
		pixels := decode(t, mustPNG(t, mustDraw(t, d), 64))
		var all []float64
		for i := 0; i < len(pixels.Pix); i += 4 {
			p := pixels.Pix[i:]
			alpha := float64(p[3]) / 255
			all = append(all, alpha*luminance(Colour{p[0], p[1], p[2]})+1-alpha)
		}
		return all
	}
	differ := func(a, b Design) float64 {
		var n float64
		x, y := grey(a), grey(b)
		for i := range x {
			if math.Abs(x[i]-y[i]) > 0.2 {
				n++
			}
		}
		return n / float64(len(x))
	}
	for i, a := range Shapes() {
		for _, b := range Shapes()[:i] {
			if d := differ(Design{a, "navy", "bars"}, Design{b, "navy", "bars"}); d < 0.06 {
				t.Errorf("%s and %s differ in %.3f of the picture", a, b, d)
			}
		}
	}
	for i, a := range Glyphs() {
		for _, b := range Glyphs()[:i] {
			if d := differ(Design{"circle", "navy", a}, Design{"circle", "navy", b}); d < 0.06 {
				t.Errorf("%s and %s differ in %.3f of the picture", a, b, d)
			}
		}
	}
}

// TestSVGSaysWhatItIs: well-formed, with its title and description first, whatever they are.
func TestSVGSaysWhatItIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		title := rapid.StringOf(rapid.SampledFrom([]rune("aé<>&\"' ữ]"))).Draw(t, "title")
		description := rapid.StringOf(rapid.SampledFrom([]rune("b<>&\"'"))).Draw(t, "description")
		var parsed struct {
			XMLName xml.Name
			ViewBox string `xml:"viewBox,attr"`
			Role    string `xml:"role,attr"`
			Title   string `xml:"title"`
			Desc    string `xml:"desc"`
			Paths   []struct {
				Fill string `xml:"fill,attr"`
			} `xml:"path"`
		}
		drawing := mustDraw(t, designs(t))
		if err := xml.Unmarshal(drawing.SVG(title, description), &parsed); err != nil {
			t.Fatal(err)
		}
		if parsed.Title != title || parsed.Desc != description || parsed.Role != "img" ||
			parsed.ViewBox != "0 0 "+strconv.Itoa(Side)+" "+strconv.Itoa(Side) || len(parsed.Paths) != len(drawing.Layers) {
			t.Fatalf("%+v", parsed)
		}
	})
}

// TestPaintersAgree: the middle of the field has its colour, as the SVG says, and the corners are clear.
func TestPaintersAgree(t *testing.T) {
	for _, shape := range Shapes() {
		drawing := mustDraw(t, Design{shape, "green", "bars"})
		for _, size := range []int{64, 300} {
			pixels := decode(t, mustPNG(t, drawing, size))
			if pixels.Bounds().Dx() != size || pixels.Bounds().Dy() != size {
				t.Fatalf("%v", pixels.Bounds())
			}
			at := pixels.NRGBAAt(size/2, size*3/10)
			if (Colour{at.R, at.G, at.B}) != drawing.Palette.Field || at.A != 255 {
				t.Errorf("%s at %d: the field is %v", shape, size, at)
			}
			if corner := pixels.NRGBAAt(0, 0); corner.A != 0 {
				t.Errorf("%s at %d: the corner is %v", shape, size, corner)
			}
		}
		if svg := string(drawing.SVG("", "")); !strings.Contains(svg, drawing.Palette.Field.String()) {
			t.Errorf("%s: no field in %s", shape, svg)
		}
	}
}

// tokens is an XML document but for elements of a namespace, and what declares it.
func tokens(t interface{ Fatal(...any) }, document []byte, without string) []xml.Token {
	var all []xml.Token
	skip := 0
	for d := xml.NewDecoder(bytes.NewReader(document)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		start, isStart := token.(xml.StartElement)
		_, isEnd := token.(xml.EndElement)
		switch {
		case isStart && (skip > 0 || start.Name.Space == without):
			skip++
		case isEnd && skip > 0:
			skip--
		case skip == 0 && isStart:
			var kept []xml.Attr
			for _, a := range start.Attr {
				if a.Value != without {
					kept = append(kept, a)
				}
			}
			start.Attr = kept
			all = append(all, start)
		case skip == 0:
			all = append(all, xml.CopyToken(token))
		}
	}
}
