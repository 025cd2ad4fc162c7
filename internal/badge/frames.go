package badge

import "math"

// frame is a badge without its glyph.
type frame struct {
	// outline is the frame's shape around the origin, within a circle of radius 1; it is put at a point of the drawing
	// and made this large.
	outline Path
	at      point
	radius  float64
	// glyphAt and room are where the glyph goes and the side of the square that it fills.
	glyphAt point
	room    float64
	// behind is what lies under the frame, if anything.
	behind func(Palette) []Layer
}

// The ring's and the field's part of the outline's radius: at 64 pixels the rim and the ring are about two wide.
const (
	ringPart  = 0.935
	fieldPart = 0.865
)

func (f frame) draw(p Palette) []Layer {
	var layers []Layer
	if f.behind != nil {
		layers = f.behind(p)
	}
	for _, part := range []struct {
		fill Colour
		size float64
	}{{p.Deep, 1}, {p.Tint, ringPart}, {p.Field, fieldPart}} {
		layers = append(layers, Layer{part.fill, f.outline.placed(f.at, f.radius*part.size)})
	}
	return layers
}

var centre = point{Side / 2, Side / 2}

var frames = map[string]frame{
	"circle":  {outline: circle(0, 0, 1), at: centre, radius: 248, glyphAt: centre, room: 286},
	"hexagon": {outline: regular(6, 0.1), at: centre, radius: 252, glyphAt: centre, room: 256},
	"shield":  {outline: shield(), at: centre, radius: 252, glyphAt: point{256, 238}, room: 252},
	"star":    {outline: star(8, 0.83, 0.06), at: centre, radius: 252, glyphAt: centre, room: 256},
	"laurel":  {outline: circle(0, 0, 1), at: laurelAt, radius: 168, glyphAt: laurelAt, room: 222, behind: laurel},
}

// ray is the point at a distance from the origin, at an angle clockwise from the top.
func ray(degrees, distance float64) point {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	return point{distance * sin, -distance * cos}
}

// regular is a regular polygon with a corner on top.
func regular(corners int, rounding float64) Path {
	var at []point
	for i := range corners {
		at = append(at, ray(360*float64(i)/float64(corners), 1))
	}
	return polygon(rounding, at...)
}

// star has a point on top, and its inner corners at the given radius.
func star(points int, inner, rounding float64) Path {
	var at []point
	for i := range points {
		step := 360 / float64(points)
		at = append(at, ray(step*float64(i), 1), ray(step*(float64(i)+0.5), inner))
	}
	return polygon(rounding, at...)
}

func shield() Path {
	return Path{}.move(0, -0.98).
		curve(0.24, -0.86, 0.54, -0.80, 0.86, -0.80).
		line(0.86, -0.06).
		curve(0.86, 0.46, 0.46, 0.80, 0, 0.98).
		curve(-0.46, 0.80, -0.86, 0.46, -0.86, -0.06).
		line(-0.86, -0.80).
		curve(-0.54, -0.80, -0.24, -0.86, 0, -0.98).end()
}

// laurelAt is the middle of the medal that the laurel is around.
var laurelAt = point{256, 222}

// laurel is a wreath around a medal and the ends of its ribbon below.
func laurel(p Palette) []Layer {
	tail := func(grow float64) Path {
		w := 29 + grow
		left := polygon(0, point{-w, 0}, point{w, 0}, point{w, 150 + grow}, point{0, 124 + grow}, point{-w, 150 + grow}).turned(22)
		return join(left, left.mirrored()).placed(point{256, 336}, 1)
	}
	wreath := func(grow float64) Path {
		var branch []Path
		for i := range 10 {
			degrees := 204 + 14.5*float64(i)
			branch = append(branch, leaf(38+grow, 15+grow).turned(degrees-38).placed(ray(degrees, 196), 1))
		}
		left := join(branch...)
		return join(left, left.mirrored()).placed(laurelAt, 1)
	}
	return []Layer{
		{p.Deep, tail(0)}, {p.Accent, tail(-6)}, {p.Deep, tail(-17)},
		{p.Deep, wreath(0)}, {p.Accent, wreath(-4)},
	}
}

// leaf lies along the x axis, pointed at both ends.
func leaf(half, width float64) Path {
	return Path{}.move(-half, 0).
		curve(-half/3, -width*4/3, half/3, -width*4/3, half, 0).
		curve(half/3, width*4/3, -half/3, width*4/3, -half, 0).end()
}
