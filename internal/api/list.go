package api

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"entgo.io/ent/dialect/sql"
	"google.golang.org/protobuf/proto"
)

// DefaultPageSize and MaxPageSize bound the pages of every list.
const (
	DefaultPageSize = 50
	MaxPageSize     = 1000
)

// ListRequest is what all list requests have.
type ListRequest interface {
	proto.Message
	GetPageSize() int32
	GetPageToken() string
	GetFilter() string
	GetOrderBy() string
}

// Column is a column that a list can be filtered and ordered by.
type Column struct {
	// Name in the table.
	Name string
	// Kind says how a literal of a filter is read.
	Kind ColumnKind
	// Words are the values of a WordColumn.
	Words []string
	// FilterOnly columns cannot be ordered by: they may be NULL, or come from another table than the list's.
	FilterOnly bool
}

// ColumnKind is the type of a column as filters see it.
type ColumnKind int

// The kinds of columns.
const (
	TextColumn     ColumnKind = iota // compared as it is
	WordColumn                       // one of a list of words, as an enum is kept
	NumberColumn                     // an integer
	FlagColumn                       // true or false
	InstantColumn                    // RFC 3339
	DayColumn                        // YYYY-MM-DD
	UUIDNameColumn                   // a resource name that ends in the UUID that is kept
	WordNameColumn                   // a resource name that ends in the word that is kept
)

// ListSpec says by what a list can be filtered and ordered.
type ListSpec struct {
	Columns map[string]Column
	// Default is the order when none is asked for, as in order_by: `family_name` or `create_time desc`.
	Default string
	// Key is the column that makes any order total; `id` when empty.
	Key string
}

// EnumColumn is a WordColumn for an enum of the contract: to filter by, since its words have no order.
func EnumColumn[E Enum](name string) Column {
	var zero E
	d := zero.Descriptor()
	c := Column{Name: name, Kind: WordColumn, FilterOnly: true}
	for i := 1; i < d.Values().Len(); i++ {
		c.Words = append(c.Words, strings.TrimPrefix(string(d.Values().Get(i).Name()), enumPrefix(d)))
	}
	return c
}

type order struct {
	column Column
	desc   bool
}

// Query is a list request, understood.
type Query struct {
	spec   *ListSpec
	hash   string
	size   int
	orders []order
	filter func(*sql.Selector) *sql.Predicate
	after  []string
}

// ParseList understands a list request, or says what is wrong with it.
func ParseList(req ListRequest, spec *ListSpec) (*Query, error) {
	q := &Query{spec: spec, size: pageSize(req.GetPageSize()), hash: queryHash(req)}
	var violations []Violation
	var err error
	if q.orders, err = parseOrder(req.GetOrderBy(), spec); err != nil {
		violations = append(violations, Violation{Field: "orderBy", Description: err.Error()})
	}
	if q.filter, err = parseFilter(req.GetFilter(), spec); err != nil {
		violations = append(violations, Violation{Field: "filter", Description: err.Error()})
	}
	if len(violations) > 0 {
		return nil, Invalid(violations...)
	}
	if token := req.GetPageToken(); token != "" {
		if q.after, err = openToken(token, q.hash, len(q.orders)); err != nil {
			return nil, err
		}
		for i, text := range q.after {
			if _, err := q.orders[i].column.parse(text); err != nil {
				return nil, tokenError()
			}
		}
	}
	return q, nil
}

func pageSize(asked int32) int {
	if asked == 0 {
		return DefaultPageSize
	}
	return min(int(asked), MaxPageSize)
}

func parseOrder(text string, spec *ListSpec) ([]order, error) {
	if strings.TrimSpace(text) == "" {
		text = spec.Default
	}
	var orders []order
	for part := range strings.SplitSeq(text, ",") {
		words := strings.Fields(part)
		if len(words) == 0 || len(words) > 2 || len(words) == 2 && words[1] != "asc" && words[1] != "desc" {
			return nil, fmt.Errorf("is not an order such as %q", spec.Default)
		}
		column, ok := spec.Columns[words[0]]
		if !ok || column.FilterOnly {
			return nil, fmt.Errorf("has no field %q: it takes %s", words[0], spec.names(true))
		}
		if !slices.ContainsFunc(orders, func(o order) bool { return o.column.Name == column.Name }) {
			orders = append(orders, order{column: column, desc: len(words) == 2 && words[1] == "desc"})
		}
	}
	key := Column{Name: spec.key(), Kind: TextColumn}
	if !slices.ContainsFunc(orders, func(o order) bool { return o.column.Name == key.Name }) {
		orders = append(orders, order{column: key, desc: orders[0].desc})
	}
	return orders, nil
}

func (s *ListSpec) key() string {
	if s.Key == "" {
		return "id"
	}
	return s.Key
}

func (s *ListSpec) names(ordering bool) string {
	names := make([]string, 0, len(s.Columns))
	for name, column := range s.Columns {
		if !ordering || !column.FilterOnly {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// Apply adds filter, place, order and limit to a query. It reads one row more than the page has, to know whether there is
// a next page. Convert it to the predicate type of the table: `predicate.School(q.Apply)`.
func (q *Query) Apply(s *sql.Selector) {
	if q.filter != nil {
		s.Where(q.filter(s))
	}
	if q.after != nil {
		s.Where(q.afterPredicate(s))
	}
	for _, o := range q.orders {
		if o.desc {
			s.OrderBy(sql.Desc(s.C(o.column.Name)))
		} else {
			s.OrderBy(sql.Asc(s.C(o.column.Name)))
		}
	}
	s.Limit(q.size + 1)
}

// afterPredicate is (a, b) > (x, y) when all columns go the same way, which an index serves; and the spelled-out form
// when they do not.
func (q *Query) afterPredicate(s *sql.Selector) *sql.Predicate {
	values := make([]any, len(q.after))
	columns := make([]string, len(q.after))
	same := true
	for i, text := range q.after {
		values[i], _ = q.orders[i].column.parse(text) // ParseList has parsed them all
		columns[i] = s.C(q.orders[i].column.Name)
		same = same && q.orders[i].desc == q.orders[0].desc
	}
	if same {
		if q.orders[0].desc {
			return sql.CompositeLT(columns, values...)
		}
		return sql.CompositeGT(columns, values...)
	}
	var any []*sql.Predicate
	for i := range columns {
		var all []*sql.Predicate
		for j := range i {
			all = append(all, sql.EQ(columns[j], values[j]))
		}
		if q.orders[i].desc {
			all = append(all, sql.LT(columns[i], values[i]))
		} else {
			all = append(all, sql.GT(columns[i], values[i]))
		}
		any = append(any, sql.And(all...))
	}
	return sql.Or(any...)
}

// Page cuts the rows that Apply has read to the page, makes its items, and gives the token of the next page; empty when
// there is none. Rows are ent's: a row's columns are found by their json tags.
func Page[R, P any](q *Query, rows []*R, item func(*R) P) ([]P, string) {
	token := ""
	if len(rows) > q.size {
		rows = rows[:q.size]
		last := reflect.ValueOf(rows[q.size-1]).Elem()
		texts := make([]string, len(q.orders))
		for i, o := range q.orders {
			texts[i] = text(columnValue(last, o.column.Name))
		}
		token = sealToken(q.hash, texts)
	}
	items := make([]P, len(rows))
	for i, row := range rows {
		items[i] = item(row)
	}
	return items, token
}

var columnFields sync.Map // reflect.Type → map[string]int

func columnValue(row reflect.Value, column string) any {
	cached, ok := columnFields.Load(row.Type())
	if !ok {
		byName := map[string]int{}
		for i := range row.NumField() {
			tag, _, _ := strings.Cut(row.Type().Field(i).Tag.Get("json"), ",")
			byName[tag] = i
		}
		cached, _ = columnFields.LoadOrStore(row.Type(), byName)
	}
	field, ok := cached.(map[string]int)[column]
	if !ok {
		panic(fmt.Sprintf("%s has no column %s", row.Type(), column)) // a list spec that does not fit its table; every list's test meets it
	}
	return row.Field(field).Interface()
}

func text(value any) string {
	switch v := value.(type) {
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	default:
		return fmt.Sprint(v)
	}
}
