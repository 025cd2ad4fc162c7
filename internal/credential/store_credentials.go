package credential

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/credential"
	"github.com/btlc/btlc/ent/credentialevent"
	"github.com/btlc/btlc/ent/predicate"
	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/record"
)

type store struct {
	db       *database.DB
	issuer   Issuer
	policies *record.Policies
	statuses *sql.Stmt
	lookups  *database.Group[person]
	lists    *signedLists
	// exports and digests are whose turn it is to read snapshots of districts.
	exports, digests *api.Turns
}

func newStore(db *database.DB, issuer Issuer) (store, error) {
	statuses, err := db.SQL().PrepareContext(context.Background(), lookupSQL)
	if err != nil {
		return store{}, err
	}
	s := store{db: db, issuer: issuer, policies: record.NewPolicies(), statuses: statuses, lists: newSignedLists(),
		exports: api.NewTurns("exports", maxExports, maxExportsOfOne, turnPatience), digests: api.NewTurns("digests", maxDigests, maxDigestsOfOne, turnPatience)}
	s.lookups = database.NewGroup(s.lookupAsked)
	return s, nil
}

var conflicts = api.Conflicts{
	"credential_held_once": func() *api.Error {
		return api.Errorf(api.CredentialHeld, "The person holds a credential of this type already: it was issued at the same time.")
	},
}

var credentialList = &api.ListSpec{Default: "issue_time desc", Columns: map[string]api.Column{
	"status": api.EnumColumn[pb.CredentialStatus](credential.FieldStatus), "credential_type": {Name: credential.FieldCredentialTypeID, Kind: api.WordNameColumn},
	"educator": {Name: credential.FieldEducatorID, Kind: api.UUIDNameColumn}, "issue_time": {Name: credential.FieldIssueTime, Kind: api.InstantColumn},
	"create_time": {Name: credential.FieldCreateTime, Kind: api.InstantColumn},
}}

// listed are the columns of a list: all but what is signed, which is most of a row.
var listed = slices.DeleteFunc(slices.Clone(credential.Columns), func(column string) bool {
	return column == credential.FieldDocument || column == credential.FieldLearnerRecord
})

// counted are the statuses of credentials that their holders have: nobody has two of one type.
var counted = []string{"ACTIVE", "SUSPENDED"}

// credentialProto converts a row that was read with its policy version, as it is at a time: one whose time is over is
// expired, whether the record has come to say so or not.
func credentialProto(row *ent.Credential, now time.Time) *pb.Credential {
	version := row.Edges.PolicyVersion
	status, since, reason := row.Status, row.StatusTime, row.StatusReason
	if over := standing(status, row.ExpireTime, now); over != status {
		status, since, reason = over, *row.ExpireTime, validityEnded
	}
	supersedes := ""
	if row.SupersedesID != nil {
		supersedes = api.Name("btlc/Credential", *row.SupersedesID)
	}
	return &pb.Credential{
		Name: api.Name("btlc/Credential", row.ID), Educator: api.Name("btlc/Educator", row.EducatorID), CredentialType: api.Name("btlc/CredentialType", row.CredentialTypeID),
		Status: api.EnumOf[pb.CredentialStatus](status), IssueTime: api.Timestamp(row.IssueTime), StatusTime: api.Timestamp(since), StatusReason: reason,
		ExpireTime: api.OptionalTimestamp(row.ExpireTime), Supersedes: supersedes, EdFiStatus: edFiStatus[status],
		PolicyVersion: policyVersionName(version), Framework: api.Name("btlc/Framework", row.FrameworkID), Document: row.Document,
		Version: row.Version, CreateTime: api.Timestamp(row.CreateTime), UpdateTime: api.Timestamp(row.UpdateTime), Etag: api.Etag(row.Version),
	}
}

func (s store) credential(ctx context.Context, name string) (*pb.Credential, error) {
	row, err := s.db.Ent().Credential.Query().Where(credential.ID(api.LastUUID(name))).WithPolicyVersion().Only(ctx)
	if ent.IsNotFound(err) {
		return nil, api.Missing(name)
	} else if err != nil {
		return nil, err
	}
	return credentialProto(row, s.db.Now()), nil
}

// holder is whose credential it is.
func (s store) holder(ctx context.Context, id uuid.UUID) (educator uuid.UUID, found bool, err error) {
	row, err := s.db.Ent().Credential.Query().Where(credential.ID(id)).Select(credential.FieldEducatorID).Only(ctx)
	if ent.IsNotFound(err) {
		return uuid.Nil, false, nil
	} else if err != nil {
		return uuid.Nil, false, err
	}
	return row.EducatorID, true, nil
}

func (s store) listCredentials(ctx context.Context, req *pb.ListCredentialsRequest, everywhere bool, scopes []string) (*pb.ListCredentialsResponse, error) {
	q, err := api.ParseList(req, credentialList)
	if err != nil {
		return nil, err
	}
	query := s.db.Ent().Credential.Query().WithPolicyVersion()
	if !everywhere {
		query.Where(predicate.Credential(record.Within(scopes, credential.FieldEducatorID, s.db.Now())))
	}
	rows, err := query.Where(predicate.Credential(q.Apply)).Select(listed...).All(ctx)
	if err != nil {
		return nil, err
	}
	now := s.db.Now()
	items, next := api.Page(q, rows, func(row *ent.Credential) *pb.Credential { return credentialProto(row, now) })
	return &pb.ListCredentialsResponse{Credentials: items, NextPageToken: next}, nil
}

func (s store) changeStatus(ctx context.Context, tx *database.Tx, req statusRequest, verb string) (*pb.Credential, error) {
	row, next, err := toChange(ctx, tx, req, verb)
	if err != nil {
		return nil, err
	}
	return turn(ctx, tx, row, turning{next, tx.Now, req.GetReasonCode(), req.GetAuthority(), req.GetNote()})
}

// toChange locks the credential that a request is to change, and says which status the verb leads to.
func toChange(ctx context.Context, tx *database.Tx, req statusRequest, verb string) (row *ent.Credential, next string, err error) {
	id := api.LastUUID(req.GetName())
	for row == nil {
		held, err := tx.Credential.Query().Where(credential.ID(id)).Select(credential.FieldEducatorID).Only(ctx)
		if ent.IsNotFound(err) {
			return nil, "", api.Missing(req.GetName())
		} else if err != nil {
			return nil, "", err
		}
		// The person first, then the credential, as an award does: the two never wait for each other.
		if err := record.Hold(ctx, tx, held.EducatorID); err != nil {
			return nil, "", err
		}
		row, err = tx.Credential.Query().Where(credential.ID(id), credential.EducatorID(held.EducatorID)).WithPolicyVersion().ForUpdate().Only(ctx)
		if ent.MaskNotFound(err) != nil { // not found: a merge gave it to another record meanwhile
			return nil, "", err
		}
	}
	if err := api.CheckEtag(ctx, req.ProtoReflect(), credentialProto(row, tx.Now)); err != nil {
		return nil, "", err
	}
	next, err = credentialLife.After("credential", standing(row.Status, row.ExpireTime, tx.Now), verb)
	return row, next, err
}

// turning is what a credential turns into, since when and why.
type turning struct {
	status                  string
	since                   time.Time
	reason, authority, note string
}

// turn gives a credential another status, with an event. No status changes in another way.
func turn(ctx context.Context, tx *database.Tx, row *ent.Credential, into turning) (*pb.Credential, error) {
	if err := raiseList(ctx, tx, row.StatusListID, row.Status, into.status); err != nil {
		return nil, err
	}
	changed, err := row.Update().SetStatus(into.status).SetStatusTime(into.since).SetStatusReason(into.reason).SetUpdateTime(tx.Now).AddVersion(1).Save(ctx)
	if err != nil {
		return nil, err
	}
	changed.Edges.PolicyVersion = row.Edges.PolicyVersion
	return credentialProto(changed, tx.Now), recordEvent(ctx, tx, changed, into.authority, into.note)
}

// recordEvent writes a credential's status into its history.
func recordEvent(ctx context.Context, tx *database.Tx, row *ent.Credential, authority, note string) error {
	return tx.CredentialEvent.Create().SetCredentialID(row.ID).SetVersion(row.Version).SetStatus(row.Status).SetReasonCode(row.StatusReason).
		SetAuthority(authority).SetNote(note).SetRecordedBy(api.CallOf(ctx).Principal).SetCreateTime(tx.Now).Exec(ctx)
}

var eventList = &api.ListSpec{Default: "version", Columns: map[string]api.Column{
	"status": api.EnumColumn[pb.CredentialStatus](credentialevent.FieldStatus), "version": {Name: credentialevent.FieldVersion, Kind: api.NumberColumn},
	"create_time": {Name: credentialevent.FieldCreateTime, Kind: api.InstantColumn},
}}

func eventProto(row *ent.CredentialEvent) *pb.CredentialEvent {
	return &pb.CredentialEvent{
		Name: api.Name("btlc/CredentialEvent", row.CredentialID, row.ID), Status: api.EnumOf[pb.CredentialStatus](row.Status), ReasonCode: row.ReasonCode,
		Authority: row.Authority, Note: row.Note, RecordedBy: row.RecordedBy, Version: row.Version, CreateTime: api.Timestamp(row.CreateTime),
	}
}

func (s store) event(ctx context.Context, name string) (*pb.CredentialEvent, error) {
	row, err := s.db.Ent().CredentialEvent.Query().Where(credentialevent.ID(api.LastUUID(name)), credentialevent.CredentialID(api.PartUUID(name, 0))).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, api.Missing(name)
	} else if err != nil {
		return nil, err
	}
	return eventProto(row), nil
}

func (s store) listEvents(ctx context.Context, req *pb.ListCredentialEventsRequest) (*pb.ListCredentialEventsResponse, error) {
	q, err := api.ParseList(req, eventList)
	if err != nil {
		return nil, err
	}
	rows, err := s.db.Ent().CredentialEvent.Query().Where(credentialevent.CredentialID(api.LastUUID(req.GetParent())), predicate.CredentialEvent(q.Apply)).All(ctx)
	if err != nil {
		return nil, err
	}
	items, next := api.Page(q, rows, eventProto)
	return &pb.ListCredentialEventsResponse{CredentialEvents: items, NextPageToken: next}, nil
}
