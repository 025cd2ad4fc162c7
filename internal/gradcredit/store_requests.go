package gradcredit

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/consent"
	"github.com/btlc/btlc/ent/creditrequest"
	"github.com/btlc/btlc/ent/educator"
	"github.com/btlc/btlc/ent/predicate"
	"github.com/btlc/btlc/ent/registration"
	pb "github.com/btlc/btlc/gen/go/btlc/gradcredit/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/record"
)

// creditRequest is a request with what decides who sees it.
type creditRequest struct {
	row       *ent.CreditRequest
	section   uuid.UUID
	consented bool // the educator consents now that the institution sees it
}

func (r *creditRequest) proto() *pb.CreditRequest {
	return &pb.CreditRequest{
		Name: api.Name("btlc/CreditRequest", r.row.ID), Registration: api.Name("btlc/Registration", r.section, r.row.RegistrationID),
		Institution: r.institution(), Educator: r.educator(), Agreement: api.Name("btlc/Agreement", r.row.AgreementID),
		State:      api.EnumOf[pb.CreditRequestState](r.row.State),
		CreateTime: api.Timestamp(r.row.CreateTime), UpdateTime: api.Timestamp(r.row.UpdateTime), Etag: api.Etag(r.row.Version),
	}
}

func (r *creditRequest) educator() string { return api.Name("btlc/Educator", r.row.EducatorID) }
func (r *creditRequest) institution() string {
	return api.Name("btlc/Institution", r.row.InstitutionID)
}

// readers are the scopes in which it may be read: the educator's, and the institution's while the educator consents.
func (r *creditRequest) readers() []string {
	if r.consented {
		return []string{r.educator(), r.institution()}
	}
	return []string{r.educator()}
}

var requestList = &api.ListSpec{Default: "create_time", Columns: map[string]api.Column{
	"state": api.EnumColumn[pb.CreditRequestState](creditrequest.FieldState), "institution": {Name: creditrequest.FieldInstitutionID, Kind: api.WordNameColumn},
	"educator": {Name: creditrequest.FieldEducatorID, Kind: api.UUIDNameColumn}, "create_time": {Name: creditrequest.FieldCreateTime, Kind: api.InstantColumn},
}}

func (s store) request(ctx context.Context, db *ent.Client, name string) (*creditRequest, error) {
	row, err := db.CreditRequest.Query().Where(creditrequest.ID(api.LastUUID(name))).WithRegistration().Only(ctx)
	if ent.IsNotFound(err) {
		return nil, api.Missing(name)
	} else if err != nil {
		return nil, err
	}
	consented, err := consents(ctx, db, row.EducatorID, row.InstitutionID)
	return &creditRequest{row: row, section: row.Edges.Registration.SectionID, consented: consented}, err
}

// consents says whether a person consents now that an institution sees their credit facts.
func consents(ctx context.Context, db *ent.Client, person uuid.UUID, institution string) (bool, error) {
	return db.Consent.Query().Where(consent.EducatorID(person), consent.InstitutionID(institution), consent.RevokeTimeIsNil()).Exist(ctx)
}

func (s store) listRequests(ctx context.Context, req *pb.ListCreditRequestsRequest, everywhere bool, scopes []string) (*pb.ListCreditRequestsResponse, error) {
	q, err := api.ParseList(req, requestList)
	if err != nil {
		return nil, err
	}
	query := s.db.Ent().CreditRequest.Query().WithRegistration()
	if !everywhere {
		query.Where(within(scopes))
	}
	rows, err := query.Where(predicate.CreditRequest(q.Apply)).All(ctx)
	if err != nil {
		return nil, err
	}
	items, next := api.Page(q, rows, func(row *ent.CreditRequest) *pb.CreditRequest {
		return (&creditRequest{row: row, section: row.Edges.Registration.SectionID}).proto()
	})
	return &pb.ListCreditRequestsResponse{CreditRequests: items, NextPageToken: next}, nil
}

// within restricts requests to those of educators, and to those that institutions may see by consent.
func within(scopes []string) predicate.CreditRequest {
	return func(s *sql.Selector) {
		var any []*sql.Predicate
		for _, scope := range scopes {
			switch kind, id, _ := strings.Cut(scope, "/"); kind {
			case "educators":
				any = append(any, sql.EQ(s.C(creditrequest.FieldEducatorID), api.LastUUID(scope)))
			case "institutions":
				any = append(any, sql.And(sql.EQ(s.C(creditrequest.FieldInstitutionID), id), sql.In(s.C(creditrequest.FieldEducatorID), whoConsent(id))))
			}
		}
		if any == nil {
			s.Where(sql.False())
			return
		}
		s.Where(sql.Or(any...))
	}
}

func ofRegistration(name string) predicate.Registration {
	return registration.And(registration.ID(api.LastUUID(name)), registration.SectionID(api.PartUUID(name, 0)))
}

// registrant is whose registration it is.
func (s store) registrant(ctx context.Context, name string) (uuid.UUID, error) {
	row, err := s.db.Ent().Registration.Query().Where(ofRegistration(name)).Select(registration.FieldEducatorID).Only(ctx)
	if ent.IsNotFound(err) {
		return uuid.Nil, api.Missing(name)
	} else if err != nil {
		return uuid.Nil, err
	}
	return row.EducatorID, nil
}

// lock holds a person against others who write requests or consents of theirs, so that none of these misses the other; but not
// against those who refer to the person while they hold one of the registrations.
func lock(ctx context.Context, tx *database.Tx, person uuid.UUID, name string) error {
	_, err := tx.Educator.Query().Where(educator.ID(person)).ForUpdate(sql.WithLockClause("FOR NO KEY UPDATE")).OnlyID(ctx)
	if ent.IsNotFound(err) {
		return api.Missing(name)
	}
	return err
}

func (s store) createRequest(ctx context.Context, tx *database.Tx, person uuid.UUID, in *pb.CreditRequest) (*creditRequest, error) {
	if err := lock(ctx, tx, person, in.Registration); err != nil {
		return nil, err
	}
	// Shared: the registration is not withdrawn while this decides.
	r, err := tx.Registration.Query().Where(ofRegistration(in.Registration)).WithSection(func(q *ent.SectionQuery) { q.WithCourseVersion() }).ForShare().Only(ctx)
	if ent.IsNotFound(err) {
		return nil, api.Missing(in.Registration)
	} else if err != nil {
		return nil, err
	}
	if slices.Contains(ended, r.State) {
		return nil, api.Errorf(api.StateConflict, "The registration is %s: no credit comes of it.", r.State).With("state", r.State)
	}
	zone, err := time.LoadLocation(r.Edges.Section.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("section %s: %w", r.SectionID, err)
	}
	institution, course := api.LastWord(in.Institution), r.Edges.Section.Edges.CourseVersion.CourseID
	agreement, err := record.AgreementInForce(ctx, tx.Client, institution, course, api.LocalDay(tx.Now, zone))
	if err != nil {
		return nil, err
	} else if agreement == nil {
		name := api.Name("btlc/Course", course)
		return nil, api.Errorf(api.AgreementAbsent, "Today %s gives no credit for %s by any agreement.", in.Institution, name).With("institution", in.Institution).With("course", name)
	}
	row, err := tx.CreditRequest.Create().SetRegistrationID(r.ID).SetEducatorID(person).SetInstitutionID(institution).SetAgreementID(agreement.ID).
		SetState(requestLife.First()).SetCreateTime(tx.Now).SetUpdateTime(tx.Now).Save(ctx)
	if err != nil {
		return nil, conflicts.Translate(err)
	}
	consented, err := consents(ctx, tx.Client, person, institution)
	return &creditRequest{row: row, section: r.SectionID, consented: consented}, err
}

func (s store) withdrawRequest(ctx context.Context, tx *database.Tx, req *pb.WithdrawCreditRequestRequest, person uuid.UUID) (*creditRequest, error) {
	if err := lock(ctx, tx, person, req.GetName()); err != nil {
		return nil, err
	}
	r, err := s.request(ctx, tx.Client, req.GetName()) // held by the lock on the person
	if err != nil {
		return nil, err
	}
	if err := api.CheckEtag(ctx, req.ProtoReflect(), r.proto()); err != nil {
		return nil, err
	}
	next, err := requestLife.After("credit request", r.row.State, "withdraw")
	if err != nil {
		return nil, err
	}
	r.row, err = r.row.Update().SetState(next).SetUpdateTime(tx.Now).AddVersion(1).Save(ctx)
	return r, err
}
