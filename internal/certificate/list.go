package certificate

import "fmt"

// list is the competencies, set in columns of the same size.
type list struct {
	title   block
	columns [][]block
	width   float64 // of a column
	gap     float64 // below an entry
}

const (
	bullet     = 13.0
	columnsGap = 20.0
	titleGap   = 5.0
)

func (l list) height() float64 {
	if len(l.columns) == 0 {
		return 0
	}
	var tallest float64
	for _, column := range l.columns {
		var height float64
		for _, entry := range column {
			height += entry.height() + l.gap
		}
		tallest = max(tallest, height-l.gap)
	}
	return l.title.height() + titleGap + tallest
}

// fitList sets the competencies as large as they fit into the height, in one column if there are few. Errors:
// ErrTooLong.
func (p page) fitList(entries []string, width, height float64) (list, error) {
	if len(entries) == 0 {
		return list{}, nil
	}
	title, err := p.fit(style{sansBold, p.palette.Deep, 11, 11, 1, 1.3}, "Competencies demonstrated", width)
	if err != nil {
		return list{}, err
	}
	columns := 1
	if len(entries) > 5 {
		columns = 2
	}
	for size := 12.0; size >= 6.5; size -= 0.5 {
		l := list{title: title, width: (width - columnsGap*float64(columns-1)) / float64(columns), gap: size * 0.3}
		each := (len(entries) + columns - 1) / columns
		for i, text := range entries {
			if i%each == 0 {
				l.columns = append(l.columns, nil)
			}
			lines := p.wrap(sans, size, text, l.width-bullet)
			last := &l.columns[len(l.columns)-1]
			*last = append(*last, block{style{face: sans, colour: ink, lineDistance: 1.22}, size, lines})
		}
		if l.height() <= height {
			return l, nil
		}
	}
	return list{}, fmt.Errorf("%w: %d competencies", ErrTooLong, len(entries))
}

func (p page) putList(l list, left, top float64) {
	if len(l.columns) == 0 {
		return
	}
	p.put(l.title, left, top)
	for i, column := range l.columns {
		x := left + (l.width+columnsGap)*float64(i)
		y := top + l.title.height() + titleGap
		for _, entry := range column {
			p.fill(p.palette.Field)
			p.pdf.Circle(x+3.5, y+entry.size*0.66, entry.size*0.17, "F")
			p.put(entry, x+bullet, y)
			y += entry.height() + l.gap
		}
	}
}
