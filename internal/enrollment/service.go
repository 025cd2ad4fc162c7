// Package enrollment offers the collaborative courses: terms, sections with their meetings, registrations of those who hold
// a leadership role, and attendance in minutes.
package enrollment

import (
	"context"
	"time"

	"github.com/google/uuid"

	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/program"
	"github.com/btlc/btlc/internal/record"
)

// Service answers for courses, terms, sections, registrations and attendance.
type Service struct {
	pb.UnimplementedEnrollmentServiceServer
	store     store
	policies  *record.Policies
	rules     []program.EnrollmentRules
	followers []record.SeatFollower
	baseURL   string
	applying  chan struct{} // held by whoever applies a placement proposal
}

// New makes the service. zone is the program's: the calendar of every section that is made from now on. Of the rules, those
// count that are in force on the day. Followers are told of seats that change hands, in the transaction in which they do.
func New(db *database.DB, zone *time.Location, rules []program.EnrollmentRules, followers ...record.SeatFollower) *Service {
	return &Service{store: store{db, zone}, policies: record.NewPolicies(), rules: rules, followers: followers, applying: make(chan struct{}, 1)}
}

// viewer is a caller as far as drafts of sections go: staff see them all, facilitators their own.
type viewer struct {
	staff     bool
	educators []uuid.UUID
}

func viewerOf(ctx context.Context) viewer {
	var v viewer
	for _, g := range access.CallerOf(ctx).Grants {
		switch g.Role {
		case accesspb.Role_ROLE_PROGRAM_STAFF:
			v.staff = true
		case accesspb.Role_ROLE_FACILITATOR, accesspb.Role_ROLE_EDUCATOR:
			v.educators = append(v.educators, api.LastUUID(g.Scope))
		}
	}
	return v
}

// reach is whose registrations and attendance the caller may read: everybody's, or those of these educators and of the
// sections that they lead.
func reach(ctx context.Context) (everywhere bool, educators []uuid.UUID) {
	everywhere, scopes := access.Reach(ctx)
	for _, scope := range scopes {
		if _, ok := api.IDs("btlc/Educator", scope); ok {
			educators = append(educators, api.LastUUID(scope))
		}
	}
	return everywhere, educators
}

// scopesOf are the scopes of what belongs to these people.
func scopesOf(educators ...uuid.UUID) []string {
	scopes := make([]string, len(educators))
	for i, id := range educators {
		scopes[i] = api.Name("btlc/Educator", id)
	}
	return scopes
}

// announceSection puts a change of a section on the program's feed.
func announceSection(tx *database.Tx, found *section, kind string) {
	name := api.Name("btlc/Section", found.row.ID)
	tx.Wrote(name)
	tx.Emit(database.Change{
		Streams: []string{"program"}, Resource: name, Type: "btlc/Section", Version: found.row.Version, Kind: kind,
		State: map[string]any{
			"state": found.row.State, "course": found.course(), "courseVersion": found.courseVersion(),
			"term": api.Name("btlc/Term", found.row.TermID), "capacity": found.row.Capacity,
		},
	})
}

// announceRegistration puts a change of a registration on the feeds of those whom it concerns.
func announceRegistration(ctx context.Context, tx *database.Tx, r *registration, kind string) error {
	return announceRegistrations(ctx, tx, []*registration{r}, kind)
}

// announceRegistrations is announceRegistration for many, with no more queries than for one.
func announceRegistrations(ctx context.Context, tx *database.Tx, all []*registration, kind string) error {
	educators := make([]uuid.UUID, len(all))
	for i, r := range all {
		educators[i] = r.row.EducatorID
	}
	audiences, err := record.Audiences(ctx, tx.Client, educators, tx.Now)
	if err != nil {
		return err
	}
	announceTo(tx, audiences, all, kind)
	return nil
}

// announceTo is announceRegistrations when it is known whom they concern.
func announceTo(tx *database.Tx, audiences map[uuid.UUID]record.Listeners, all []*registration, kind string) {
	for _, r := range all {
		to := audiences[r.row.EducatorID]
		tx.Concerns(r.row.EducatorID)
		tx.Emit(database.Change{
			Streams: to.Streams, Resource: r.name(), Type: "btlc/Registration", Version: r.row.Version, Kind: kind, NaturalKeys: to.Keys,
			State: map[string]any{"section": api.Name("btlc/Section", r.row.SectionID), "state": r.row.State, "course": r.section.course()},
		})
	}
}
