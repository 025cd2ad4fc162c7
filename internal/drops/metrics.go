package drops

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// standingPatience bounds how long the table of runs may take to answer whoever gathers metrics.
const standingPatience = 5 * time.Second

var (
	lastSuccess = prometheus.NewDesc("btlc_drop_last_success_timestamp_seconds", "When the file of a drop was left last, by any server.", []string{"drop"}, nil)
	failures    = prometheus.NewDesc("btlc_drop_failures_total", "How often this server failed to leave the file of a drop.", []string{"drop"}, nil)
)

// Describe implements prometheus.Collector.
func (m *Maker) Describe(to chan<- *prometheus.Desc) {
	to <- lastSuccess
	to <- failures
}

// Collect implements prometheus.Collector. A drop that was never made has no last success, and while the table of runs does
// not answer, none has.
func (m *Maker) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), standingPatience)
	defer cancel()
	made, err := m.store.lastSuccesses(ctx)
	if err != nil {
		m.log.WarnContext(ctx, "metrics of file drops", "error", err)
	}
	for i, d := range m.drops {
		to <- prometheus.MustNewConstMetric(failures, prometheus.CounterValue, float64(m.failed[i].Load()), d.Name)
		if at, ever := made[d.Name]; ever {
			to <- prometheus.MustNewConstMetric(lastSuccess, prometheus.GaugeValue, float64(at.UnixMilli())/1000, d.Name)
		}
	}
}

// countFailure counts that a drop's file was not left.
func (m *Maker) countFailure(name string) {
	for i, d := range m.drops {
		if d.Name == name {
			m.failed[i].Add(1)
		}
	}
}
