package server_test

import (
	"testing"
	"time"
)

// settleFeedback starts a section that the educator takes and one that the other educator takes, at hours of their own, and
// opens a round in each.
func (w *world) settleFeedback(t testing.TB) {
	t.Helper()
	for _, s := range []struct {
		section, round, lead, educator string
		earlier                        time.Duration
	}{
		{"feedbackSection", "feedbackRound", "facilitator", "educator", 6 * time.Hour},
		{"otherFeedbackSection", "otherFeedbackRound", "colleague", "otherEducator", 12 * time.Hour},
	} {
		v := w.variables
		section := sectionOf("courses/supporting-instruction/versions/1", "terms/fall-2026", v[s.lead])
		for _, meeting := range section["meetings"].([]any) {
			m := meeting.(map[string]any)
			for _, name := range []string{"startTime", "endTime"} {
				at, err := time.Parse(time.RFC3339, m[name].(string))
				must(t, err)
				m[name] = at.Add(-s.earlier).Format(time.RFC3339)
			}
		}
		v[s.section] = text(w.do(t, "staff", "CreateSection", map[string]any{"section": section}), "section.name")
		w.do(t, "staff", "OpenSection", map[string]any{"name": v[s.section]})
		w.do(t, s.educator, "CreateRegistration", map[string]any{"parent": v[s.section], "registration": map[string]any{"educator": v[s.educator], "acknowledgedFramework": v["framework"]}})
		w.do(t, "staff", "StartSection", map[string]any{"name": v[s.section]})
		made := w.do(t, "staff", "CreateFeedbackRound", map[string]any{"parent": v[s.section], "feedbackRound": map[string]any{"kind": "KIND_MID"}})
		v[s.round] = text(made, "feedbackRound.name")
	}
}
