// Package qrscan reads the QR codes (ISO/IEC 18004) in a photo that anybody may have sent.
//
// What a single code says is read by github.com/makiuchi-d/gozxing, a port of ZXing. Where in a photo codes may be is looked
// for here: the library's own search tries each three of all the marks that it takes for corners, so that a picture that is
// full of them would keep it busy for days.
package qrscan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"
	"slices"
	"time"

	"golang.org/x/sync/semaphore"
)

// MaxPixels is how large a picture may be: a little more than the 24 million that telephones make. To unpack so many takes
// up to 400 MB, for a progressive JPEG without subsampling.
const MaxPixels = 25_000_000

// What is wrong with a picture.
var (
	ErrFormat   = errors.New("qrscan: not a whole PNG or JPEG")
	ErrTooLarge = fmt.Errorf("qrscan: more than %d pixels", MaxPixels)
)

// ErrBusy says that as many pictures as may are looked at or wait for it.
var ErrBusy = errors.New("qrscan: too many pictures at once")

const (
	// maxPictures are looked at or wait for it at a time.
	maxPictures = 4
	// longestTurn is how long a picture may hold up the others: twice what the largest photo takes.
	longestTurn = 4 * time.Second
)

// Scanner reads one picture at a time, which bounds what pictures of all callers together take.
type Scanner struct {
	places, turn *semaphore.Weighted
	longest      time.Duration
}

// New makes a scanner.
func New() *Scanner {
	return &Scanner{places: semaphore.NewWeighted(maxPictures), turn: semaphore.NewWeighted(1), longest: longestTurn}
}

// sides are the lengths, in pixels, of the longer side that a picture is brought down to, one after the other: large codes are
// read the better the more of the noise is evened out, and small ones need all there is.
var sides = []int{600, 1200, 2400}

// Codes are the texts of the codes in a PNG or JPEG, each once, ten at most; none is no error. Errors: ErrFormat, ErrTooLarge,
// ErrBusy, context.DeadlineExceeded for one that takes longer than its turn, and the context's, which bounds the time, that of
// waiting for other pictures included.
func (s *Scanner) Codes(ctx context.Context, picture []byte) ([]string, error) {
	if err := checkSize(picture); err != nil {
		return nil, err
	}
	if !s.places.TryAcquire(1) {
		return nil, ErrBusy
	}
	defer s.places.Release(1)
	if err := s.turn.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer s.turn.Release(1)
	ctx, cancel := context.WithTimeout(ctx, s.longest)
	defer cancel()
	whole, err := unpack(ctx, picture)
	if err != nil {
		return nil, err
	}
	var texts []string
	tried := 0
	for _, side := range sides {
		times := (max(whole.Rect.Dx(), whole.Rect.Dy()) + side - 1) / side
		if times == tried {
			break
		}
		tried = times
		found, err := read(ctx, reduced(whole, times))
		if err != nil {
			return nil, err
		}
		for _, text := range found {
			if len(texts) < maxCodes && !slices.Contains(texts, text) {
				texts = append(texts, text)
			}
		}
	}
	return texts, nil
}

// coding is how a picture is coded.
type coding struct {
	signature string
	config    func(io.Reader) (image.Config, error)
	decode    func(io.Reader) (image.Image, error)
}

var codings = []coding{{"\x89PNG\r\n\x1a\n", png.DecodeConfig, png.Decode}, {"\xff\xd8\xff", jpeg.DecodeConfig, jpeg.Decode}}

func codingOf(picture []byte) (coding, bool) {
	for _, c := range codings {
		if bytes.HasPrefix(picture, []byte(c.signature)) {
			return c, true
		}
	}
	return coding{}, false
}

// checkSize looks at what a picture says of itself, before anything is unpacked.
func checkSize(picture []byte) error {
	c, known := codingOf(picture)
	if !known {
		return ErrFormat
	}
	config, err := c.config(bytes.NewReader(picture))
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrFormat, err)
	case config.Width <= 0 || config.Height <= 0 || config.ColorModel == color.CMYKModel: // no camera makes four inks, which take half as much memory again
		return ErrFormat
	case config.Width > MaxPixels/config.Height:
		return ErrTooLarge
	}
	return nil
}

// unpack gives the picture in shades of grey; what is transparent is white.
func unpack(ctx context.Context, picture []byte) (*image.Gray, error) {
	c, _ := codingOf(picture)
	decoded, err := c.decode(inTime{ctx, bytes.NewReader(picture)})
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	switch p := decoded.(type) {
	case *image.Gray:
		return p, nil
	case *image.YCbCr:
		return &image.Gray{Pix: p.Y, Stride: p.YStride, Rect: p.Rect}, nil
	}
	grey := image.NewGray(decoded.Bounds())
	draw.Draw(grey, grey.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(grey, grey.Rect, decoded, decoded.Bounds().Min, draw.Over)
	return grey, nil
}

// inTime is a picture whose reading fails when time is up: a progressive JPEG can go over all of its pixels again and again.
type inTime struct {
	ctx context.Context
	io.Reader
}

func (t inTime) Read(p []byte) (int, error) {
	if err := t.ctx.Err(); err != nil {
		return 0, err
	}
	return t.Reader.Read(p)
}

// reduced is the picture, so many times smaller, from its upper left corner: each pixel is the mean of a square.
func reduced(p *image.Gray, times int) *image.Gray {
	small := image.NewGray(image.Rect(0, 0, max(1, p.Rect.Dx()/times), max(1, p.Rect.Dy()/times)))
	for y := range small.Rect.Dy() {
		for x := range small.Rect.Dx() {
			square := image.Rect(x*times, y*times, (x+1)*times, (y+1)*times).Add(p.Rect.Min).Intersect(p.Rect)
			sum := 0
			for row := square.Min.Y; row < square.Max.Y; row++ {
				from := p.PixOffset(square.Min.X, row)
				for _, shade := range p.Pix[from : from+square.Dx()] {
					sum += int(shade)
				}
			}
			small.Pix[y*small.Stride+x] = uint8(sum / (square.Dx() * square.Dy()))
		}
	}
	return small
}
