package statuslist

import (
	"slices"

	"github.com/btlc/btlc/internal/jsonld"
)

const (
	revocationListType = "1EdTechRevocationList"

	// The data model calls the member revokedCredential, and 1EdTech's own validator reads that; the text of the
	// specification says revokedCredentials, and some publish that. So the first is written and both are read.
	revokedMember    = "revokedCredential"
	revokedMemberToo = "revokedCredentials"
)

// RevocationList is a 1EdTech Revocation List: the ids of revoked credentials in the open. It has no signature: who reads
// it trusts the connection to the issuer's host.
type RevocationList struct {
	ID     string // URL at which the list is published
	Issuer string // of the credentials
	// Revoked are the ids of credentials, as these carry them.
	Revoked []string
}

// BuildRevocationList writes a list in canonical JSON, in the order given. Reasons are left out on purpose: they are for
// the holder and those who decide, not for everybody. ErrMalformed: the id or the issuer is missing, or an id is empty.
func BuildRevocationList(list RevocationList) ([]byte, error) {
	if list.ID == "" || list.Issuer == "" {
		return nil, because(ErrMalformed, "a list needs an id and an issuer")
	}
	revoked := make([]any, len(list.Revoked))
	for i, id := range list.Revoked {
		if id == "" {
			return nil, because(ErrMalformed, "a revoked credential has no id")
		}
		revoked[i] = map[string]any{"id": id, "revoked": true}
	}
	return canonical(map[string]any{"id": list.ID, "issuer": list.Issuer, revokedMember: revoked})
}

// RevocationListObject is the element of a credential's credentialStatus that points to the list at the URL. Its type is a
// term of https://purl.imsglobal.org/spec/ob/v3p0/extensions.json, which the credential's @context must name.
func RevocationListObject(list string) map[string]any {
	return map[string]any{"id": list, "type": revocationListType}
}

// ParseRevocationList reads a list that was fetched. An entry revokes unless it says revoked: false. ErrMalformed: not
// such a list; an entry that cannot be read is not passed over, since it could be the one that matters.
func ParseRevocationList(document []byte) (RevocationList, error) {
	fields, err := object(document)
	if err != nil {
		return RevocationList{}, err
	}
	list := RevocationList{}
	if list.Issuer, err = issuer(fields["issuer"]); err != nil {
		return RevocationList{}, err
	}
	if list.ID, err = text(fields, "id"); err != nil {
		return RevocationList{}, err
	}
	for _, value := range slices.Concat(jsonld.Values(fields[revokedMember]), jsonld.Values(fields[revokedMemberToo])) {
		entry, ok := value.(map[string]any)
		if !ok {
			return RevocationList{}, because(ErrMalformed, "a revoked credential is not an object")
		}
		id, err := text(entry, "id")
		if err != nil {
			return RevocationList{}, err
		}
		revoked, told := entry["revoked"]
		says, ok := revoked.(bool)
		if told && !ok {
			return RevocationList{}, because(ErrMalformed, "revoked is neither true nor false")
		}
		if !told || says {
			list.Revoked = append(list.Revoked, id)
		}
	}
	return list, nil
}
