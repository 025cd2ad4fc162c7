package demo

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// The names are put together at random, and the family names themselves are put together of two words: whoever bears one
// of them is not meant.
var (
	givenNames = strings.Fields(`Adaeze Alma Amara Anders Anneke Anwar Ariel Asha Aurelio Beatriz Bela Bilal Briony Cajsa Camilo Chidi Cleo
		Corin Dalia Danika Darius Delphine Dilan Edda Eero Elif Emeka Esme Fadil Farrah Felipa Fiora Gideon Gwenda Halina Haruto Hedda Idris
		Ilse Imara Ines Isaura Jamila Jarek Joaquin Juno Kalani Kamil Keziah Kofi Lena Lioba Lucinda Malik Marit Mateo Mei Minh Nadia Naveen
		Niamh Noor Odalys Olena Oren Paloma Petra Quang Rafi Ramona Renske Rohan Rosalind Sadia Sanne Selam Senna Simeon Soraya Tadeo Tamsin
		Thandi Tilda Tomas Ulla Valeria Vashti Viggo Wanjiru Wilhelmina Xiomara Yara Yusuf Zainab Zoltan`)
	familyFirst = strings.Fields(`Alder Amber Ash Birch Bramble Bright Cedar Clover Copper Dawn Elder Ember Fair Fallow Fern Flint Frost Glen
		Golden Grain Hazel Heath Heron Holly Iron Ivy Juniper Kestrel Lark Laurel Linden Maple Marsh Meadow Mill Moss North Oaken Olive Otter
		Pebble Quill Raven Reed River Rowan Russet Sage Sand Silver Sorrel Stone Summer Swan Thistle Thorn Wren Yarrow`)
	familySecond = strings.Fields(`bank beck bloom brook combe cove croft dale down fall fold garth grove haven hurst lea lock mead mere moor
		path pool ridge rill shaw shore sound stead thwaite tide vale wharf wick wold wood`)
	schoolSecond = strings.Fields(`Hill Street Square Point Harbor Park Avenue Bridge Landing Common`)
	schoolKinds  = []string{"Elementary School", "K-8 School", "Middle School", "High School"}
	titles       = []string{
		"Kindergarten teacher", "Grade 2 teacher", "Grade 4 teacher", "Grade 5 teacher", "Mathematics teacher", "Science teacher", "English teacher",
		"History teacher", "Special education teacher", "English learner teacher", "Art teacher", "Music teacher", "Physical education teacher", "Librarian",
	}
)

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// chance is true once in so many times, on average: chance(r, 0.25) in a quarter of them.
func chance(r *rand.Rand, share float64) bool { return r.Float64() < share }

func familyName(r *rand.Rand) string { return pick(r, familyFirst) + pick(r, familySecond) }

// naming gives out what must be there once only.
type naming struct{ taken map[string]int }

// email is an address for a name that nobody has yet.
func (n *naming) email(given, family string) string {
	local := strings.ToLower(given + "." + family)
	if n.taken == nil {
		n.taken = map[string]int{}
	}
	if n.taken[local]++; n.taken[local] > 1 {
		return fmt.Sprintf("%s%d@example.org", local, n.taken[local])
	}
	return local + "@example.org"
}

// schoolName is different for every number.
func schoolName(i int) string {
	first := familyFirst[(i*7)%len(familyFirst)]
	return fmt.Sprintf("%s %s %s", first, schoolSecond[(i*3)%len(schoolSecond)], schoolKinds[i%len(schoolKinds)])
}
