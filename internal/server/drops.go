package server

import (
	"context"
	"fmt"
	"io"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	credentialpb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/drop"
	"github.com/btlc/btlc/internal/drops"
)

// mediaOfDrops are the forms of drops as those of streams on REST: a file holds what a caller would get.
var mediaOfDrops = map[string]string{drops.CSV: mediaCSV, drops.NDJSON: mediaNDJSON}

// Drop makes the file of a drop of Options.Drops now. The errors are those of drops.Maker.
func (s *Server) Drop(ctx context.Context, name string) (drop.Receipt, error) {
	return s.drops.Make(ctx, name)
}

// Metrics are those of the work that nobody asks for, beside those of RPCs.
func (s *Server) Metrics() prometheus.Collector { return s.drops }

// exportDrop writes the statuses of a district as a file's content. Nobody calls: the operator said who gets what, and it
// is on record that the drop read it.
func (s *Server) exportDrop(ctx context.Context, d drops.Drop, to io.Writer) (cursor string, rows int64, err error) {
	call := &api.Call{Method: credentialpb.CredentialService_ExportCredentialStatuses_FullMethodName, Principal: d.Principal(), RequestID: uuid.Must(uuid.NewV7()).String()}
	ctx = api.WithCall(ctx, call)
	file := &dropFile{ctx: ctx, to: to, form: &restStream{media: mediaOfDrops[d.Form]}}
	answer := &streamAnswer{ServerStream: file, chain: s.chain, call: call, ctx: ctx, check: func() error { return nil }}
	request := &credentialpb.ExportCredentialStatusesRequest{Parent: d.District}
	if err := api.Validate(request); err != nil {
		return "", 0, err
	}
	err = s.credentials.ExportCredentialStatuses(request, &grpc.GenericServerStream[credentialpb.ExportCredentialStatusesRequest, credentialpb.ExportCredentialStatusesResponse]{ServerStream: answer})
	return file.cursor, file.rows, err
}

// dropFile takes an export and writes it.
type dropFile struct {
	grpc.ServerStream
	ctx    context.Context
	to     io.Writer
	form   *restStream
	cursor string
	rows   int64
}

// Context implements grpc.ServerStream.
func (f *dropFile) Context() context.Context { return f.ctx }

// SetHeader implements grpc.ServerStream: what it says, the first part says as well.
func (f *dropFile) SetHeader(metadata.MD) error { return nil }

// SendMsg implements grpc.ServerStream.
func (f *dropFile) SendMsg(m any) error {
	part, ok := m.(*credentialpb.ExportCredentialStatusesResponse)
	if !ok {
		return fmt.Errorf("a %T where a part of an export belongs", m)
	}
	if part.GetCursor() != "" {
		f.cursor = part.GetCursor()
	}
	f.rows += int64(len(part.GetStatuses()))
	f.form.buf = f.form.buf[:0]
	if err := f.form.rows(part.ProtoReflect()); err != nil {
		return err
	}
	if len(f.form.buf) == 0 {
		return nil
	}
	_, err := f.to.Write(f.form.buf)
	return err
}
