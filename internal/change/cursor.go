package change

import (
	"encoding/base64"
	"encoding/json"
	"errors"
)

// cursorVersion goes up when cursors of an older server cannot be read any more.
const cursorVersion = 1

// cursor is a place in a stream: after the change with this number. Consumers keep it for as long as they like, so it
// says in which epoch the number was given out. It is opaque to them, but no secret.
type cursor struct {
	Version int    `json:"v"`
	Epoch   string `json:"e"`
	Stream  string `json:"s"`
	Number  int64  `json:"n"`
}

func newCursor(epoch, stream string, number int64) cursor {
	return cursor{Version: cursorVersion, Epoch: epoch, Stream: stream, Number: number}
}

var (
	errNoCursor    = errors.New("is none of ours: take nextCursor from the last answer, or leave it empty to begin")
	errOtherStream = errors.New("belongs to another stream: take nextCursor from the last answer for this parent, or leave it empty to begin")
)

// readCursor reads what String has made for the same stream. Whether the stream still leads there is for the page to say.
func readCursor(text, stream string) (cursor, error) {
	var c cursor
	body, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return cursor{}, errNoCursor
	}
	// Only what comes out the same is ours: JSON and base64 have many ways to say one thing.
	if err := json.Unmarshal(body, &c); err != nil || c.Version != cursorVersion || c.Epoch == "" || c.Number < 0 || c.String() != text {
		return cursor{}, errNoCursor
	}
	if c.Stream != stream {
		return cursor{}, errOtherStream
	}
	return c, nil
}

// String is the cursor as consumers hold it.
func (c cursor) String() string {
	body, err := json.Marshal(c)
	if err != nil {
		panic(err) // strings and numbers always marshal
	}
	return base64.RawURLEncoding.EncodeToString(body)
}

// stretch is what was read of a stream: the numbers of the changes, and the bounds that it had at that moment.
type stretch struct {
	Epoch          string
	Oldest, Newest int64
	Numbers        []int64
}

// follows says whether the stretch goes on where the cursor stands, with nothing missing between. If not, numbers were
// given out anew, or changes that the consumer has not seen are gone.
func (s stretch) follows(c cursor) bool {
	if c.Epoch != s.Epoch || c.Number < s.Oldest-1 || c.Number > s.Newest {
		return false
	}
	if len(s.Numbers) == 0 {
		return c.Number == s.Newest
	}
	return s.Numbers[0] == c.Number+1
}

// end is the cursor after the stretch, for one that began at c.
func (s stretch) end(c cursor) cursor {
	if n := len(s.Numbers); n > 0 {
		c.Number = s.Numbers[n-1]
	}
	return c
}
