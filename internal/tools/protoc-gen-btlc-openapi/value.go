package main

import (
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// habitualWords are examples by the name of the field, for those that the contract gives none for.
var habitualWords = map[string]string{
	"etag":            exampleETag,
	"page_token":      "djE6MDE5MGE4YTQ",
	"next_page_token": "",
	"cursor":          "djE6MTI",
	"next_cursor":     "djE6MTM",
	"given_name":      "Jordan",
	"family_name":     "Rivera",
	"employee_id":     "E100234",
	"employee_ids":    "E100234",
	"reason":          "A conflict of dates.",
	"note":            "Told by telephone.",
	"rationale":       "Every inference names the data that it rests on.",
	"issuer":          "https://id.example.org",
	"subject":         "248289761001",
	"uri":             "https://files.example.org/inventory.pdf",
	"principal":       "apiClients/" + exampleID,
	"recorded_by":     "apiClients/" + exampleID,
	"confirmed_by":    "apiClients/" + exampleID,
	"assessor":        "apiClients/" + exampleID,
	"subjects":        "educators/" + exampleID,
	"resource":        "credentials/" + exampleID,
	"location":        "Room 204",
}

const exampleETag = "v3"

// exclusive are fields of which a message has one alone, and what goes with it: examples have the first of each set.
var exclusive = [][]protoreflect.FullName{
	{"btlc.access.v1.RoleBinding.api_client", "btlc.access.v1.RoleBinding.oidc_subject"},
	{"btlc.enrollment.v1.CalendarLink.section", "btlc.enrollment.v1.CalendarLink.educator"},
	{"btlc.credential.v1.LookupCredentialStatusRequest.employee_id", "btlc.credential.v1.LookupCredentialStatusRequest.person"},
	{"btlc.credential.v1.BatchLookupCredentialStatusesRequest.persons", "btlc.credential.v1.BatchLookupCredentialStatusesRequest.employee_ids"},
	{
		"btlc.directory.v1.LookupEducatorRequest.email", "btlc.directory.v1.LookupEducatorRequest.state_educator_id",
		"btlc.directory.v1.LookupEducatorRequest.employee_id", "btlc.directory.v1.LookupEducatorRequest.district",
	},
}

// excluded is true for a field that has no place in an example, because the example has another one of its set.
func excluded(f field) bool {
	if oneof := f.Desc.ContainingOneof(); oneof != nil && !oneof.IsSynthetic() && oneof.Fields().Get(0) != f.Desc {
		return true
	}
	return slices.ContainsFunc(exclusive, func(set []protoreflect.FullName) bool { return slices.Contains(set[1:], f.Desc.FullName()) })
}

// messageExamples are examples of Google's types.
var messageExamples = map[protoreflect.FullName]any{
	"google.protobuf.Duration": "90s",
	"google.protobuf.Struct":   members("status", "CREDENTIAL_STATUS_ACTIVE"),
	"google.type.Money":        members("currencyCode", "USD", "units", "1000", "nanos", 0),
}

// members is an object of the given names and values in turn.
func members(pairs ...any) *object[any] {
	out := new(object[any])
	for i := 0; i < len(pairs); i += 2 {
		out.set(pairs[i].(string), pairs[i+1])
	}
	return out
}

// timeExample is an example of a time or a date. What starts or opens comes before what ends or closes.
func timeExample(f field) (any, bool) {
	name := f.protoName()
	ends := strings.Contains(name, "end_") || strings.Contains(name, "close_") || strings.Contains(name, "expire_")
	switch f.Message.Desc.FullName() {
	case "google.protobuf.Timestamp":
		switch {
		case f.example != "":
			return f.example, true
		case ends:
			return "2026-09-15T22:00:00Z", true
		}
		return "2026-09-15T19:00:00Z", true
	case "google.type.Date":
		if ends {
			return members("year", 2026, "month", 12, "day", 18), true
		}
		return members("year", 2026, "month", 9, "day", 8), true
	case "google.type.TimeOfDay":
		if ends {
			return members("hours", 19, "minutes", 30, "seconds", 0, "nanos", 0), true
		}
		return members("hours", 16, "minutes", 30, "seconds", 0, "nanos", 0), true
	}
	return nil, false
}

// wholeNumber is the number that the comment names, else 1, moved into the field's bounds.
func wholeNumber(f field) any {
	n, err := strconv.Atoi(f.example)
	if err != nil {
		n = 1
	}
	if rules := f.rules.GetInt32(); rules != nil {
		if rules.HasGte() {
			n = max(n, int(rules.GetGte()))
		}
		if rules.HasLte() {
			n = min(n, int(rules.GetLte()))
		}
	}
	return n
}

// matching is a short text, not empty if that can be, that matches a pattern.
func matching(pattern string) string {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return ""
	}
	var out strings.Builder
	writeMatch(&out, parsed)
	return out.String()
}

func writeMatch(out *strings.Builder, re *syntax.Regexp) {
	switch re.Op {
	case syntax.OpLiteral:
		out.WriteString(string(re.Rune))
	case syntax.OpCharClass:
		out.WriteRune(re.Rune[0])
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		out.WriteByte('x')
	case syntax.OpRepeat:
		for range max(re.Min, 1) {
			writeMatch(out, re.Sub[0])
		}
	case syntax.OpAlternate:
		writeMatch(out, re.Sub[0])
	default: // groups, sequences, stars and options; anchors have nothing within
		for _, sub := range re.Sub {
			writeMatch(out, sub)
		}
	}
}
