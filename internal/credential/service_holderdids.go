package credential

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/fetch"
	"github.com/btlc/btlc/internal/openbadge"
)

// GetHolderDid gets the DID that a person gave; an empty one for a person who gave none.
func (s *Service) GetHolderDid(ctx context.Context, req *pb.GetHolderDidRequest) (*pb.GetHolderDidResponse, error) {
	d, err := s.store.holderDID(ctx, req.GetName())
	return &pb.GetHolderDidResponse{HolderDid: d}, err
}

// SetHolderDid gives the DID by which a person is named in what is issued to them from then on.
func (s *Service) SetHolderDid(ctx context.Context, req *pb.SetHolderDidRequest) (*pb.SetHolderDidResponse, error) {
	// A transaction does not wait for somebody's host; a request that comes again is answered before its proof counts.
	fault := s.checkHolder(ctx, req)
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.SetHolderDidResponse, error) {
		held, err := s.store.lockedHolderDID(ctx, tx, req)
		if err != nil {
			return nil, err
		} else if fault != nil {
			return nil, fault
		}
		d, err := held.write(ctx, tx, req.GetDid())
		if err != nil {
			return nil, err
		}
		announceHolderDID(tx, d)
		return &pb.SetHolderDidResponse{HolderDid: d}, nil
	})
}

// RemoveHolderDid takes the DID away. Where there is none, nothing changes.
func (s *Service) RemoveHolderDid(ctx context.Context, req *pb.RemoveHolderDidRequest) (*pb.RemoveHolderDidResponse, error) {
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.RemoveHolderDidResponse, error) {
		held, err := s.store.lockedHolderDID(ctx, tx, req)
		if err != nil {
			return nil, err
		} else if d := held.proto(); d.Did == "" {
			return &pb.RemoveHolderDidResponse{HolderDid: d}, nil
		}
		d, err := held.write(ctx, tx, "")
		if err != nil {
			return nil, err
		}
		announceHolderDID(tx, d)
		return &pb.RemoveHolderDidResponse{HolderDid: d}, nil
	})
}

// checkHolder refuses a proof that does not show that the DID is the person's. What is said of it repeats nothing of the proof,
// which is in no log and in no table.
func (s *Service) checkHolder(ctx context.Context, req *pb.SetHolderDidRequest) error {
	err := openbadge.VerifyHolderProof(ctx, req.GetProofJwt(), openbadge.HolderProof{
		DID: req.GetDid(), Audience: s.store.issuer.BaseURL, Nonce: req.GetName(), Now: s.store.db.Now(),
	}, s.holderKeys(req.GetDid()))
	if fault, ok := errors.AsType[*openbadge.HolderProofError](err); ok {
		return unproven(fault.Faults)
	} else if errors.Is(err, openbadge.ErrUnreached) {
		return api.Errorf(api.Unavailable, "The host of the DID does not answer as it should now: try again.")
	}
	return err
}

var errNoHosts = errors.New("this server asks no host for the document of a did:web: give a did:key")

// holderKeys finds the keys of a DID: in itself, or where it is published, if that host may be asked.
func (s *Service) holderKeys(did string) openbadge.Resolver {
	switch {
	case strings.HasPrefix(did, "did:key:"):
		return openbadge.ResolveDIDKey
	case s.fetch != nil:
		return openbadge.ResolveWeb(func(ctx context.Context, address string) ([]byte, error) {
			content, err := s.fetch(ctx, address)
			if isOutage(err) {
				err = fmt.Errorf("%w: %w", openbadge.ErrUnreached, err)
			}
			return content, err
		})
	}
	return func(context.Context, string, openbadge.Purpose) (openbadge.PublicKey, error) {
		return openbadge.PublicKey{}, errNoHosts
	}
}

// isOutage tells whether a host failed in a way that may be over soon: a proof is not to blame for it.
func isOutage(err error) bool {
	fault, ok := errors.AsType[*fetch.Error](err)
	return ok && (fault.Status >= http.StatusInternalServerError || errors.Is(fault, fetch.ErrTimeout) || errors.Is(fault, fetch.ErrUnreachable))
}

// unproven is the refusal of a proof with faults.
func unproven(faults []string) error {
	refusal := api.Errorf(api.HolderUnproven, "The proof does not show that the DID is the holder's.")
	for _, fault := range faults {
		refusal.Violations = append(refusal.Violations, api.Violation{Field: "proofJwt", Description: fault})
	}
	return refusal
}

// announceHolderDID tells the program alone, and not the DID: feeds are kept and posted elsewhere, and who may know it can ask.
func announceHolderDID(tx *database.Tx, d *pb.HolderDid) {
	tx.Emit(database.Change{
		Streams: []string{"program"}, Resource: d.Name, Type: "btlc/HolderDid", Version: api.VersionOf(d.Etag), Kind: "UPDATED",
		NaturalKeys: map[string]map[string]string{"program": {"educator": api.Name("btlc/Educator", api.PartUUID(d.Name, 0))}},
		State:       map[string]any{"given": d.Did != ""},
	})
}
