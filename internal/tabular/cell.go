package tabular

import "time"

// Cell is the content of a field. Its zero value is an empty field, which every column may have.
type Cell struct {
	kind   Kind
	nanos  int32
	number int64 // also seconds since 1970, and 1 for true
	text   string
}

// String is a cell of a text column.
func String(text string) Cell { return Cell{kind: Text, text: text} }

// Int is a cell of an integer column.
func Int(number int64) Cell { return Cell{kind: Integer, number: number} }

// Number is a cell of a decimal column: digits, with a minus before and a fraction after a point if need be: "-12.50".
func Number(text string) Cell { return Cell{kind: Decimal, text: text} }

// Bool is a cell of a column of truth values.
func Bool(value bool) Cell {
	if value {
		return Cell{kind: Boolean, number: 1}
	}
	return Cell{kind: Boolean}
}

// Day is a cell of a date column.
func Day(year int, month time.Month, day int) Cell {
	return Cell{kind: Date, number: time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix()}
}

// At is a cell of a time column, to the nanosecond where it has a fraction.
func At(t time.Time) Cell {
	return Cell{kind: Time, number: t.Unix(), nanos: int32(t.Nanosecond())}
}
