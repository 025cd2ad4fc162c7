package gradcredit

import (
	"context"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/consent"
	"github.com/btlc/btlc/ent/creditposting"
	"github.com/btlc/btlc/ent/creditrequest"
	"github.com/btlc/btlc/ent/educator"
	"github.com/btlc/btlc/ent/predicate"
	pb "github.com/btlc/btlc/gen/go/btlc/gradcredit/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

var consentList = &api.ListSpec{Default: "create_time", Columns: map[string]api.Column{
	"institution": {Name: consent.FieldInstitutionID, Kind: api.WordNameColumn}, "create_time": {Name: consent.FieldCreateTime, Kind: api.InstantColumn},
}}

func consentProto(row *ent.Consent) *pb.Consent {
	return &pb.Consent{
		Name: api.Name("btlc/Consent", row.EducatorID, row.ID), Institution: api.Name("btlc/Institution", row.InstitutionID), RevokeTime: api.OptionalTimestamp(row.RevokeTime),
		CreateTime: api.Timestamp(row.CreateTime), UpdateTime: api.Timestamp(row.UpdateTime), Etag: api.Etag(row.Version),
	}
}

func ofConsent(name string) predicate.Consent {
	return consent.And(consent.ID(api.LastUUID(name)), consent.EducatorID(api.PartUUID(name, 0)))
}

func (s store) consent(ctx context.Context, name string) (*pb.Consent, error) {
	row, err := s.db.Ent().Consent.Query().Where(ofConsent(name)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, api.Missing(name)
	} else if err != nil {
		return nil, err
	}
	return consentProto(row), nil
}

func (s store) listConsents(ctx context.Context, req *pb.ListConsentsRequest) (*pb.ListConsentsResponse, error) {
	q, err := api.ParseList(req, consentList)
	if err != nil {
		return nil, err
	}
	person := api.LastUUID(req.GetParent())
	if found, err := s.db.Ent().Educator.Query().Where(educator.ID(person)).Exist(ctx); err != nil {
		return nil, err
	} else if !found {
		return nil, api.Missing(req.GetParent())
	}
	rows, err := s.db.Ent().Consent.Query().Where(consent.EducatorID(person), predicate.Consent(q.Apply)).All(ctx)
	if err != nil {
		return nil, err
	}
	items, next := api.Page(q, rows, consentProto)
	return &pb.ListConsentsResponse{Consents: items, NextPageToken: next}, nil
}

// creditFacts are what an institution begins or ceases to see.
type creditFacts struct {
	requests []*creditRequest
	postings []*ent.CreditPosting
}

// createConsent gives also the live requests, and the institution's postings, that it lays open to the institution.
func (s store) createConsent(ctx context.Context, tx *database.Tx, parent string, in *pb.Consent) (*pb.Consent, creditFacts, error) {
	person := api.LastUUID(parent)
	if err := lock(ctx, tx, person, parent); err != nil {
		return nil, creditFacts{}, err
	}
	row, err := tx.Consent.Create().SetEducatorID(person).SetInstitutionID(api.LastWord(in.Institution)).SetCreateTime(tx.Now).SetUpdateTime(tx.Now).Save(ctx)
	if err != nil {
		return nil, creditFacts{}, conflicts.Translate(err)
	}
	facts, err := touch(ctx, tx, row, creditrequest.State("REQUESTED"))
	return consentProto(row), facts, err
}

// revokeConsent gives also what it takes out of the institution's sight: requests of whatever state, and postings.
func (s store) revokeConsent(ctx context.Context, tx *database.Tx, req *pb.RevokeConsentRequest) (*pb.Consent, creditFacts, error) {
	if err := lock(ctx, tx, api.PartUUID(req.GetName(), 0), req.GetName()); err != nil {
		return nil, creditFacts{}, err
	}
	row, err := tx.Consent.Query().Where(ofConsent(req.GetName())).ForUpdate().Only(ctx)
	if ent.IsNotFound(err) {
		return nil, creditFacts{}, api.Missing(req.GetName())
	} else if err != nil {
		return nil, creditFacts{}, err
	}
	if err := api.CheckEtag(ctx, req.ProtoReflect(), consentProto(row)); err != nil {
		return nil, creditFacts{}, err
	}
	if row.RevokeTime != nil {
		return nil, creditFacts{}, api.Errorf(api.StateConflict, "The consent was taken back before: give a new one to consent again.")
	}
	if row, err = row.Update().SetRevokeTime(tx.Now).SetUpdateTime(tx.Now).AddVersion(1).Save(ctx); err != nil {
		return nil, creditFacts{}, err
	}
	facts, err := touch(ctx, tx, row)
	return consentProto(row), facts, err
}

// touch gives the requests that a consent is about, and the institution's postings, a new version. What becomes visible or invisible is
// a change to the institution, which applies changes by rising version only.
func touch(ctx context.Context, tx *database.Tx, c *ent.Consent, where ...predicate.CreditRequest) (facts creditFacts, err error) {
	about := append(where, creditrequest.EducatorID(c.EducatorID), creditrequest.InstitutionID(c.InstitutionID))
	if err := tx.CreditRequest.Update().Where(about...).SetUpdateTime(tx.Now).AddVersion(1).Exec(ctx); err != nil {
		return creditFacts{}, err
	}
	rows, err := tx.CreditRequest.Query().Where(about...).WithRegistration().Order(ent.Asc(creditrequest.FieldCreateTime, creditrequest.FieldID)).All(ctx)
	if err != nil {
		return creditFacts{}, err
	}
	for _, row := range rows {
		facts.requests = append(facts.requests, &creditRequest{row: row, section: row.Edges.Registration.SectionID, consented: c.RevokeTime == nil})
	}
	facts.postings, err = touchPostings(ctx, tx, creditposting.EducatorID(c.EducatorID), creditposting.InstitutionID(c.InstitutionID))
	return facts, err
}
