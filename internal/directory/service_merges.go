package directory

import (
	"context"

	"github.com/google/uuid"

	pb "github.com/btlc/btlc/gen/go/btlc/directory/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/record"
)

// MergeEducators makes two records of one person one: all that the duplicate has becomes the survivor's.
func (s *Service) MergeEducators(ctx context.Context, req *pb.MergeEducatorsRequest) (*pb.MergeEducatorsResponse, error) {
	if req.GetName() == req.GetDuplicate() {
		return nil, api.InvalidField("duplicate", "is the record that stays: name another one")
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.MergeEducatorsResponse, error) {
		survivor, duplicate, err := s.store.lockedPair(ctx, tx, req.GetName(), req.GetDuplicate())
		if err != nil {
			return nil, err
		}
		if err := api.CheckEtag(ctx, req.ProtoReflect(), survivor.proto()); err != nil {
			return nil, err
		}
		for _, p := range []*person{survivor, duplicate} {
			if p.row.MergedIntoID != nil {
				return nil, api.Errorf(api.StateConflict, "%s was merged before.", api.Name("btlc/Educator", p.row.ID)).With("mergedInto", api.Name("btlc/Educator", *p.row.MergedIntoID))
			}
		}
		streams, keys, err := record.Audience(ctx, tx.Client, duplicate.row.ID, tx.Now)
		if err != nil {
			return nil, err
		}
		err = record.Retell(ctx, tx, []uuid.UUID{survivor.row.ID, duplicate.row.ID}, func() (err error) {
			survivor, err = s.store.merge(ctx, tx, survivor, duplicate, api.CallOf(ctx).Principal)
			return err
		})
		if err != nil {
			return nil, err
		}
		tx.Concerns(duplicate.row.ID)
		return &pb.MergeEducatorsResponse{Educator: survivor.proto()}, announceMerge(ctx, tx, survivor, duplicate, record.Listeners{Streams: streams, Keys: keys})
	})
}

// UnmergeEducator gives a record that was merged into another what it brought.
func (s *Service) UnmergeEducator(ctx context.Context, req *pb.UnmergeEducatorRequest) (*pb.UnmergeEducatorResponse, error) {
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.UnmergeEducatorResponse, error) {
		survivor, duplicate, err := s.store.lockedMerge(ctx, tx, req.GetName())
		if err != nil {
			return nil, err
		}
		if err := api.CheckEtag(ctx, req.ProtoReflect(), duplicate.proto()); err != nil {
			return nil, err
		}
		err = record.Retell(ctx, tx, []uuid.UUID{survivor.row.ID, duplicate.row.ID}, func() (err error) {
			survivor, duplicate, err = s.store.unmerge(ctx, tx, survivor, duplicate)
			return err
		})
		if err != nil {
			return nil, err
		}
		if err := announceEducator(ctx, tx, survivor, "UPDATED"); err != nil {
			return nil, err
		}
		return &pb.UnmergeEducatorResponse{Educator: duplicate.proto()}, announceEducator(ctx, tx, duplicate, "CREATED")
	})
}

// announceMerge tells the program, and the districts that employ the person, by what numbers they know the person from now on,
// and by which they knew the duplicate before. Institutions are told of requests and postings, not of people: whose these are
// now, they read anew.
func announceMerge(ctx context.Context, tx *database.Tx, survivor, duplicate *person, before record.Listeners) error {
	name, other := api.Name("btlc/Educator", survivor.row.ID), api.Name("btlc/Educator", duplicate.row.ID)
	tx.Concerns(survivor.row.ID)
	tx.Wrote(name)
	streams, keys, err := record.Audience(ctx, tx.Client, survivor.row.ID, tx.Now)
	if err != nil {
		return err
	}
	streams = append(streams, before.Streams...)
	tx.Emit(database.Change{
		Streams: streams, Resource: name, Type: "btlc/Educator", Version: survivor.row.Version, Kind: "MERGED",
		NaturalKeys: keys, PreviousNaturalKeys: before.Keys, State: map[string]any{"duplicate": other},
	})
	return nil
}
