package recordtest

import (
	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/agreement"
	"github.com/btlc/btlc/ent/registration"
)

// Post has umass-boston post credits, on a date, for a registration for which it was asked.
func (w *World) Post(r Registration, credits int32, date string) uuid.UUID {
	w.t.Helper()
	ctx := w.t.Context()
	row := got(w.Ent().Registration.Query().Where(registration.ID(r.ID)).WithSection(func(q *ent.SectionQuery) { q.WithCourseVersion() }).Only(ctx))(w.t)
	terms := got(w.Ent().Agreement.Query().Where(agreement.InstitutionID("umass-boston")).FirstID(ctx))(w.t)
	request := got(w.Ent().CreditRequest.Create().SetRegistrationID(r.ID).SetEducatorID(row.EducatorID).SetInstitutionID("umass-boston").SetAgreementID(terms).Save(ctx))(w.t)
	return got(w.Ent().CreditPosting.Create().SetCreditRequestID(request.ID).SetEducatorID(row.EducatorID).SetInstitutionID("umass-boston").
		SetCourseID(row.Edges.Section.Edges.CourseVersion.CourseID).SetCredits(credits).SetPostDate(Day(date)).Save(ctx))(w.t).ID
}
