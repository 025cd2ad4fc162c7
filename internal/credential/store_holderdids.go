package credential

import (
	"context"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/btlc/btlc/ent"
	"github.com/btlc/btlc/ent/educator"
	"github.com/btlc/btlc/ent/holderdid"
	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

// neverGiven is the version of the DID of a person who never gave one: there is no row yet.
const neverGiven = 1

// heldDID is what is on record of a person's DID: no row for one who never gave any.
type heldDID struct {
	educator uuid.UUID
	row      *ent.HolderDid
}

func (h heldDID) proto() *pb.HolderDid {
	name := api.Name("btlc/HolderDid", h.educator)
	if h.row == nil {
		return &pb.HolderDid{Name: name, Etag: api.Etag(neverGiven)}
	}
	return &pb.HolderDid{Name: name, Did: h.row.Did, UpdateTime: api.Timestamp(h.row.UpdateTime), Etag: api.Etag(h.row.Version)}
}

// heldDIDOf reads what is on record of a person's DID.
func heldDIDOf(ctx context.Context, db *ent.Client, person uuid.UUID) (heldDID, error) {
	row, err := db.HolderDid.Query().Where(holderdid.EducatorID(person)).Only(ctx)
	if ent.IsNotFound(err) {
		return heldDID{educator: person}, nil
	}
	return heldDID{person, row}, err
}

func (s store) holderDID(ctx context.Context, name string) (*pb.HolderDid, error) {
	db, person := s.db.Ent(), api.PartUUID(name, 0)
	held, err := heldDIDOf(ctx, db, person)
	if err != nil {
		return nil, err
	}
	if held.row == nil {
		if found, err := db.Educator.Query().Where(educator.ID(person)).Exist(ctx); err != nil {
			return nil, err
		} else if !found {
			return nil, api.Missing(name)
		}
	}
	return held.proto(), nil
}

// lockedHolderDID is what is on record of a person's DID, as the request knows it. The person is held, for there may be no row
// yet that could be.
func (s store) lockedHolderDID(ctx context.Context, tx *database.Tx, req interface {
	proto.Message
	GetName() string
}) (heldDID, error) {
	person := api.PartUUID(req.GetName(), 0)
	if _, err := tx.Educator.Query().Where(educator.ID(person)).ForUpdate().OnlyID(ctx); ent.IsNotFound(err) {
		return heldDID{}, api.Missing(req.GetName())
	} else if err != nil {
		return heldDID{}, err
	}
	tx.Concerns(person)
	tx.Wrote(req.GetName())
	held, err := heldDIDOf(ctx, tx.Client, person)
	if err != nil {
		return heldDID{}, err
	}
	return held, api.CheckEtag(ctx, req.ProtoReflect(), held.proto())
}

// write puts a DID on record, or an empty one for none.
func (h heldDID) write(ctx context.Context, tx *database.Tx, did string) (*pb.HolderDid, error) {
	var err error
	if h.row == nil {
		h.row, err = tx.HolderDid.Create().SetEducatorID(h.educator).SetDid(did).SetVersion(neverGiven + 1).SetCreateTime(tx.Now).SetUpdateTime(tx.Now).Save(ctx)
	} else {
		h.row, err = h.row.Update().SetDid(did).SetUpdateTime(tx.Now).AddVersion(1).Save(ctx)
	}
	if err != nil {
		return nil, err
	}
	return h.proto(), nil
}
