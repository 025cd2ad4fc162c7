package server_test

import (
	"fmt"
	"testing"
	"time"
)

// settle fills a world with one course that has been taken, for an educator of one district and one of the other: roles,
// registrations, attendance, submissions, credentials, a batch of them, webhooks, consents, credit requests and postings. Variables of the second begin with
// `other`.
func (w *world) settle(t testing.TB) {
	t.Helper()
	v := w.variables
	w.do(t, "staff", "CreateTerm", map[string]any{"termId": "fall-2026", "term": map[string]any{"displayName": "Fall 2026", "startDate": day(2026, 9, 1), "endDate": day(2026, 12, 20)}})
	made := w.do(t, "staff", "CreateSection", map[string]any{"section": sectionOf("courses/using-data/versions/1", "terms/fall-2026", v["facilitator"])})
	v["section"] = text(made, "section.name")
	draft := w.do(t, "staff", "CreateSection", map[string]any{"section": sectionOf("courses/using-data/versions/1", "terms/fall-2026", v["colleague"])})
	v["draftSection"] = text(draft, "section.name")
	other := w.do(t, "staff", "CreateSection", map[string]any{"section": sectionOf("courses/using-data/versions/1", "terms/fall-2026", v["colleague"])})
	v["otherSection"] = text(other, "section.name")
	for section, meeting := range map[string]string{"section": "meeting", "otherSection": "otherMeeting"} {
		w.do(t, "staff", "OpenSection", map[string]any{"name": v[section]})
		v[meeting] = text(w.do(t, "staff", "ListMeetings", map[string]any{"parent": v[section]}), "meetings.0.name")
	}
	v["draftMeeting"] = text(w.do(t, "staff", "ListMeetings", map[string]any{"parent": v["draftSection"]}), "meetings.0.name")
	made = w.do(t, "staff", "CreateRole", map[string]any{"parent": v["otherDistrict"], "role": map[string]any{"displayName": "Data team leader", "kind": "ROLE_KIND_FORMAL", "roleFamily": "roleFamilies/team-leader"}})
	v["otherRole"] = text(made, "role.name")
	w.do(t, "staff", "CreateAgreement", map[string]any{"agreement": map[string]any{"institution": v["otherInstitution"], "courses": []any{"courses/using-data"}, "credits": 3, "degreeEligibility": "DEGREE_ELIGIBILITY_UNKNOWN", "startDate": day(2020, 1, 1)}})
	v["agreement"] = text(w.do(t, "staff", "ListAgreements", map[string]any{}), "agreements.0.name")
	w.takeCourse(t, "educator", "", "principal", v["institution"])
	w.takeCourse(t, "otherEducator", "other", "otherPrincipal", v["otherInstitution"])
	made = w.do(t, "staff", "BatchIssueCredentials", map[string]any{"credentialType": "credentialTypes/using-data-certificate", "educators": []any{v["educator"]}})
	v["batch"] = text(made, "issueBatch.name")
	for webhook, district := range map[string]string{"webhook": "district", "otherWebhook": "otherDistrict"} {
		made := w.do(t, "staff", "CreateWebhookSubscription", map[string]any{"webhookSubscription": map[string]any{"stream": v[district], "url": v["hook"]}})
		v[webhook] = text(made, "webhookSubscription.name")
		w.do(t, "staff", "TestWebhookSubscription", map[string]any{"name": v[webhook]})
	}
	made = w.do(t, "admin", "CreateApiClient", map[string]any{"apiClient": map[string]any{"displayName": "Some client"}})
	v["client"] = text(made, "apiClient.name")
	v["key"] = text(w.do(t, "admin", "CreateApiKey", map[string]any{"parent": v["client"]}), "apiKey.name")
	v["binding"] = text(w.do(t, "admin", "CreateRoleBinding", map[string]any{"roleBinding": map[string]any{"apiClient": v["client"], "role": "ROLE_BOARD_MEMBER"}}), "roleBinding.name")
	w.settleFeedback(t)
	w.settleSchedules(t)
	w.settleLedger(t)
	w.settleNotices(t)
	w.settleApplications(t)
}

func day(year, month, day int) map[string]any {
	return map[string]any{"year": year, "month": month, "day": day}
}

func (w *world) today() map[string]any {
	now := w.now().UTC()
	return day(now.Year(), int(now.Month()), now.Day())
}

// sectionOf is a section whose eleven meetings lie in the weeks before the world's time, and whose registration is open.
func sectionOf(version, term, facilitator string) map[string]any {
	meetings := []any{}
	for i := range 11 {
		start, length := startOfTime.AddDate(0, 0, -7*(11-i)).Truncate(24*time.Hour).Add(20*time.Hour+30*time.Minute), 3*time.Hour
		if i%4 == 3 || i == 10 {
			length = 4 * time.Hour
		}
		meetings = append(meetings, map[string]any{"meetingNumber": i + 1, "startTime": start.Format(time.RFC3339), "endTime": start.Add(length).Format(time.RFC3339)})
	}
	return map[string]any{
		"courseVersion": version, "term": term, "capacity": 24, "displayName": "Using Data", "facilitators": []any{facilitator}, "meetings": meetings,
		"registrationOpenTime": "2026-06-01T00:00:00Z", "registrationCloseTime": "2026-12-01T00:00:00Z",
	}
}

func (w *world) takeCourse(t testing.TB, educator, prefix, principal, institution string) {
	t.Helper()
	v := w.variables
	set := func(name, value string) {
		if prefix != "" {
			name = prefix + string(name[0]-32) + name[1:]
		}
		v[name] = value
	}
	get := func(name string) string {
		if prefix != "" {
			name = prefix + string(name[0]-32) + name[1:]
		}
		return v[name]
	}
	assignment := func(note string) string {
		made := w.do(t, educator, "CreateRoleAssignment", map[string]any{"parent": v[educator], "roleAssignment": map[string]any{"role": get("role"), "school": get("school"), "startDate": day(2024, 9, 1), "note": note}})
		return text(made, "roleAssignment.name")
	}
	set("assignment", assignment("held"))
	w.do(t, principal, "ConfirmRoleAssignment", map[string]any{"name": get("assignment")})
	made := w.do(t, "staff", "CreateRole", map[string]any{"parent": get("district"), "role": map[string]any{"displayName": "Another role of " + educator, "kind": "ROLE_KIND_FORMAL"}})
	made = w.do(t, educator, "CreateRoleAssignment", map[string]any{"parent": v[educator], "roleAssignment": map[string]any{"role": text(made, "role.name"), "school": get("school"), "startDate": day(2024, 9, 1)}})
	set("reported", text(made, "roleAssignment.name"))
	made = w.do(t, educator, "CreateRegistration", map[string]any{"parent": get("section"), "registration": map[string]any{"educator": v[educator], "acknowledgedFramework": v["framework"]}})
	set("registration", text(made, "registration.name"))
	made = w.do(t, "staff", "RecordAttendance", map[string]any{"parent": get("meeting"), "marks": []any{map[string]any{"registration": get("registration"), "kind": "ATTENDANCE_KIND_PRESENT", "minutes": 180}}})
	set("entry", text(made, "entries.0.name"))
	framework := w.do(t, "staff", "GetFramework", map[string]any{"name": v["framework"]})
	for n := range 4 {
		submission := w.submission(t, framework, educator, 0, n)
		w.do(t, educator, "SubmitSubmission", map[string]any{"name": submission})
		made := w.do(t, "assessor", "SubmitScoreSheet", map[string]any{"parent": submission, "scoreSheet": map[string]any{"outcome": "SCORE_OUTCOME_DEMONSTRATED", "rationale": "The evidence shows it."}})
		set("sheet", text(made, "scoreSheet.name"))
		set("scored", submission)
	}
	made = w.do(t, "staff", "CreateTraining", map[string]any{"parent": v[educator], "training": map[string]any{
		"title": "Coaching", "provider": "The program", "roleFamily": "roleFamilies/mentor", "minutes": 90, "completeDate": day(2026, 11, 2),
	}})
	set("training", text(made, "training.name"))
	set("attainment", text(w.do(t, educator, "ListAttainments", map[string]any{"parent": v[educator]}), "attainments.0.name"))
	set("draft", w.submission(t, framework, educator, 2, 0))
	set("submitted", w.submission(t, framework, educator, 2, 1))
	w.do(t, educator, "SubmitSubmission", map[string]any{"name": get("submitted")})
	set("consent", text(w.do(t, educator, "CreateConsent", map[string]any{"parent": v[educator], "consent": map[string]any{"institution": institution}}), "consent.name"))
	set("request", text(w.do(t, educator, "CreateCreditRequest", map[string]any{"creditRequest": map[string]any{"registration": get("registration"), "institution": institution}}), "creditRequest.name"))
	made = w.do(t, "staff", "CreateCreditPosting", map[string]any{"parent": institution, "creditPosting": map[string]any{"creditRequest": get("request"), "postDate": w.today()}})
	set("posting", text(made, "creditPosting.name"))
	made = w.do(t, "staff", "IssueCredential", map[string]any{"educator": v[educator], "credentialType": "credentialTypes/using-data-certificate"})
	set("credential", text(made, "credential.name"))
	set("event", text(w.do(t, "staff", "ListCredentialEvents", map[string]any{"parent": get("credential")}), "credentialEvents.0.name"))
	made = w.do(t, "staff", "CreateRosterImport", map[string]any{"parent": get("district"), "fileName": "roster.zip", "content": rosterOf(t)})
	set("rosterImport", text(made, "rosterImport.name"))
	set("employment", text(w.do(t, "staff", "ListEmployments", map[string]any{"parent": v[educator]}), "employments.0.name"))
}

// submission makes a draft for an assessment, with evidence that fills its slots.
func (w *world) submission(t testing.TB, framework any, educator string, skill, assessment int) string {
	t.Helper()
	path := fmt.Sprintf("framework.coreSkills.%d.performanceAssessments.%d", skill, assessment)
	slots, ok := at(framework, path+".slots")
	if !ok {
		t.Fatalf("the framework has no %s", path)
	}
	made := w.do(t, educator, "CreateSubmission", map[string]any{"submission": map[string]any{
		"educator": w.variables[educator], "framework": w.variables["framework"], "assessment": text(framework, path+".id"), "evidence": evidenceFor(slots.([]any), w.variables["colleague"]),
	}})
	return text(made, "submission.name")
}

func evidenceFor(slots []any, colleague string) []any {
	var evidence []any
	for _, s := range slots {
		slot := s.(map[string]any)
		for n := range max(1, int(slot["minItems"].(float64))) {
			item := map[string]any{"slot": slot["id"], "title": fmt.Sprintf("Item %d of %v", n+1, slot["id"])}
			if slot["needsAudience"] == true {
				item["audience"] = fmt.Sprintf("Audience %d", n+1)
			}
			if slot["needsColleague"] == true {
				item["colleague"], item["colleagueConsents"] = colleague, true
			}
			evidence = append(evidence, item)
		}
	}
	return evidence
}
