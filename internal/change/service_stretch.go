package change

import "github.com/btlc/btlc/internal/database"

// stretch is what was read of a stream: the numbers of the changes, and the bounds that it had at that moment.
type stretch struct {
	database.FeedBounds
	Numbers []int64
}

// follows says whether the stretch goes on where the cursor stands, with nothing missing between. If not, numbers were
// given out anew, or changes that the consumer has not seen are gone.
func (s stretch) follows(c database.Cursor) bool {
	if !s.Reaches(c) {
		return false
	}
	if len(s.Numbers) == 0 {
		return c.Number == s.Newest
	}
	return s.Numbers[0] == c.Number+1
}
