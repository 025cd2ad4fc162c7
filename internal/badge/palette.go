package badge

import (
	"fmt"
	"image/color"
)

// Colour is an opaque sRGB colour.
type Colour struct{ R, G, B uint8 }

func (c Colour) rgba() color.RGBA { return color.RGBA{c.R, c.G, c.B, 0xff} }

// String is the colour as CSS and SVG write it.
func (c Colour) String() string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// Palette is the colours of one badge. White on Field and on Deep passes WCAG 2.2 AA for text (1.4.3), Accent on
// Field passes it for graphics (1.4.11), as Deep does on Tint and on white.
type Palette struct {
	Deep   Colour // the rim, and shadow on the field
	Field  Colour // what the glyph stands on
	Tint   Colour // the ring between both, and paper near the badge
	Accent Colour // the one detail of a glyph that is not white
}

var white = Colour{0xff, 0xff, 0xff}

// The fields stay apart for protanopes, deuteranopes and tritanopes, which a test computes; who sees no colour at
// all has the shapes and the glyphs.
var palettes = map[string]Palette{
	"blue":      {Colour{0x0d, 0x3f, 0x69}, Colour{0x1b, 0x71, 0xb1}, Colour{0xe6, 0xf1, 0xfa}, Colour{0xff, 0xd5, 0x6b}},
	"green":     {Colour{0x00, 0x36, 0x29}, Colour{0x00, 0x5c, 0x45}, Colour{0xe3, 0xf3, 0xec}, Colour{0xb8, 0xe0, 0x6a}},
	"vermilion": {Colour{0x6e, 0x2b, 0x00}, Colour{0xb8, 0x4a, 0x00}, Colour{0xfd, 0xee, 0xe2}, Colour{0xff, 0xdb, 0x8a}},
	"plum":      {Colour{0x47, 0x10, 0x40}, Colour{0x86, 0x2b, 0x79}, Colour{0xf7, 0xe9, 0xf4}, Colour{0xff, 0xc9, 0x5c}},
	"navy":      {Colour{0x0a, 0x14, 0x2b}, Colour{0x17, 0x27, 0x4a}, Colour{0xf6, 0xee, 0xd8}, Colour{0xe3, 0xb2, 0x3c}},
}
