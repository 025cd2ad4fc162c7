package server_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// rosterNaming is a roster of one school where one person works, who is told by a line of users.csv.
func rosterNaming(t testing.TB, person string) string {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, file := range [][2]string{
		{"manifest.csv", "propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\nfile.orgs,bulk\nfile.users,bulk\nfile.roles,bulk\n"},
		{"orgs.csv", "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\nd,,,A district,district,,\nn,,,North School,school,0100,d\n"},
		{"users.csv", "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email\nu,,,true,one,," + person + "\n"},
		{"roles.csv", "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId\nr,,,u,primary,teacher,,,n,\n"},
	} {
		entry, err := w.Create(file[0])
		must(t, err)
		_, err = entry.Write([]byte(file[1]))
		must(t, err)
	}
	must(t, w.Close())
	return base64.StdEncoding.EncodeToString(out.Bytes())
}

// chance are the names of records and the digests of files, which differ between any two worlds.
var chance = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{64}`)

// rosterAnswers is all that a district is answered about a roster while it is planned, applied and undone, over one transport; seen
// is what it asks beside that once the roster is applied.
func (w *world) rosterAnswers(t *testing.T, overREST bool, content string, seen ...string) (answers []string) {
	t.Helper()
	district, name := w.variables["district"], ""
	ask := func(what, rpc string, request map[string]any) {
		over := w.bytesOverGRPC
		if overREST {
			over = w.bytesOverREST
		}
		got := over(t, "districtHr", methodNamed(t, rpc), request, nil)
		if name == "" {
			name = district + "/rosterImports/" + string(chance.Find(got))
		}
		answers = append(answers, what+": "+string(chance.ReplaceAll(got, []byte("…"))))
	}
	look := func(what string) {
		ask(what+", got", "GetRosterImport", map[string]any{"name": name})
		ask(what+", its actions", "ListRosterActions", map[string]any{"parent": name})
		ask(what+", listed", "ListRosterImports", map[string]any{"parent": district})
	}
	ask("planned", "CreateRosterImport", map[string]any{"parent": district, "fileName": "roster.zip", "content": content})
	look("planned")
	ask("applied", "ApplyRosterImport", map[string]any{"name": name})
	look("applied")
	for _, number := range seen {
		ask("whom it added", "LookupEducator", map[string]any{"district": district, "employeeId": number})
	}
	ask("undone", "UndoRosterImport", map[string]any{"name": name})
	look("undone")
	return answers
}

// hide puts somebody on record whom the district may not know.
func (w *world) hide(t *testing.T, educator map[string]any) (name string) {
	t.Helper()
	educator["givenName"], educator["familyName"] = "Secret", "Hidden"
	return text(w.do(t, "staff", "CreateEducator", map[string]any{"educator": educator}), "educator.name")
}

func numberIn(district, number string) []any {
	return []any{map[string]any{"kind": "EXTERNAL_ID_KIND_EMPLOYEE_ID", "district": district, "value": number}}
}

// depart ends what a colleague does in the district.
func (w *world) depart(t *testing.T, who string) {
	t.Helper()
	employment := text(w.do(t, "staff", "ListEmployments", map[string]any{"parent": who}), "employments.0.name")
	w.do(t, "staff", "UpdateEmployment", map[string]any{"employment": map[string]any{"name": employment, "endDate": day(2026, 6, 30)}, "updateMask": "endDate"})
}

// TestRostersTellNothingHidden has a roster of a district plan, apply and undo what concerns people of whom the district may not
// know, and compares every byte that it is answered with the answers where there is nobody; for one who has left, where nothing
// has come after.
func TestRostersTellNothingHidden(t *testing.T) {
	for _, c := range []struct {
		what, person string
		// hidden and plain put on record what the one world has and what the other.
		hidden, plain func(t *testing.T, w *world)
		// seen are the numbers of people whom the roster adds, by which the district looks for them afterwards.
		seen []string
	}{
		{"a stranger's address", "New,One,,N1,secret@example.org", func(t *testing.T, w *world) {
			w.hide(t, map[string]any{"emails": []any{map[string]any{"address": "Secret@example.org", "verified": true}}})
		}, nil, []string{"N1"}},
		{"a stranger's address that is not verified", "New,One,,N1,secret@example.org", func(t *testing.T, w *world) {
			w.hide(t, map[string]any{"emails": []any{map[string]any{"address": "secret@example.org"}}})
		}, nil, []string{"N1"}},
		{"a stranger's address for a colleague", "Given,Of colleague,,E3,secret@example.org", func(t *testing.T, w *world) {
			who := w.hide(t, map[string]any{"emails": []any{map[string]any{"address": "secret@example.org", "verified": true}}})
			w.do(t, "staff", "CreateEmployment", map[string]any{"parent": who, "employment": map[string]any{"district": w.variables["otherDistrict"], "startDate": day(2020, 8, 1)}})
		}, nil, []string{"E3"}},
		{"the address of one who has left", "New,One,,N1,secret@example.org", func(t *testing.T, w *world) {
			w.depart(t, w.variables["colleague"])
			w.do(t, "staff", "UpdateEducator", map[string]any{"educator": map[string]any{"name": w.variables["colleague"], "emails": []any{map[string]any{"address": "secret@example.org", "verified": true}}}, "updateMask": "emails"})
		}, func(t *testing.T, w *world) { w.depart(t, w.variables["colleague"]) }, []string{"N1"}},
		{"a number without an employment", "Some,Body,,E9,some@example.org", func(t *testing.T, w *world) {
			w.hide(t, map[string]any{"externalIds": numberIn(w.variables["district"], "E9")})
		}, nil, nil},
		{"somebody of the future", "Some,Body,,E9,", func(t *testing.T, w *world) {
			who := w.hide(t, map[string]any{"externalIds": numberIn(w.variables["district"], "E9"), "emails": []any{map[string]any{"address": "future@example.org"}}})
			w.do(t, "staff", "CreateEmployment", map[string]any{"parent": who, "employment": map[string]any{"district": w.variables["district"], "startDate": day(2026, 12, 1)}})
		}, nil, nil},
		{"somebody who has left, and what came after", "Given,Of colleague,,E3,colleague@example.org", func(t *testing.T, w *world) {
			who := w.variables["colleague"]
			w.depart(t, who)
			w.do(t, "staff", "CreateEmployment", map[string]any{"parent": who, "employment": map[string]any{"district": w.variables["otherDistrict"], "startDate": day(2026, 8, 1)}})
			w.do(t, "staff", "UpdateEducator", map[string]any{"educator": map[string]any{"name": who, "familyName": "Afterwards", "emails": []any{map[string]any{"address": "after@example.org"}}}, "updateMask": "familyName,emails"})
		}, func(t *testing.T, w *world) { w.depart(t, w.variables["colleague"]) }, nil},
	} {
		t.Run(c.what, func(t *testing.T) {
			content := rosterNaming(t, c.person)
			var answers [2][]string
			for i, before := range []func(*testing.T, *world){c.hidden, c.plain} {
				w := newWorld(t)
				if before != nil {
					before(t, w)
				}
				for _, overREST := range []bool{false, true} {
					answers[i] = append(answers[i], w.rosterAnswers(t, overREST, content, c.seen...)...)
				}
			}
			for i, hidden := range answers[0] {
				if nothing := answers[1][i]; hidden != nothing {
					t.Errorf("%q\nwhere there is nothing to tell: %q", hidden, nothing)
				}
			}
			if t.Failed() {
				return
			}
			// That they agree says something when the roster was applied and undone.
			var last map[string]any
			_, body, _ := strings.Cut(answers[0][len(answers[0])-3], "\n\n")
			must(t, json.Unmarshal([]byte(body), &last))
			if got := fmt.Sprint(last["state"]); got != "STATE_UNDONE" {
				t.Errorf("in the end it is %s", got)
			}
		})
	}
}
