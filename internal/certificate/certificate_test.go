package certificate

import (
	"bytes"
	"compress/zlib"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"codeberg.org/go-pdf/fpdf"
	"github.com/boombuler/barcode/qr"
	"pgregory.net/rapid"

	"github.com/btlc/btlc/internal/badge"
)

func example(t interface{ Fatal(...any) }) Certificate {
	drawing, err := badge.Draw(badge.Design{Shape: "hexagon", Colour: "blue", Glyph: "bars"})
	if err != nil {
		t.Fatal(err)
	}
	return Certificate{
		Holder: "Nguyễn Thị Example-Łukasiewicz", Title: "Using Data Course Certificate",
		Issuer: "Boston Teacher Leadership Certificate",
		Issued: time.Date(2027, 2, 3, 23, 0, 0, 0, time.FixedZone("", -5*3600)),
		Competencies: []string{
			"Understanding and analyzing data", "Using data to inform decisions", "Communicating with data",
			"Creating and sustaining a data culture",
		},
		Hours: "36", GraduateCredits: "3", Badge: drawing,
		URL: "https://example.org/credentials/0193a5c8-7f2e-7b1a-9d54-2c6e8f0a1b3c",
	}
}

func mustPDF(t interface{ Fatal(...any) }, c Certificate) []byte {
	printed, err := PDF(c)
	if err != nil {
		t.Fatal(err)
	}
	return printed
}

var (
	stream = regexp.MustCompile(`(?s)/Filter /FlateDecode /Length \d+>>\nstream\n(.*?)\nendstream`)
	shown  = regexp.MustCompile(`(?s)BT (-?[\d.]+) (-?[\d.]+) Td \((.*?[^\\]|)\) Tj ET`)
)

// contents are the page's drawing operators: the first stream.
func contents(t interface{ Fatal(...any) }, printed []byte) string {
	found := stream.FindSubmatch(printed)
	if found == nil {
		t.Fatal("no stream")
	}
	r, err := zlib.NewReader(bytes.NewReader(found[1]))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(plain)
}

// text is what a reader would copy from the page, a line for each that is shown: the codes are UTF-16, as the fonts'
// ToUnicode says.
func text(t interface{ Fatal(...any) }, printed []byte) string {
	unescape := strings.NewReplacer(`\\`, `\`, `\(`, `(`, `\)`, `)`, `\r`, "\r")
	var lines []string
	for _, line := range shown.FindAllStringSubmatch(contents(t, printed), -1) {
		raw := unescape.Replace(line[3])
		var codes []uint16
		for i := 0; i+1 < len(raw); i += 2 {
			codes = append(codes, uint16(raw[i])<<8|uint16(raw[i+1]))
		}
		lines = append(lines, string(utf16.Decode(codes)))
	}
	return strings.Join(lines, "\n")
}

func TestSaysItAll(t *testing.T) {
	c := example(t)
	printed := mustPDF(t, c)
	got := text(t, printed)
	for _, want := range append([]string{
		c.Holder, c.Title, c.Issuer, c.URL, "February 3, 2027", "Hours 36", "Graduate credits 3",
	}, c.Competencies...) {
		if !strings.Contains(strings.ReplaceAll(got, "\n", " "), want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	c.Hours, c.GraduateCredits, c.Competencies = "", "", nil
	got = text(t, mustPDF(t, c))
	for _, not := range []string{"Hours", "credits", "Competencies"} {
		if strings.Contains(got, not) {
			t.Errorf("%q is in\n%s", not, got)
		}
	}
	for _, want := range []string{
		"/MediaBox [0 0 792.00 612.00]", "/Lang (en-US)", "/URI (" + c.URL + ")", "/CreationDate (D:20270203230000)",
		"/ToUnicode", "/FontFile2",
	} {
		if !bytes.Contains(printed, []byte(want)) {
			t.Errorf("no %s", want)
		}
	}
	if bytes.Contains(printed, []byte("/Subtype /Image")) {
		t.Error("a bitmap")
	}
}

// TestNamesNobody: without a holder the sentence is whole all the same.
func TestNamesNobody(t *testing.T) {
	c := example(t)
	c.Holder = " \n"
	printed := mustPDF(t, c)
	if got := strings.ReplaceAll(text(t, printed), "\n", " "); !strings.Contains(got, "certifies that the holder of this credential has earned the "+c.Title) {
		t.Errorf("it says %s", got)
	}
}

func TestSameBytes(t *testing.T) {
	c := example(t)
	first := mustPDF(t, c)
	for range 5 {
		if !bytes.Equal(first, mustPDF(t, c)) {
			t.Fatal("printed twice, it differs")
		}
	}
}

// TestComposed: a name typed with combining accents prints like the same name typed with letters that have them.
func TestComposed(t *testing.T) {
	composed, combining := example(t), example(t)
	composed.Holder, combining.Holder = "Zoé Ngọc", "Zoe\u0301  Ngo\u0323c "
	if !bytes.Equal(mustPDF(t, composed), mustPDF(t, combining)) {
		t.Error("they differ")
	}
}

func TestRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Certificate)
		want   error
	}{
		"no title":          {func(c *Certificate) { c.Title = "" }, ErrIncomplete},
		"no issuer":         {func(c *Certificate) { c.Issuer = "" }, ErrIncomplete},
		"no date":           {func(c *Certificate) { c.Issued = time.Time{} }, ErrIncomplete},
		"no URL":            {func(c *Certificate) { c.URL = "" }, ErrIncomplete},
		"no badge":          {func(c *Certificate) { c.Badge = badge.Drawing{} }, ErrIncomplete},
		"empty competency":  {func(c *Certificate) { c.Competencies = []string{""} }, ErrIncomplete},
		"another script":    {func(c *Certificate) { c.Holder = "王" }, ErrCharacter},
		"beyond the plane":  {func(c *Certificate) { c.Title = "\U0001F600" }, ErrCharacter},
		"a control":         {func(c *Certificate) { c.Holder = "a\x00b" }, ErrCharacter},
		"not UTF-8":         {func(c *Certificate) { c.Holder = "a\xff" }, ErrCharacter},
		"a relative URL":    {func(c *Certificate) { c.URL = "/credentials/1" }, ErrURL},
		"a script":          {func(c *Certificate) { c.URL = "javascript:alert(1)" }, ErrURL},
		"a very long name":  {func(c *Certificate) { c.Holder = strings.Repeat("a", maxText+1) }, ErrTooLong},
		"a long wide name":  {func(c *Certificate) { c.Holder = strings.Repeat("W", 300) }, ErrTooLong},
		"many competencies": {func(c *Certificate) { c.Competencies = strings.Split(strings.Repeat("a|", 200)+"a", "|") }, ErrTooLong},
	} {
		t.Run(name, func(t *testing.T) {
			certificate := example(t)
			c.change(&certificate)
			if _, err := PDF(certificate); !errors.Is(err, c.want) {
				t.Errorf("%v, not %v", err, c.want)
			}
		})
	}
}

func newPage(t interface{ Fatal(...any) }) page {
	pdf := fpdf.NewCustom(&fpdf.InitType{UnitStr: "pt", Size: fpdf.SizeType{Wd: pageWidth, Ht: pageHeight}})
	pdf.SetMargins(0, 0, 0)
	addFonts(pdf)
	pdf.AddPage()
	return page{pdf, example(t).Badge.Palette}
}

// TestFits: whatever the text, it is all there, on no more lines than it may take, and none is too wide.
func TestFits(t *testing.T) {
	p := newPage(t)
	s := style{serif, ink, 40, 13, 3, 1.15}
	const width = 420.0
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringOfN(rapid.SampledFrom([]rune("WMiaễŁ.-жλ")), 1, 90, -1)
		text := strings.Join(rapid.SliceOfN(word, 1, 6).Draw(t, "words"), " ")
		b, err := p.fit(s, text, width)
		if err != nil {
			if !errors.Is(err, ErrTooLong) || len([]rune(text)) <= 75 {
				t.Fatal(err)
			}
			return
		}
		if len(b.text) > s.lines || b.size < s.least || b.size > s.most {
			t.Fatalf("%d lines of %g", len(b.text), b.size)
		}
		for _, line := range b.text {
			if w := p.width(s.face, b.size, line); w > width || line == "" {
				t.Fatalf("%q is %g wide", line, w)
			}
		}
		bare := func(text string) string { return strings.ReplaceAll(text, " ", "") }
		if bare(strings.Join(b.text, "")) != bare(text) {
			t.Fatalf("%q became %q", text, b.text)
		}
	})
}

// TestLongOnesStayOnThePage: names and titles of 90 wide letters, with all sixteen competencies.
func TestLongOnesStayOnThePage(t *testing.T) {
	c := example(t)
	c.Holder, c.Title = strings.Repeat("W", 90), strings.Repeat("M", 90)
	c.Competencies = strings.Split(strings.Repeat("Planning and implementing effective professional learning experiences|", 16), "|")[:16]
	got := mustPDF(t, c)
	if strings.Count(text(t, got), "W") != 90 || strings.Count(text(t, got), "M") != 90 {
		t.Error("some of it is missing")
	}
	numbers := regexp.MustCompile(`BT (\S+) (\S+) Td`)
	for _, at := range numbers.FindAllStringSubmatch(contents(t, got), -1) {
		x, y := number(t, at[1]), number(t, at[2])
		if x < innerFrame || x > pageWidth-innerFrame || y < innerFrame || y > pageHeight-innerFrame {
			t.Errorf("text at %g, %g", x, y)
		}
	}
}

// TestCodeIsDrawnAsItIs: the rectangles on the page, put back on a grid, are the modules of the QR code.
func TestCodeIsDrawnAsItIs(t *testing.T) {
	url := example(t).URL
	code, err := qr.Encode(url, qr.M, qr.Auto)
	if err != nil {
		t.Fatal(err)
	}
	n := code.Bounds().Dx()
	module := 4.0
	p := newPage(t)
	if err := p.code(url, 0, 0, module*float64(n+2*quietZone)); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := p.pdf.Output(&b); err != nil {
		t.Fatal(err)
	}
	drawn := make(map[[2]int]bool)
	corner := regexp.MustCompile(`(\S+) (\S+) m\n(\S+) (\S+) l\n(\S+) (\S+) l\n`)
	for _, r := range corner.FindAllStringSubmatch(contents(t, b.Bytes()), -1) {
		left, right := number(t, r[1])/module, number(t, r[3])/module
		top, bottom := (pageHeight-number(t, r[2]))/module, (pageHeight-number(t, r[6]))/module
		if bottom-top != 1 {
			t.Fatalf("a rectangle from %g to %g", top, bottom)
		}
		for x := left; x < right; x++ {
			drawn[[2]int{int(x) - quietZone, int(top) - quietZone}] = true
		}
	}
	for y := range n {
		for x := range n {
			dark, _, _, _ := code.At(x, y).RGBA()
			if drawn[[2]int{x, y}] != (dark == 0) {
				t.Fatalf("the module at %d, %d is wrong", x, y)
			}
			delete(drawn, [2]int{x, y})
		}
	}
	if len(drawn) > 0 {
		t.Errorf("drawn outside: %v", drawn)
	}
}

func number(t interface{ Fatal(...any) }, text string) float64 {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
