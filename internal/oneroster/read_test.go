package oneroster

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	roster := mustRead(t, example12(), ReadOptions{})
	orgs, roles, users := func(line int) Source { return Source{"orgs.csv", line} }, func(line int) Source { return Source{"roles.csv", line} }, func(line int) Source { return Source{"users.csv", line} }
	want := &Roster{
		Version: "1.2",
		Schools: []RosterSchool{{"0100", "North School", orgs(3)}, {"0200", "South School, upper", orgs(4)}},
		Staff: []Staff{
			{"E1", "Person", "One", "one@example.org", true, []Role{{"0100", "teacher", "2020-08-25", "", roles(2)}}, users(2)},
			{"E2", "Person", "Two", "", true, []Role{{"0200", "principal", "", "", roles(3)}}, users(3)},
			{"E3", "Person", "Three", "three@example.org", false, []Role{{"0100", "aide", "", "2026-06-20", roles(4)}}, users(4)},
			{"E4", "Person", "Four", "four@example.org", true, []Role{{"0200", "counselor", "", "", roles(5)}, {"", "districtAdministrator", "", "", roles(6)}}, users(5)},
		},
		Ignored: Ignored{Users: 1, Roles: 1},
	}
	if !reflect.DeepEqual(roster, want) {
		t.Errorf("got  %+v\nwant %+v", roster, want)
	}
	if shown := fmt.Sprintf("%+v", roster); strings.Contains(shown, "Nine") || strings.Contains(shown, "u9") || strings.Contains(shown, "P9") {
		t.Errorf("something of a student is kept: %s", shown)
	}
}

func TestReadVersion11(t *testing.T) {
	roster := mustRead(t, example11(), ReadOptions{})
	if got, want := shape(roster), "E1 0100 0200, E2 district"; got != want || roster.Version != "1.1" || roster.Ignored != (Ignored{Users: 1, Roles: 1}) {
		t.Errorf("got %s of %+v", got, roster)
	}
}

// shape writes in short who is where: number and schools, in brackets for those who are gone.
func shape(roster *Roster) string {
	var people []string
	for _, s := range roster.Staff {
		text := s.EmployeeNumber
		for _, role := range s.Roles {
			text += " " + either(role.School, "district")
		}
		if !s.Active {
			text = "(" + text + ")"
		}
		people = append(people, text)
	}
	return strings.Join(people, ", ")
}

func TestReadAsDistrictsFillItIn(t *testing.T) {
	const all = "E1 0100, E2 0200, (E3 0100), E4 0200 district"
	crlf := example12()
	for name, text := range crlf {
		crlf[name] = "\uFEFF" + strings.ReplaceAll(text, "\n", "\r\n") + "\r\n\r\n"
	}
	e := example12()
	for name, c := range map[string]struct {
		export
		opts    ReadOptions
		want    string
		ignored Ignored
	}{
		"with byte order marks, CRLF and empty lines": {crlf, ReadOptions{}, all, Ignored{Users: 1, Roles: 1}},
		"numbers of another type":                     {e.with(t, "users.csv", "two,,", "two,{HR:78},"), ReadOptions{EmployeeNumber: "userIds:HR", SkipUnnumbered: true}, "77 0100, 78 0200", Ignored{Users: 1, Roles: 1, Unnumbered: 2}},
		"numbers and codes in sourcedId":              {e, ReadOptions{EmployeeNumber: "sourcedId", SchoolCode: "sourcedId"}, "u1 n, u2 s, (u3 n), u4 s district", Ignored{Users: 1, Roles: 1}},
		"somebody without a number, as allowed":       {e.with(t, "users.csv", ",E2,", ",,"), ReadOptions{SkipUnnumbered: true}, "E1 0100, (E3 0100), E4 0200 district", Ignored{Users: 1, Roles: 1, Unnumbered: 1}},
		"somebody gone without a number":              {e.with(t, "users.csv", ",E3,", ",,"), ReadOptions{}, "E1 0100, E2 0200, E4 0200 district", Ignored{Users: 1, Roles: 1, Unnumbered: 1}},
		"a user to be deleted":                        {e.with(t, "users.csv", "u1,,", "u1,tobedeleted,"), ReadOptions{}, "(E1 0100), E2 0200, (E3 0100), E4 0200 district", Ignored{Users: 1, Roles: 1}},
		"a new account for one who was gone":          {e.with(t, "users.csv", ",E3,", ",E1,"), ReadOptions{}, "E1 0100, E2 0200, E4 0200 district", Ignored{Users: 1, Roles: 1, Superseded: 1}},
		"two old accounts":                            {e.with(t, "users.csv", "u3,,,false,three,,Person,Three,,E3", "u3,,,false,three,,Person,Three,,E1").with(t, "users.csv", "u2,,,true,two,,Person,Two,,E2", "u2,,,false,two,,Person,Two,,E1").with(t, "users.csv", "u1,,,true", "u1,,,false"), ReadOptions{}, "(E1 0100), E4 0200 district", Ignored{Users: 1, Roles: 1, Superseded: 2}},
		"a local authority":                           {e.with(t, "orgs.csv", "Mathematics,department,,s", "County,local,,"), ReadOptions{}, "E1 0100, E2 0200, (E3 0100), E4 district district", Ignored{Users: 1, Roles: 1}},
		"a role to be deleted":                        {e.with(t, "roles.csv", "r5,,", "r5,tobedeleted,"), ReadOptions{}, "E1 0100, E2 0200, (E3 0100), E4 0200", Ignored{Users: 1, Roles: 1, Deleted: 1}},
		"a school to be deleted":                      {e.with(t, "orgs.csv", "n,,", "n,tobedeleted,"), ReadOptions{}, "E1, E2 0200, (E3), E4 0200 district", Ignored{Users: 1, Roles: 1, Deleted: 2}},
		"a role of its own":                           {e.with(t, "roles.csv", "teacher", "ext:coach"), ReadOptions{}, "E2 0200, (E3 0100), E4 0200 district", Ignored{Users: 2, Roles: 1, Extended: 1}},
		"a role of its own that is staff":             {e.with(t, "roles.csv", "teacher", "ext:coach"), ReadOptions{StaffRoles: []string{"ext:coach"}}, all, Ignored{Users: 1, Roles: 1}},
		"several districts":                           {e.with(t, "orgs.csv", "m,,,Mathematics,department,,s\n", "m,,,Mathematics,department,,s\nx,,,Other,district,NULL,NULL\ny,,,West School,school,0100,x\n").with(t, "roles.csv", "r2,,,u2,primary,principal,,,s", "r2,,,u2,primary,principal,,,y"), ReadOptions{District: "d"}, "E1 0100, E2, (E3 0100), E4 0200 district", Ignored{Users: 1, Roles: 1, Elsewhere: 2}},
		"a role for the state":                        {e.with(t, "orgs.csv", "d,,,Example District,district,,", "q,,,State,state,,\nd,,,Example District,district,,q").with(t, "roles.csv", ",s,\n", ",q,\n"), ReadOptions{}, "E1 0100, E2, (E3 0100), E4 0200 district", Ignored{Users: 1, Roles: 1, Elsewhere: 1}},
		"columns in another order, and more of them":  {e.with(t, "orgs.csv", e["orgs.csv"], "metadata.x,parentSourcedId,identifier,type,name,status,sourcedId\n,,,district,Example District,active,d\n,d,0100,school,North School,,n\n,d,0200,school,South School,,s\n,s,,department,Mathematics,,m\n"), ReadOptions{}, all, Ignored{Users: 1, Roles: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			roster := mustRead(t, c.export, c.opts)
			if got := shape(roster); got != c.want || roster.Ignored != c.ignored {
				t.Errorf("got  %s %+v\nwant %s %+v", got, roster.Ignored, c.want, c.ignored)
			}
		})
	}
}

// Two people with one employee number, a reference into nothing, and so on: each is told by file, line and column.
func TestReadFaults(t *testing.T) {
	e := example12()
	without := func(file string) export {
		out := example12()
		delete(out, file)
		return out
	}
	for name, c := range map[string]struct {
		export
		opts ReadOptions
		want string // the faults, by lines
	}{
		"no manifest":                  {without("manifest.csv"), ReadOptions{}, "BAD_MANIFEST manifest.csv"},
		"another version":              {e.with(t, "manifest.csv", "1.2", "2.0"), ReadOptions{}, "BAD_MANIFEST manifest.csv:3 value"},
		"no version":                   {e.with(t, "manifest.csv", "oneroster.version,1.2\n", ""), ReadOptions{}, "BAD_MANIFEST manifest.csv"},
		"a delta":                      {e.with(t, "manifest.csv", "file.users,bulk", "file.users,delta"), ReadOptions{}, "BAD_MANIFEST manifest.csv file.users"},
		"a file missing":               {without("roles.csv"), ReadOptions{}, "BAD_MANIFEST roles.csv"},
		"an empty file":                {e.with(t, "orgs.csv", e["orgs.csv"], ""), ReadOptions{}, "BAD_HEADER orgs.csv:1"},
		"no rows":                      {e.with(t, "users.csv", e["users.csv"], strings.SplitAfter(e["users.csv"], "\n")[0]), ReadOptions{}, "MISSING_VALUE users.csv:2"},
		"a column missing":             {e.with(t, "users.csv", "identifier", "idnetifier"), ReadOptions{}, "BAD_HEADER users.csv:1 identifier"},
		"a column twice":               {e.with(t, "users.csv", "username", "email"), ReadOptions{}, "BAD_HEADER users.csv:1 \"email\""},
		"an id missing":                {e.with(t, "roles.csv", "r2,", ","), ReadOptions{}, "MISSING_VALUE roles.csv:3 sourcedId"},
		"an id twice":                  {e.with(t, "roles.csv", "r2,", "r1,"), ReadOptions{}, "DUPLICATE roles.csv:3 sourcedId"},
		"a user twice":                 {e.with(t, "users.csv", "u2,", "u1,"), ReadOptions{}, "DUPLICATE users.csv:3 sourcedId"},
		"a status unknown":             {e.with(t, "users.csv", "u1,,", "u1,inactive,"), ReadOptions{}, "BAD_VALUE users.csv:2 status"},
		"an org type unknown":          {e.with(t, "orgs.csv", "department", "team"), ReadOptions{}, "BAD_VALUE orgs.csv:5 type"},
		"a role unknown":               {e.with(t, "roles.csv", "student", "pupil"), ReadOptions{}, "BAD_VALUE roles.csv:7 role"},
		"a role type unknown":          {e.with(t, "roles.csv", "primary", "first"), ReadOptions{}, "BAD_VALUE roles.csv:2 roleType"},
		"enabled perhaps":              {e.with(t, "users.csv", ",true,", ",TRUE,"), ReadOptions{}, "BAD_VALUE users.csv:2 enabledUser"},
		"a name missing":               {e.with(t, "users.csv", "Person,One", "Person, "), ReadOptions{}, "MISSING_VALUE users.csv:2 familyName"},
		"a name too long":              {e.with(t, "users.csv", "One", strings.Repeat("é", 101)), ReadOptions{}, "BAD_VALUE users.csv:2 familyName"},
		"a name of two lines":          {e.with(t, "users.csv", "One", "\"One\nOr More\""), ReadOptions{}, "BAD_ENCODING users.csv:2 familyName"},
		"no address":                   {e.with(t, "users.csv", "one@example.org", "one at example"), ReadOptions{}, "BAD_VALUE users.csv:2 email"},
		"no such day":                  {e.with(t, "roles.csv", "2020-08-25", "2021-02-29"), ReadOptions{}, "BAD_VALUE roles.csv:2 beginDate"},
		"another form of day":          {e.with(t, "roles.csv", "2020-08-25", "8/25/2020"), ReadOptions{}, "BAD_VALUE roles.csv:2 beginDate"},
		"an end before it":             {e.with(t, "roles.csv", "2020-08-25,,", "2020-08-25,2020-08-24,"), ReadOptions{}, "BAD_VALUE roles.csv:2 endDate"},
		"an org that is not":           {e.with(t, "roles.csv", ",s,", ",w,"), ReadOptions{}, "BAD_REFERENCE roles.csv:3 orgSourcedId"},
		"a user who is not":            {e.with(t, "roles.csv", "u2", "u7"), ReadOptions{}, "BAD_REFERENCE roles.csv:3 userSourcedId"},
		"a parent that is not":         {e.with(t, "orgs.csv", ",0100,d", ",0100,e"), ReadOptions{}, "BAD_REFERENCE orgs.csv:3 parentSourcedId"},
		"a circle":                     {e.with(t, "orgs.csv", "upper\",school,0200,d", "upper\",school,0200,m"), ReadOptions{}, "CYCLE orgs.csv:4 parentSourcedId"},
		"its own parent":               {e.with(t, "orgs.csv", "district,,", "district,,d"), ReadOptions{}, "CYCLE orgs.csv:2 parentSourcedId"},
		"a school without code":        {e.with(t, "orgs.csv", "0100", ""), ReadOptions{}, "MISSING_VALUE orgs.csv:3 identifier"},
		"a code twice":                 {e.with(t, "orgs.csv", "0200", "0100"), ReadOptions{}, "DUPLICATE orgs.csv:4 identifier"},
		"no schools":                   {e.with(t, "orgs.csv", "North School,school", "North School,local").with(t, "orgs.csv", "upper\",school", "upper\",local"), ReadOptions{}, "MISSING_VALUE orgs.csv"},
		"two districts":                {e.with(t, "orgs.csv", "department", "district"), ReadOptions{}, "BAD_REFERENCE orgs.csv"},
		"no such district":             {e, ReadOptions{District: "x"}, "BAD_REFERENCE orgs.csv"},
		"a number missing":             {e.with(t, "users.csv", "E2", ""), ReadOptions{}, "MISSING_VALUE users.csv:3 identifier"},
		"a number twice":               {e.with(t, "users.csv", "E2", "E1"), ReadOptions{}, "DUPLICATE users.csv:3 identifier"},
		"ids that are none":            {e.with(t, "users.csv", "{HR:77}", "HR:77"), ReadOptions{EmployeeNumber: "userIds:HR", SkipUnnumbered: true}, "BAD_VALUE users.csv:2 userIds"},
		"two ids of a type":            {e.with(t, "users.csv", "{HR:77}", "\"{HR:77},{HR:78}\""), ReadOptions{EmployeeNumber: "userIds:HR", SkipUnnumbered: true}, "BAD_VALUE users.csv:2 userIds"},
		"an id too long for a number":  {e.with(t, "users.csv", "u1,", strings.Repeat("u", 65)+",").with(t, "roles.csv", "u1,", strings.Repeat("u", 65)+","), ReadOptions{EmployeeNumber: "sourcedId"}, "BAD_VALUE users.csv:2 sourcedId"},
		"below a field of two lines":   {e.with(t, "users.csv", ",one,", ",\"o\nne\",").with(t, "users.csv", "Two", ""), ReadOptions{}, "MISSING_VALUE users.csv:4 familyName"},
		"a row and a user lost":        {e.with(t, "roles.csv", "r9", "").with(t, "roles.csv", "u2", "u7"), ReadOptions{}, "MISSING_VALUE roles.csv:7 sourcedId; BAD_REFERENCE roles.csv:3 userSourcedId"},
		"a field short":                {e.with(t, "users.csv", ",E2,\n", ",E2\n"), ReadOptions{}, "BAD_SYNTAX users.csv:3"},
		"the last field short":         {e.with(t, "users.csv", "u9,,,true,nine,,Pupil,Nine,,P9,nine@example.org\n", "").with(t, "users.csv", ",four@example.org\n", ""), ReadOptions{}, "BAD_SYNTAX users.csv:5"},
		"a row cut off":                {e.with(t, "roles.csv", "r9,,,u9,primary,student,,,n,\n", "r9,,,u9,prim"), ReadOptions{}, "BAD_SYNTAX roles.csv:7"},
		"an open quote":                {e.with(t, "orgs.csv", "upper\",", "upper,"), ReadOptions{}, "BAD_SYNTAX orgs.csv:4"},
		"a quote in a field":           {e.with(t, "orgs.csv", "North School", "North \"A\" School"), ReadOptions{}, "BAD_SYNTAX orgs.csv:3 name; BAD_SYNTAX orgs.csv:3 name"},
		"after a quote":                {e.with(t, "orgs.csv", "upper\"", "upper\" or lower"), ReadOptions{}, "BAD_SYNTAX orgs.csv:4 name"},
		"old line ends":                {e.with(t, "orgs.csv", "\n", "\r"), ReadOptions{}, "BAD_SYNTAX orgs.csv:1"},
		"a NUL byte":                   {e.with(t, "users.csv", "one@", "o\x00ne@"), ReadOptions{}, "BAD_ENCODING users.csv:2 email"},
		"a code page":                  {e.with(t, "users.csv", "One", "\xc9n"), ReadOptions{}, "BAD_ENCODING users.csv:2 familyName"},
		"too many rows":                {e, ReadOptions{Limits: Limits{Rows: 5}}, "TOO_LARGE roles.csv:7"},
		"too many orgs":                {e, ReadOptions{Limits: Limits{Orgs: 3}}, "TOO_LARGE orgs.csv:5"},
		"too many roles":               {e, ReadOptions{Limits: Limits{StaffRoles: 4}}, "TOO_LARGE roles.csv:6"},
		"a field too long":             {e, ReadOptions{Limits: Limits{FieldBytes: 20}}, "TOO_LARGE roles.csv:6"},
		"too many columns":             {e.with(t, "orgs.csv", "name", strings.Repeat("name,", 200)), ReadOptions{}, "TOO_LARGE orgs.csv:1"},
		"a file too long":              {e, ReadOptions{Limits: Limits{FileBytes: 230}}, "TOO_LARGE roles.csv:5; TOO_LARGE users.csv:4"},
		"a manifest too long":          {e, ReadOptions{Limits: Limits{FileBytes: 100}}, "TOO_LARGE manifest.csv:6"},
		"a file of empty lines":        {e.with(t, "users.csv", "u9", strings.Repeat("\n", 1000)+"u9"), ReadOptions{Limits: Limits{FileBytes: 600}}, "TOO_LARGE users.csv:1006"},
		"empty lines to the end":       {e.with(t, "users.csv", "nine@example.org\n", "nine@example.org"+strings.Repeat("\n", 1000)), ReadOptions{Limits: Limits{FileBytes: 600}}, "TOO_LARGE users.csv:1006"},
		"faults beyond a limit":        {e.with(t, "users.csv", "u4,", "u3,").with(t, "users.csv", "Pupil,Nine,", "Pupil,"), ReadOptions{Limits: Limits{FileBytes: 290}}, "TOO_LARGE roles.csv:6; TOO_LARGE users.csv:5; DUPLICATE users.csv:5 sourcedId; BAD_SYNTAX users.csv:6"},
		"faults in all files":          {e.with(t, "orgs.csv", "district,,", "district,,n").with(t, "roles.csv", "2020-08-25", "2020").with(t, "users.csv", ",E4,", ",E2,"), ReadOptions{}, "CYCLE orgs.csv:2 parentSourcedId; BAD_VALUE roles.csv:2 beginDate; DUPLICATE users.csv:5 identifier"},
		"an org unknown, two users":    {e.with(t, "orgs.csv", "m,", ",").with(t, "users.csv", ",E4,", ",E2,"), ReadOptions{}, "MISSING_VALUE orgs.csv:5 sourcedId; DUPLICATE users.csv:5 identifier"},
		"roles that end in the middle": {e.with(t, "roles.csv", "u2,primary", "u2,\"primary").with(t, "users.csv", "u2,", "u1,"), ReadOptions{}, "BAD_SYNTAX roles.csv:3; DUPLICATE users.csv:3 sourcedId"},
		"two without a number":         {e.with(t, "users.csv", ",E2,", ",,").with(t, "users.csv", ",E4,", ",,"), ReadOptions{}, "MISSING_VALUE users.csv:3 identifier; MISSING_VALUE users.csv:5 identifier"},
		"after a return alone":         {e.with(t, "users.csv", ",one,", ",\rone,").with(t, "users.csv", "u4,", "u3,"), ReadOptions{}, "BAD_SYNTAX users.csv:2; DUPLICATE users.csv:5 sourcedId"},
		"after a field too long":       {e.with(t, "users.csv", ",one,", ","+strings.Repeat("one ", 100)+",").with(t, "users.csv", "u4,", "u3,"), ReadOptions{Limits: Limits{FieldBytes: 50}}, "TOO_LARGE users.csv:2; DUPLICATE users.csv:5 sourcedId"},
		"after too many columns":       {e.with(t, "users.csv", ",one,", strings.Repeat(",", 300)).with(t, "users.csv", "u4,", "u3,"), ReadOptions{}, "TOO_LARGE users.csv:2; DUPLICATE users.csv:5 sourcedId"},
		"a ZIP too long":               {e, ReadOptions{Limits: Limits{ArchiveBytes: 100}}, "TOO_LARGE"},
	} {
		t.Run(name, func(t *testing.T) {
			roster, err := readBytes(c.export.zip(t), c.opts)
			faults := faultsOf(t, roster, err)
			var got []string
			for _, f := range faults.List {
				text := string(f.Reason) + " " + f.Source.File
				if f.Source.Line > 0 {
					text += fmt.Sprintf(":%d", f.Source.Line)
				}
				got = append(got, strings.TrimSpace(text+" "+f.Column))
				if f.Want == "" {
					t.Errorf("nothing says what would be right: %v", f)
				}
			}
			if strings.Join(got, "; ") != c.want {
				t.Errorf("got  %s\nwant %s\n%v", strings.Join(got, "; "), c.want, err)
			}
		})
	}
}

func TestFaultsNameNobody(t *testing.T) {
	e := example12().with(t, "users.csv", "one@example.org", "one at example").with(t, "users.csv", ",E2,", ",E1,")
	const want = `the roster has 2 faults:
  users.csv, line 2, email: want an address as name@example.org
  users.csv, line 3, identifier: got the employee number of line 2, want a number that no other user has`
	roster, err := readBytes(e.zip(t), ReadOptions{})
	if got := faultsOf(t, roster, err).Error(); got != want {
		t.Errorf("got %s", got)
	}
}

func TestFaultsAreCountedBeyondTheList(t *testing.T) {
	e := example12()
	e["users.csv"] = strings.ReplaceAll(e["users.csv"], "true", "perhaps")
	roster, err := readBytes(e.zip(t), ReadOptions{Limits: Limits{Faults: 2}})
	if faults := faultsOf(t, roster, err); faults.Total != 3 || len(faults.List) != 2 || !strings.HasSuffix(err.Error(), "and 1 more") {
		t.Errorf("got %v", err)
	}
}

func TestReadOptionsAreChecked(t *testing.T) {
	for _, opts := range []ReadOptions{{EmployeeNumber: "email"}, {EmployeeNumber: "userIds:"}, {SchoolCode: "name"}} {
		if roster, err := readBytes(example12().zip(t), opts); roster != nil || err == nil {
			t.Errorf("%+v: got %v, %v", opts, roster, err)
		}
	}
}
