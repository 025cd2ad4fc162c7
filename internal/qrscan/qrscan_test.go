package qrscan

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/makiuchi-d/gozxing"
	"pgregory.net/rapid"

	"github.com/btlc/btlc/internal/qrscan/qrscantest"
)

const address = "https://certificates.example.org/credentials/0190a8a4-7c1e-7b7a-9d51-3f0c2f5d9a10"

// unhurried gives pictures the time that they take on a busy machine.
func unhurried() *Scanner {
	s := New()
	s.longest = time.Hour
	return s
}

func codes(t testing.TB, picture []byte) []string {
	t.Helper()
	texts, err := unhurried().Codes(t.Context(), picture)
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// Photos as people take them: askew, from the side, far away, in bad light.
func TestPhotos(t *testing.T) {
	for what, p := range map[string]qrscantest.Photo{
		"straight":             {Side: 300},
		"turned":               {Side: 300, Turned: 33},
		"upside down":          {Side: 300, Turned: 181},
		"with noise":           {Side: 400, Turned: -8, Noise: 30},
		"from the side":        {Side: 400, Turned: 5, Leaning: .12, Noise: 10},
		"half in the dark":     {Side: 400, Dim: .7, Noise: 5},
		"large":                {Side: 600, Width: 1000, Height: 800, Turned: 12, Noise: 20},
		"small on a large one": {Side: 190, Width: 1800, Height: 1200, Turned: 3, Noise: 8},
	} {
		t.Run(what, func(t *testing.T) {
			p.Text = address
			if p.Width == 0 {
				p.Width, p.Height = 800, 600
			}
			t.Parallel()
			picture := p.Take(t)
			if got := codes(t, qrscantest.JPEG(t, picture)); !slices.Equal(got, []string{address}) {
				t.Errorf("a JPEG says %q", got)
			}
			if p.Width > 800 {
				return // the way to the shades is the same, and unpacking takes long
			}
			if got := codes(t, qrscantest.PNG(t, picture)); !slices.Equal(got, []string{address}) {
				t.Errorf("a PNG says %q", got)
			}
		})
	}
}

// Whatever a code says, however it is turned, is read as it was written.
func TestCodesSurvive(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		text := rapid.StringMatching(`[a-zA-Z0-9 .:/?&=#äß€{}"-]{1,30}`).Draw(r, "text")
		p := qrscantest.Photo{Text: text, Width: 220, Height: 220, Side: 150, Turned: rapid.Float64Range(-180, 180).Draw(r, "turned")}
		if got, err := read(t.Context(), greyOf(p.Take(t))); err != nil || !slices.Equal(got, []string{text}) {
			r.Errorf("got %q, %v", got, err)
		}
	})
}

// A code on a transparent ground stands on white.
func TestTransparentGround(t *testing.T) {
	opaque := qrscantest.Photo{Text: address, Width: 300, Height: 300, Side: 200}.Take(t)
	clear := image.NewNRGBA(opaque.Rect)
	for y := range 300 {
		for x := range 300 {
			clear.SetNRGBA(x, y, color.NRGBA{A: 255 - opaque.RGBAAt(x, y).R})
		}
	}
	if got := codes(t, qrscantest.PNG(t, clear)); !slices.Equal(got, []string{address}) {
		t.Errorf("it says %q", got)
	}
}

// Ten codes in one picture are ten texts, the same one twice is one, and of more than ten, ten are read.
func TestManyCodes(t *testing.T) {
	sheet := func(texts ...string) []byte {
		const cell = 220
		picture := image.NewRGBA(image.Rect(0, 0, 4*cell, (len(texts)+3)/4*cell))
		draw.Draw(picture, picture.Rect, image.White, image.Point{}, draw.Src)
		for i, text := range texts {
			p := qrscantest.Photo{Text: text, Width: cell, Height: cell, Side: 150, Turned: float64(i), Noise: 5}
			draw.Draw(picture, image.Rect(0, 0, cell, cell).Add(image.Pt(i%4*cell, i/4*cell)), p.Take(t), image.Point{}, draw.Src)
		}
		return qrscantest.JPEG(t, picture)
	}
	var texts []string
	for i := range 12 {
		texts = append(texts, address+strings.Repeat("-", i))
	}
	got := codes(t, sheet(texts[:10]...))
	slices.Sort(got)
	if want := slices.Sorted(slices.Values(texts[:10])); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if got := codes(t, sheet(address, address)); !slices.Equal(got, []string{address}) {
		t.Errorf("one text twice: %q", got)
	}
	if got := codes(t, sheet(texts...)); len(got) != maxCodes {
		t.Errorf("%d codes: %q", len(got), got)
	}
}

// bomb is a PNG of a few bytes that says that it is as large as this.
func bomb(width, height uint32) []byte {
	header := make([]byte, 13)
	binary.BigEndian.PutUint32(header, width)
	binary.BigEndian.PutUint32(header[4:], height)
	header[8] = 8 // bits, of grey
	chunk := append([]byte("IHDR"), header...)
	b := binary.BigEndian.AppendUint32([]byte("\x89PNG\r\n\x1a\n"), 13)
	return binary.BigEndian.AppendUint32(append(b, chunk...), crc32.ChecksumIEEE(chunk))
}

func TestPicturesThatAreNone(t *testing.T) {
	whole := qrscantest.JPEG(t, qrscantest.Photo{Text: address, Width: 400, Height: 400, Side: 300}.Take(t))
	large := bytes.Clone(whole)
	frame := bytes.Index(large, []byte{0xff, 0xc0})
	copy(large[frame+5:], []byte{0xff, 0xff, 0xff, 0xff}) // height and width
	grey := qrscantest.PNG(t, image.NewGray(image.Rect(0, 0, 50, 50)))
	for what, c := range map[string]struct {
		picture []byte
		want    error
	}{
		"nothing":           {nil, ErrFormat},
		"text":              {[]byte(address), ErrFormat},
		"a GIF":             {[]byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"), ErrFormat},
		"a bomb":            {bomb(50_000, 50_000), ErrTooLarge},
		"as wide as can be": {bomb(1<<31-1, 1), ErrTooLarge},
		"a JPEG bomb":       {large, ErrTooLarge},
		"no pixels":         {bomb(0, 5), ErrFormat},
		"half a JPEG":       {whole[:len(whole)/2], ErrFormat},
		"the start of one":  {whole[:10], ErrFormat},
		"half a PNG":        {grey[:len(grey)/2], ErrFormat},
		"a header alone":    {bomb(5, 5), ErrFormat},
		"a blank":           {grey, nil},
		"a pixel":           {qrscantest.PNG(t, image.NewGray(image.Rect(0, 0, 1, 1))), nil},
		"a line":            {qrscantest.PNG(t, image.NewGray(image.Rect(0, 0, 5000, 1))), nil},
	} {
		t.Run(what, func(t *testing.T) {
			if texts, err := unhurried().Codes(t.Context(), c.picture); !errors.Is(err, c.want) || len(texts) != 0 {
				t.Errorf("%q, %v, want %v", texts, err, c.want)
			}
		})
	}
}

// carpet is full of the marks that codes have in their corners.
func carpet() *image.Gray {
	picture := image.NewGray(image.Rect(0, 0, 1200, 1200))
	for y := range 1200 {
		for x := range 1200 {
			ring := max(abs(x%16-7), abs(y%16-7)) // 3 + 1 + 1 rings of two pixels less one, and a gap
			if ring <= 2 || ring == 5 || ring == 6 {
				continue
			}
			picture.SetGray(x, y, color.Gray{Y: 255})
		}
	}
	return picture
}

func abs(n int) int { return max(n, -n) }

// A picture that is full of marks is tried no more often than the bounds allow.
func TestCarpetOfMarks(t *testing.T) {
	picture := carpet()
	bits, err := gozxing.NewBitMatrix(picture.Rect.Dx(), picture.Rect.Dy())
	if err != nil {
		t.Fatal(err)
	}
	for y := range picture.Rect.Dy() {
		for x := range picture.Rect.Dx() {
			if picture.GrayAt(x, y).Y == 0 {
				bits.Set(x, y)
			}
		}
	}
	corners, err := marks(t.Context(), bits)
	if err != nil || len(corners) != keptMarks {
		t.Fatalf("%d marks, %v", len(corners), err)
	}
	if tries := threes(corners); len(tries) != maxTries {
		t.Errorf("%d tries", len(tries))
	}
	if texts := codes(t, qrscantest.PNG(t, picture)); len(texts) != 0 {
		t.Errorf("it says %q", texts)
	}
}

// Who asks no more is not answered.
func TestTimeIsUp(t *testing.T) {
	picture := qrscantest.JPEG(t, qrscantest.Photo{Text: address, Width: 400, Height: 400, Side: 300}.Take(t))
	ctx, cancel := context.WithCancel(t.Context())
	s := unhurried()
	if err := s.turn.Acquire(ctx, 1); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		_, err := s.Codes(ctx, picture)
		done <- err
	}()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("while another one is read: %v", err)
	}
	if _, err := unpack(ctx, picture); !errors.Is(err, context.Canceled) {
		t.Errorf("while it is unpacked: %v", err)
	}
	grey, err := unpack(t.Context(), picture)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := read(ctx, reduced(grey, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("while codes are looked for: %v", err)
	}
	s.turn.Release(1)
	if got, err := s.Codes(t.Context(), picture); err != nil || !slices.Equal(got, []string{address}) {
		t.Errorf("the next one: %q, %v", got, err)
	}
	s.longest = 0
	if _, err := s.Codes(t.Context(), picture); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("when its turn is over: %v", err)
	}
}

// Only so many pictures wait for their turn.
func TestTooManyAtOnce(t *testing.T) {
	picture := qrscantest.PNG(t, image.NewGray(image.Rect(0, 0, 9, 9)))
	s := unhurried()
	if !s.places.TryAcquire(maxPictures) {
		t.Fatal("not all places are free")
	}
	if _, err := s.Codes(t.Context(), picture); !errors.Is(err, ErrBusy) {
		t.Errorf("one more: %v", err)
	}
	s.places.Release(1)
	if _, err := s.Codes(t.Context(), picture); err != nil {
		t.Errorf("with a place: %v", err)
	}
}

// A picture in four inks, a little smaller than the largest, is refused before its memory is taken.
func TestFourInks(t *testing.T) {
	frame := []byte{0xff, 0xd8, 0xff, 0xc2, 0, 20, 8, 0x13, 0x88, 0x13, 0x80, 4} // progressive, 8 bits, 5000 × 4992
	for ink := range byte(4) {
		frame = append(frame, ink, 0x11, 0)
	}
	if err := checkSize(append(frame, 0xff, 0xda, 0, 2)); !errors.Is(err, ErrFormat) {
		t.Errorf("four inks: %v", err)
	}
}

func greyOf(picture *image.RGBA) *image.Gray {
	grey := image.NewGray(picture.Rect)
	for i := range grey.Pix {
		grey.Pix[i] = picture.Pix[4*i]
	}
	return grey
}

// A code that is damaged is read as it was written, or not: no picture breaks the reader.
func TestDamage(t *testing.T) {
	whole := qrscantest.Photo{Text: address, Width: 200, Height: 200, Side: 160}.Take(t)
	rapid.Check(t, func(r *rapid.T) {
		damaged := greyOf(whole)
		for range rapid.IntRange(1, 12).Draw(r, "spots") {
			at := rapid.Custom(func(r *rapid.T) image.Rectangle {
				from := image.Pt(rapid.IntRange(0, 199).Draw(r, "x"), rapid.IntRange(0, 199).Draw(r, "y"))
				return image.Rectangle{from, from.Add(image.Pt(rapid.IntRange(1, 60).Draw(r, "width"), rapid.IntRange(1, 60).Draw(r, "height")))}
			}).Draw(r, "spot")
			draw.Draw(damaged, at, image.NewUniform(color.Gray{rapid.Byte().Draw(r, "shade")}), image.Point{}, draw.Src)
		}
		texts, err := read(t.Context(), damaged)
		if err != nil || len(texts) > 0 && texts[0] != address {
			r.Errorf("%q, %v", texts, err)
		}
	})
}
