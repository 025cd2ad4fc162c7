package directory

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	pb "github.com/btlc/btlc/gen/go/btlc/directory/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/oneroster"
)

// rpcLimits bound what a roster that comes in a request may cost to read: the worst half gigabyte takes a processor some twenty
// seconds (oneroster's BenchmarkRead), of the thirty that a request has.
var rpcLimits = oneroster.Limits{UnpackedBytes: 512 << 20, FileBytes: 64 << 20, Rows: 500_000, Faults: keptFaults}

// How many rosters a server reads at a time, of all districts and of one, and how long one more waits. What little a ZIP has to
// hold to be much work is no work to send.
const (
	maxRosters, maxRostersOfOne = 2, 1
	turnPatience                = 5 * time.Second
)

// CreateRosterImport plans what a roster would change.
func (s *Service) CreateRosterImport(ctx context.Context, req *pb.CreateRosterImportRequest) (*pb.CreateRosterImportResponse, error) {
	made, _, err := s.planRoster(ctx, req, bytes.NewReader(req.GetContent()), int64(len(req.GetContent())), rpcLimits)
	return made, err
}

// PlanRoster is CreateRosterImport for a file of up to oneroster.DefaultLimits: of a faulty one it gives up to a million
// faults, of which the first 1000 are kept. Whoever calls it has the right to.
func (s *Service) PlanRoster(ctx context.Context, district, fileName string, in io.ReaderAt, size int64) (*pb.RosterImport, *oneroster.Faults, error) {
	made, faults, err := s.planRoster(ctx, &pb.CreateRosterImportRequest{Parent: district, FileName: fileName}, in, size, oneroster.Limits{Faults: 1_000_000})
	return made.GetRosterImport(), faults, err
}

func (s *Service) planRoster(ctx context.Context, req *pb.CreateRosterImportRequest, in io.ReaderAt, size int64, limits oneroster.Limits) (made *pb.CreateRosterImportResponse, faults *oneroster.Faults, err error) {
	file, err := s.readRoster(ctx, req, in, size, limits)
	if err != nil {
		return nil, nil, err
	}
	made, err = api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.CreateRosterImportResponse, error) {
		var row *pb.RosterImport
		var err error
		row, faults, err = s.store.createRosterImport(ctx, tx, req.GetParent(), file)
		return &pb.CreateRosterImportResponse{RosterImport: row}, err
	})
	return made, faults, err
}

// readRoster reads a roster when it is the district's turn, for as long as somebody waits for it.
func (s *Service) readRoster(ctx context.Context, req *pb.CreateRosterImportRequest, in io.ReaderAt, size int64, limits oneroster.Limits) (rosterFile, error) {
	end, err := s.rosters.Take(ctx, req.GetParent())
	if err != nil {
		return rosterFile{}, err
	}
	defer end()
	in = awaited{in, ctx}
	digest := sha256.New()
	if _, err := io.Copy(digest, io.NewSectionReader(in, 0, size)); err != nil {
		return rosterFile{}, fmt.Errorf("read the roster: %w", err)
	}
	file := rosterFile{name: req.GetFileName(), digest: hex.EncodeToString(digest.Sum(nil))}
	if file.roster, err = oneroster.Read(in, size, oneroster.ReadOptions{Limits: limits}); err != nil && !errors.As(err, &file.faults) {
		return rosterFile{}, err
	}
	return file, nil
}

// awaited can be read while somebody waits for it.
type awaited struct {
	io.ReaderAt
	by context.Context
}

func (a awaited) ReadAt(b []byte, offset int64) (int, error) {
	if err := a.by.Err(); err != nil {
		return 0, err
	}
	return a.ReaderAt.ReadAt(b, offset)
}

// GetRosterImport gets a roster import.
func (s *Service) GetRosterImport(ctx context.Context, req *pb.GetRosterImportRequest) (*pb.GetRosterImportResponse, error) {
	found, err := s.store.rosterImport(ctx, req.GetName())
	return &pb.GetRosterImportResponse{RosterImport: found}, err
}

// ListRosterImports lists the roster imports of a district.
func (s *Service) ListRosterImports(ctx context.Context, req *pb.ListRosterImportsRequest) (*pb.ListRosterImportsResponse, error) {
	return s.store.listRosterImports(ctx, req)
}

// ListRosterActions lists what a roster would change, or has changed.
func (s *Service) ListRosterActions(ctx context.Context, req *pb.ListRosterActionsRequest) (*pb.ListRosterActionsResponse, error) {
	everywhere, scopes := access.Reach(ctx)
	return s.store.listRosterActions(ctx, req, everywhere, scopes)
}

// ApplyRosterImport makes the changes that were planned.
func (s *Service) ApplyRosterImport(ctx context.Context, req *pb.ApplyRosterImportRequest) (*pb.ApplyRosterImportResponse, error) {
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.ApplyRosterImportResponse, error) {
		applied, err := s.store.applyRoster(ctx, tx, req)
		return &pb.ApplyRosterImportResponse{RosterImport: applied}, err
	})
}

// UndoRosterImport changes back what a roster changed.
func (s *Service) UndoRosterImport(ctx context.Context, req *pb.UndoRosterImportRequest) (*pb.UndoRosterImportResponse, error) {
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.UndoRosterImportResponse, error) {
		undone, err := s.store.undoRoster(ctx, tx, req)
		return &pb.UndoRosterImportResponse{RosterImport: undone}, err
	})
}
