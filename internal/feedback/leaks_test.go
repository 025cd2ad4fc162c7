package feedback

import (
	"fmt"
	"math/rand/v2"
	"testing"

	pb "github.com/btlc/btlc/gen/go/btlc/feedback/v1"
	"github.com/btlc/btlc/internal/record/recordtest"
)

// watcher asks the service everything, again and again, and keeps the distinct answers to each thing asked.
type watcher struct {
	*class
	told map[string][][]int32
}

// look asks for everything once more. Whatever is told of a question must have changed by nobody or by Minimum people or
// more since each earlier look, and be of so many at least.
func (w *watcher) look(t *testing.T, rounds []string) {
	t.Helper()
	for _, round := range rounds {
		got := w.results(round)
		w.see(t, round, []int32{got.AnswerCount})
		for _, q := range got.Questions {
			if q.Ratings != nil {
				w.see(t, round+" "+q.Question, q.Ratings)
			}
		}
	}
	for _, kind := range []pb.FeedbackRound_Kind{mid, end} {
		for _, v := range w.compared(kind).Versions {
			w.see(t, fmt.Sprint(kind, v.CourseVersion), []int32{v.AnswerCount})
			for _, q := range v.Questions {
				w.see(t, fmt.Sprint(kind, v.CourseVersion, q.Question), q.Ratings)
			}
		}
	}
}

func (w *watcher) see(t *testing.T, what string, now []int32) {
	t.Helper()
	if w.told[what] == nil {
		w.told[what] = [][]int32{make([]int32, len(now))} // before, nothing was told
	}
	for _, before := range w.told[what] {
		people := int32(0)
		for i := range now {
			people += max(now[i]-before[i], before[i]-now[i])
		}
		if people != 0 && people < Minimum {
			t.Fatalf("%s: %d people between %v and %v", what, people, before, now)
		}
	}
	w.told[what] = append(w.told[what], now)
}

// People take sections of two versions of a course, answer as they like, and rounds are closed at any time. Whoever asks for
// all results before and after each of it learns of no group that is smaller than Minimum.
func TestNobodyIsToldOf(t *testing.T) {
	const seed = 20261123
	random := rand.New(rand.NewPCG(seed, seed))
	c := newClass(t, 9)
	w := &watcher{c, map[string][][]int32{}}
	versions := []string{}
	for number := range int32(2) {
		id := c.version(number + 1)
		for range 3 {
			versions = append(versions, c.section(id, "IN_SESSION"))
		}
	}
	var rounds []string
	shown := 0
	for n, section := range versions {
		for _, kind := range []pb.FeedbackRound_Kind{mid, end} {
			round := c.open(section, kind)
			rounds = append(rounds, round.Name)
			for _, person := range random.Perm(len(c.people))[:3+(n+int(kind))%7] {
				answers := []*pb.FeedbackAnswer{rates("role", int32(1+random.IntN(5)))}
				for _, q := range round.Questions[1:] {
					switch {
					case random.IntN(3) == 0:
					case q.Kind == pb.FeedbackQuestion_KIND_SCALE:
						answers = append(answers, rates(q.Id, int32(1+random.IntN(5))))
					default:
						answers = append(answers, writes(q.Id, fmt.Sprint("Person ", person)))
					}
				}
				recordtest.Must(t, c.submit(round.Name, person, answers...))
			}
			w.look(t, rounds)
			if random.IntN(5) > 0 {
				recordtest.Must(t, c.close(round.Name))
			}
			w.look(t, rounds)
			if c.results(round.Name).AnswerCount > 0 {
				shown++
			}
		}
	}
	if shown < 3 || shown == len(rounds) {
		t.Fatalf("of %d rounds %d are shown: this has tried little", len(rounds), shown)
	}
}
