package certificate

import (
	"codeberg.org/go-pdf/fpdf"

	"github.com/btlc/btlc/internal/badge"
)

// frame draws two rules around the page.
func (p page) frame() {
	deep := p.palette.Deep
	p.pdf.SetDrawColor(int(deep.R), int(deep.G), int(deep.B))
	for _, rule := range []struct{ inset, width float64 }{{outerFrame, 2.5}, {innerFrame, 0.6}} {
		p.pdf.SetLineWidth(rule.width)
		p.pdf.Rect(rule.inset, rule.inset, pageWidth-2*rule.inset, pageHeight-2*rule.inset, "D")
	}
}

// panel draws the tinted column on the left: the badge, the facts, and the QR code.
func (p page) panel(c Certificate) error {
	const (
		left      = innerFrame + 0.3
		top       = innerFrame + 0.3
		badgeSize = 176.0
		codeSize  = 118.0
		codeTop   = pageHeight - innerFrame - 44 - codeSize
		middle    = left + panelWidth/2
	)
	p.fill(p.palette.Tint)
	p.pdf.Rect(left, top, panelWidth, pageHeight-2*top, "F")
	p.badge(c.Badge, middle-badgeSize/2, top+20, badgeSize)

	p.fill(white)
	p.pdf.RoundedRect(middle-codeSize/2, codeTop, codeSize, codeSize, 6, "1234", "F")
	if err := p.code(c.URL, middle-codeSize/2, codeTop, codeSize); err != nil {
		return err
	}
	p.pdf.LinkString(middle-codeSize/2, codeTop, codeSize, codeSize, c.URL)
	label := style{sans, ink, 9, 9, 1, 1.3}
	value := style{serif, p.palette.Deep, 15, 8, 2, 1.15}
	verify, err := p.fit(label, "Scan to see the signed credential", panelWidth-24)
	if err != nil {
		return err
	}
	p.centred(verify, middle, codeTop+codeSize+7)

	type fact struct{ label, value string }
	facts := []fact{{"Issued", c.Issued.Format("January 2, 2006")}}
	if c.Hours != "" {
		facts = append(facts, fact{"Hours", c.Hours})
	}
	if c.GraduateCredits != "" {
		facts = append(facts, fact{"Graduate credits", c.GraduateCredits})
	}
	const step = 41.0
	from, to := top+20+badgeSize, codeTop
	y := (from + to - step*float64(len(facts))) / 2
	for _, f := range facts {
		l, err := p.fit(label, f.label, panelWidth-24)
		if err != nil {
			return err
		}
		v, err := p.fit(value, f.value, panelWidth-24)
		if err != nil {
			return err
		}
		p.centred(l, middle, y)
		p.centred(v, middle, y+l.height())
		y += step
	}
	return nil
}

// part is a text of the statement with the space below it.
type part struct {
	block
	below float64
}

// phrase is a piece of the sentence that a certificate says, with the space below it.
type phrase struct {
	style
	text  string
	below float64
}

// sentence is what the certificate says, from its first words to the title.
func sentence(c Certificate, quiet style, palette badge.Palette) []phrase {
	title := phrase{style{serif, palette.Field, 27, 12, 3, 1.2}, c.Title, 16}
	if c.Holder == "" {
		return []phrase{{quiet, "certifies that the holder of this credential has earned the", 8}, title}
	}
	return []phrase{{quiet, "certifies that", 4}, {style{serif, palette.Deep, 40, 13, 3, 1.15}, c.Holder, 8}, {quiet, "has earned the", 4}, title}
}

// statement draws the column on the right: who issued what to whom, and for what.
func (p page) statement(c Certificate) error {
	const (
		left   = innerFrame + panelWidth + 34
		right  = pageWidth - innerFrame - 34
		top    = innerFrame + 30
		bottom = pageHeight - innerFrame - 72
		width  = right - left
	)
	issuer, err := p.fit(style{sansBold, p.palette.Field, 15, 9, 2, 1.25}, c.Issuer, width)
	if err != nil {
		return err
	}
	p.put(issuer, left, top)
	room := bottom - top - issuer.height() - 18
	quiet := style{sans, ink, 13, 13, 1, 1.3}
	var parts []part
	var height float64
	for _, t := range sentence(c, quiet, p.palette) {
		b, err := p.fit(t.style, t.text, width)
		if err != nil {
			return err
		}
		parts = append(parts, part{b, t.below})
		height += b.height() + t.below
	}
	list, err := p.fitList(c.Competencies, width, room-height)
	if err != nil {
		return err
	}
	y := bottom - room + max(0, room-height-list.height())/2
	for _, part := range parts {
		p.put(part.block, left, y)
		y += part.height() + part.below
	}
	p.putList(list, left, y)
	return p.foot(c, left, pageHeight-innerFrame-46, width)
}

// foot says what the page is worth, and where the original is.
func (p page) foot(c Certificate, left, y, width float64) error {
	tint := p.palette.Accent
	p.pdf.SetDrawColor(int(tint.R), int(tint.G), int(tint.B))
	p.pdf.SetLineWidth(1.2)
	p.pdf.Line(left, y-8, left+width, y-8)
	note, err := p.fit(style{sans, ink, 9, 9, 1, 1.35}, "This page is a copy. The credential itself is signed; check it and its status at", width)
	if err != nil {
		return err
	}
	address, err := p.fit(style{sans, p.palette.Field, 10, 5, 2, 1.35}, c.URL, width)
	if err != nil {
		return err
	}
	p.put(note, left, y)
	p.put(address, left, y+note.height())
	p.pdf.LinkString(left, y+note.height(), width, address.height(), c.URL)
	return nil
}

// badge draws a badge as vectors.
func (p page) badge(d badge.Drawing, x, y, side float64) {
	pen := pdfPen{p.pdf, x, y, side / badge.Side}
	for _, layer := range d.Layers {
		p.fill(layer.Fill)
		layer.Path.Trace(pen)
		p.pdf.DrawPath("F")
	}
}

// pdfPen draws a badge at a place on the page.
type pdfPen struct {
	pdf         *fpdf.Fpdf
	x, y, scale float64
}

func (q pdfPen) at(x, y float64) (float64, float64) { return q.x + x*q.scale, q.y + y*q.scale }

func (q pdfPen) MoveTo(x, y float64) { q.pdf.MoveTo(q.at(x, y)) }
func (q pdfPen) LineTo(x, y float64) { q.pdf.LineTo(q.at(x, y)) }
func (q pdfPen) CurveTo(x1, y1, x2, y2, x, y float64) {
	x1, y1 = q.at(x1, y1)
	x2, y2 = q.at(x2, y2)
	x, y = q.at(x, y)
	q.pdf.CurveBezierCubicTo(x1, y1, x2, y2, x, y)
}
func (q pdfPen) ClosePath() { q.pdf.ClosePath() }
