// Package certificate prints a credential on paper: one page in US letter size, landscape, as PDF, with the badge, who
// holds it if that may be told, what was demonstrated for it, and a QR code of the address where the signed credential is.
//
// The page is a copy for people; what is verified is the credential behind the address, and the page says so. The
// package is pure: no network, no clock, and the same Certificate gives the same bytes.
package certificate

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"github.com/btlc/btlc/internal/badge"
)

// Why a certificate is not printed.
var (
	// ErrIncomplete: a field that every certificate has is empty.
	ErrIncomplete = errors.New("certificate: incomplete")
	// ErrTooLong: a text, or all of them together, does not fit on the page at a size that can be read.
	ErrTooLong = errors.New("certificate: too long")
	// ErrCharacter: a character that the fonts do not have; it would be printed as an empty box.
	ErrCharacter = errors.New("certificate: no glyph for a character")
	// ErrURL: not an absolute http or https URL.
	ErrURL = errors.New("certificate: not a web address")
)

// Certificate is what is printed.
type Certificate struct {
	// Holder is the name to display; empty on copies for whoever asks, which name nobody.
	Holder string
	// Title is the credential's. Example: Using Data Course Certificate.
	Title string
	// Issuer is the name of who issued it.
	Issuer string
	// Issued is when: the day is printed as it is in the time's own location.
	Issued time.Time
	// Competencies are the statements of what was demonstrated; may be empty.
	Competencies []string
	// Hours and GraduateCredits are decimals as they are printed; empty when there are none to state.
	Hours, GraduateCredits string
	// URL is where the signed credential is.
	URL string
	// Badge is the credential's.
	Badge badge.Drawing
}

// The page, in points.
const (
	pageWidth  = 792.0
	pageHeight = 612.0
	outerFrame = 22.0
	innerFrame = 29.0
	panelWidth = 218.0
)

// PDF prints a certificate. Errors: ErrIncomplete, ErrTooLong, ErrCharacter, ErrURL.
func PDF(c Certificate) ([]byte, error) {
	c, err := c.cleaned()
	if err != nil {
		return nil, err
	}
	pdf := fpdf.NewCustom(&fpdf.InitType{UnitStr: "pt", Size: fpdf.SizeType{Wd: pageWidth, Ht: pageHeight}})
	pdf.SetCatalogSort(true)
	pdf.SetCreationDate(c.Issued)
	pdf.SetModificationDate(c.Issued)
	pdf.SetTitle(strings.TrimSuffix(c.Title+" – "+c.Holder, " – "), true)
	pdf.SetAuthor(c.Issuer, true)
	pdf.SetSubject(c.URL, true)
	pdf.SetLang("en-US")
	pdf.SetMargins(0, 0, 0)
	pdf.SetAutoPageBreak(false, 0)
	pdf.SetCellMargin(0)
	addFonts(pdf)
	pdf.AddPage()

	p := page{pdf, c.Badge.Palette}
	p.frame()
	if err := p.panel(c); err != nil {
		return nil, err
	}
	if err := p.statement(c); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := pdf.Output(&b); err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	return b.Bytes(), nil
}

// cleaned is a certificate with its texts as they are printed, and a copy of its list.
func (c Certificate) cleaned() (Certificate, error) {
	if c.Issued.IsZero() {
		return c, fmt.Errorf("%w: the date of issue", ErrIncomplete)
	}
	if len(c.Badge.Layers) == 0 {
		return c, fmt.Errorf("%w: the badge", ErrIncomplete)
	}
	c.Competencies = append([]string(nil), c.Competencies...)
	type field struct {
		what     string
		text     *string
		face     typeface
		optional bool
	}
	fields := []field{
		{"the holder", &c.Holder, serif, true},
		{"the title", &c.Title, serif, false},
		{"the issuer", &c.Issuer, sansBold, false},
		{"the URL", &c.URL, sans, false},
		{"the hours", &c.Hours, serif, true},
		{"the credits", &c.GraduateCredits, serif, true},
	}
	for i := range c.Competencies {
		fields = append(fields, field{"a competency", &c.Competencies[i], sans, false})
	}
	for _, f := range fields {
		var err error
		if *f.text, err = clean(f.what, *f.text, f.face); err != nil {
			return c, err
		}
		if *f.text == "" && !f.optional {
			return c, fmt.Errorf("%w: %s", ErrIncomplete, f.what)
		}
	}
	if u, err := url.Parse(c.URL); err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return c, fmt.Errorf("%w: %q", ErrURL, c.URL)
	}
	return c, nil
}
