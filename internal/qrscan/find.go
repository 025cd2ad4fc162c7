package qrscan

import (
	"cmp"
	"context"
	"fmt"
	"image"
	"math"
	"slices"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	"github.com/makiuchi-d/gozxing/qrcode/detector"
)

// How much of a picture is tried.
const (
	maxMarks  = 1000 // marks that are collected; more are in no photo
	keptMarks = 48   // of which those seen in the most rows are corners, perhaps
	maxTries  = 300  // threes of corners
	maxCodes  = 10
)

// read reads the codes in a picture, whose rows follow each other without gaps.
func read(ctx context.Context, picture *image.Gray) ([]string, error) {
	width, height := picture.Rect.Dx(), picture.Rect.Dy()
	shades, err := gozxing.NewPlanarYUVLuminanceSource(picture.Pix, width, height, 0, 0, width, height, false)
	if err != nil {
		return nil, fmt.Errorf("qrscan: %w", err)
	}
	bits, err := gozxing.NewHybridBinarizer(shades).GetBlackMatrix()
	if err != nil {
		return nil, nil // a few pixels of about one shade
	}
	corners, err := marks(ctx, bits)
	if err != nil {
		return nil, err
	}
	grid, code := detector.NewDetector(bits), decoder.NewDecoder()
	var texts []string
	spent := map[*detector.FinderPattern]bool{}
	for _, t := range threes(corners) {
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case spent[t.corners[0]] || spent[t.corners[1]] || spent[t.corners[2]]:
			continue
		}
		modules, err := grid.ProcessFinderPatternInfo(t.info())
		if err != nil {
			continue
		}
		said, err := code.Decode(modules.GetBits(), nil)
		if err != nil {
			continue
		}
		for _, corner := range t.corners {
			spent[corner] = true
		}
		if text := said.GetText(); text != "" {
			texts = append(texts, text)
		}
	}
	return texts, nil
}

// marks are what looks like the mark in a corner of a code: a dark square in a light ring in a dark ring, that is runs of
// 1:1:3:1:1 in every direction.
func marks(ctx context.Context, bits *gozxing.BitMatrix) ([]*detector.FinderPattern, error) {
	finder := detector.NewFinderPatternFinder(bits, nil)
	for y := 0; y < bits.GetHeight() && len(finder.GetPossibleCenters()) < maxMarks; y += 2 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		marksInRow(finder, bits, y)
	}
	found := finder.GetPossibleCenters()
	slices.SortStableFunc(found, func(a, b *detector.FinderPattern) int { return cmp.Compare(b.GetCount(), a.GetCount()) })
	return found[:min(len(found), keptMarks)], nil
}

// marksInRow hands every dark, light, dark, light and dark run of a row that fits to the finder, which looks across it.
func marksInRow(finder *detector.FinderPatternFinder, bits *gozxing.BitMatrix, y int) {
	runs := make([]int, 5)
	at := 0
	for x := range bits.GetWidth() + 1 { // a light pixel after the last one ends a run there
		dark := bits.Get(x, y)
		switch {
		case dark == (at%2 == 0):
			runs[at]++
		case at == 0 && runs[0] == 0: // nothing dark yet
		case at < 4:
			at++
			runs[at] = 1
		case detector.FinderPatternFinder_foundPatternCross(runs) && finder.HandlePossibleCenter(runs, y, x):
			clear(runs)
			at = 0
		default:
			copy(runs, []int{runs[2], runs[3], runs[4], 1, 0})
			at = 3
		}
	}
}

// three are marks that may be the corners of one code. The less odd, the closer they are to two sides of a square.
type three struct {
	corners [3]*detector.FinderPattern
	odd     float64
}

func (t three) info() *detector.FinderPatternInfo {
	bottomLeft, topLeft, topRight := gozxing.ResultPoint_OrderBestPatterns(t.corners[0], t.corners[1], t.corners[2])
	return detector.NewFinderPatternInfo(bottomLeft.(*detector.FinderPattern), topLeft.(*detector.FinderPattern), topRight.(*detector.FinderPattern))
}

// threes are those that may belong together, the best first.
func threes(corners []*detector.FinderPattern) []three {
	var found []three
	for i, a := range corners {
		for j, b := range corners[:i] {
			for _, c := range corners[:j] {
				t := three{corners: [3]*detector.FinderPattern{a, b, c}}
				if t.odd = oddness(t.corners); t.odd < 1 {
					found = append(found, t)
				}
			}
		}
	}
	slices.SortStableFunc(found, func(a, b three) int { return cmp.Compare(a.odd, b.odd) })
	return found[:min(len(found), maxTries)]
}

// oddness is 0 for three marks of one size at the corners of a square, 1 or more for those that no code has so far apart or
// so askew.
func oddness(corners [3]*detector.FinderPattern) float64 {
	a, b, c := corners[0], corners[1], corners[2]
	sizes := []float64{a.GetEstimatedModuleSize(), b.GetEstimatedModuleSize(), c.GetEstimatedModuleSize()}
	small, large := slices.Min(sizes), slices.Max(sizes)
	sides := []float64{gozxing.ResultPoint_Distance(a, b), gozxing.ResultPoint_Distance(b, c), gozxing.ResultPoint_Distance(c, a)}
	slices.Sort(sides)
	modules := (sides[0] + sides[1]) / 2 / ((small + large) / 2)
	if modules < 9 || modules > 200 { // there are 14 to 170 from mark to mark
		return math.Inf(1)
	}
	diagonal := sides[2] * sides[2]
	return math.Abs(1-2*sides[0]*sides[0]/diagonal) + math.Abs(1-2*sides[1]*sides[1]/diagonal) + (large/small - 1)
}
