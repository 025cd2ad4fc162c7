// Package telemetry makes metrics for Prometheus and traces for an OpenTelemetry collector.
package telemetry

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	exporter "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc/stats"
)

// Options say what to make.
type Options struct {
	// Version is the program's.
	Version string
	// Endpoint is the URL of a collector that takes OTLP over gRPC; empty for no traces.
	Endpoint string
	// Log is told of traces that could not be sent; nil tells nobody.
	Log *slog.Logger
}

// Telemetry gathers what the server does. Shutdown ends it.
type Telemetry struct {
	registry *prometheus.Registry
	metrics  *metric.MeterProvider
	traces   *trace.TracerProvider // nil: none are made
	rpcs     stats.Handler
}

// New begins to gather. It does not wait for the collector, which may come later.
func New(ctx context.Context, options Options) (*Telemetry, error) {
	log := options.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	// OpenTelemetry has no other place to tell of exports that fail later on.
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("telemetry", "error", err) }))
	of := resource.NewSchemaless(attribute.String("service.name", "btlc"), attribute.String("service.version", options.Version))

	t := &Telemetry{registry: prometheus.NewRegistry()}
	t.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	reader, err := exporter.New(exporter.WithRegisterer(t.registry), exporter.WithoutScopeInfo())
	if err != nil {
		return nil, fmt.Errorf("prepare metrics: %w", err)
	}
	t.metrics = metric.NewMeterProvider(metric.WithReader(reader), metric.WithResource(of), metric.WithView(fineDurations))
	handler := []otelgrpc.Option{otelgrpc.WithMeterProvider(t.metrics), otelgrpc.WithPropagators(propagation.TraceContext{})}
	if options.Endpoint != "" {
		sender, err := otlptracegrpc.New(ctx, otlptracegrpc.WithEndpointURL(options.Endpoint))
		if err != nil {
			return nil, fmt.Errorf("prepare traces: %w", err)
		}
		t.traces = trace.NewTracerProvider(trace.WithBatcher(sender), trace.WithResource(of))
		handler = append(handler, otelgrpc.WithTracerProvider(t.traces))
	}
	t.rpcs = timed{otelgrpc.NewServerHandler(handler...)}
	return t, nil
}

// fineDurations tells calls of under a millisecond apart, which most are.
var fineDurations = metric.NewView(
	metric.Instrument{Name: "rpc.server.call.duration"},
	metric.Stream{Aggregation: metric.AggregationExplicitBucketHistogram{Boundaries: []float64{
		0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
	}}},
)

// timed keeps when a call began: the channel within the process does not say it at the call's end.
type timed struct{ stats.Handler }

type beganKey struct{}

// TagRPC implements stats.Handler.
func (h timed) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	return context.WithValue(h.Handler.TagRPC(ctx, info), beganKey{}, time.Now())
}

// HandleRPC implements stats.Handler.
func (h timed) HandleRPC(ctx context.Context, s stats.RPCStats) {
	if end, ok := s.(*stats.End); ok && end.BeginTime.IsZero() {
		whole := *end
		whole.BeginTime, _ = ctx.Value(beganKey{}).(time.Time)
		s = &whole
	}
	h.Handler.HandleRPC(ctx, s)
}

// StatsHandler counts, times and traces every RPC.
func (t *Telemetry) StatsHandler() stats.Handler { return t.rpcs }

// WatchPool adds what a pool of database connections is doing.
func (t *Telemetry) WatchPool(pool *sql.DB) error {
	return t.registry.Register(collectors.NewDBStatsCollector(pool, "btlc"))
}

// Watch adds what something else tells of itself.
func (t *Telemetry) Watch(collector prometheus.Collector) error {
	return t.registry.Register(collector)
}

// Handler serves /metrics.
func (t *Telemetry) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(t.registry, promhttp.HandlerOpts{Registry: t.registry, MaxRequestsInFlight: 4, Timeout: 10 * time.Second}))
	return mux
}

// Shutdown sends what has not been sent yet.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	err := t.metrics.Shutdown(ctx)
	if t.traces != nil {
		err = errors.Join(err, t.traces.Shutdown(ctx))
	}
	return err
}
