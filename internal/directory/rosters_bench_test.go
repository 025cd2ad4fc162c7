package directory_test

import (
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"
)

var rosterPeople = flag.Int("roster-people", 2000, "how many persons the rosters of the benchmark have")

const schoolsOfMany = 50

// many is a roster of so many persons at fifty schools. In the next year's, of a hundred each, five have another family name,
// five another address, ten work at another school, four are gone, and four are new; the others are as they were.
func many(people int, nextYear bool) files {
	var orgs, users, roles strings.Builder
	orgs.WriteString("sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\nd,,,Example District,district,,\n")
	for i := range schoolsOfMany {
		fmt.Fprintf(&orgs, "n%d,,,School %d,school,%04d,d\n", i, i, i+1)
	}
	for i := range people {
		number, family, address, school, start := fmt.Sprint("S", i), "Family", "s", i%schoolsOfMany, "2020-08-25"
		if nextYear {
			switch part := i / schoolsOfMany % 100; {
			case part < 5:
				family = "Married"
			case part < 10:
				address = "new"
			case part < 20:
				school, start = (school+1)%schoolsOfMany, ""
			case part < 24:
				number, address = fmt.Sprint("N", i), "n"
			}
		}
		fmt.Fprintf(&users, "u%d,,,true,u%d,,Given%d,%s%d,,%s,%s%d@example.org\n", i, i, i, family, i, number, address, i)
		fmt.Fprintf(&roles, "r%d,,,u%d,primary,teacher,%s,,n%d,\n", i, i, start, school)
	}
	f := roster(0)
	f["orgs.csv"] = orgs.String()
	f["users.csv"] += users.String()
	f["roles.csv"] += roles.String()
	return f
}

// BenchmarkRosters plans, applies and takes back a district's first roster, and that of the next year:
//
//	go test ./internal/directory -run '^$' -bench Rosters -benchtime 1x -roster-people 60000
func BenchmarkRosters(b *testing.B) {
	first, next := many(*rosterPeople, false).zip(b), many(*rosterPeople, true).zip(b)
	b.Run("First", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			o := newOffice(b)
			b.StartTimer()
			o.measure(b, first)
		}
	})
	b.Run("Next", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			o := newOffice(b)
			o.apply(b, o.plan(b, first))
			b.StartTimer()
			o.measure(b, next)
		}
	})
}

// measure reports how long each step of a roster's life takes, of the last of several runs.
func (o office) measure(b *testing.B, content []byte) {
	b.Helper()
	begin := time.Now()
	done := func(step string) {
		b.ReportMetric(time.Since(begin).Seconds(), step+"-s")
		begin = time.Now()
	}
	planned := o.plan(b, content)
	done("plan")
	applied := o.apply(b, planned)
	done("apply")
	o.undo(b, applied)
	done("undo")
}
