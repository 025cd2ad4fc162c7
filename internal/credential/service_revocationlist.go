package credential

import (
	"context"
	"fmt"

	"github.com/google/uuid"
)

// RevocationList is the revocation list of 1EdTech that goes with a status list, by the status list's id; found is false when
// there is none, or when none are published. It has no signature: who reads it trusts the connection
// (1EdTech Revocation List Status Method 1.0). It says what was committed before it was asked for, as status lists do.
func (s *Service) RevocationList(ctx context.Context, id string) (list SignedList, found bool, err error) {
	parsed, err := uuid.Parse(id)
	if err != nil || !s.store.issuer.RevocationList {
		return list, false, nil
	}
	version, found, err := s.store.listVersion(ctx, parsed)
	if err != nil || !found {
		return list, false, err
	}
	key := listKey{id: parsed, form: listInTheOpen}
	if body, ok := s.store.lists.get(key, version); ok {
		return SignedList{body, openListEtag(version)}, true, nil
	}
	version, paths, found, err := s.store.revoked(ctx, parsed)
	if err != nil || !found {
		return list, false, err
	}
	body, err := s.store.issuer.revocationList(parsed.String(), paths)
	if err != nil {
		return list, false, err
	}
	s.store.lists.put(key, version, body)
	return SignedList{body, openListEtag(version)}, true, nil
}

// listInTheOpen is the form that no Accept asks for.
const listInTheOpen ListForm = "application/json"

func openListEtag(version int32) string { return fmt.Sprintf(`"v%d-1edtech"`, version) }
