package ledger

import (
	"github.com/google/uuid"
	"google.golang.org/grpc"

	pb "github.com/btlc/btlc/gen/go/btlc/ledger/v1"
	"github.com/btlc/btlc/internal/api"
)

const (
	// partSize is how many rows a part of an export has.
	partSize = 500
	// maxExports is how many exports a server reads at a time: each holds a connection for as long as its reader takes.
	maxExports = 2
)

// ExportLedger streams the ledger for accounting, as it stood at one moment.
func (s *Service) ExportLedger(req *pb.ExportLedgerRequest, stream grpc.ServerStreamingServer[pb.ExportLedgerResponse]) error {
	ctx := stream.Context()
	first, err := api.OptionalDay("startDate", req.GetStartDate())
	if err != nil {
		return err
	}
	last, err := api.OptionalDay("endDate", req.GetEndDate())
	if err != nil {
		return err
	}
	if first != nil && last != nil && last.Before(*first) {
		return api.InvalidField("endDate", "is before startDate")
	}
	select {
	case s.exports <- struct{}{}:
		defer func() { <-s.exports }()
	default:
		return api.Errorf(api.Unavailable, "%d exports are under way: try again when one has ended.", maxExports)
	}
	var part []*pb.LedgerRow
	var people []uuid.UUID
	send := func() error {
		api.Saw(ctx, people...)
		err := stream.Send(&pb.ExportLedgerResponse{Rows: part})
		part, people = nil, people[:0]
		return err
	}
	if err := send(); err != nil { // so that an export of nothing begins, too
		return err
	}
	for e, err := range s.store.export(ctx, first, last) {
		if err != nil {
			return err
		}
		part, people = append(part, e.row), append(people, e.educator)
		if len(part) == partSize {
			if err := send(); err != nil {
				return err
			}
		}
	}
	if len(part) == 0 {
		return nil
	}
	return send()
}
