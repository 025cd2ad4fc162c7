package enrollment

import (
	"bytes"
	"context"

	"github.com/google/uuid"

	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/legacy"
)

// mostFaults is how many faults of a file are told.
const mostFaults = 1000

// ImportPastRecords enters sections that were held, and who completed them, before there was a system of record: all of a
// file or, with faults, nothing. What is on record already stays as it is.
func (s *Service) ImportPastRecords(ctx context.Context, req *pb.ImportPastRecordsRequest) (*pb.ImportPastRecordsResponse, error) {
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.ImportPastRecordsResponse, error) {
		courses, err := s.store.courseIDs(ctx, tx)
		if err != nil {
			return nil, err
		}
		file, err := legacy.Read(bytes.NewReader(req.GetContent()), legacy.Options{
			Today: api.LocalDay(tx.Now, s.store.zone), Courses: courses, Limits: legacy.Limits{Faults: mostFaults},
		})
		if err != nil {
			return nil, err
		}
		on, err := s.store.onFile(ctx, tx, file)
		if err != nil {
			return nil, err
		}
		plan := planPast(file, on)
		if plan.faultCount > 0 {
			return pastAnswer(plan), nil
		}
		sections, made, err := s.store.enterPast(ctx, tx, plan)
		if err != nil {
			return nil, err
		}
		for i, planned := range plan.sections {
			kind := "UPDATED"
			if planned.id == uuid.Nil {
				kind = "CREATED"
			}
			announceSection(tx, sections[i], kind)
		}
		tx.Wrote("pastRecords")
		err = inChunks(made, lookedUp, func(some []*registration) error {
			return announceRegistrations(ctx, tx, some, "CREATED")
		})
		return pastAnswer(plan), err
	})
}

func pastAnswer(plan pastPlan) *pb.ImportPastRecordsResponse {
	sections, completed, people := plan.size()
	answer := &pb.ImportPastRecordsResponse{
		SectionCount: int32(sections), RegistrationCount: int32(people), CompletionCount: int32(completed),
		KnownCount: int32(plan.known), FaultCount: int32(plan.faultCount),
	}
	for _, f := range plan.faults[:min(len(plan.faults), mostFaults)] {
		answer.Faults = append(answer.Faults, &pb.PastRecordFault{Line: int32(f.Line), Column: f.Column, Description: f.Problem})
	}
	for _, t := range plan.terms {
		answer.Terms = append(answer.Terms, api.Name("btlc/Term", t.String()))
	}
	return answer
}
