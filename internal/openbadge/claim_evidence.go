package openbadge

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
)

// Evidence is a piece of work that stays where it is: the credential holds its digest, by which
// whoever is shown the work knows that it is the one.
//
// It is written as digestMultibase, the term of the data model for digests, and without id: Open
// Badges wants a page that shows the evidence there, and there is none to be had.
type Evidence struct {
	SHA256 string // of the file, 64 hexadecimal digits
	// Name and Genre say what the work is, in words of the framework; may be empty. Words of the
	// person's own would tell what the digest hides.
	Name, Genre string
}

// evidenceType is shared by all objects: a credential has several.
var evidenceType any = []any{"Evidence"}

func (e Evidence) object() map[string]any {
	object := map[string]any{"type": evidenceType}
	if digest, ok := e.digestMultibase(); ok { // what is none is refused by check
		object["digestMultibase"] = digest
	}
	set(object, "name", e.Name)
	set(object, "genre", e.Genre)
	return object
}

func (e Evidence) check(f *faults, at string) {
	_, ok := e.multihash()
	f.member(ok, at, ".digestMultibase", "must be made of 64 hexadecimal digits")
}

// multihash is the code of SHA-256, the length of its digests, and the digest; ok tells whether there is one.
func (e Evidence) multihash() (hash [2 + sha256.Size]byte, ok bool) {
	if len(e.SHA256) != hex.EncodedLen(sha256.Size) {
		return hash, false
	}
	hash[0], hash[1] = 0x12, sha256.Size
	_, err := hex.Decode(hash[2:], []byte(e.SHA256))
	return hash, err == nil
}

func (e Evidence) digestMultibase() (text string, ok bool) {
	hash, ok := e.multihash()
	var room [64]byte
	return string(base64.RawURLEncoding.AppendEncode(append(room[:0], 'u'), hash[:])), ok
}
