package badge

// Glyphs are drawn around the origin in a square of this side.
const glyphSide = 200

var glyphs = map[string]func(Palette) []Layer{
	"bars":    bars,
	"sprout":  sprout,
	"people":  people,
	"bulb":    bulb,
	"compass": compass,
}

// bars: a chart whose line rises.
func bars(p Palette) []Layer {
	var columns []Path
	for i, height := range []float64{44, 72, 100, 128} {
		columns = append(columns, rectangle(-88+48*float64(i), 82-height, 32, height, 5))
	}
	line := []point{{-72, -2}, {-24, -34}, {24, -58}, {72, -92}}
	var trend []Path
	for i, at := range line {
		trend = append(trend, circle(at.x, at.y, 12))
		if i > 0 {
			trend = append(trend, stroke(line[i-1].x, line[i-1].y, at.x, at.y, 9))
		}
	}
	return []Layer{
		{white, join(columns...)},
		{p.Accent, join(trend...)},
		{white, rectangle(-98, 90, 196, 9, 4.5)},
	}
}

// sprout: a plant that grows out of an open book, for instruction that is helped to grow.
func sprout(p Palette) []Layer {
	page := Path{}.move(-5, 44).
		curve(-26, 22, -64, 16, -98, 22).
		line(-98, 82).
		curve(-64, 76, -28, 82, -5, 98).end()
	bigLeaf := Path{}.move(4, -14).
		curve(6, -62, 38, -88, 84, -90).
		curve(86, -44, 56, -12, 4, -14).end()
	smallLeaf := Path{}.move(4, 6).
		curve(6, -34, 32, -54, 70, -56).
		curve(72, -18, 46, 8, 4, 6).end().mirrored()
	return []Layer{
		{p.Accent, join(stroke(0, -10, 0, 34, 10), bigLeaf, smallLeaf)},
		{white, join(page, page.mirrored())},
	}
}

// people: three, side by side, the one in front no larger.
func people(p Palette) []Layer {
	person := func(grow float64) Path {
		w := 46 + grow
		shoulders := Path{}.move(-w, 62+grow).
			curve(-w, 12-grow, -w*0.62, -6-grow, 0, -6-grow).
			curve(w*0.62, -6-grow, w, 12-grow, w, 62+grow).end()
		return join(circle(0, -42, 31+grow), shoulders)
	}
	side := person(0).placed(point{54, -14}, 0.9)
	return []Layer{
		{p.Accent, join(side, side.mirrored())},
		{p.Field, person(9).placed(point{0, 18}, 1)},
		{white, person(0).placed(point{0, 18}, 1)},
	}
}

// bulb: what experts know, lit.
func bulb(p Palette) []Layer {
	glass := Path{}.move(0, -72).
		curve(34, -72, 58, -48, 58, -16).
		curve(58, 18, 28, 26, 28, 52).
		line(-28, 52).
		curve(-28, 26, -58, 18, -58, -16).
		curve(-58, -48, -34, -72, 0, -72).end()
	var rays []Path
	for _, degrees := range []float64{-90, -48, 0, 48, 90} {
		from, to := ray(degrees, 74), ray(degrees, 94)
		rays = append(rays, stroke(from.x, from.y-16, to.x, to.y-16, 10))
	}
	return []Layer{
		{white, glass},
		{p.Field, join(stroke(-20, -14, 0, 8, 8), stroke(20, -14, 0, 8, 8), stroke(0, 8, 0, 52, 8))},
		{p.Accent, join(rays...)},
		{white, join(rectangle(-28, 60, 56, 13, 6), rectangle(-19, 81, 38, 13, 6))},
	}
}

// compass: a rose of four long points and four short ones, for those who give direction.
func compass(p Palette) []Layer {
	var lit, shaded, short []Path
	for _, degrees := range []float64{0, 90, 180, 270} {
		lit = append(lit, polygon(0, point{0, -98}, point{0, 0}, point{-20, -20}).turned(degrees))
		shaded = append(shaded, polygon(0, point{0, -98}, point{20, -20}, point{0, 0}).turned(degrees))
		short = append(short, polygon(0, point{0, -62}, point{15, -10}, point{0, 0}, point{-15, -10}).turned(degrees+45))
	}
	return []Layer{
		{p.Accent, join(short...)},
		{white, join(lit...)},
		{Colour{0xb9, 0xc4, 0xd6}, join(shaded...)},
		{p.Field, circle(0, 0, 11)},
		{p.Accent, circle(0, 0, 6)},
	}
}
