package database

import (
	"encoding/base64"
	"encoding/json"
	"errors"
)

// cursorVersion goes up when cursors of an older server cannot be read any more.
const cursorVersion = 1

// Cursor is a place in a stream of the change feed: after the change with this number. Consumers keep it for as long as
// they like, so it says in which epoch the number was given out. It is opaque to them, but no secret.
type Cursor struct {
	Version int    `json:"v"`
	Epoch   string `json:"e"`
	Stream  string `json:"s"`
	Number  int64  `json:"n"`
}

// NewCursor is the cursor after the change with that number.
func NewCursor(epoch, stream string, number int64) Cursor {
	return Cursor{Version: cursorVersion, Epoch: epoch, Stream: stream, Number: number}
}

// What is wrong with a cursor that a consumer gives back; the words are for them.
var (
	ErrNoCursor    = errors.New("is none of ours: give back one that you were given, or leave it empty to begin")
	ErrOtherStream = errors.New("belongs to another stream: give back one that you were given for this parent, or leave it empty to begin")
)

// ReadCursor reads what String has made for the same stream. Whether the stream still leads there is FeedBounds' to say.
// Errors: ErrNoCursor, ErrOtherStream.
func ReadCursor(text, stream string) (Cursor, error) {
	var c Cursor
	body, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return Cursor{}, ErrNoCursor
	}
	// Only what comes out the same is ours: JSON and base64 have many ways to say one thing.
	if err := json.Unmarshal(body, &c); err != nil || c.Version != cursorVersion || c.Epoch == "" || c.Number < 0 || c.String() != text {
		return Cursor{}, ErrNoCursor
	}
	if c.Stream != stream {
		return Cursor{}, ErrOtherStream
	}
	return c, nil
}

// String is the cursor as consumers hold it.
func (c Cursor) String() string {
	body, err := json.Marshal(c)
	if err != nil {
		panic(err) // strings and numbers always marshal
	}
	return base64.RawURLEncoding.EncodeToString(body)
}

// FeedBounds are what a stream holds at a moment: from the oldest change that is kept to the newest, of an epoch.
type FeedBounds struct {
	Epoch          string
	Oldest, Newest int64
}

// Reaches says whether all changes after the cursor are there. If not, numbers were given out anew since, or changes
// that the consumer has not seen are gone.
func (b FeedBounds) Reaches(c Cursor) bool {
	return c.Epoch == b.Epoch && c.Number >= b.Oldest-1 && c.Number <= b.Newest
}

// End is the cursor after the newest change.
func (b FeedBounds) End(stream string) Cursor { return NewCursor(b.Epoch, stream, b.Newest) }
