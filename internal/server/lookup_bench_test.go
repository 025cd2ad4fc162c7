package server_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"google.golang.org/grpc/metadata"

	credentialpb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/server"
)

func withoutReadAudit(o *server.Options) { o.WithoutReadAudit = true }

// BenchmarkLookupChannel is a status look-up by the chain and the database, without a wire.
func BenchmarkLookupChannel(b *testing.B) {
	w := newWorld(b, withoutReadAudit)
	client := credentialpb.NewCredentialServiceClient(w.server.Channel())
	ctx := metadata.AppendToOutgoingContext(b.Context(), "authorization", "Bearer "+w.keys["districtHr"])
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if _, err := client.LookupCredentialStatus(ctx, &credentialpb.LookupCredentialStatusRequest{Parent: "districts/bps", EmployeeId: "E1"}); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkLookupREST is the same through the REST gateway, without a wire.
func BenchmarkLookupREST(b *testing.B) {
	w := newWorld(b, withoutReadAudit)
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			req := httptest.NewRequest(http.MethodPost, "/v1/districts/bps/credentialStatuses:lookup", strings.NewReader(`{"employeeId":"E1"}`))
			req.Header.Set("Authorization", "Bearer "+w.keys["districtHr"])
			answer := httptest.NewRecorder()
			if w.server.Handler().ServeHTTP(answer, req); answer.Code != http.StatusOK {
				b.Error(answer.Body)
			}
		}
	})
}
