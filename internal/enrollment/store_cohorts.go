package enrollment

import (
	"context"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	entregistration "github.com/btlc/btlc/ent/registration"
	"github.com/btlc/btlc/internal/cohort"
)

// answers are what all who ever registered for a section said of their skills and goals at first, in the order of registering:
// one who registers again would otherwise fill a group that is to hide somebody.
func (s store) answers(ctx context.Context, section uuid.UUID) ([]cohort.Answer, error) {
	rows, err := s.db.Ent().Registration.Query().Where(entregistration.SectionID(section), entregistration.ImportedSource("")).
		Order(ent.Asc(entregistration.FieldCreateTime, entregistration.FieldID)).All(ctx)
	if err != nil {
		return nil, err
	}
	var answers []cohort.Answer
	answered := map[uuid.UUID]bool{}
	for _, row := range rows {
		if len(row.CompetencyRatings) == 0 || answered[row.EducatorID] {
			continue
		}
		answered[row.EducatorID] = true
		a := cohort.Answer{Ratings: map[string]int{}}
		for _, r := range row.CompetencyRatings {
			if r.Rating > 0 {
				a.Ratings[r.Competency] = int(r.Rating)
			}
			if r.LearningGoal {
				a.Goals = append(a.Goals, r.Competency)
			}
		}
		answers = append(answers, a)
	}
	return answers, nil
}
