package database

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
)

const (
	// placeVersion is of cursors that name a number alone, as servers of before gave them out.
	placeVersion = 1
	// cursorVersion goes up when cursors of an older server cannot be read any more, but for those.
	cursorVersion = 2
	// sealBytes are as many as nobody guesses.
	sealBytes = 16
)

// Cursor is a place in a stream of the change feed: after the change with this number. Consumers keep it for as long as
// they like, so it says in which epoch the number was given out. It is opaque to them, but no secret.
//
// It is also a witness: it lies outside of the database, so it is still there when the database is put back to what it was
// before. So it names the change itself, and not only its number, and its seal shows that it was given out like that.
type Cursor struct {
	Version int    `json:"v"`
	Epoch   string `json:"e"`
	Stream  string `json:"s"`
	Number  int64  `json:"n"`
	// Generation is how many epochs the database had had before.
	Generation int64 `json:"g,omitempty"`
	// Print is the fingerprint of the change; empty when there was none to look at: before the first, and before the oldest kept.
	Print string `json:"f,omitempty"`
	// Seal is empty for a place alone, which proves nothing.
	Seal string `json:"m,omitempty"`
}

// NewCursor is the place after the change with that number, for what the database itself keeps: that goes back with it, and
// is no witness. What consumers get is made by FeedBounds.
func NewCursor(epoch, stream string, number int64) Cursor {
	return Cursor{Version: placeVersion, Epoch: epoch, Stream: stream, Number: number}
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
	if err := json.Unmarshal(body, &c); err != nil || !c.sound() || c.String() != text {
		return Cursor{}, ErrNoCursor
	}
	if c.Stream != stream {
		return Cursor{}, ErrOtherStream
	}
	return c, nil
}

// sound says whether the cursor is as one of its version can be.
func (c Cursor) sound() bool {
	if c.Epoch == "" || c.Number < 0 || c.Generation < 0 {
		return false
	}
	switch c.Version {
	case placeVersion:
		return c == NewCursor(c.Epoch, c.Stream, c.Number)
	case cursorVersion:
		return c.Seal != ""
	default:
		return false
	}
}

// String is the cursor as consumers hold it.
func (c Cursor) String() string { return base64.RawURLEncoding.EncodeToString(c.json()) }

func (c Cursor) json() []byte {
	body, err := json.Marshal(c)
	if err != nil {
		panic(err) // strings and numbers always marshal
	}
	return body
}

// sealer seals cursors. The key is as old as the database, and each copy of it has the same: so the seal is of the site, too, by
// which a copy that is served elsewhere is another one's.
type sealer struct{ key, site string }

// seal is the cursor with its seal.
func (s sealer) seal(c Cursor) Cursor {
	c.Seal = ""
	mac := hmac.New(sha256.New, []byte(s.key))
	mac.Write([]byte(s.site + "\n"))
	mac.Write(c.json())
	c.Seal = base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:sealBytes])
	return c
}

// sealed says whether the cursor was given out like this: by a server of this database and this site.
func (s sealer) sealed(c Cursor) bool {
	return c.Seal != "" && hmac.Equal([]byte(c.Seal), []byte(s.seal(c).Seal))
}
