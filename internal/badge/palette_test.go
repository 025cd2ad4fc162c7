package badge

import (
	"math"
	"testing"
)

// linear is a colour without sRGB's gamma.
func linear(c Colour) [3]float64 {
	var l [3]float64
	for i, v := range []uint8{c.R, c.G, c.B} {
		x := float64(v) / 255
		if x <= 0.04045 {
			l[i] = x / 12.92
		} else {
			l[i] = math.Pow((x+0.055)/1.055, 2.4)
		}
	}
	return l
}

func luminance(c Colour) float64 {
	l := linear(c)
	return 0.2126*l[0] + 0.7152*l[1] + 0.0722*l[2]
}

// contrast is WCAG's ratio.
func contrast(a, b Colour) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func TestContrast(t *testing.T) {
	for name, p := range palettes {
		for _, pair := range []struct {
			what  string
			a, b  Colour
			least float64
		}{
			{"white on field", white, p.Field, 4.5},
			{"white on deep", white, p.Deep, 4.5},
			{"deep on tint", p.Deep, p.Tint, 4.5},
			{"field on tint", p.Field, p.Tint, 4.5},
			{"accent on field", p.Accent, p.Field, 3},
			{"accent on deep", p.Accent, p.Deep, 3},
		} {
			if ratio := contrast(pair.a, pair.b); ratio < pair.least {
				t.Errorf("%s: %s is %.2f, less than %g", name, pair.what, ratio, pair.least)
			}
		}
	}
}

// The dichromacies at full severity, in linear RGB (Machado, Oliveira and Fernandes 2009).
var dichromacies = map[string][3][3]float64{
	"protanopia":   {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}},
	"deuteranopia": {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}},
	"tritanopia":   {{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}},
	"none":         {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
}

// seen is a colour in CIELAB (D65), as an eye with the dichromacy has it.
func seen(c Colour, matrix [3][3]float64) [3]float64 {
	l := linear(c)
	var v [3]float64
	for i, row := range matrix {
		v[i] = min(max(row[0]*l[0]+row[1]*l[1]+row[2]*l[2], 0), 1)
	}
	f := func(t float64) float64 {
		if t > 0.008856 {
			return math.Cbrt(t)
		}
		return 7.787*t + 16.0/116
	}
	x := f((0.4124*v[0] + 0.3576*v[1] + 0.1805*v[2]) / 0.9505)
	y := f(0.2126*v[0] + 0.7152*v[1] + 0.0722*v[2])
	z := f((0.0193*v[0] + 0.1192*v[1] + 0.9505*v[2]) / 1.089)
	return [3]float64{116*y - 16, 500 * (x - y), 200 * (y - z)}
}

// TestFieldsStayApart: a difference of 15 in CIELAB is seen at a glance; 2 is just noticed.
func TestFieldsStayApart(t *testing.T) {
	for eye, matrix := range dichromacies {
		for i, a := range Colours() {
			for _, b := range Colours()[:i] {
				x, y := seen(palettes[a].Field, matrix), seen(palettes[b].Field, matrix)
				if d := math.Hypot(math.Hypot(x[0]-y[0], x[1]-y[1]), x[2]-y[2]); d < 15 {
					t.Errorf("%s: %s and %s differ by %.1f", eye, a, b, d)
				}
			}
		}
	}
}
