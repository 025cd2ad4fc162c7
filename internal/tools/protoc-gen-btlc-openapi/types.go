package main

import "google.golang.org/protobuf/reflect/protoreflect"

// scalarTypes are the schemas of scalars as protojson writes them.
var scalarTypes = map[protoreflect.Kind]schema{
	protoreflect.BoolKind:   {Type: "boolean"},
	protoreflect.StringKind: {Type: "string"},
	protoreflect.BytesKind:  {Type: "string", Format: "byte"},
	protoreflect.Int32Kind:  {Type: "integer", Format: "int32"},
	protoreflect.Uint32Kind: {Type: "integer", Format: "int64", Minimum: new(float64)},
	protoreflect.Int64Kind:  {Type: "string", Format: "int64", Pattern: "^-?[0-9]+$"},
	protoreflect.Uint64Kind: {Type: "string", Format: "uint64", Pattern: "^[0-9]+$"},
	protoreflect.FloatKind:  {Type: "number", Format: "float"},
	protoreflect.DoubleKind: {Type: "number", Format: "double"},
}

// wellKnown returns the schema of a message that JSON writes in a way of its own.
func wellKnown(name protoreflect.FullName) (*schema, bool) {
	switch name {
	case "google.protobuf.Timestamp":
		return &schema{Type: "string", Format: "date-time"}, true
	case "google.protobuf.Duration":
		return &schema{Type: "string", Pattern: "^-?[0-9]+(\\.[0-9]+)?s$"}, true
	case "google.protobuf.FieldMask":
		return &schema{Type: "string"}, true
	case "google.protobuf.Struct":
		return &schema{Type: "object", AdditionalProperties: true}, true
	}
	return nil, false
}

// commonTypes are Google's types that the contract uses, with what we ask of them: dates are whole, times of day whole minutes.
var commonTypes = map[protoreflect.FullName]*schema{
	"google.type.Date": {
		Type:        "object",
		Description: "A day of the calendar.",
		Required:    []string{"year", "month", "day"},
		Properties: properties(
			member{"year", &schema{Type: "integer", Format: "int32", Description: "The year.", Minimum: number(1), Maximum: number(9999)}},
			member{"month", &schema{Type: "integer", Format: "int32", Description: "The month, 1 for January.", Minimum: number(1), Maximum: number(12)}},
			member{"day", &schema{Type: "integer", Format: "int32", Description: "The day of the month.", Minimum: number(1), Maximum: number(31)}},
		),
	},
	"google.type.TimeOfDay": {
		Type:        "object",
		Description: "A time of day in whole minutes, from 00:00 to 24:00.",
		Required:    []string{"hours", "minutes", "seconds", "nanos"},
		Properties: properties(
			member{"hours", &schema{Type: "integer", Format: "int32", Description: "The hour.", Minimum: number(0), Maximum: number(24)}},
			member{"minutes", &schema{Type: "integer", Format: "int32", Description: "The minute of the hour.", Minimum: number(0), Maximum: number(59)}},
			member{"seconds", &schema{Type: "integer", Format: "int32", Description: "0.", Minimum: number(0), Maximum: number(0)}},
			member{"nanos", &schema{Type: "integer", Format: "int32", Description: "0.", Minimum: number(0), Maximum: number(0)}},
		),
	},
	"google.type.Money": {
		Type:        "object",
		Description: "An amount of money.",
		Required:    []string{"currencyCode", "units", "nanos"},
		Properties: properties(
			member{"currencyCode", &schema{Type: "string", Description: "The currency, by its three letters in ISO 4217.", Pattern: "^[A-Z]{3}$"}},
			member{"units", &schema{Type: "string", Format: "int64", Description: "Whole units, such as dollars.", Pattern: "^-?[0-9]+$"}},
			member{"nanos", &schema{Type: "integer", Format: "int32", Description: "Billionths of a unit, of the same sign.", Minimum: number(-999999999), Maximum: number(999999999)}},
		),
	},
}

type member struct {
	name   string
	schema *schema
}

func properties(members ...member) object[*schema] {
	var all object[*schema]
	for _, m := range members {
		all.set(m.name, m.schema)
	}
	return all
}

func number(n float64) *float64 { return &n }
