package certificate

import (
	"fmt"
	"image/color"

	"github.com/boombuler/barcode/qr"
)

// modules are the squares of a QR code, by row; true is dark. Its level of error correction, M, reads with 15 % of it
// damaged. Errors: ErrTooLong.
func modules(text string) ([][]bool, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return nil, fmt.Errorf("%w: no QR code holds the URL: %w", ErrTooLong, err)
	}
	bounds := code.Bounds()
	rows := make([][]bool, bounds.Dy())
	for y := range rows {
		rows[y] = make([]bool, bounds.Dx())
		for x := range rows[y] {
			rows[y][x] = code.At(bounds.Min.X+x, bounds.Min.Y+y) == color.Black
		}
	}
	return rows, nil
}

// quietZone is how many modules wide the light margin around a QR code is (ISO/IEC 18004).
const quietZone = 4

// code draws the QR code of a text with its quiet zone into a square, in one path, so that no light shows between its
// modules. Errors: ErrTooLong.
func (p page) code(text string, x, y, side float64) error {
	rows, err := modules(text)
	if err != nil {
		return err
	}
	module := side / float64(len(rows)+2*quietZone)
	x, y = x+quietZone*module, y+quietZone*module
	for i, row := range rows {
		for from := 0; from < len(row); from++ {
			to := from
			for to < len(row) && row[to] {
				to++
			}
			if to > from {
				p.rectangle(x+float64(from)*module, y+float64(i)*module, float64(to-from)*module, module)
				from = to
			}
		}
	}
	p.fill(p.palette.Deep)
	p.pdf.DrawPath("F")
	return nil
}

// rectangle adds a rectangle to the path.
func (p page) rectangle(x, y, w, h float64) {
	p.pdf.MoveTo(x, y)
	p.pdf.LineTo(x+w, y)
	p.pdf.LineTo(x+w, y+h)
	p.pdf.LineTo(x, y+h)
	p.pdf.ClosePath()
}
