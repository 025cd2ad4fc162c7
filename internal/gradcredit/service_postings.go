package gradcredit

import (
	"context"

	pb "github.com/btlc/btlc/gen/go/btlc/gradcredit/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

// GetCreditPosting gets a credit posting. One that the institution does not see takes the same work as one that is not
// there.
func (s *Service) GetCreditPosting(ctx context.Context, req *pb.GetCreditPostingRequest) (*pb.GetCreditPostingResponse, error) {
	p, err := s.store.posting(ctx, s.store.db.Ent(), req.GetName(), seenBy(access.Reach(ctx)))
	if err != nil {
		return nil, err
	}
	return &pb.GetCreditPostingResponse{CreditPosting: postingProto(p)}, nil
}

// ListCreditPostings lists the credit postings that the caller may see.
func (s *Service) ListCreditPostings(ctx context.Context, req *pb.ListCreditPostingsRequest) (*pb.ListCreditPostingsResponse, error) {
	return s.store.listPostings(ctx, req, seenBy(access.Reach(ctx)))
}

// CreateCreditPosting puts on record that an institution has posted credit: its registrar for who consents, and the
// program's staff for anybody, by a transcript. What is decided before the request is looked for does not depend on it, so
// that no answer tells whether there is one that the institution may not see.
func (s *Service) CreateCreditPosting(ctx context.Context, req *pb.CreateCreditPostingRequest) (*pb.CreateCreditPostingResponse, error) {
	day, err := api.Day("creditPosting.postDate", req.GetCreditPosting().GetPostDate())
	if err != nil {
		return nil, err
	}
	if err := checkPostDate(day, api.LocalDay(s.store.db.Now(), s.zone)); err != nil {
		return nil, err
	}
	byTranscript, _ := access.Reach(ctx)
	seen, err := s.store.answerable(ctx, s.store.db.Ent(), answerableStatement, req, byTranscript)
	if err != nil {
		return nil, err
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.CreateCreditPostingResponse, error) {
		p, err := s.store.createPosting(ctx, tx, req, seen.educator, day, byTranscript)
		if err != nil {
			return nil, err
		}
		return &pb.CreateCreditPostingResponse{CreditPosting: postingProto(p.row)}, announcePosting(ctx, tx, p, "CREATED")
	})
}

// RetractCreditPosting says that a posting does not stand any more.
func (s *Service) RetractCreditPosting(ctx context.Context, req *pb.RetractCreditPostingRequest) (*pb.RetractCreditPostingResponse, error) {
	sees := seenBy(access.Reach(ctx))
	seen, err := s.store.posting(ctx, s.store.db.Ent(), req.GetName(), sees)
	if err != nil {
		return nil, err
	}
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.RetractCreditPostingResponse, error) {
		p, err := s.store.retractPosting(ctx, tx, req, seen.EducatorID, sees)
		if err != nil {
			return nil, err
		}
		return &pb.RetractCreditPostingResponse{CreditPosting: postingProto(p.row)}, announcePosting(ctx, tx, p, "UPDATED")
	})
}

// announcePosting tells whom a posting concerns: the districts too, whose career facts have it; the institution only while
// it sees it.
func announcePosting(ctx context.Context, tx *database.Tx, p *posting, kind string) error {
	message := postingProto(p.row)
	tx.Concerns(p.row.EducatorID)
	tx.Wrote(message.Name)
	streams, keys, err := audience(ctx, tx, p.row.EducatorID, api.Name("btlc/Institution", p.row.InstitutionID), p.seen)
	if err != nil {
		return err
	}
	tx.Emit(database.Change{Streams: streams, Resource: message.Name, Type: "btlc/CreditPosting", Version: p.row.Version, Kind: kind, NaturalKeys: keys, State: postingState(message)})
	return nil
}

// postingState is what a consumer needs to know of a posting. Why it was retracted is told in words, which are not for a
// feed that never forgets.
func postingState(p *pb.CreditPosting) map[string]any {
	return map[string]any{"creditRequest": p.CreditRequest, "course": p.Course, "credits": p.Credits, "postDate": isoDay(p.PostDate), "state": api.EnumWord(p.State)}
}
