package api

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Enum is a generated enum.
type Enum interface {
	~int32
	protoreflect.Enum
}

func enumPrefix(d protoreflect.EnumDescriptor) string {
	return strings.TrimSuffix(string(d.Values().ByNumber(0).Name()), "UNSPECIFIED")
}

// EnumWord is an enum value as the database keeps it: its name without the prefix, such as `CONFIRMED`.
func EnumWord[E Enum](value E) string {
	d := value.Descriptor()
	v := d.Values().ByNumber(value.Number())
	if v == nil || v.Number() == 0 {
		return ""
	}
	return strings.TrimPrefix(string(v.Name()), enumPrefix(d))
}

// EnumOf is the enum value of a word of the database; unspecified for a word that is none.
func EnumOf[E Enum](word string) E {
	var zero E
	d := zero.Descriptor()
	v := d.Values().ByName(protoreflect.Name(enumPrefix(d) + word))
	if v == nil {
		return zero
	}
	return E(v.Number())
}

// Timestamp is a time as the contract has it; unset for the zero time.
func Timestamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

// OptionalTimestamp is Timestamp of what may be nil.
func OptionalTimestamp(t *time.Time) *timestamppb.Timestamp {
	if t == nil {
		return nil
	}
	return Timestamp(*t)
}

// Date is a local date as the contract has it.
func Date(t time.Time) *date.Date {
	return &date.Date{Year: int32(t.Year()), Month: int32(t.Month()), Day: int32(t.Day())}
}

// OptionalDate is Date of what may be nil.
func OptionalDate(t *time.Time) *date.Date {
	if t == nil {
		return nil
	}
	return Date(*t)
}

// Day is a date of the contract as midnight UTC, which is how a date column travels. field names it in the error.
func Day(field string, d *date.Date) (time.Time, error) {
	if d == nil {
		return time.Time{}, InvalidField(field, "is required: a date with year, month and day")
	}
	t := time.Date(int(d.Year), time.Month(d.Month), int(d.Day), 0, 0, 0, 0, time.UTC)
	if d.Year < 1900 || d.Year > 2200 || t.Year() != int(d.Year) || t.Month() != time.Month(d.Month) || t.Day() != int(d.Day) {
		return time.Time{}, InvalidField(field, "%04d-%02d-%02d is no date between 1900 and 2200", d.Year, d.Month, d.Day)
	}
	return t, nil
}

// OptionalDay is Day, and nil for no date.
func OptionalDay(field string, d *date.Date) (*time.Time, error) {
	if d == nil {
		return nil, nil
	}
	t, err := Day(field, d)
	return &t, err
}

// LocalDay is the date of an instant in a time zone, as midnight UTC.
func LocalDay(t time.Time, zone *time.Location) time.Time {
	year, month, day := t.In(zone).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// Etag is the etag of a version of a resource.
func Etag(version int32) string { return fmt.Sprintf("v%d", version) }

// VersionOf is the version that an etag of ours stands for.
func VersionOf(etag string) int32 {
	version, err := strconv.ParseInt(strings.TrimPrefix(etag, "v"), 10, 32)
	if err != nil {
		return 0
	}
	return int32(version)
}
