package credential

import (
	"context"
	"errors"
	"sync"
	"time"

	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

// BatchIssueCredentials begins to issue a credential to many.
func (s *Service) BatchIssueCredentials(ctx context.Context, req *pb.BatchIssueCredentialsRequest) (*pb.BatchIssueCredentialsResponse, error) {
	answer, err := api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.BatchIssueCredentialsResponse, error) {
		b, err := s.store.createBatch(ctx, tx, req)
		return &pb.BatchIssueCredentialsResponse{IssueBatch: b}, err
	})
	if err == nil {
		s.begin()
	}
	return answer, err
}

// BatchReissueCredentials begins to issue anew what a compromised key has signed.
func (s *Service) BatchReissueCredentials(ctx context.Context, req *pb.BatchReissueCredentialsRequest) (*pb.BatchReissueCredentialsResponse, error) {
	answer, err := api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.BatchReissueCredentialsResponse, error) {
		b, err := s.store.createReissueBatch(ctx, tx, req)
		return &pb.BatchReissueCredentialsResponse{IssueBatch: b}, err
	})
	if err == nil {
		s.begin()
	}
	return answer, err
}

// begin wakes who carries out batches.
func (s *Service) begin() {
	select {
	case s.created <- struct{}{}:
	default: // whoever reads the word finds this batch too
	}
}

// GetIssueBatch gets a batch, with its progress.
func (s *Service) GetIssueBatch(ctx context.Context, req *pb.GetIssueBatchRequest) (*pb.GetIssueBatchResponse, error) {
	b, err := s.store.batch(ctx, req.GetName())
	return &pb.GetIssueBatchResponse{IssueBatch: b}, err
}

// ListIssueResults lists what came of each person of a batch.
func (s *Service) ListIssueResults(ctx context.Context, req *pb.ListIssueResultsRequest) (*pb.ListIssueResultsResponse, error) {
	return s.store.listResults(ctx, req)
}

// KeepIssuing carries out batches until the context ends: at once when one is created here, and every now and then for
// what other servers have left. It finishes the persons in hand. It tells faulty of what went wrong; the next time it is
// tried again.
func (s *Service) KeepIssuing(ctx context.Context, workers int, every time.Duration, faulty func(error)) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := s.IssuePending(ctx, workers); err != nil {
			faulty(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-s.created:
		case <-tick.C:
		}
	}
}

// IssuePending issues to all persons of running batches whom no other server has in hand, each in a transaction of its own
// and as many at a time as there are workers. When the context ends the persons in hand are finished, and others are left.
func (s *Service) IssuePending(ctx context.Context, workers int) error {
	batches, err := s.store.runningBatches(context.WithoutCancel(ctx)) // stopping is no fault
	faults := []error{err}
	for _, b := range batches {
		if ctx.Err() != nil {
			break
		}
		if b.replacedKey != "" && !s.store.issuer.compromised(b.replacedKey) {
			continue // this server was not told yet that the key is compromised, and might sign by it: others were
		}
		faults = append(faults, s.carryOut(ctx, b, workers))
	}
	return errors.Join(faults...)
}

func (s *Service) carryOut(ctx context.Context, b runningBatch, workers int) error {
	faults := make([]error, workers, workers+1)
	var crew sync.WaitGroup
	for i := range workers {
		crew.Go(func() {
			for more := true; more && faults[i] == nil && ctx.Err() == nil; {
				more, faults[i] = s.store.issueNext(context.WithoutCancel(ctx), b)
			}
		})
	}
	crew.Wait()
	return errors.Join(append(faults, s.store.finishBatch(context.WithoutCancel(ctx), b))...)
}
