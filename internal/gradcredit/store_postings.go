package gradcredit

import (
	"context"
	"strings"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/consent"
	"github.com/btlc/btlc/ent/creditposting"
	"github.com/btlc/btlc/ent/creditrequest"
	"github.com/btlc/btlc/ent/predicate"
	pb "github.com/btlc/btlc/gen/go/btlc/gradcredit/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

// posting is a posting that is written, and whether its institution sees it then.
type posting struct {
	row  *ent.CreditPosting
	seen bool
}

func postingProto(row *ent.CreditPosting) *pb.CreditPosting {
	return &pb.CreditPosting{
		Name: api.Name("btlc/CreditPosting", row.InstitutionID, row.ID), CreditRequest: api.Name("btlc/CreditRequest", row.CreditRequestID),
		Educator: api.Name("btlc/Educator", row.EducatorID), Course: api.Name("btlc/Course", row.CourseID), Credits: row.Credits, PostDate: api.Date(row.PostDate),
		State: api.EnumOf[pb.CreditPostingState](row.State), Reason: row.Reason,
		CreateTime: api.Timestamp(row.CreateTime), UpdateTime: api.Timestamp(row.UpdateTime), Etag: api.Etag(row.Version),
	}
}

var postingList = &api.ListSpec{Default: "post_date", Columns: map[string]api.Column{
	"state": api.EnumColumn[pb.CreditPostingState](creditposting.FieldState), "educator": {Name: creditposting.FieldEducatorID, Kind: api.UUIDNameColumn, FilterOnly: true},
	"course":         {Name: creditposting.FieldCourseID, Kind: api.WordNameColumn, FilterOnly: true},
	"credit_request": {Name: creditposting.FieldCreditRequestID, Kind: api.UUIDNameColumn, FilterOnly: true},
	"post_date":      {Name: creditposting.FieldPostDate, Kind: api.DayColumn}, "create_time": {Name: creditposting.FieldCreateTime, Kind: api.InstantColumn},
}}

// seenBy restricts postings to what a caller sees: an educator their own, and an institution its own while the person
// consents. A request that is withdrawn hides nothing: what was posted for it is on the institution's transcript, which must
// be able to retract it, and not to post the same again.
func seenBy(everywhere bool, scopes []string) predicate.CreditPosting {
	return func(s *sql.Selector) {
		if everywhere {
			return
		}
		var any []*sql.Predicate
		for _, scope := range scopes {
			switch kind, id, _ := strings.Cut(scope, "/"); kind {
			case "educators":
				any = append(any, sql.EQ(s.C(creditposting.FieldEducatorID), api.LastUUID(scope)))
			case "institutions":
				any = append(any, sql.And(sql.EQ(s.C(creditposting.FieldInstitutionID), id), sql.In(s.C(creditposting.FieldEducatorID), whoConsent(id))))
			}
		}
		if any == nil {
			s.Where(sql.False())
			return
		}
		s.Where(sql.Or(any...))
	}
}

// whoConsent selects those who consent now that an institution sees their credit facts.
func whoConsent(institution string) *sql.Selector {
	c := sql.Table(consent.Table)
	return sql.Select(c.C(consent.FieldEducatorID)).From(c).Where(sql.And(sql.EQ(c.C(consent.FieldInstitutionID), institution), sql.IsNull(c.C(consent.FieldRevokeTime))))
}

// posting finds one that the caller sees by one statement, so that whether it or the right to see it is lacking takes the
// same work.
func (s store) posting(ctx context.Context, db *ent.Client, name string, sees predicate.CreditPosting) (*ent.CreditPosting, error) {
	row, err := db.CreditPosting.Query().Where(creditposting.ID(api.LastUUID(name)), creditposting.InstitutionID(api.Part(name, 0)), sees).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, api.Missing(name)
	}
	return row, err
}

func (s store) listPostings(ctx context.Context, req *pb.ListCreditPostingsRequest, sees predicate.CreditPosting) (*pb.ListCreditPostingsResponse, error) {
	q, err := api.ParseList(req, postingList)
	if err != nil {
		return nil, err
	}
	query := s.db.Ent().CreditPosting.Query().Where(sees)
	if institution := api.LastWord(req.GetParent()); institution != "-" {
		query.Where(creditposting.InstitutionID(institution))
	}
	rows, err := query.Where(predicate.CreditPosting(q.Apply)).All(ctx)
	if err != nil {
		return nil, err
	}
	items, next := api.Page(q, rows, postingProto)
	return &pb.ListCreditPostingsResponse{CreditPostings: items, NextPageToken: next}, nil
}

// answerable is a request for credit that may be answered by a posting.
type answerable struct {
	asked
	educator, registrationID uuid.UUID
	course                   string
}

// answerableStatement is one statement, so that whether the request or the consent is lacking takes the same work.
const (
	answerableStatement = `SELECT r.educator_id, g.id, v.course_id, r.state, g.state, g.register_date, a.credits
	FROM credit_requests r
	JOIN registrations g ON g.id = r.registration_id
	JOIN sections s ON s.id = g.section_id
	JOIN course_versions v ON v.id = s.course_version_id
	JOIN agreements a ON a.id = r.agreement_id
	WHERE r.id = $1 AND r.institution_id = $2
		AND ($3 OR EXISTS (SELECT FROM consents c WHERE c.educator_id = r.educator_id AND c.institution_id = r.institution_id AND c.revoke_time IS NULL))`
	// heldAnswerableStatement keeps the registration from being withdrawn until the posting is made: who withdraws one does not
	// wait for the person.
	heldAnswerableStatement = answerableStatement + ` FOR SHARE OF g`
)

// answerable finds the request that a posting answers; for who goes by a transcript without consent.
func (s store) answerable(ctx context.Context, db *ent.Client, statement string, req *pb.CreateCreditPostingRequest, byTranscript bool) (found answerable, err error) {
	name := req.GetCreditPosting().GetCreditRequest()
	rows, err := db.QueryContext(ctx, statement, api.LastUUID(name), api.LastWord(req.GetParent()), byTranscript)
	if err != nil {
		return answerable{}, err
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return answerable{}, err
		}
		return answerable{}, api.Missing(name)
	}
	if err := rows.Scan(&found.educator, &found.registrationID, &found.course, &found.state, &found.registration, &found.registered, &found.credits); err != nil {
		return answerable{}, err
	}
	return found, rows.Err()
}

func (s store) createPosting(ctx context.Context, tx *database.Tx, req *pb.CreateCreditPostingRequest, person uuid.UUID, day time.Time, byTranscript bool) (*posting, error) {
	in, institution := req.GetCreditPosting(), api.LastWord(req.GetParent())
	if err := lock(ctx, tx, person, in.GetCreditRequest()); err != nil {
		return nil, err
	}
	to, err := s.answerable(ctx, tx.Client, heldAnswerableStatement, req, byTranscript) // request and consent are held by the lock on the person
	if err != nil {
		return nil, err
	}
	if to.educator != person {
		return nil, api.Errorf(api.Contention, "The record was merged with another just now: try again.")
	}
	credits, err := to.grants(in.GetCredits(), day)
	if err != nil {
		return nil, err
	}
	if err := s.noneStands(ctx, tx, institution, to); err != nil {
		return nil, err
	}
	row, err := tx.CreditPosting.Create().SetCreditRequestID(api.LastUUID(in.GetCreditRequest())).SetEducatorID(to.educator).SetInstitutionID(institution).SetCourseID(to.course).
		SetCredits(credits).SetPostDate(day).SetState(postingLife.First()).SetCreateTime(tx.Now).SetUpdateTime(tx.Now).Save(ctx)
	if err != nil {
		return nil, conflicts.Translate(err)
	}
	return withSight(ctx, tx, row)
}

// noneStands refuses a posting while another of the institution stands for the registration, whichever request that one
// answered: who withdraws a request and asks again has done the work once. The lock on the person lets nobody post meanwhile.
func (s store) noneStands(ctx context.Context, tx *database.Tx, institution string, to answerable) error {
	row, err := tx.CreditPosting.Query().Where(creditposting.EducatorID(to.educator), creditposting.InstitutionID(institution), creditposting.State(postingLife.First()),
		creditposting.HasCreditRequestWith(creditrequest.RegistrationID(to.registrationID))).Order(creditposting.ByID()).First(ctx)
	if ent.IsNotFound(err) {
		return nil
	} else if err != nil {
		return err
	}
	name := postingProto(row).Name
	return api.Errorf(api.CreditPosted, "%s stands for this registration: retract that first if it was wrong.", name).With("creditPosting", name)
}

func (s store) retractPosting(ctx context.Context, tx *database.Tx, req *pb.RetractCreditPostingRequest, person uuid.UUID, sees predicate.CreditPosting) (*posting, error) {
	if err := lock(ctx, tx, person, req.GetName()); err != nil {
		return nil, err
	}
	row, err := s.posting(ctx, tx.Client, req.GetName(), sees) // held by the lock on the person
	if err != nil {
		return nil, err
	}
	if err := api.CheckEtag(ctx, req.ProtoReflect(), postingProto(row)); err != nil {
		return nil, err
	}
	next, err := postingLife.After("credit posting", row.State, "retract")
	if err != nil {
		return nil, err
	}
	if row, err = row.Update().SetState(next).SetReason(req.GetReason()).SetUpdateTime(tx.Now).AddVersion(1).Save(ctx); err != nil {
		return nil, err
	}
	return withSight(ctx, tx, row)
}

// withSight adds to a posting whether its institution sees it.
func withSight(ctx context.Context, tx *database.Tx, row *ent.CreditPosting) (*posting, error) {
	seen, err := tx.CreditPosting.Query().Where(creditposting.ID(row.ID), seenBy(false, []string{api.Name("btlc/Institution", row.InstitutionID)})).Exist(ctx)
	return &posting{row, seen}, err
}

// touchPostings gives postings that their institution begins or ceases to see a new version, and answers them in order.
func touchPostings(ctx context.Context, tx *database.Tx, of ...predicate.CreditPosting) ([]*ent.CreditPosting, error) {
	if err := tx.CreditPosting.Update().Where(of...).SetUpdateTime(tx.Now).AddVersion(1).Exec(ctx); err != nil {
		return nil, err
	}
	return tx.CreditPosting.Query().Where(of...).Order(ent.Asc(creditposting.FieldCreateTime, creditposting.FieldID)).All(ctx)
}
