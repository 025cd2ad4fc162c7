// Package cohort draws the profile of a section's people for those who facilitate it: how they rate themselves in each
// competency, and which they want to grow in. It tells of the group and of nobody in it.
//
// # Why it is told in blocks
//
// A mean of five answers tells little of any one of them. Two means do: the one from before a person answered and the one
// from after, subtracted, are that person's answer. A minimum of people alone is therefore no protection where the same
// question may be asked again; what two readings differ by has to be a group of that minimum too. So answers are taken n at
// a time, twice:
//
//   - Of all answers, in the order of registering, only the first whole blocks of n count. A profile changes when a block is
//     full, and so n people are between any two that differ. When it changes tells nothing of one of them.
//   - Within these, each competency has only the first whole blocks of n among those who rated it, or named it. Otherwise the
//     one person in a new block who rated a competency would be the whole difference in it.
//
// What is told is the same whoever asks: who may see a profile is decided elsewhere, but no two people who see one have
// numbers that could be subtracted from each other.
//
// This holds as long as answers stay as they are and where they are. One that was changed, or that went with a person who
// withdrew, would be the difference of two readings: whoever keeps the answers keeps them in the order of registering, as
// they were when they first counted.
package cohort

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
)

// Minimum is the smallest group that anything is told of.
const Minimum = 5

// Scale is the highest rating; the lowest is 1.
const Scale = 5

// What cannot be profiled.
var (
	// ErrMinimum: a group of fewer than Minimum was asked for.
	ErrMinimum = errors.New("cohort: the group is too small")
	// ErrRating: a rating is not on the scale.
	ErrRating = errors.New("cohort: the rating is not on the scale")
)

// Answer is what one person told on registering.
type Answer struct {
	// Ratings has a rating of 1 to Scale for each competency that the person rated, by its id.
	Ratings map[string]int
	// Goals are the ids of competencies that the person wants to grow in.
	Goals []string
}

// Profile is what is told of a group.
type Profile struct {
	// Answers is how many answers it is of: a multiple of n, zero while there are fewer than n.
	Answers int
	// Competencies are those of which there is something to tell, by id.
	Competencies []Competency
}

// Competency is what is told of a competency.
type Competency struct {
	ID string
	// Answered is how many ratings Mean and Ratings are of: a multiple of n, zero where fewer than n people rated it.
	Answered int
	// Mean is the mean rating to one decimal; zero where Answered is.
	Mean float64
	// Ratings has how often each rating from 1 on was given. It is nil where a rating was given by some people but fewer than
	// n: to leave out that rating alone would not hide it, for the others and Answered tell it.
	Ratings []int
	// Goals is how many people at least want to grow in it: a multiple of n.
	Goals int
}

// New makes the profile of answers, which are in the order of registering, in groups of n. Errors: ErrMinimum, ErrRating.
func New(answers []Answer, n int) (Profile, error) {
	if n < Minimum {
		return Profile{}, fmt.Errorf("%w: %d, want at least %d", ErrMinimum, n, Minimum)
	}
	for i, a := range answers {
		for id, rating := range a.Ratings {
			if rating < 1 || rating > Scale {
				return Profile{}, fmt.Errorf("%w: answer %d has %d for %s", ErrRating, i, rating, id)
			}
		}
	}
	answers = blocks(answers, n)
	ratings, goals := map[string][]int{}, map[string]int{}
	for _, a := range answers {
		for id, rating := range a.Ratings {
			ratings[id] = append(ratings[id], rating)
		}
		for _, id := range slices.Compact(slices.Sorted(slices.Values(a.Goals))) {
			goals[id]++
		}
	}
	ids := slices.Concat(slices.Collect(maps.Keys(ratings)), slices.Collect(maps.Keys(goals)))
	slices.Sort(ids)
	p := Profile{Answers: len(answers)}
	for _, id := range slices.Compact(ids) {
		c := competency(id, blocks(ratings[id], n), n)
		c.Goals = goals[id] - goals[id]%n
		if c.Answered > 0 || c.Goals > 0 {
			p.Competencies = append(p.Competencies, c)
		}
	}
	return p, nil
}

// blocks is the first whole blocks of n.
func blocks[T any](list []T, n int) []T { return list[:len(list)-len(list)%n] }

// competency tells of ratings, which are whole blocks.
func competency(id string, ratings []int, n int) Competency {
	c := Competency{ID: id, Answered: len(ratings)}
	if len(ratings) == 0 {
		return c
	}
	sum, counts := 0, make([]int, Scale)
	for _, rating := range ratings {
		sum += rating
		counts[rating-1]++
	}
	c.Mean = math.Round(float64(10*sum)/float64(len(ratings))) / 10
	if !slices.ContainsFunc(counts, func(count int) bool { return count > 0 && count < n }) {
		c.Ratings = counts
	}
	return c
}
