package certificate

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/text/unicode/norm"
)

// Licences and origin are beside the fonts.
var (
	//go:embed fonts/SourceSerif4_600SemiBold.ttf
	serifSemiBold []byte
	//go:embed fonts/SourceSans3_400Regular.ttf
	sansRegular []byte
	//go:embed fonts/SourceSans3_600SemiBold.ttf
	sansSemiBold []byte
)

// typeface is a font that text is set in.
type typeface struct {
	family, style string
	file          []byte
	parsed        func() (*sfnt.Font, error)
}

func newTypeface(family, style string, file []byte) typeface {
	return typeface{family, style, file, sync.OnceValues(func() (*sfnt.Font, error) { return sfnt.Parse(file) })}
}

var (
	serif    = newTypeface("SourceSerif", "", serifSemiBold)
	sans     = newTypeface("SourceSans", "", sansRegular)
	sansBold = newTypeface("SourceSans", "B", sansSemiBold)
)

func addFonts(pdf *fpdf.Fpdf) {
	for _, face := range []typeface{serif, sans, sansBold} {
		// All certificates share the files, and the library does not promise to leave them as they are.
		pdf.AddUTF8FontFromBytes(face.family, face.style, append([]byte(nil), face.file...))
	}
}

// maxText is the longest text that is tried on the page, in characters.
const maxText = 500

// clean is a text as it is printed: composed, so that letters have their accents as the type designer drew them, and
// with single spaces. Errors: ErrTooLong, ErrCharacter.
func clean(what, text string, face typeface) (string, error) {
	text = norm.NFC.String(strings.Join(strings.Fields(text), " "))
	if len([]rune(text)) > maxText {
		return "", fmt.Errorf("%w: %s of more than %d characters", ErrTooLong, what, maxText)
	}
	font, err := face.parsed()
	if err != nil {
		return "", fmt.Errorf("certificate: %w", err)
	}
	for _, c := range text {
		if glyph, err := font.GlyphIndex(nil, c); err != nil || glyph == 0 {
			return "", fmt.Errorf("%w: U+%04X in %s", ErrCharacter, c, what)
		}
	}
	return text, nil
}
