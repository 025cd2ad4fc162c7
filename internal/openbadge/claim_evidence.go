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

// multihashSHA256 is how a multihash begins: the code of SHA-256 and the length of its digest.
var multihashSHA256 = []byte{0x12, sha256.Size}

func (e Evidence) object() map[string]any {
	object := map[string]any{"type": []any{"Evidence"}}
	// What is not hexadecimal is refused by check.
	if digest, err := hex.DecodeString(e.SHA256); err == nil {
		object["digestMultibase"] = "u" + base64.RawURLEncoding.EncodeToString(append(multihashSHA256[:2:2], digest...))
	}
	set(object, "name", e.Name)
	set(object, "genre", e.Genre)
	return object
}

func (e Evidence) check(f *faults, at string) {
	digest, err := hex.DecodeString(e.SHA256)
	f.member(err == nil && len(digest) == sha256.Size, at, ".digestMultibase", "must be made of 64 hexadecimal digits")
}
