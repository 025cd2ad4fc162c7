package placement

import (
	"cmp"
	"slices"
)

// densestFirst rearranges items so that filling a room from the front takes the densest ones. It is a selection by halves:
// only the part in which the room ends is looked at again, which takes time in proportion to the items where sorting does not.
func densestFirst(items []item, room int) {
	for len(items) > 12 {
		pivot := max(min(items[0].density, items[len(items)/2].density), min(max(items[0].density, items[len(items)/2].density),
			items[len(items)-1].density))
		denser, even, rest := 0, 0, len(items)
		before, within := 0, 0
		for even < rest {
			switch it := items[even]; {
			case it.density > pivot:
				before += it.size
				items[denser], items[even] = it, items[denser]
				denser++
				even++
			case it.density < pivot:
				rest--
				items[even], items[rest] = items[rest], it
			default:
				within += it.size
				even++
			}
		}
		switch {
		case before >= room:
			items = items[:denser]
		case before+within >= room:
			return
		default:
			room -= before + within
			items = items[even:]
		}
	}
	slices.SortFunc(items, func(a, b item) int { return cmp.Compare(b.density, a.density) })
}
