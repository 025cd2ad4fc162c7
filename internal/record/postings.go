package record

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/creditposting"
)

// Posting is graduate credit that an institution has put on somebody's transcript.
type Posting struct {
	// Institution and Course are their ids.
	Institution, Course string
	Credits             int32
	// Date is that on the transcript, as midnight UTC.
	Date time.Time
}

// Postings are those for an educator that stand, by their dates. A request or a consent that was taken back afterwards
// leaves the credit on the transcript.
func Postings(ctx context.Context, db *ent.Client, educator uuid.UUID) ([]Posting, error) {
	rows, err := db.CreditPosting.Query().Where(creditposting.EducatorID(educator), creditposting.State("POSTED")).
		Order(ent.Asc(creditposting.FieldPostDate, creditposting.FieldID)).All(ctx)
	if err != nil {
		return nil, err
	}
	postings := make([]Posting, len(rows))
	for i, row := range rows {
		postings[i] = Posting{row.InstitutionID, row.CourseID, row.Credits, row.PostDate}
	}
	return postings, nil
}
