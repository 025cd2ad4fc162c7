package enrollment_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/roleassignment"
	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/api"
)

// BenchmarkAmongTwoThousand is somebody who joins a waitlist of 2,000, and leaves it.
func BenchmarkAmongTwoThousand(b *testing.B) {
	const waiting = 2000
	w := newWorld(b, 1, waiting+1)
	ctx, to := b.Context(), w.db.Ent()
	var rows []*ent.RegistrationCreate
	for _, held := range to.RoleAssignment.Query().Where(roleassignment.EducatorIDNEQ(api.LastUUID(w.educators[waiting]))).AllX(ctx) {
		rows = append(rows, to.Registration.Create().SetID(uuid.Must(uuid.NewV7())).SetSectionID(w.section).SetEducatorID(held.EducatorID).SetRoleAssignmentID(held.ID).SetFrameworkID("btlc-1").
			SetRegisterDate(now).SetState("WAITLISTED").SetStateTime(now).SetPayerKind("SELF").SetLearningGoals("To lead the teams of a grade with data."))
		if len(rows) == 500 {
			to.Registration.CreateBulk(rows...).ExecX(ctx)
			rows = nil
		}
	}
	to.Section.UpdateOneID(w.section).SetSeatsTaken(1).SetWaitingCount(waiting).SetSeatingNumber(1).ExecX(ctx)
	last := w.educators[waiting]
	for b.Loop() {
		joined, err := call(ctx, w, educatorCaller(last), "CreateRegistration", w.service.CreateRegistration,
			&pb.CreateRegistrationRequest{Parent: w.parent(), JoinWaitlist: true, Registration: detailed(last)})
		if err != nil {
			b.Fatal(err)
		}
		left := &pb.WithdrawRegistrationRequest{Name: joined.Registration.Name}
		if _, err := call(ctx, w, educatorCaller(last), "WithdrawRegistration", w.service.WithdrawRegistration, left); err != nil {
			b.Fatal(err)
		}
	}
}
