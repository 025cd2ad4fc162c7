package server_test

import "testing"

// settleNotices names a notice to each of the two educators, which their registrations have made.
func (w *world) settleNotices(t testing.TB) {
	t.Helper()
	for notice, educator := range map[string]string{"notice": "educator", "otherNotice": "otherEducator"} {
		w.variables[notice] = text(w.do(t, "staff", "ListNotices", map[string]any{"parent": w.variables[educator]}), "notices.0.name")
	}
}
