package badge

import "math"

// Pen draws a path: what an SVG, a rasterizer and a PDF have in common.
type Pen interface {
	MoveTo(x, y float64)
	LineTo(x, y float64)
	CurveTo(x1, y1, x2, y2, x, y float64)
	ClosePath()
}

// Path is one or more closed outlines, all turning the same way: where they overlap, both are filled.
type Path struct{ steps []step }

type step struct {
	kind   byte // 'M', 'L', 'C' or 'Z', as in SVG
	points [3]point
}

type point struct{ x, y float64 }

// Trace draws the path with a pen.
func (p Path) Trace(pen Pen) {
	for _, s := range p.steps {
		a, b, c := s.points[0], s.points[1], s.points[2]
		switch s.kind {
		case 'M':
			pen.MoveTo(a.x, a.y)
		case 'L':
			pen.LineTo(a.x, a.y)
		case 'C':
			pen.CurveTo(a.x, a.y, b.x, b.y, c.x, c.y)
		case 'Z':
			pen.ClosePath()
		}
	}
}

func (p Path) move(x, y float64) Path { return p.with('M', point{x, y}) }
func (p Path) line(x, y float64) Path { return p.with('L', point{x, y}) }
func (p Path) curve(x1, y1, x2, y2, x, y float64) Path {
	return p.with('C', point{x1, y1}, point{x2, y2}, point{x, y})
}
func (p Path) end() Path { return p.with('Z') }

func (p Path) with(kind byte, points ...point) Path {
	s := step{kind: kind}
	copy(s.points[:], points)
	return Path{append(p.steps[:len(p.steps):len(p.steps)], s)}
}

// join is several paths as one.
func join(paths ...Path) Path {
	var all Path
	for _, p := range paths {
		all.steps = append(all.steps, p.steps...)
	}
	return all
}

// each is the path with every point replaced. Coordinates are kept to hundredths of a unit, so that all painters draw
// the same and platforms that differ in the last bits of a sine do not.
func (p Path) each(f func(point) point) Path {
	var moved Path
	for _, s := range p.steps {
		for i := range s.points {
			q := f(s.points[i])
			s.points[i] = point{math.Round(q.x*100) / 100, math.Round(q.y*100) / 100}
		}
		moved.steps = append(moved.steps, s)
	}
	return moved
}

// placed is a path drawn around the origin, scaled and moved.
func (p Path) placed(centre point, scale float64) Path {
	return p.each(func(q point) point { return point{centre.x + q.x*scale, centre.y + q.y*scale} })
}

// turned is the path turned around the origin, clockwise.
func (p Path) turned(degrees float64) Path {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	return p.each(func(q point) point { return point{q.x*cos - q.y*sin, q.x*sin + q.y*cos} })
}

// mirrored is the path left for right, with its outlines turned back to the direction that they had.
func (p Path) mirrored() Path {
	var back Path
	for start := 0; start < len(p.steps); {
		end := start
		for p.steps[end].kind != 'Z' {
			end++
		}
		back.steps = append(back.steps, reversed(p.steps[start:end])...)
		start = end + 1
	}
	return back.each(func(q point) point { return point{-q.x, q.y} })
}

// reversed is one outline, without its Z, walked backwards, with it.
func reversed(steps []step) []step {
	stop := func(s step) point {
		if s.kind == 'C' {
			return s.points[2]
		}
		return s.points[0]
	}
	back := Path{}.move(stop(steps[len(steps)-1]).x, stop(steps[len(steps)-1]).y)
	for i := len(steps) - 1; i > 0; i-- {
		to := stop(steps[i-1])
		if c := steps[i].points; steps[i].kind == 'C' {
			back = back.curve(c[1].x, c[1].y, c[0].x, c[0].y, to.x, to.y)
		} else {
			back = back.line(to.x, to.y)
		}
	}
	return back.end().steps
}

// kappa makes a cubic curve a quarter of a circle, to three parts in ten thousand.
const kappa = 0.5522847498

func circle(x, y, r float64) Path { return ellipse(x, y, r, r) }

func ellipse(x, y, rx, ry float64) Path {
	kx, ky := rx*kappa, ry*kappa
	return Path{}.move(x, y-ry).
		curve(x+kx, y-ry, x+rx, y-ky, x+rx, y).
		curve(x+rx, y+ky, x+kx, y+ry, x, y+ry).
		curve(x-kx, y+ry, x-rx, y+ky, x-rx, y).
		curve(x-rx, y-ky, x-kx, y-ry, x, y-ry).end()
}

// rectangle is a rectangle with rounded corners.
func rectangle(x, y, w, h, radius float64) Path {
	return polygon(radius, point{x, y}, point{x + w, y}, point{x + w, y + h}, point{x, y + h})
}

// stroke is a thick line with round ends.
func stroke(x1, y1, x2, y2, width float64) Path {
	length, r := math.Hypot(x2-x1, y2-y1), width/2
	angle := math.Atan2(y2-y1, x2-x1) * 180 / math.Pi
	return rectangle(-r, -r, length+width, width, r).turned(angle).placed(point{x1, y1}, 1)
}

// polygon has the corners, given clockwise, rounded by up to the radius.
func polygon(radius float64, corners ...point) Path {
	var p Path
	n := len(corners)
	for i, corner := range corners {
		in := toward(corner, corners[(i+n-1)%n], radius)
		out := toward(corner, corners[(i+1)%n], radius)
		if i == 0 {
			p = p.move(in.x, in.y)
		} else {
			p = p.line(in.x, in.y)
		}
		if radius > 0 {
			a, b := between(in, corner, kappa), between(out, corner, kappa)
			p = p.curve(a.x, a.y, b.x, b.y, out.x, out.y)
		}
	}
	return p.end()
}

// toward is the point at a distance from one corner on the way to the next, at most half way.
func toward(from, to point, distance float64) point {
	length := math.Hypot(to.x-from.x, to.y-from.y)
	return between(from, to, min(distance/length, 0.5))
}

func between(from, to point, part float64) point {
	return point{from.x + (to.x-from.x)*part, from.y + (to.y-from.y)*part}
}
