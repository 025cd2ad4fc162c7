package notice

import (
	"cmp"
	"context"
	"math/rand/v2"
	"time"

	pb "github.com/btlc/btlc/gen/go/btlc/notice/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

// Service answers for notices and for who wants them, writes them as seats change hands (it is a record.SeatFollower) and as
// webhooks fail, and sends them.
type Service struct {
	pb.UnimplementedNoticeServiceServer
	store   store
	options Options
}

// Options are what the service is made of beside the database. With the zero value notices are off: none is written.
type Options struct {
	// Sender hands notices over; nil turns them off.
	Sender *Sender
	// Program is who writes, and SignInURL where people sign in to it, with http or https.
	Program, SignInURL string
	// PublicURL is where REST is reached, and Zone the program's time zone, UTC when nil: contacts of webhooks are told by them.
	PublicURL string
	Zone      *time.Location
	// Next is the time from failed attempt number attempt, the first being 1, to the next one, and false when there is
	// none; nil is Delay with chance.
	Next func(attempt int) (time.Duration, bool)
	// Keep is how long notices that were sent, or will not be, stay on record; 0 is for ever.
	Keep time.Duration
	// Poll is how often notices that are due are looked for; 0 is every other second.
	Poll time.Duration
}

// New makes the service.
func New(db *database.DB, options Options) *Service {
	options.Poll, options.Zone = cmp.Or(options.Poll, 2*time.Second), cmp.Or(options.Zone, time.UTC)
	if options.Next == nil {
		options.Next = func(attempt int) (time.Duration, bool) { return Delay(attempt, rand.Float64()) } // #nosec G404 -- to spread load
	}
	return &Service{store: store{db}, options: options}
}

// GetNoticePreferences gets which e-mails a person wants: all of them, for a person who never said.
func (s *Service) GetNoticePreferences(ctx context.Context, req *pb.GetNoticePreferencesRequest) (*pb.GetNoticePreferencesResponse, error) {
	p, err := s.store.preferences(ctx, req.GetName())
	return &pb.GetNoticePreferencesResponse{NoticePreferences: p}, err
}

// UpdateNoticePreferences changes which e-mails a person wants. It also holds for those that are written and not sent yet.
func (s *Service) UpdateNoticePreferences(ctx context.Context, req *pb.UpdateNoticePreferencesRequest) (*pb.UpdateNoticePreferencesResponse, error) {
	return api.Write(ctx, s.store.db, req, func(ctx context.Context, tx *database.Tx) (*pb.UpdateNoticePreferencesResponse, error) {
		p, err := s.store.updatePreferences(ctx, tx, req)
		if err != nil {
			return nil, err
		}
		announcePreferences(tx, p)
		return &pb.UpdateNoticePreferencesResponse{NoticePreferences: p}, nil
	})
}

// announcePreferences tells the program alone: which e-mails somebody wants is not their employer's business.
func announcePreferences(tx *database.Tx, p *pb.NoticePreferences) {
	educator := api.PartUUID(p.Name, 0)
	tx.Concerns(educator)
	tx.Wrote(p.Name)
	tx.Emit(database.Change{
		Streams: []string{"program"}, Resource: p.Name, Type: "btlc/NoticePreferences", Version: api.VersionOf(p.Etag), Kind: "UPDATED",
		NaturalKeys: map[string]map[string]string{"program": {"educator": api.Name("btlc/Educator", educator)}},
		State:       map[string]any{"muted": p.Muted, "mutedKinds": wordsOf(p.MutedKinds)},
	})
}

// wordsOf are kinds as the database has them; an empty list for none.
func wordsOf(kinds []pb.NoticeKind) []string {
	words := make([]string, len(kinds))
	for i, kind := range kinds {
		words[i] = api.EnumWord(kind)
	}
	return words
}

// GetNotice gets a notice.
func (s *Service) GetNotice(ctx context.Context, req *pb.GetNoticeRequest) (*pb.GetNoticeResponse, error) {
	n, err := s.store.notice(ctx, req.GetName())
	return &pb.GetNoticeResponse{Notice: n}, err
}

// ListNotices lists the notices to a person, or those to anybody that the caller may see.
func (s *Service) ListNotices(ctx context.Context, req *pb.ListNoticesRequest) (*pb.ListNoticesResponse, error) {
	if api.LastWord(req.GetParent()) == "-" {
		everywhere, scopes := access.Reach(ctx)
		return s.store.listNotices(ctx, req, everywhere, scopes)
	}
	if err := access.Authorize(ctx, req.GetParent(), req.GetParent()); err != nil {
		return nil, err
	}
	return s.store.listNotices(ctx, req, false, []string{req.GetParent()})
}
