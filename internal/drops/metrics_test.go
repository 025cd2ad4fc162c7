package drops

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// gathered are the metrics of drops, as `name value` for each that this registry has.
func gathered(t *testing.T, m *Maker) string {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(m); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, f := range families {
		for _, one := range f.GetMetric() {
			lines = append(lines, f.GetName()+" "+one.String())
		}
	}
	return strings.Join(lines, "\n")
}

func TestMetrics(t *testing.T) {
	s := newSite(t)
	m := s.maker(s.pool)
	if got := gathered(t, m); strings.Contains(got, "last_success") || !strings.Contains(got, "btlc_drop_failures_total") || !strings.Contains(got, `value:"roster"`) {
		t.Errorf("before the first run: %s", got)
	}
	good := s.export
	s.export = func(context.Context, Drop, io.Writer) (string, int64, error) { return "", 0, errors.New("no") }
	m.Look(t.Context(), s.drop)
	if got := gathered(t, m); strings.Contains(got, "last_success") || !strings.Contains(got, "counter:{value:1}") {
		t.Errorf("after a failure: %s", got)
	}
	s.export = good
	s.at("2026-11-21T15:00:00Z")
	m.Look(t.Context(), s.drop)
	// Another server knows of the success, and has not failed itself.
	for maker, failures := range map[*Maker]string{m: "counter:{value:1}", s.maker(s.newPool()): "counter:{value:0}"} {
		if got := gathered(t, maker); !strings.Contains(got, failures) || !strings.Contains(got, "last_success_timestamp_seconds") || !strings.Contains(got, "gauge:{value:1.7952732e+09}") {
			t.Errorf("after a success: %s", got)
		}
	}
}

// TestForget: of each drop the last hundred runs stay, however old, all of the last 400 days, and the last that left a file.
func TestForget(t *testing.T) {
	s := newSite(t)
	_, err := s.pool.ExecContext(t.Context(), `INSERT INTO drop_runs (name, due_time, begin_time, end_time, failure)
		SELECT 'old', '2020-01-01T00:00:00Z'::timestamptz + n * interval '24 hours', now(), NULL::timestamptz, '' FROM generate_series(1, 130) n
		UNION ALL SELECT 'daily', '2026-11-20T07:00:00Z'::timestamptz - n * interval '24 hours', now(), NULL, '' FROM generate_series(0, 499) n
		UNION ALL SELECT 'ailing', due, due, due, CASE WHEN n <= 2 THEN '' ELSE 'no' END
			FROM (SELECT n, '2020-01-01T00:00:00Z'::timestamptz + n * interval '24 hours' AS due FROM generate_series(1, 130) n) runs`)
	s.must(err)
	m := s.maker(s.pool)
	for _, want := range []int64{30 + 500 - 400 + 29, 0} {
		forgotten, err := m.Forget(t.Context())
		s.must(err)
		if forgotten != want {
			t.Errorf("%d runs are forgotten, wanted %d", forgotten, want)
		}
	}
	var kept string
	s.must(s.pool.QueryRowContext(t.Context(), `SELECT string_agg(format('%s %s %s', name, count, to_char(first AT TIME ZONE 'UTC', 'YYYY-MM-DD')), ', ' ORDER BY name)
		FROM (SELECT name, count(*), min(due_time) AS first FROM drop_runs GROUP BY name) n`).Scan(&kept))
	if want := "ailing 101 2020-01-03, daily 400 2025-10-17, old 100 2020-02-01"; kept != want {
		t.Errorf("kept are %s, wanted %s", kept, want)
	}
}
