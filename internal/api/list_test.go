package api

import (
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	pb "github.com/btlc/btlc/gen/go/btlc/directory/v1"
	rolepb "github.com/btlc/btlc/gen/go/btlc/roleinventory/v1"
)

var testSpec = &ListSpec{Default: "display_name", Columns: map[string]Column{
	"display_name": {Name: "display_name"}, "create_time": {Name: "create_time", Kind: InstantColumn}, "count": {Name: "n", Kind: NumberColumn},
	"state": EnumColumn[rolepb.RoleAssignmentState]("state"), "school": {Name: "school_id", Kind: UUIDNameColumn}, "late": {Name: "late", Kind: FlagColumn},
	"start_date": {Name: "start_date", Kind: DayColumn},
}}

func query(t testing.TB, q *Query) (string, []any) {
	t.Helper()
	s := sql.Dialect(dialect.Postgres).Select("*").From(sql.Table("rows"))
	q.Apply(s)
	return s.Query()
}

func TestFilterBecomesSQL(t *testing.T) {
	for filter, want := range map[string]string{
		`display_name = "a"`:                                           `WHERE "rows"."display_name" = $1`,
		`display_name = "a" AND count >= 3`:                            `WHERE "rows"."display_name" = $1 AND "rows"."n" >= $2`,
		`state = CONFIRMED OR state = "ENDED"`:                         `WHERE "rows"."state" = $1 OR "rows"."state" = $2`,
		`NOT late = true`:                                              `WHERE NOT ("rows"."late")`,
		`create_time < "2026-01-01T00:00:00Z"`:                         `WHERE "rows"."create_time" < $1`,
		`(display_name = "a" OR count = 1) start_date != "2026-01-01"`: `WHERE ("rows"."display_name" = $1 OR "rows"."n" = $2) AND "rows"."start_date" <> $3`,
	} {
		q, err := ParseList(&pb.ListSchoolsRequest{Filter: filter}, testSpec)
		if err != nil {
			t.Errorf("%s: %v", filter, err)
			continue
		}
		if got, _ := query(t, q); !strings.Contains(got, want) {
			t.Errorf("%s:\n got %s\nwant %s", filter, got, want)
		}
	}
}

func TestFilterSaysWhatIsWrong(t *testing.T) {
	for filter, want := range map[string]string{
		`colour = "red"`:         "has no field \"colour\": it takes count, create_time,",
		`state = MAYBE`:          "it is one of REPORTED, CONFIRMED, DISPUTED, ENDED",
		`count = many`:           "it is a whole number",
		`create_time > 3`:        "it is a time such as",
		`late = perhaps`:         "it is true or false",
		`start_date = "2026-13"`: "it is a date such as",
		`school = "x"`:           "it is a resource name",
		`display_name`:           "is made of comparisons",
		`display_name = "a" AND`: "cannot be read",
		`display_name : "a"`:     "does not know",
		`display_name = count()`: "is not a value",
	} {
		_, err := ParseList(&pb.ListSchoolsRequest{Filter: filter}, testSpec)
		e := asError(err)
		if e == nil || len(e.Violations) != 1 || e.Violations[0].Field != "filter" || !strings.Contains(e.Violations[0].Description, want) {
			t.Errorf("%s: %v, wanted %q", filter, err, want)
		}
	}
}

func TestEnumValuesByWordAndByFullName(t *testing.T) {
	c := Column{Kind: WordColumn, Words: []string{"COMPLETED", "NOT_COMPLETED"}}
	for text, want := range map[string]string{"COMPLETED": "COMPLETED", "NOT_COMPLETED": "NOT_COMPLETED", "REGISTRATION_STATE_NOT_COMPLETED": "NOT_COMPLETED", "REGISTRATION_STATE_COMPLETED": "COMPLETED"} {
		if got, err := c.parse(text); err != nil || got != want {
			t.Errorf("%s: %v %v", text, got, err)
		}
	}
}

type testRow struct {
	ID          int    `json:"id,omitempty"`
	DisplayName string `json:"display_name,omitempty"`
}

func TestPagesFollowEachOther(t *testing.T) {
	rows := []*testRow{{1, "a"}, {2, "b"}, {3, "c"}}
	req := &pb.ListSchoolsRequest{Parent: "districts/bps", PageSize: 2}
	q, err := ParseList(req, testSpec)
	if err != nil {
		t.Fatal(err)
	}
	items, token := Page(q, rows, func(r *testRow) string { return r.DisplayName })
	if len(items) != 2 || token == "" {
		t.Fatalf("a page of %d, token %q", len(items), token)
	}
	next, err := ParseList(&pb.ListSchoolsRequest{Parent: "districts/bps", PageSize: 7, PageToken: token}, testSpec)
	if err != nil {
		t.Fatal(err)
	}
	text, args := query(t, next)
	if !strings.Contains(text, `("rows"."display_name", "rows"."id") > ($1, $2)`) || args[0] != "b" || args[1] != "2" {
		t.Errorf("the next page asks %s %v", text, args)
	}
	if _, last := Page(next, rows, func(r *testRow) string { return r.DisplayName }); last != "" {
		t.Error("the last page has a token")
	}
	for name, other := range map[string]*pb.ListSchoolsRequest{
		"another parent": {Parent: "districts/ncs", PageToken: token}, "another order": {Parent: "districts/bps", OrderBy: "create_time", PageToken: token},
		"another filter": {Parent: "districts/bps", Filter: "count = 1", PageToken: token}, "garbage": {Parent: "districts/bps", PageToken: "garbage"},
	} {
		if _, err := ParseList(other, testSpec); reasonFor(err) != PageTokenInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMixedOrdersSpellTheComparisonOut(t *testing.T) {
	req := &pb.ListSchoolsRequest{OrderBy: "count desc, display_name"}
	token := sealToken(queryHash(req), []string{"3", "b", "2"})
	req.PageToken = token
	q, err := ParseList(req, testSpec)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := query(t, q)
	if want := `"rows"."n" < $1 OR ("rows"."n" = $2 AND "rows"."display_name" > $3)`; !strings.Contains(text, want) {
		t.Errorf("got %s\nwant %s", text, want)
	}
}

func FuzzFilter(f *testing.F) {
	for _, seed := range []string{`display_name = "a"`, `NOT (count > 3 OR late = true) AND state = CONFIRMED`, `-a`, `((((`, `a.b.c = 1`, "\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, filter string) {
		q, err := ParseList(&pb.ListSchoolsRequest{Filter: filter}, testSpec)
		if err != nil {
			if asError(err) == nil {
				t.Fatalf("an error that is none of ours: %v", err)
			}
			return
		}
		text, args := query(t, q)
		if strings.Count(text, "$") != len(args) {
			t.Fatalf("%d arguments for %s", len(args), text)
		}
	})
}

func FuzzPageToken(f *testing.F) {
	req := &pb.ListSchoolsRequest{Parent: "districts/bps", OrderBy: "create_time"}
	f.Add(sealToken(queryHash(req), []string{"2026-01-01T00:00:00Z", "1"}))
	f.Add("")
	f.Add("eyJ2IjoxfQ")
	f.Fuzz(func(t *testing.T, token string) {
		q, err := ParseList(&pb.ListSchoolsRequest{Parent: "districts/bps", OrderBy: "create_time", PageToken: token}, testSpec)
		if err != nil {
			if reasonFor(err) != PageTokenInvalid {
				t.Fatalf("%v", err)
			}
			return
		}
		query(t, q)
	})
}
