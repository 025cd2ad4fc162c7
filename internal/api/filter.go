package api

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"go.einride.tech/aip/filtering"
	expr "google.golang.org/genproto/googleapis/api/expr/v1alpha1"
)

// maxFilterDepth bounds how deep a filter may nest.
const maxFilterDepth = 20

// parseFilter makes a filter (AIP-160) a predicate over the columns of a list: comparisons joined by AND, OR and NOT.
func parseFilter(text string, spec *ListSpec) (func(*sql.Selector) *sql.Predicate, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	var parser filtering.Parser
	parser.Init(text)
	parsed, err := parser.Parse()
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	return spec.predicate(parsed.GetExpr(), 0)
}

var comparisons = map[string]func(column string, value any) *sql.Predicate{
	filtering.FunctionEquals: sql.EQ, filtering.FunctionNotEquals: sql.NEQ,
	filtering.FunctionLessThan: sql.LT, filtering.FunctionLessEquals: sql.LTE,
	filtering.FunctionGreaterThan: sql.GT, filtering.FunctionGreaterEquals: sql.GTE,
}

func (s *ListSpec) predicate(e *expr.Expr, depth int) (func(*sql.Selector) *sql.Predicate, error) {
	call := e.GetCallExpr()
	if call == nil || depth > maxFilterDepth {
		return nil, errors.New(`is made of comparisons such as display_name = "x", joined by AND, OR and NOT`)
	}
	if compare, ok := comparisons[call.GetFunction()]; ok && len(call.GetArgs()) == 2 {
		return s.comparison(compare, call)
	}
	if !slices.Contains([]string{filtering.FunctionAnd, filtering.FunctionFuzzyAnd, filtering.FunctionOr, filtering.FunctionNot}, call.GetFunction()) {
		return nil, fmt.Errorf("does not know %q: it takes =, !=, <, <=, >, >=, AND, OR and NOT", call.GetFunction())
	}
	var parts []func(*sql.Selector) *sql.Predicate
	for _, arg := range call.GetArgs() {
		part, err := s.predicate(arg, depth+1)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	all := func(selector *sql.Selector) []*sql.Predicate {
		made := make([]*sql.Predicate, len(parts))
		for i, part := range parts {
			made[i] = part(selector)
		}
		return made
	}
	switch call.GetFunction() {
	case filtering.FunctionOr:
		return func(selector *sql.Selector) *sql.Predicate { return sql.Or(all(selector)...) }, nil
	case filtering.FunctionNot:
		return func(selector *sql.Selector) *sql.Predicate { return sql.Not(all(selector)[0]) }, nil
	default:
		return func(selector *sql.Selector) *sql.Predicate { return sql.And(all(selector)...) }, nil
	}
}

func (s *ListSpec) comparison(compare func(string, any) *sql.Predicate, call *expr.Expr_Call) (func(*sql.Selector) *sql.Predicate, error) {
	name := call.GetArgs()[0].GetIdentExpr().GetName()
	column, ok := s.Columns[name]
	if !ok {
		return nil, fmt.Errorf("has no field %q: it takes %s", name, s.names(false))
	}
	literal, err := literalText(call.GetArgs()[1])
	if err != nil {
		return nil, err
	}
	value, err := column.parse(literal)
	if err != nil {
		return nil, fmt.Errorf("compares %s with %q: %w", name, literal, err)
	}
	return func(selector *sql.Selector) *sql.Predicate { return compare(selector.C(column.Name), value) }, nil
}

func literalText(e *expr.Expr) (string, error) {
	if ident := e.GetIdentExpr(); ident != nil {
		return ident.GetName(), nil // a word without quotes, such as CONFIRMED or true
	}
	switch c := e.GetConstExpr().GetConstantKind().(type) {
	case *expr.Constant_StringValue:
		return c.StringValue, nil
	case *expr.Constant_Int64Value:
		return strconv.FormatInt(c.Int64Value, 10), nil
	case *expr.Constant_BoolValue:
		return strconv.FormatBool(c.BoolValue), nil
	default:
		return "", errors.New("compares a field with something that is not a value")
	}
}

// parse reads a literal as the column keeps it.
func (c Column) parse(text string) (any, error) {
	if strings.ContainsRune(text, 0) {
		return nil, errors.New("it holds the character U+0000")
	}
	switch c.Kind {
	case WordColumn:
		i := slices.IndexFunc(c.Words, func(w string) bool { return text == w || strings.HasSuffix(text, "_"+w) })
		if slices.Contains(c.Words, text) {
			return text, nil
		} else if i < 0 {
			return nil, fmt.Errorf("it is one of %s", strings.Join(c.Words, ", "))
		}
		return c.longest(text), nil
	case NumberColumn:
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			return nil, errors.New("it is a whole number")
		}
		return n, nil
	case FlagColumn:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return nil, errors.New("it is true or false")
		}
		return b, nil
	case InstantColumn:
		t, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return nil, errors.New("it is a time such as 2026-09-30T00:00:00Z")
		}
		return t, nil
	case DayColumn:
		day, _, _ := strings.Cut(text, "T") // a date column comes back from a row as midnight
		t, err := time.Parse(time.DateOnly, day)
		if err != nil {
			return nil, errors.New("it is a date such as 2026-09-30")
		}
		return t, nil
	case UUIDNameColumn:
		id, err := uuid.Parse(text[strings.LastIndexByte(text, '/')+1:])
		if err != nil {
			return nil, errors.New("it is a resource name")
		}
		return id, nil
	case WordNameColumn:
		return LastWord(text), nil
	default:
		return text, nil
	}
}

// longest finds the word that the full name of an enum value ends in: NOT_COMPLETED, not COMPLETED.
func (c Column) longest(text string) string {
	best := ""
	for _, w := range c.Words {
		if strings.HasSuffix(text, "_"+w) && len(w) > len(best) {
			best = w
		}
	}
	return best
}
