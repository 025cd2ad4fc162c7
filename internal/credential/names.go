package credential

import (
	"encoding/hex"
	"strings"

	"github.com/google/uuid"
)

const (
	credentialNames = "credentials/"
	educatorNames   = "educators/"
	// nameSize is how long a name with a uuid is at most, of the two above.
	nameSize = len(credentialNames) + 36
)

// manyNames makes the names of many resources in one piece of memory: one by one, each would take two.
type manyNames struct{ text strings.Builder }

// roomFor makes room for so many names.
func roomFor(names int) *manyNames {
	var n manyNames
	n.text.Grow(names * nameSize)
	return &n
}

// of is the name of a resource: what comes before its id, and the id.
func (n *manyNames) of(collection string, id uuid.UUID) string {
	begin := n.text.Len()
	n.text.WriteString(collection)
	var digits [36]byte
	at := 0
	for i, group := range [...][]byte{id[:4], id[4:6], id[6:8], id[8:10], id[10:]} {
		if i > 0 {
			digits[at] = '-'
			at++
		}
		at += hex.Encode(digits[at:], group)
	}
	n.text.Write(digits[:])
	return n.text.String()[begin:]
}
