// Package qrscantest takes photos of QR codes, for tests.
package qrscantest

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/boombuler/barcode/qr"
)

// Photo is a page with a code in its middle, as somebody photographed it.
type Photo struct {
	Text          string
	Width, Height int
	Side          float64 // of the code, in pixels
	Turned        float64 // in degrees
	Leaning       float64 // how much farther away one edge is than the other, as a part
	Noise         float64 // the standard deviation of each shade, of 255
	Dim           float64 // how much darker the page is at one end than at the other, as a part
}

// Take takes the photo, the same one each time.
func (p Photo) Take(t testing.TB) *image.RGBA {
	t.Helper()
	code, err := qr.Encode(p.Text, qr.M, qr.Auto)
	if err != nil {
		t.Fatal(err)
	}
	count := code.Bounds().Dx()
	dark := make([]bool, count*count)
	for i := range dark {
		dark[i] = code.At(i%count, i/count) == color.Black
	}
	picture := image.NewRGBA(image.Rect(0, 0, p.Width, p.Height))
	random := rand.New(rand.NewPCG(1, 2)) // #nosec G404 -- the same noise each time
	sin, cos := math.Sincos(p.Turned * math.Pi / 180)
	sin, cos = sin/p.Side, cos/p.Side
	modules := float64(count)
	for y := range p.Height {
		for x := range p.Width {
			const fine = 2 // samples of a pixel in each direction, as a lens blurs edges
			ink := 0.0
			for i := range fine * fine {
				dx, dy := float64(x-p.Width/2)+float64(i%fine)/fine, float64(y-p.Height/2)+float64(i/fine)/fine
				u, v := dx*cos+dy*sin, dy*cos-dx*sin
				far := 1 - p.Leaning*v
				column, row := (u/far+.5)*modules, (v/far+.5)*modules
				if column >= 0 && column < modules && row >= 0 && row < modules && dark[int(row)*count+int(column)] {
					ink++
				}
			}
			shade := (225 - 195*ink/(fine*fine)) * (1 - p.Dim*float64(x)/float64(p.Width))
			if p.Noise > 0 {
				shade += random.NormFloat64() * p.Noise
			}
			level := uint8(min(max(shade, 0), 255))
			copy(picture.Pix[picture.PixOffset(x, y):], []uint8{level, level, uint8(int(level) * 15 / 16), 255}) // in the light of a lamp
		}
	}
	return picture
}

// JPEG is a picture as telephones keep it.
func JPEG(t testing.TB, picture image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, picture, &jpeg.Options{Quality: 70}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// PNG is a picture as screens are kept.
func PNG(t testing.TB, picture image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
