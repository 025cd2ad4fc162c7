package notice

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/educator"
	entnotice "github.com/btlc/btlc/ent/notice"
	"github.com/btlc/btlc/ent/noticepreference"
	"github.com/btlc/btlc/ent/predicate"
	pb "github.com/btlc/btlc/gen/go/btlc/notice/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/record"
)

// store reads and writes the tables.
type store struct{ db *database.DB }

// unsaidVersion is the version of the preferences of a person who never said any: there is no row yet.
const unsaidVersion = 1

// preferencesProto is what a person wants; row is nil for one who never said.
func preferencesProto(person uuid.UUID, row *ent.NoticePreference) *pb.NoticePreferences {
	name := api.Name("btlc/NoticePreferences", person)
	if row == nil {
		return &pb.NoticePreferences{Name: name, Etag: api.Etag(unsaidVersion)}
	}
	p := &pb.NoticePreferences{Name: name, Muted: row.Muted, UpdateTime: api.Timestamp(row.UpdateTime), Etag: api.Etag(row.Version)}
	for _, word := range row.MutedKinds {
		p.MutedKinds = append(p.MutedKinds, api.EnumOf[pb.NoticeKind](word))
	}
	return p
}

func (s store) preferences(ctx context.Context, name string) (*pb.NoticePreferences, error) {
	person := api.PartUUID(name, 0)
	row, err := s.db.Ent().NoticePreference.Query().Where(noticepreference.EducatorID(person)).Only(ctx)
	if ent.IsNotFound(err) {
		if found, err := s.db.Ent().Educator.Query().Where(educator.ID(person)).Exist(ctx); err != nil {
			return nil, err
		} else if !found {
			return nil, api.Missing(name)
		}
		return preferencesProto(person, nil), nil
	} else if err != nil {
		return nil, err
	}
	return preferencesProto(person, row), nil
}

func (s store) updatePreferences(ctx context.Context, tx *database.Tx, req *pb.UpdateNoticePreferencesRequest) (*pb.NoticePreferences, error) {
	name := req.GetNoticePreferences().GetName()
	person := api.PartUUID(name, 0)
	// The person is held, for there may be no row yet that could be.
	if _, err := tx.Educator.Query().Where(educator.ID(person)).ForUpdate(noKeyUpdate).OnlyID(ctx); ent.IsNotFound(err) {
		return nil, api.Missing(name)
	} else if err != nil {
		return nil, err
	}
	row, err := tx.NoticePreference.Query().Where(noticepreference.EducatorID(person)).Only(ctx)
	if ent.IsNotFound(err) {
		row = nil
	} else if err != nil {
		return nil, err
	}
	next, err := api.ApplyMask(ctx, req, preferencesProto(person, row))
	if err != nil {
		return nil, err
	}
	if i := slices.Index(next.MutedKinds, pb.NoticeKind_NOTICE_KIND_ROLE_TO_CONFIRM); i >= 0 {
		return nil, api.InvalidField(fmt.Sprintf("noticePreferences.mutedKinds[%d]", i), "is a kind of e-mail that goes to the school, whatever its educators want")
	}
	if row == nil {
		row, err = tx.NoticePreference.Create().SetEducatorID(person).SetMuted(next.Muted).SetMutedKinds(wordsOf(next.MutedKinds)).SetVersion(unsaidVersion + 1).
			SetCreateTime(tx.Now).SetUpdateTime(tx.Now).Save(ctx)
	} else {
		row, err = row.Update().SetMuted(next.Muted).SetMutedKinds(wordsOf(next.MutedKinds)).SetUpdateTime(tx.Now).AddVersion(1).Save(ctx)
	}
	if err != nil {
		return nil, err
	}
	return preferencesProto(person, row), nil
}

var noticeList = &api.ListSpec{Default: "create_time desc", Columns: map[string]api.Column{
	"kind": api.EnumColumn[pb.NoticeKind](entnotice.FieldKind), "state": api.EnumColumn[pb.Notice_State](entnotice.FieldState),
	"create_time": {Name: entnotice.FieldCreateTime, Kind: api.InstantColumn},
}}

// noticeProto takes a row about an educator, with its registration.
func noticeProto(row *ent.Notice) *pb.Notice {
	n := &pb.Notice{
		Name: api.Name("btlc/Notice", *row.EducatorID, row.ID), Kind: api.EnumOf[pb.NoticeKind](row.Kind), State: api.EnumOf[pb.Notice_State](row.State),
		Subject: row.Subject, Attempts: row.Attempts, Failure: row.Failure, SendTime: api.OptionalTimestamp(row.SendTime), CreateTime: api.Timestamp(row.CreateTime),
	}
	if r := row.Edges.Registration; r != nil {
		n.Registration = api.Name("btlc/Registration", r.SectionID, r.ID)
	}
	return n
}

func (s store) notice(ctx context.Context, name string) (*pb.Notice, error) {
	row, err := s.db.Ent().Notice.Query().Where(entnotice.ID(api.LastUUID(name)), entnotice.EducatorID(api.PartUUID(name, 0))).WithRegistration().Only(ctx)
	if ent.IsNotFound(err) {
		return nil, api.Missing(name)
	} else if err != nil {
		return nil, err
	}
	return noticeProto(row), nil
}

// listNotices lists those to anybody, or to the people within the scopes.
func (s store) listNotices(ctx context.Context, req *pb.ListNoticesRequest, everywhere bool, scopes []string) (*pb.ListNoticesResponse, error) {
	q, err := api.ParseList(req, noticeList)
	if err != nil {
		return nil, err
	}
	if person := api.LastUUID(req.GetParent()); person != uuid.Nil {
		if found, err := s.db.Ent().Educator.Query().Where(educator.ID(person)).Exist(ctx); err != nil {
			return nil, err
		} else if !found {
			return nil, api.Missing(req.GetParent())
		}
	}
	query := s.db.Ent().Notice.Query().Where(entnotice.EducatorIDNotNil()).WithRegistration()
	if !everywhere {
		query.Where(predicate.Notice(record.Within(scopes, entnotice.FieldEducatorID, s.db.Now())))
	}
	rows, err := query.Where(predicate.Notice(q.Apply)).All(ctx)
	if err != nil {
		return nil, err
	}
	items, next := api.Page(q, rows, noticeProto)
	return &pb.ListNoticesResponse{Notices: items, NextPageToken: next}, nil
}
