package placement

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestExplain(t *testing.T) {
	first := Reason{Code: SitePreferred, Points: 20}
	at := func(site string, points int64, rank int) Reason {
		r := first
		r.Site, r.Points, r.Rank = site, points, rank
		return r
	}
	full := Assignment{"ana-ben": "s1", "dee": "s1", "cho": "s2"}
	for name, c := range map[string]struct {
		assignment Assignment
		fixed      Assignment
		want       Explanation
	}{
		"role-alike would be elsewhere, which is full": {
			assignment: full,
			want: Explanation{
				Party: "cho", Section: "s2", Points: 120,
				For:     []Reason{{Code: Seated, Points: 100}, at("east", 20, 1)},
				Against: []Reason{{Code: OtherFamily, Count: 1, Family: "leader"}},
				Alternatives: []Alternative{{
					Section: "s1", Points: 140, Whole: 20, Obstacles: []Reason{{Code: OverCapacity, Seats: 1}},
					For: []Reason{{Code: Seated, Points: 100}, {Code: RoleAlike, Count: 1, Family: "mentor", Points: 30}, at("west", 10, 2)},
				}},
			},
		},
		"nothing better": {
			assignment: full,
			want: Explanation{
				Party: "dee", Section: "s1", Points: 150,
				For: []Reason{{Code: Seated, Points: 100}, {Code: RoleAlike, Count: 1, Family: "mentor", Points: 30}, at("west", 20, 0)},
			},
		},
		"no evening of hers": {
			assignment: full,
			want: Explanation{
				Party: "eve", Against: []Reason{{Code: NonePossible}},
				Alternatives: []Alternative{
					{
						Section: "s2", Points: 120, Whole: 120, Obstacles: []Reason{{Code: WeekdayImpossible, Weekday: time.Thursday}},
						For: []Reason{{Code: Seated, Points: 100}, at("east", 20, 0)}, Against: []Reason{{Code: OtherFamily, Count: 1, Family: "leader"}},
					},
					{
						Section: "s1", Points: 120, Whole: 120,
						Obstacles: []Reason{{Code: WeekdayImpossible, Weekday: time.Tuesday}, {Code: OverCapacity, Seats: 1}},
						For:       []Reason{{Code: Seated, Points: 100}, at("west", 20, 0)}, Against: []Reason{{Code: OtherFamily, Count: 1, Family: "mentor"}},
					},
				},
			},
		},
		"the other course is on that evening": {
			assignment: full,
			want: Explanation{
				Party: "cho-2", Against: []Reason{{Code: NonePossible}},
				Alternatives: []Alternative{{
					Section: "s3", Points: 150, Whole: 150,
					Obstacles: []Reason{{Code: Clash, Section: "s2", Weekday: time.Thursday, Person: "cho"}},
					For:       []Reason{{Code: Seated, Points: 100}, {Code: RoleAlike, Count: 1, Family: "mentor", Points: 30}, at("east", 20, 0)},
				}},
			},
		},
		"full": {
			assignment: Assignment{"cho": "s1", "dee": "s1"},
			want: Explanation{
				Party: "ana-ben", Against: []Reason{{Code: AllFull, Seats: 2}},
				Alternatives: []Alternative{
					{
						Section: "s1", Points: 270, Whole: 270, Obstacles: []Reason{{Code: OverCapacity, Seats: 1}},
						For:     []Reason{{Code: Seated, Points: 200}, {Code: RoleAlike, Count: 1, Family: "mentor", Points: 30}, at("west", 40, 0)},
						Against: []Reason{{Code: OtherFamily, Count: 1, Family: "mentor"}},
					},
					{
						Section: "s2", Points: 270, Whole: 270, Obstacles: []Reason{{Code: WeekdayImpossible, Weekday: time.Thursday}},
						For:     []Reason{{Code: Seated, Points: 200}, {Code: RoleAlike, Count: 1, Family: "leader", Points: 30}, at("east", 40, 0)},
						Against: []Reason{{Code: OtherFamily, Count: 1, Family: "leader"}},
					},
				},
			},
		},
		"pinned": {
			assignment: Assignment{"dee": "s2"}, fixed: Assignment{"dee": "s2"},
			want: Explanation{
				Party: "dee", Section: "s2", Points: 120,
				For:     []Reason{{Code: Seated, Points: 100}, at("east", 20, 0)},
				Against: []Reason{{Code: OtherFamily, Count: 1, Family: "leader"}},
				Alternatives: []Alternative{{
					Section: "s1", Points: 150, Whole: 30, Obstacles: []Reason{{Code: Pinned, Section: "s2"}},
					For: []Reason{{Code: Seated, Points: 100}, {Code: RoleAlike, Count: 1, Family: "mentor", Points: 30}, at("west", 20, 0)},
				}},
			},
		},
		"no section": {want: Explanation{Party: "fay", Against: []Reason{{Code: NoSection}}}},
	} {
		t.Run(name, func(t *testing.T) {
			p := example()
			p.Fixed = c.fixed
			got, err := Explain(p, c.assignment, c.want.Party)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("\n%+v\nnot\n%+v", got, c.want)
			}
		})
	}
	if _, err := Explain(example(), nil, "zoe"); !errors.Is(err, ErrUnknownParty) {
		t.Error(err)
	}
}

// TestLeftOut is of an edit that took somebody's seat away.
func TestLeftOut(t *testing.T) {
	got, err := Explain(example(), nil, "cho")
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got.Against, []Reason{{Code: LeftOut}}) || len(got.Alternatives) != 2 || got.Alternatives[0].Obstacles != nil {
		t.Errorf("%+v", got)
	}
}

func TestTexts(t *testing.T) {
	for code, want := range map[Code]string{
		OverCapacity: "full: 2 seats more", WeekdayImpossible: "its evenings are Tuesdays, which were not given as possible",
		OtherFamily: "its cohort is for family mentor, other than 1 member of the party", SiteNotPreferred: "east is not among",
	} {
		r := Reason{Code: code, Seats: 2, Weekday: time.Tuesday, Family: "mentor", Count: 1, Site: "east"}
		if text := r.Text(); !strings.HasPrefix(text, want) {
			t.Errorf("%q, not %q", text, want)
		}
	}
	seen := map[string]Code{}
	for code := Unknown; code <= LeftOut; code++ {
		text := Reason{Code: code}.Text()
		if other, double := seen[text]; double || strings.HasPrefix(text, "reason ") {
			t.Errorf("codes %d and %d have one text, or none: %q", code, other, text)
		}
		seen[text] = code
	}
}
