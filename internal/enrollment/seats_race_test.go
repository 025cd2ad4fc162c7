package enrollment_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	pb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/enrollment"
	"github.com/btlc/btlc/internal/seating"
)

// servers are services over one database, each with connections of its own.
func (w *world) servers(t *testing.T, n int) []*enrollment.Service {
	t.Helper()
	all := make([]*enrollment.Service, n)
	for i := range all {
		all[i] = enrollment.New(w.connect(t, 5), time.UTC, rulesOfSeats)
	}
	return all
}

// ask has an educator ask for a seat at one of the servers.
func (w *world) ask(t *testing.T, at *enrollment.Service, educator string, wait bool) (*pb.Registration, error) {
	w.later.Add(1) // no two ask at the same microsecond
	req := &pb.CreateRegistrationRequest{Parent: w.parent(), JoinWaitlist: wait, Registration: &pb.Registration{Educator: educator, AcknowledgedFramework: "frameworks/btlc-1"}}
	answer, err := call(t.Context(), w, grant(accesspb.Role_ROLE_EDUCATOR, educator), "CreateRegistration", at.CreateRegistration, req)
	return answer.GetRegistration(), err
}

// oversold is how many seats more than there are were taken at a moment.
const oversold = `SELECT greatest(0, (SELECT count(*) FROM registrations r WHERE r.section_id = s.id AND r.state IN ('ENROLLED', 'OFFERED')) - s.capacity) FROM sections s WHERE s.id = $1`

// watch looks, until it is stopped, whether more seats are taken than there are.
func (w *world) watch(t *testing.T) (stop func()) {
	t.Helper()
	done, stopped := make(chan struct{}), make(chan struct{})
	db := w.connect(t, 1)
	pause := time.NewTicker(20 * time.Millisecond) // for others use the database as well
	go func() {
		defer close(stopped)
		defer pause.Stop()
		for looks := 0; ; looks++ {
			var extra int
			if err := db.SQL().QueryRow(oversold, w.section).Scan(&extra); err != nil || extra > 0 {
				t.Errorf("%d seats are oversold, %v", extra, err)
				return
			}
			select {
			case <-done:
				if looks == 0 {
					t.Error("nobody looked")
				}
				return
			case <-pause.C:
			}
		}
	}()
	return func() {
		close(done)
		<-stopped
	}
}

// checkLog compares the tables with what the log leads to, and what was decided with what is decided again. It gives how
// the seats stand.
func (w *world) checkLog(t *testing.T) seating.State {
	t.Helper()
	tables, events, decided, waiting, err := w.service.SeatsOf(t.Context(), w.parent())
	if err != nil {
		t.Fatal(err)
	}
	state, again, err := seating.Replay(events)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(state.Parties, func(a, b seating.Place) int { return slices.Compare([]byte(a.ID), []byte(b.ID)) })
	if got, want := text(t, tables), text(t, state); got != want {
		t.Errorf("the tables say\n%s\nand the log\n%s", got, want)
	}
	if got, want := text(t, decided), text(t, again); got != want {
		t.Errorf("decided was\n%s\nand is again\n%s", got, want)
	}
	free, waits := state.Free(), int32(0)
	for _, p := range state.Parties {
		if p.Standing == seating.Waitlisted {
			waits += p.Size()
			if p.Size() <= free {
				t.Errorf("%d seats are idle while %d wait", free, p.Size())
			}
		}
	}
	if waits != waiting {
		t.Errorf("%d are counted as waiting, %d do", waiting, waits)
	}
	return tables
}

func text(t *testing.T, value any) string {
	t.Helper()
	out, err := json.MarshalIndent(value, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// A thousand people ask eight servers for 24 seats at once, and half of them would wait for one.
func TestSeatsForAThousand(t *testing.T) {
	people := 1000
	if testing.Short() {
		people = 200
	}
	w := newWorld(t, 24, people)
	servers := w.servers(t, 8)
	stop := w.watch(t)
	got := atOnce(people, func(i int) error {
		_, err := w.ask(t, servers[i%8], w.educators[i], i/8%2 == 0)
		return err
	})
	stop()
	state := w.checkLog(t)
	enrolled := 0
	for _, p := range state.Parties {
		if p.Standing == seating.Enrolled {
			enrolled++
		}
	}
	waiting := len(state.Parties) - enrolled
	if enrolled != 24 || got[""] != 24+waiting || waiting < people/2-24 || waiting > people/2 || got[""]+got[api.SeatUnavailable] != people {
		t.Errorf("%d are enrolled and %d wait; answers: %v", enrolled, waiting, got)
	}
	// Whoever waits is told the place by the time of asking.
	list := state.Waiting(seating.Rules{})
	for i, p := range list {
		if p.Since.Before(now) || i > 0 && list[i-1].Since.After(p.Since) {
			t.Fatalf("number %d asked at %v", i+1, p.Since)
		}
	}
	for _, i := range []int{0, len(list) - 1} {
		answer, err := call(t.Context(), w, staff, "ExplainPlacement", w.service.ExplainPlacement, &pb.ExplainPlacementRequest{Name: api.Name("btlc/Registration", w.section, list[i].ID)})
		if err != nil || answer.WaitlistPosition != int32(i+1) {
			t.Errorf("number %d is told %v, %v", i+1, answer, err)
		}
	}
}

// busy is a server's work on a section in the random test.
type busy struct {
	*world
	t      *testing.T
	at     *enrollment.Service
	random *rand.Rand
	mine   []string // educators who ask at this server
}

// any is a registration of the section in a state, or none.
func (b *busy) any(state string) string {
	rows, err := b.db.SQL().QueryContext(b.t.Context(), `SELECT id FROM registrations WHERE section_id = $1 AND state = $2 ORDER BY id`, b.section, state)
	if err != nil {
		b.t.Error(err)
		return ""
	}
	defer rows.Close()
	var ids []uuid.UUID
	for rows.Next() {
		var id uuid.UUID
		if err := rows.Scan(&id); err != nil {
			b.t.Error(err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil || len(ids) == 0 {
		return ""
	}
	return api.Name("btlc/Registration", b.section, ids[b.random.IntN(len(ids))])
}

// step does one thing.
func (b *busy) step() error {
	ctx := b.t.Context()
	switch n := b.random.IntN(20); {
	case n < 8 && len(b.mine) >= 3: // somebody comes, alone or with others
		size := []int{1, 1, 1, 2, 3}[b.random.IntN(5)]
		who := b.mine[:size]
		b.mine = b.mine[size:]
		if size == 1 && b.random.IntN(2) == 0 {
			_, err := b.ask(b.t, b.at, who[0], true)
			return err
		}
		b.later.Add(1)
		application := b.db.Ent().Application.Create().SetTermID("fall-2026").SetCourseID("using-data").SaveX(ctx).ID
		_, err := b.at.Admit(ctx, b.parent(), &application, b.random.IntN(2) == 0, false, who...)
		return err
	case n < 12:
		if name := b.any([]string{"ENROLLED", "WAITLISTED", "OFFERED"}[b.random.IntN(3)]); name != "" {
			_, err := call(ctx, b.world, staff, "WithdrawRegistration", b.at.WithdrawRegistration, &pb.WithdrawRegistrationRequest{Name: name})
			return err
		}
	case n < 15:
		if name := b.any("OFFERED"); name != "" {
			_, err := call(ctx, b.world, staff, "AcceptOffer", b.at.AcceptOffer, &pb.AcceptOfferRequest{Name: name})
			return err
		}
	case n < 16:
		if name := b.any("OFFERED"); name != "" {
			_, err := call(ctx, b.world, staff, "DeclineOffer", b.at.DeclineOffer, &pb.DeclineOfferRequest{Name: name})
			return err
		}
	case n < 18:
		_, err := call(ctx, b.world, staff, "UpdateSection", b.at.UpdateSection, &pb.UpdateSectionRequest{Section: &pb.Section{Name: b.parent(), Capacity: int32(4 + b.random.IntN(8))}})
		return err
	default:
		b.later.Add(int64(13 * time.Hour / time.Microsecond))
		return b.at.SettleDue(ctx)
	}
	return nil
}

var histories = flag.Int("histories", 3, "how many random histories eight servers go through")

// Eight servers do to the seats of a section whatever can be done to them, all at once.
func TestSeatsWhateverHappens(t *testing.T) {
	t.Parallel()
	const steps = 25
	for range *histories {
		seed := rand.Uint64()
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			w := newWorld(t, 6, 8*40)
			w.keepOpen(t)
			stop := w.watch(t)
			got := map[api.Reason]int{}
			servers := w.servers(t, 8)
			for reason, n := range atOnce(8, func(i int) error {
				b := &busy{world: w, t: t, at: servers[i], random: rand.New(rand.NewPCG(seed, uint64(i))), mine: w.educators[40*i : 40*i+40]}
				for range steps {
					switch why := reason(b.step()); why {
					case "", api.StateConflict, api.InvalidRequest, api.SeatUnavailable: // lost against others
					default:
						return fmt.Errorf("%s", why)
					}
				}
				return nil
			}) {
				got[reason] += n
			}
			stop()
			if got[""] != 8 {
				t.Errorf("got %v", got)
			}
			state := w.checkLog(t)
			w.checkWhole(t)
			if len(state.Parties) == 0 || state.Sequence < 8 {
				t.Errorf("little has happened: %+v", state)
			}
		})
	}
}

// checkWhole looks whether all who came by one application and are still there stand alike.
func (w *world) checkWhole(t *testing.T) {
	t.Helper()
	var torn int
	if err := w.db.SQL().QueryRowContext(t.Context(), `SELECT count(*) FROM (SELECT application_id FROM registrations WHERE section_id = $1 AND application_id IS NOT NULL
		AND state IN ('ENROLLED', 'OFFERED', 'WAITLISTED', 'AWAITING_ROLE') GROUP BY 1 HAVING count(DISTINCT (state, offer_expire_time)) > 1) x`, w.section).Scan(&torn); err != nil || torn > 0 {
		t.Errorf("%d groups are torn apart, %v", torn, err)
	}
}
