package telemetry_test

import (
	"context"
	"database/sql"
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

	server := grpc.NewServer(grpc.StatsHandler(made.StatsHandler()))
	healthpb.RegisterHealthServer(server, health.NewServer())
	conn, err := grpc.NewClient(serve(t, server), grpc.WithTransportCredentials(insecure.NewCredentials()))
	check(t, err)
	_, err = healthpb.NewHealthClient(conn).Check(t.Context(), &healthpb.HealthCheckRequest{})
	check(t, err)
	check(t, conn.Close())
	server.GracefulStop() // the call is on record when its handler has returned

	pool, err := sql.Open("postgres", "") // which does not connect
	check(t, err)
	defer pool.Close()
	pool.SetMaxOpenConns(7)
	check(t, made.WatchPool(pool))

	text := metrics(t, made)
	for _, want := range []string{`rpc_method="grpc.health.v1.Health/Check"`, "go_goroutines ", "process_start_time_seconds ", `go_sql_max_open_connections{db_name="btlc"} 7`, `service_version="1.2.3"`} {
		if !strings.Contains(text, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	if t.Failed() {
		t.Log(text)
	}

	check(t, made.Shutdown(t.Context()))
	select {
	case req := <-sink.requests:
		if name := req.GetResourceSpans()[0].GetScopeSpans()[0].GetSpans()[0].GetName(); name != "grpc.health.v1.Health/Check" {
			t.Errorf("the span is %s", name)
		}
	default:
		t.Error("no trace was sent")
	}
}

// TestWithoutCollector holds that an absent collector stops nothing.
func TestWithoutCollector(t *testing.T) {
	made, err := telemetry.New(t.Context(), telemetry.Options{})
	check(t, err)
	if metrics(t, made) == "" {
		t.Error("no metrics")
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
