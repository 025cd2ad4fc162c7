package server_test

import "testing"

// settleApplications has an educator of each district wait for a place, be invited by a colleague, and stand in a proposal.
func (w *world) settleApplications(t testing.TB) {
	t.Helper()
	v := w.variables
	apply := func(caller, course string, invited ...string) string {
		members := []any{map[string]any{"educator": v[caller], "registration": map[string]any{"educator": v[caller], "acknowledgedFramework": v["framework"]}}}
		for _, who := range invited {
			members = append(members, map[string]any{"educator": v[who]})
		}
		made := w.do(t, caller, "CreateApplication", map[string]any{"parent": "terms/fall-2026", "application": map[string]any{"course": course, "members": members}})
		return text(made, "application.name")
	}
	v["application"] = apply("educator", "courses/shared-leadership")
	v["otherApplication"] = apply("otherEducator", "courses/professional-expertise")
	v["invitation"] = apply("colleague", "courses/professional-expertise", "educator")
	v["otherInvitation"] = apply("colleague", "courses/shared-leadership", "otherEducator")
	w.do(t, "educator", "SubmitApplication", map[string]any{"name": v["application"]})
	w.do(t, "otherEducator", "SubmitApplication", map[string]any{"name": v["otherApplication"]})
	v["proposal"] = text(w.do(t, "staff", "ProposePlacements", map[string]any{"parent": "terms/fall-2026"}), "placementProposal.name")
}
