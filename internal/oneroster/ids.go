package oneroster

import "hash/maphash"

// digest stands for an id. Two ids have the same one by a chance of 1 in 2^128, which nobody can better who does not know the seeds.
type digest [2]uint64

// ids knows the ids of a file's rows by their digests, so that no id of a student is kept.
type ids struct {
	seeds [2]maphash.Seed
	lines map[digest]int
	// filter is there once no more are added. It has a bit set for each digest, and most others not: so small that a processor has it
	// at hand, it saves most of the looks into lines, for which it has to wait.
	filter []uint64
}

func newIDs() *ids {
	return &ids{seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}, lines: map[digest]int{}}
}

func (s *ids) digest(id string) digest {
	return digest{maphash.String(s.seeds[0], id), maphash.String(s.seeds[1], id)}
}

func (s *ids) bit(d digest) (word *uint64, mask uint64) {
	return &s.filter[d[0]>>6&uint64(len(s.filter)-1)], 1 << (d[0] & 63)
}

// line is where an id was seen; 0 for nowhere.
func (s *ids) line(d digest) int {
	if s.filter != nil {
		if word, mask := s.bit(d); *word&mask == 0 {
			return 0
		}
	}
	return s.lines[d]
}

// close makes ready for ids of which none is to be added.
func (s *ids) close() {
	words := 1
	for words < len(s.lines)/4 { // sixteen bits for each
		words *= 2
	}
	s.filter = make([]uint64, words)
	for d := range s.lines {
		word, mask := s.bit(d)
		*word |= mask
	}
}
