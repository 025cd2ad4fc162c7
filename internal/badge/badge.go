// Package badge draws the program's badges and bakes credentials into them.
//
// A badge is a Design, three words of program data: the shape of its frame, its colour, and the
// glyph of its subject. Draw makes it a Drawing of filled vector shapes, which is painted as SVG
// and as PNG, or onto anything that has a Pen. Bake puts a signed credential into such an image,
// and Extract takes it out of one that comes from anywhere.
//
// The package is pure: no network, no clock, and the same words give the same bytes.
package badge

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Side is the side of the square that a Drawing is drawn in, in units of its own.
const Side = 512

// ErrDesign is a design with a word that nothing is drawn for.
var ErrDesign = errors.New("badge: unknown design")

// Design says how a badge looks, in words of Shapes, Colours and Glyphs.
type Design struct {
	Shape  string `yaml:"shape"`
	Colour string `yaml:"colour"`
	Glyph  string `yaml:"glyph"`
}

// Shapes are the frames that a design can have, sorted.
func Shapes() []string { return slices.Sorted(maps.Keys(frames)) }

// Colours are the palettes that a design can have, sorted.
func Colours() []string { return slices.Sorted(maps.Keys(palettes)) }

// Glyphs are the subjects that a design can show, sorted.
func Glyphs() []string { return slices.Sorted(maps.Keys(glyphs)) }

// Check is ErrDesign, with the word at fault and those that are known.
func (d Design) Check() error {
	for _, word := range []struct {
		kind, is string
		known    []string
	}{
		{"shape", d.Shape, Shapes()},
		{"colour", d.Colour, Colours()},
		{"glyph", d.Glyph, Glyphs()},
	} {
		if !slices.Contains(word.known, word.is) {
			return fmt.Errorf("%w: %s %q is not one of %s", ErrDesign, word.kind, word.is, strings.Join(word.known, ", "))
		}
	}
	return nil
}

// Drawing is a badge as shapes in a square of Side by Side, x to the right and y down.
type Drawing struct {
	// Layers are painted one over the other.
	Layers []Layer
	// Palette is what the layers are painted with, for what is printed beside the badge.
	Palette Palette
}

// Layer is a shape in one colour.
type Layer struct {
	Fill Colour
	Path Path
}

// Draw draws a design. Errors: ErrDesign.
func Draw(d Design) (Drawing, error) {
	if err := d.Check(); err != nil {
		return Drawing{}, err
	}
	palette := palettes[d.Colour]
	frame := frames[d.Shape]
	layers := frame.draw(palette)
	for _, layer := range glyphs[d.Glyph](palette) {
		layers = append(layers, Layer{layer.Fill, layer.Path.placed(frame.glyphAt, frame.room/glyphSide)})
	}
	return Drawing{Layers: layers, Palette: palette}, nil
}
