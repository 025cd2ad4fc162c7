package record

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/training"
	"github.com/btlc/btlc/internal/policy"
)

// Trainings implements policy.Facts. One that was voided had been recorded in error: it counts at no time, and is on record
// until its voiding only.
func (f *facts) Trainings(ctx context.Context) ([]policy.Training, []policy.Fact, error) {
	all, err := f.trainings.get(ctx, f.readTrainings)
	if err != nil {
		return nil, nil, err
	}
	var taken []policy.Training
	var read []policy.Fact
	for _, row := range all[f.educator] {
		minutes, noon := int(row.Minutes), row.CompleteDate.Add(12*time.Hour)
		taken = append(taken, policy.Training{Minutes: minutes, RoleFamily: row.RoleFamilyID, Date: noon})
		read = append(read, policy.Fact{
			Kind: "training", ID: row.ID.String(), Value: fmt.Sprintf("%d minutes for %s", minutes, row.RoleFamilyID), OccurredAt: row.CompleteDate, RecordedAt: row.CreateTime,
		})
	}
	return taken, read, nil
}

// readTrainings reads those that counted, the earliest first. Their days have no zone: those of UTC are taken.
func (r *Records) readTrainings(ctx context.Context) (map[uuid.UUID][]*ent.Training, error) {
	query := r.db.Training.Query().Where(training.EducatorIDIn(r.people...))
	if r.present() {
		query.Where(training.VoidTimeIsNil())
	}
	rows, err := query.Order(ent.Asc(training.FieldCompleteDate, training.FieldID)).All(ctx)
	var counted []*ent.Training
	for _, row := range rows {
		voided := row.VoidTime != nil && r.knew(*row.VoidTime)
		if !voided && r.began(row.CompleteDate, time.UTC) && r.knew(row.CreateTime) {
			counted = append(counted, row)
		}
	}
	return by(counted, func(row *ent.Training) uuid.UUID { return row.EducatorID }), err
}
