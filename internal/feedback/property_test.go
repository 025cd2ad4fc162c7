package feedback

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// telltale are questions that ask for nothing but who answers: a distribution over them is the list of the people it is of.
func telltale(people int) []Question {
	var choices []string
	for person := range people {
		choices = append(choices, fmt.Sprint(person))
	}
	return []Question{{ID: "who", Kind: Choice, Choices: choices}, {ID: "who else", Kind: Choice, Choices: choices}, {ID: "rating", Kind: Scale}, {ID: "comment", Kind: Text}}
}

// drawRounds makes rounds whose people all are different ones, of whom each answers what they like of telltale questions.
func drawRounds(t *rapid.T) []Round {
	const most = 9 // in a round
	rounds := make([]Round, rapid.IntRange(1, 6).Draw(t, "rounds"))
	questions := telltale(most * len(rounds))
	for i := range rounds {
		rounds[i] = Round{
			Course: rapid.SampledFrom([]string{"a", "a", "b"}).Draw(t, "course"), Version: rapid.IntRange(1, 2).Draw(t, "version"), Term: fmt.Sprint("term-", i/2),
			Moment: rapid.SampledFrom([]Moment{Mid, End}).Draw(t, "moment"), Closed: rapid.IntRange(0, 4).Draw(t, "closed") > 0, Questions: questions,
			Minimum: rapid.IntRange(Minimum, Minimum+2).Draw(t, "n"),
		}
		for j := range rapid.IntRange(0, most).Draw(t, "answers") {
			person := fmt.Sprint(most*i + j)
			a := Answer{Ratings: map[string]int{}, Choices: map[string]string{"who": person}, Texts: map[string]string{}}
			if rapid.IntRange(0, 3).Draw(t, "else") > 0 {
				a.Choices["who else"] = person
			}
			if rapid.Bool().Draw(t, "rates") {
				a.Ratings["rating"] = rapid.IntRange(1, Highest).Draw(t, "rating")
			}
			if rapid.Bool().Draw(t, "comments") {
				a.Texts["comment"] = fmt.Sprint("comment of ", person)
			}
			rounds[i].Answers = append(rounds[i].Answers, a)
		}
	}
	return rounds
}

// readings are the people behind all that is told of a question: of each round, and of each sum over some of the rounds.
func readings(t *rapid.T, rounds []Round, question string) [][]int {
	var all [][]int
	read := func(tallies []Tally) {
		for _, tally := range tallies {
			if tally.Question == question {
				all = append(all, tally.Distribution)
			}
		}
	}
	for _, r := range rounds {
		if shown, err := Show(r); err == nil {
			read(shown.Tallies)
		}
	}
	for some := range 1 << len(rounds) {
		var chosen []Round
		for i, r := range rounds {
			if some>>i&1 != 0 {
				chosen = append(chosen, r)
			}
		}
		aggregates, err := Aggregates(chosen)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range aggregates {
			read(a.Tallies)
		}
	}
	return all
}

// Whatever is asked, over whichever rounds: it is of n people or more, and any two of it differ by none or by n or more.
func TestNothingSmallerThanAGroup(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rounds := drawRounds(t)
		for _, question := range []string{"who", "who else"} {
			all := append(readings(t, rounds, question), make([]int, len(rounds[0].Questions[0].Choices))) // and nothing at all
			for i, a := range all {
				for _, b := range all[i+1:] {
					differ := 0
					for person := range a {
						if a[person] != b[person] {
							differ++
						}
					}
					if differ > 0 && differ < Minimum {
						t.Fatalf("%s: %d people between %v and %v", question, differ, a, b)
					}
				}
			}
		}
	})
}

// While a round is open, nothing depends on what is in it; nor does anything on a round with too few answers.
func TestWhatIsNotShownIsInNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rounds := drawRounds(t)
		shown := slices.DeleteFunc(slices.Clone(rounds), func(r Round) bool { return !r.Closed || len(r.Answers) < r.Minimum })
		got, err := Aggregates(rounds)
		want, err2 := Aggregates(shown)
		if err != nil || err2 != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("got  %+v, %v\nwant %+v, %v", got, err, want, err2)
		}
	})
}

// The order in which people answered is in nothing that is told, comments included.
func TestOrderOfAnsweringIsNotTold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawRounds(t)[0]
		if len(r.Answers) == 0 {
			r.Answers = []Answer{{Choices: map[string]string{"who": "0"}}}
		}
		shuffled := r
		shuffled.Answers = rapid.Permutation(r.Answers).Draw(t, "in another order")
		got, err := Show(shuffled)
		want, err2 := Show(r)
		if !errors.Is(err, err2) || !reflect.DeepEqual(got, want) {
			t.Fatalf("got  %+v, %v\nwant %+v, %v", got, err, want, err2)
		}
	})
}

// Tallies are what was answered, and sums are those of the rounds in them.
func TestTalliesSumUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rounds := drawRounds(t)
		type key struct {
			course   string
			version  int
			moment   Moment
			question string
		}
		answers, counts, sums := map[key]int{}, map[key]int{}, map[key]int{}
		for _, r := range rounds {
			k := key{r.Course, r.Version, r.Moment, ""}
			shown, err := Show(r)
			if err != nil {
				continue
			}
			answers[k] += len(r.Answers)
			texts, told := 0, 0
			for _, a := range r.Answers {
				texts += len(a.Texts)
			}
			for _, c := range shown.Comments {
				told += len(c.Texts)
			}
			if told != texts || shown.Answers != len(r.Answers) {
				t.Fatalf("%d comments and %d answers told of %d and %d", told, shown.Answers, texts, len(r.Answers))
			}
			for _, tally := range shown.Tallies {
				k.question = tally.Question
				count, sum := 0, 0
				for _, a := range r.Answers {
					_, chosen := a.Choices[tally.Question]
					rating, given := a.Ratings[tally.Question]
					if sum += rating; chosen || given {
						count++
					}
				}
				if tally.Count != count {
					t.Fatalf("%+v, but %d answered", tally, count)
				}
				counts[k] += count
				sums[k] += sum
			}
		}
		aggregates, err := Aggregates(rounds)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range aggregates {
			k := key{a.Course, a.Version, a.Moment, ""}
			if a.Answers != answers[k] {
				t.Fatalf("%+v, but %d answered", a, answers[k])
			}
			delete(answers, k)
			for _, tally := range a.Tallies {
				k.question = tally.Question
				total := 0
				for _, count := range tally.Distribution {
					total += count
				}
				if tally.Count != counts[k] || tally.Count != total || tally.Kind == Scale && tally.Mean != float64(sums[k])/float64(total) {
					t.Fatalf("%+v, but %d answered, %d in all", tally, counts[k], sums[k])
				}
				delete(counts, k)
			}
		}
		if len(answers)+len(counts) > 0 {
			t.Fatalf("left out: %v, %v", answers, counts)
		}
	})
}
