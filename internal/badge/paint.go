package badge

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"strconv"

	"golang.org/x/image/vector"
)

// The sides, in pixels, that PNG paints.
const (
	MinPixels = 16
	MaxPixels = 2048
)

// ErrPixels is a side that PNG does not paint.
var ErrPixels = errors.New("badge: size out of range")

// SVG is the drawing as an SVG 1.1 document. Title and description are what screen readers say.
func (d Drawing) SVG(title, description string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-labelledby="title desc">`+"\n", Side, Side)
	fmt.Fprintf(&b, `<title id="title">%s</title>`+"\n"+`<desc id="desc">%s</desc>`+"\n", escaped(title), escaped(description))
	for _, layer := range d.Layers {
		var pen svgPen
		layer.Path.Trace(&pen)
		fmt.Fprintf(&b, `<path fill="%s" d="%s"/>`+"\n", layer.Fill, pen.String())
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func escaped(text string) string {
	var b bytes.Buffer
	// A buffer takes everything; what XML cannot say becomes U+FFFD.
	_ = xml.EscapeText(&b, []byte(text))
	return b.String()
}

// svgPen writes path data.
type svgPen struct{ bytes.Buffer }

func (p *svgPen) put(command byte, numbers ...float64) {
	p.WriteByte(command)
	for i, n := range numbers {
		if i > 0 {
			p.WriteByte(' ')
		}
		p.WriteString(strconv.FormatFloat(n, 'f', -1, 64))
	}
}

func (p *svgPen) MoveTo(x, y float64) { p.put('M', x, y) }
func (p *svgPen) LineTo(x, y float64) { p.put('L', x, y) }
func (p *svgPen) CurveTo(x1, y1, x2, y2, x, y float64) {
	p.put('C', x1, y1, x2, y2, x, y)
}
func (p *svgPen) ClosePath() { p.put('Z') }

// PNG is the drawing as a PNG image on a transparent ground, with the given side in pixels. Errors: ErrPixels.
func (d Drawing) PNG(pixels int) ([]byte, error) {
	if pixels < MinPixels || pixels > MaxPixels {
		return nil, fmt.Errorf("%w: %d pixels is not between %d and %d", ErrPixels, pixels, MinPixels, MaxPixels)
	}
	canvas := image.NewRGBA(image.Rect(0, 0, pixels, pixels))
	pen := rasterPen{vector.NewRasterizer(pixels, pixels), float64(pixels) / Side}
	for _, layer := range d.Layers {
		pen.Reset(pixels, pixels)
		pen.DrawOp = draw.Over
		layer.Path.Trace(pen)
		pen.Draw(canvas, canvas.Bounds(), image.NewUniform(layer.Fill.rgba()), image.Point{})
	}
	var b bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.DefaultCompression}
	if err := encoder.Encode(&b, canvas); err != nil {
		return nil, fmt.Errorf("badge: %w", err)
	}
	return b.Bytes(), nil
}

// rasterPen draws in pixels.
type rasterPen struct {
	*vector.Rasterizer
	scale float64
}

func (p rasterPen) at(n float64) float32 { return float32(n * p.scale) }

func (p rasterPen) MoveTo(x, y float64) { p.Rasterizer.MoveTo(p.at(x), p.at(y)) }
func (p rasterPen) LineTo(x, y float64) { p.Rasterizer.LineTo(p.at(x), p.at(y)) }
func (p rasterPen) CurveTo(x1, y1, x2, y2, x, y float64) {
	p.CubeTo(p.at(x1), p.at(y1), p.at(x2), p.at(y2), p.at(x), p.at(y))
}
