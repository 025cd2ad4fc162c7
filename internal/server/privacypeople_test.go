package server_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/btlc/btlc/internal/directory"

	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
)

// subject is whom or what a case of the privacy matrix is about, by the variables of its requests. Those of one variable have
// as many letters in all cases, so that answers which repeat them have too; but what is the caller's own.
type subject map[string]string

// nobody is somebody who does not exist, and a place that does not, of a kind with those of the caller.
func nobody(t testing.TB, placeKind string) subject {
	t.Helper()
	id := func(n int) string { return fmt.Sprintf("0190a8a4-7c1e-7b7a-9d51-3f0c2f5d9a%02d", n) }
	s := keysOf(t, "nobody")
	name, place := "educators/"+id(0), map[string]string{"districts": "districts/zzz", "institutions": "institutions/nowherexx-college"}[placeKind]
	maps.Copy(s, subject{
		"whoName": name, "whoEmployment": name + "/employments/" + id(1), "whoEmploymentAway": name + "/employments/" + id(8), "whoAssignment": name + "/roleAssignments/" + id(2),
		"whoRequest": "creditRequests/" + id(3), "whoPostingId": id(4),
		"place": place, "placeRole": place + "/roles/" + id(5), "placeRoster": place + "/rosterImports/" + id(6), "placeWebhook": "webhookSubscriptions/" + id(7),
	})
	return s
}

// keysOf are the keys by which somebody is known, made of a word.
func keysOf(t testing.TB, word string) subject {
	key := fmt.Sprintf("%.8s", word+"xxxxxxxx")
	s := subject{
		"whoNumber": "E-" + key, "whoSmallNumber": "e-" + key, "whoStateNumber": "S-" + key, "whoNumberAway": "A-" + key,
		"whoEmail": key + "@example.org", "whoLaterEmail": "later-" + key + "@example.org", "whoFamilyName": "Of " + key,
	}
	s["whoRosterByEmail"] = rosterNaming(t, "New,One,,N1,"+s["whoEmail"])
	s["whoRosterByNumber"] = rosterNaming(t, "Given,"+s["whoFamilyName"]+",,"+s["whoNumber"]+",")
	return s
}

// join makes somebody who has worked in a district since 2020, with all keys, and who may call.
func (w *world) join(t testing.TB, who, district, school string) subject {
	t.Helper()
	s := keysOf(t, who)
	if district == w.variables["otherDistrict"] {
		s["whoNumberAway"] = s["whoNumber"]
	}
	w.known(t, who, s, district)
	w.variables[who+"Employment"] = w.engage(t, who, map[string]any{"district": district, "school": school, "startDate": day(2020, 9, 1)})
	return s
}

// known puts somebody on record who works nowhere.
func (w *world) known(t testing.TB, who string, s subject, district string) {
	t.Helper()
	made := w.do(t, "staff", "CreateEducator", map[string]any{"educator": map[string]any{
		"givenName": "Given", "familyName": s["whoFamilyName"], "emails": []any{map[string]any{"address": s["whoEmail"], "verified": true}},
		"externalIds": append(numberIn(district, s["whoNumber"]), stateNumber(s["whoStateNumber"])),
	}})
	w.variables[who] = text(made, "educator.name")
	w.bind(t, who, accesspb.Role_ROLE_EDUCATOR, w.variables[who])
}

func (w *world) engage(t testing.TB, who string, employment map[string]any) (name string) {
	t.Helper()
	return text(w.do(t, "staff", "CreateEmployment", map[string]any{"parent": w.variables[who], "employment": employment}), "employment.name")
}

// graduate has somebody take the course of the one district's people or of the other's.
func (w *world) graduate(t testing.TB, who string, like string, principal, institution string) {
	t.Helper()
	for _, name := range []string{"district", "school", "role", "section", "meeting"} {
		from := name
		if like != "" {
			from = like + strings.ToUpper(name[:1]) + name[1:]
		}
		w.variables[who+strings.ToUpper(name[:1])+name[1:]] = w.variables[from]
	}
	w.takeCourse(t, who, who, principal, institution)
}

// describe adds what is on record of somebody: the names by which it could be asked about.
func (w *world) describe(s subject, who, prefix string) subject {
	s["whoName"] = w.variables[who]
	for _, name := range []string{"employment", "assignment", "credential", "request", "posting"} {
		variable, title := name, strings.ToUpper(name[:1])+name[1:]
		if prefix != "" {
			variable = prefix + title
		}
		s["who"+title] = w.variables[variable]
	}
	if s["whoPosting"] != "" {
		s["whoPostingId"] = lastPart(s["whoPosting"])
	}
	delete(s, "whoPosting") // which has the institution's name, too
	return s
}

func stateNumber(value string) map[string]any {
	return map[string]any{"kind": "EXTERNAL_ID_KIND_STATE_EDUCATOR_ID", "value": value}
}

func lastPart(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

// leave ends what somebody does in a district, after the first day of the world.
func (w *world) leave(t testing.TB, who string) {
	t.Helper()
	w.do(t, "staff", "UpdateEmployment", map[string]any{"employment": map[string]any{"name": w.variables[who+"Employment"], "endDate": day(2026, 11, 20)}, "updateMask": "endDate"})
}

// becomes lets time pass to a later one, and tells the districts of the day.
func (w *world) becomes(t testing.TB, days int) {
	t.Helper()
	w.clock.Store(startOfTime.AddDate(0, 0, days).UnixNano())
	must(t, directory.New(w.server.DB()).TellDays(t.Context()))
}

// anotherLife is what becomes of somebody elsewhere: work in the other district, other names, addresses and numbers, a role, and
// the end of the credential, of the request for credit and of what was posted for it.
func (w *world) anotherLife(t testing.TB, who string) {
	t.Helper()
	v := w.variables
	w.engage(t, who, map[string]any{"district": v["otherDistrict"], "school": v["otherSchool"], "startDate": day(2026, 11, 21), "title": "After"})
	w.do(t, "staff", "UpdateEducator", map[string]any{"updateMask": "familyName,emails,externalIds", "educator": map[string]any{
		"name": v[who], "familyName": "Afterwards", "emails": []any{map[string]any{"address": keysOf(t, who)["whoLaterEmail"], "verified": true}},
		"externalIds": append(numberIn(v["district"], keysOf(t, who)["whoNumber"]), append(numberIn(v["otherDistrict"], keysOf(t, who)["whoNumberAway"]), stateNumber("S-after"))...),
	}})
	w.do(t, "staff", "CreateRoleAssignment", map[string]any{"parent": v[who], "roleAssignment": map[string]any{"role": v["otherRole"], "school": v["otherSchool"], "startDate": day(2026, 11, 21), "note": "After"}})
	w.do(t, "staff", "RevokeCredential", map[string]any{"name": v[who+"Credential"], "reasonCode": "ISSUED_IN_ERROR", "authority": "Program director"})
	w.do(t, "staff", "IssueCredential", map[string]any{"educator": v[who], "credentialType": "credentialTypes/using-data-certificate"})
	w.do(t, "staff", "RetractCreditPosting", map[string]any{"name": v[who+"Posting"], "reason": "Posted twice."})
	w.do(t, who, "WithdrawCreditRequest", map[string]any{"name": v[who+"Request"]})
}

// districtPanel has people come, work and leave, of whom a district or a school may know, and others of whom it may not; some
// only come later.
func (w *world) districtPanel(t *testing.T) privacyPanel {
	t.Helper()
	v := w.variables
	own := keysOf(t, "own")
	own["whoNumber"], own["whoSmallNumber"], own["whoEmail"], own["whoFamilyName"] = "E1", "e1", "educator@example.org", "Of educator"
	own["whoRosterByEmail"], own["whoRosterByNumber"] = rosterNaming(t, "New,One,,N1,educator@example.org"), rosterNaming(t, "Renamed,Of educator,,E1,")
	w.do(t, "staff", "UpdateEducator", map[string]any{"updateMask": "externalIds", "educator": map[string]any{"name": v["educator"], "externalIds": append(
		append(numberIn(v["district"], "E1"), numberIn(v["otherDistrict"], own["whoNumberAway"])...), stateNumber(own["whoStateNumber"]))}})
	p := privacyPanel{
		callers: []string{"districtHr", "principal"}, cases: []string{"own", "foreign", "future", "moved", "ended", "merged", "survivor"}, later: []string{"foreign", "future"},
		subjects: map[string]subject{asNobody: nobody(t, "districts"), "own": own, "foreign": keysOf(t, "foreign"), "future": keysOf(t, "future")},
	}
	for _, who := range []string{"moved", "ended"} {
		p.subjects[who] = w.join(t, who, v["district"], v["school"])
		w.graduate(t, who, "", "principal", v["otherInstitution"])
	}
	p.subjects["merged"] = w.join(t, "merged", v["district"], v["school"])
	p.subjects["survivor"] = w.join(t, "survivor", v["otherDistrict"], v["otherSchool"])
	w.graduate(t, "survivor", "other", "otherPrincipal", v["otherInstitution"])
	for _, who := range []string{"moved", "ended", "merged"} {
		w.leave(t, who)
	}
	for _, who := range []string{"moved", "ended", "merged", "survivor"} {
		w.describe(p.subjects[who], who, who)
	}
	w.describe(own, "educator", "")
	for name, variable := range map[string]string{"place": "district", "placeRole": "role", "placeRoster": "rosterImport", "placeWebhook": "webhook"} {
		own[name] = v[variable]
		p.subjects["foreign"][name] = v["other"+strings.ToUpper(variable[:1])+variable[1:]]
	}
	w.becomes(t, 3)
	return p
}

// institutionPanel has people ask institutions for credit: with consent and without, taken back, withdrawn, and elsewhere.
func (w *world) institutionPanel(t *testing.T) privacyPanel {
	t.Helper()
	v := w.variables
	own := w.describe(subject{"whoEmail": "educator@example.org"}, "educator", "")
	p := privacyPanel{
		callers: []string{"registrar"}, cases: []string{"own", "never", "revoked", "withdrawn", "elsewhere"}, later: []string{"elsewhere"},
		subjects: map[string]subject{asNobody: nobody(t, "institutions"), "own": own, "elsewhere": keysOf(t, "elsewhere")},
	}
	for who, institution := range map[string]string{"never": v["otherInstitution"], "revoked": v["institution"], "withdrawn": v["institution"]} {
		p.subjects[who] = w.join(t, who, v["otherDistrict"], v["otherSchool"])
		w.graduate(t, who, "other", "otherPrincipal", institution)
	}
	w.do(t, "never", "WithdrawCreditRequest", map[string]any{"name": v["neverRequest"]})
	made := w.do(t, "never", "CreateCreditRequest", map[string]any{"creditRequest": map[string]any{"registration": v["neverRegistration"], "institution": v["institution"]}})
	v["neverRequest"] = text(made, "creditRequest.name")
	made = w.do(t, "staff", "CreateCreditPosting", map[string]any{"parent": v["institution"], "creditPosting": map[string]any{"creditRequest": v["neverRequest"], "postDate": w.today()}})
	v["neverPosting"] = text(made, "creditPosting.name")
	w.do(t, "revoked", "RevokeConsent", map[string]any{"name": v["revokedConsent"]})
	w.do(t, "withdrawn", "WithdrawCreditRequest", map[string]any{"name": v["withdrawnRequest"]})
	for _, who := range []string{"never", "revoked", "withdrawn"} {
		w.describe(p.subjects[who], who, who)
	}
	for caller, name := range map[string]string{"registrar": "institution", "otherRegistrar": "otherInstitution"} {
		made := w.do(t, caller, "CreateWebhookSubscription", map[string]any{"webhookSubscription": map[string]any{"stream": v[name], "url": v["hook"]}})
		of := own
		if name != "institution" {
			of = p.subjects["elsewhere"]
		}
		of["place"], of["placeWebhook"] = v[name], text(made, "webhookSubscription.name")
	}
	return p
}

// schoolPanel has people work in another school of the district, of whom a principal may not know: some come, and some have left
// the principal's own.
func (w *world) schoolPanel(t *testing.T) privacyPanel {
	t.Helper()
	v := w.variables
	v["nextSchool"] = text(w.do(t, "staff", "CreateSchool", map[string]any{"parent": v["district"], "school": map[string]any{"displayName": "The next school"}}), "school.name")
	own := w.describe(subject{"whoEmail": "educator@example.org", "whoNumber": "E1", "whoFamilyName": "Of educator", "whoStateNumber": keysOf(t, "own")["whoStateNumber"]}, "educator", "")
	p := privacyPanel{
		callers: []string{"principal"}, cases: []string{"own", "neighbor", "transferred"}, later: []string{"neighbor"},
		subjects: map[string]subject{asNobody: nobody(t, "districts"), "own": own, "neighbor": keysOf(t, "neighbor"), "transferred": w.join(t, "transferred", v["district"], v["school"])},
	}
	w.graduate(t, "transferred", "", "principal", v["otherInstitution"])
	w.leave(t, "transferred")
	w.describe(p.subjects["transferred"], "transferred", "transferred")
	return p
}

// goOn has all happen of which a principal may not know.
func (w *world) goOn(t *testing.T, schools privacyPanel) {
	t.Helper()
	v, neighbor := w.variables, schools.subjects["neighbor"]
	maps.Copy(neighbor, w.join(t, "neighbor", v["district"], v["nextSchool"]))
	made := w.do(t, "neighbor", "CreateRoleAssignment", map[string]any{"parent": v["neighbor"], "roleAssignment": map[string]any{"role": v["role"], "school": v["nextSchool"], "startDate": day(2024, 9, 1)}})
	v["neighborAssignment"] = text(made, "roleAssignment.name")
	w.describe(neighbor, "neighbor", "neighbor")
	w.engage(t, "transferred", map[string]any{"district": v["district"], "school": v["nextSchool"], "startDate": day(2026, 11, 21)})
	w.do(t, "staff", "UpdateEducator", map[string]any{"updateMask": "familyName", "educator": map[string]any{"name": v["transferred"], "familyName": "Afterwards"}})
	w.do(t, "transferred", "CreateRoleAssignment", map[string]any{"parent": v["transferred"], "roleAssignment": map[string]any{"role": v["role"], "school": v["nextSchool"], "startDate": day(2026, 11, 21)}})
}

// liveOn has all happen of which partners may not know: others come to be on record, those who have left go on elsewhere, and
// records are merged.
func (w *world) liveOn(t *testing.T, districts, institutions privacyPanel) {
	t.Helper()
	v := w.variables
	for who, s := range map[string]subject{"foreign": districts.subjects["foreign"], "future": districts.subjects["future"], "elsewhere": institutions.subjects["elsewhere"]} {
		maps.Copy(s, w.join(t, who, v["otherDistrict"], v["otherSchool"]))
		w.graduate(t, who, "other", "otherPrincipal", v["otherInstitution"])
	}
	future := districts.subjects["future"]
	w.do(t, "staff", "UpdateEducator", map[string]any{"updateMask": "externalIds", "educator": map[string]any{"name": v["future"], "externalIds": append(
		append(numberIn(v["district"], future["whoNumber"]), numberIn(v["otherDistrict"], future["whoNumberAway"])...), stateNumber(future["whoStateNumber"]))}})
	v["futureEmployment"] = w.engage(t, "future", map[string]any{"district": v["district"], "school": v["school"], "startDate": day(2026, 12, 1)})
	for who, s := range map[string]subject{"foreign": districts.subjects["foreign"], "future": future, "elsewhere": institutions.subjects["elsewhere"]} {
		w.describe(s, who, who)
	}
	districts.subjects["own"]["whoEmploymentAway"] = w.engage(t, "educator", map[string]any{"district": v["otherDistrict"], "startDate": day(2027, 8, 1), "title": "Afterwards"})
	w.anotherLife(t, "moved")
	final := text(w.do(t, "staff", "CreateEducator", map[string]any{"educator": map[string]any{"givenName": "Given", "familyName": "Afterwards"}}), "educator.name")
	for _, merge := range [][2]string{{v["survivor"], v["merged"]}, {final, v["survivor"]}} {
		w.do(t, "staff", "MergeEducators", map[string]any{"name": merge[0], "duplicate": merge[1]})
	}
	w.do(t, "staff", "RetractCreditPosting", map[string]any{"name": v["revokedPosting"], "reason": "Posted twice."})
	w.do(t, "revoked", "WithdrawCreditRequest", map[string]any{"name": v["revokedRequest"]})
	w.do(t, "staff", "RetractCreditPosting", map[string]any{"name": v["neverPosting"], "reason": "Posted twice."})
}
