package statuslist

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/gowebpki/jcs"
)

const (
	credentialsContext = "https://www.w3.org/ns/credentials/v2"

	entryType      = "BitstringStatusListEntry"
	listType       = "BitstringStatusList"
	credentialType = "BitstringStatusListCredential"
)

// List is what a status list credential says.
type List struct {
	ID        string    // URL at which the list is published, and the statusListCredential of its entries
	Issuer    string    // DID of who signs
	Purpose   Purpose   // what a set bit says
	ValidFrom time.Time // when the list became what it is; written to the second
	Bits      Bits
}

// Build writes a list as an unsigned BitstringStatusListCredential in canonical JSON (RFC 8785): the same list gives the
// same bytes. ErrMalformed: the id, issuer, purpose or time is missing. ErrLength: not a length that New makes.
//
// It writes no ttl: that would invite readers to keep the list for a while, and a revocation is to be seen at once. The
// answer that carries the list says "Cache-Control: no-cache", with which a ttl would have to agree.
func Build(list List) ([]byte, error) {
	if list.ID == "" || list.Issuer == "" || list.Purpose == "" || list.ValidFrom.IsZero() {
		return nil, because(ErrMalformed, "a list needs an id, an issuer, a purpose and a time")
	}
	if n := list.Bits.Len(); n < MinLength || n > MaxLength {
		return nil, because(ErrLength, "%d entries; it takes %d to %d", n, MinLength, MaxLength)
	}
	return canonical(map[string]any{
		"@context":  []any{credentialsContext},
		"id":        list.ID,
		"type":      []any{"VerifiableCredential", credentialType},
		"issuer":    list.Issuer,
		"validFrom": list.ValidFrom.UTC().Format(time.RFC3339),
		"credentialSubject": map[string]any{
			"id":            list.ID + "#list",
			"type":          listType,
			"statusPurpose": string(list.Purpose),
			"encodedList":   list.Bits.Encode(),
		},
	})
}

// EntryObject is the element of a credential's credentialStatus that points to one bit of the list at the URL. Its id
// is not the list's, as the specification wants.
func EntryObject(list string, purpose Purpose, index int) map[string]any {
	position := strconv.Itoa(index)
	return map[string]any{
		"id":                   list + "#" + position,
		"type":                 entryType,
		"statusPurpose":        string(purpose),
		"statusListIndex":      position,
		"statusListCredential": list,
	}
}

// canonical is the RFC 8785 form of a value.
func canonical(value any) ([]byte, error) {
	plain, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return jcs.Transform(plain)
}
