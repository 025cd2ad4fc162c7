package telemetry_test

import (
	"context"
	"database/sql"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	_ "github.com/lib/pq" // the driver postgres
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"

	"github.com/btlc/btlc/internal/telemetry"
)

// traceSink keeps what is sent to it.
type traceSink struct {
	collector.UnimplementedTraceServiceServer
	requests chan *collector.ExportTraceServiceRequest
}

func (s traceSink) Export(_ context.Context, req *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	s.requests <- req
	return &collector.ExportTraceServiceResponse{}, nil
}

// TestRPC makes one call and looks for it in metrics and traces.
func TestRPC(t *testing.T) {
	sink := traceSink{requests: make(chan *collector.ExportTraceServiceRequest, 10)}
	collecting := grpc.NewServer()
	collector.RegisterTraceServiceServer(collecting, sink)
	made, err := telemetry.New(t.Context(), telemetry.Options{Version: "1.2.3", Endpoint: "http://" + serve(t, collecting)})
	check(t, err)
	const trace = "0af7651916cd43dd8448eb211c80319c"
	overWire(metadata.AppendToOutgoingContext(t.Context(), "traceparent", "00-"+trace+"-b7ad6b7169203331-01"), t, made)

	text := metrics(t, made)
	for _, want := range []string{
		`rpc_server_call_duration_seconds_count{rpc_method="grpc.health.v1.Health/Check",rpc_response_status_code="OK",rpc_system_name="grpc"} 1`,
		`rpc_response_status_code="OK",rpc_system_name="grpc",le="10"} 1`, `service_version="1.2.3"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the metrics lack %s:\n%s", want, text)
		}
	}
	check(t, made.Shutdown(t.Context()))
	select {
	case req := <-sink.requests:
		span := req.GetResourceSpans()[0].GetScopeSpans()[0].GetSpans()[0]
		if span.GetName() != "grpc.health.v1.Health/Check" || hex.EncodeToString(span.GetTraceId()) != trace {
			t.Errorf("the span is %v, want one of the caller's trace", span)
		}
	default:
		t.Error("no trace was sent")
	}
}

func overWire(ctx context.Context, t *testing.T, made *telemetry.Telemetry) {
	server := grpc.NewServer(grpc.StatsHandler(made.StatsHandler()))
	healthpb.RegisterHealthServer(server, health.NewServer())
	conn, err := grpc.NewClient(serve(t, server), grpc.WithTransportCredentials(insecure.NewCredentials()))
	check(t, err)
	_, err = healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{})
	check(t, err)
	check(t, conn.Close())
	server.GracefulStop() // the call is on record when its handler has returned
}

// TestProcess looks for what is measured without any call; an absent collector stops nothing.
func TestProcess(t *testing.T) {
	made, err := telemetry.New(t.Context(), telemetry.Options{Endpoint: "http://127.0.0.1:9"})
	check(t, err)
	pool, err := sql.Open("postgres", "") // which does not connect
	check(t, err)
	defer pool.Close()
	pool.SetMaxOpenConns(7)
	check(t, made.WatchPool(pool))
	text := metrics(t, made)
	for _, want := range []string{"go_goroutines ", "process_start_time_seconds ", `go_sql_max_open_connections{db_name="btlc"} 7`} {
		if !strings.Contains(text, want) {
			t.Errorf("the metrics lack %s:\n%s", want, text)
		}
	}
	check(t, made.Shutdown(t.Context()))
}

func metrics(t *testing.T, made *telemetry.Telemetry) string {
	t.Helper()
	server := httptest.NewServer(made.Handler())
	defer server.Close()
	answer, err := http.Get(server.URL + "/metrics")
	check(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	check(t, err)
	return string(text)
}

func serve(t *testing.T, server *grpc.Server) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	go func() { _ = server.Serve(listener) }() // it ends with Stop
	t.Cleanup(server.Stop)
	return listener.Addr().String()
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
