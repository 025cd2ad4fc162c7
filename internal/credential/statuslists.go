package credential

import (
	"context"
	"slices"
	"time"

	"github.com/btlc/btlc/internal/openbadge"
	"github.com/btlc/btlc/internal/statuslist"
)

// listLength is the number of credentials on a list: the fewest that the specification takes, among which one is hidden.
const listLength = statuslist.MinLength

// statusesWithBit are those for which a credential's bit is set, by the list's purpose. Who verifies has no use for the
// difference between what was replaced and what was revoked, and needs no bit for what has expired: the document says when.
var statusesWithBit = map[statuslist.Purpose][]string{
	statuslist.Revocation: {"REVOKED", "SUPERSEDED"},
	statuslist.Suspension: {"SUSPENDED"},
}

// bitChanges tells whether a list says something else when a credential goes from one status to another.
func bitChanges(from, to string) bool {
	for _, statuses := range statusesWithBit {
		if slices.Contains(statuses, from) != slices.Contains(statuses, to) {
			return true
		}
	}
	return false
}

// statusBit is a credential's place on a list.
type statusBit struct {
	list  string // the list's id
	index int
}

// listURL is where a list is published for a purpose.
func (i Issuer) listURL(list string, purpose statuslist.Purpose) string {
	return i.BaseURL + "/status-lists/" + list + "/" + string(purpose)
}

// statuses are what a document says of where its status stands.
func (i Issuer) statuses(bit statusBit) []openbadge.Status {
	purposes := []statuslist.Purpose{statuslist.Revocation}
	if i.SuspensionEntries {
		purposes = append(purposes, statuslist.Suspension)
	}
	var entries []openbadge.Status
	for _, purpose := range purposes {
		entries = append(entries, openbadge.Status{List: i.listURL(bit.list, purpose), Purpose: string(purpose), Index: bit.index})
	}
	if i.RevocationList {
		entries = append(entries, openbadge.Status{List: i.revocationListURL(bit.list)})
	}
	return entries
}

// publishedList is a list as it stands.
type publishedList struct {
	id      string
	version int32
	changed time.Time // when a bit changed last
	length  int
	set     []int // the indices of one purpose
}

// ListForm is how a published list is secured, by its media type.
type ListForm string

// The forms of Bitstring Status Lists.
const (
	ListWithProof ListForm = "application/vc"     // Data Integrity proofs in the document
	ListAsJWT     ListForm = "application/vc+jwt" // VC-JOSE-COSE
)

// listKey signs lists of a form: ES256 is what verifiers of JWTs have in common.
func (i Issuer) listKey(form ListForm) openbadge.Signer {
	if form == ListAsJWT {
		return i.Keys.Active(openbadge.ES256)
	}
	return i.Keys.Active(openbadge.EdDSA)
}

// signList makes the signed list of a purpose. Its times are those of the last change, so that all servers make
// the same bytes, but for the signature of a JWT: ES256 of a key service is another one each time.
func (i Issuer) signList(ctx context.Context, list publishedList, purpose statuslist.Purpose, form ListForm) ([]byte, error) {
	bits, err := statuslist.New(list.length, list.set...)
	if err != nil {
		return nil, err
	}
	document, err := statuslist.Build(statuslist.List{ID: i.listURL(list.id, purpose), Issuer: i.DID, Purpose: purpose, ValidFrom: list.changed, Bits: bits})
	if err != nil {
		return nil, err
	}
	key := i.listKey(form)
	if form == ListAsJWT {
		signed, err := openbadge.SignVCJWT(ctx, document, key)
		return []byte(signed), err
	}
	return openbadge.Sign(ctx, document, key, list.changed)
}
