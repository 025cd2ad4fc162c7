package credential

import (
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/openbadge"
)

// compromised says whether the issuer trusts a key of its own no longer.
func (i Issuer) compromised(id string) bool {
	key, found := i.key(id)
	return found && !key.Revoked.IsZero()
}

func (i Issuer) key(id string) (key openbadge.PublicKey, found bool) {
	for _, key := range i.Keys.Public() {
		if key.ID == id {
			return key, true
		}
	}
	return openbadge.PublicKey{}, false
}

// compromisedKey is a key of the issuer that is marked as compromised; the error says why there is none by that id.
func (i Issuer) compromisedKey(id string) (openbadge.PublicKey, error) {
	key, found := i.key(id)
	switch {
	case !found:
		e := api.Errorf(api.ReferenceNotFound, "The issuer has no key %q.", id).With("key", id)
		e.Violations = []api.Violation{{Field: "keyId", Description: "is not the id of a key of the issuer"}}
		return key, e
	case key.Revoked.IsZero():
		return key, api.Errorf(api.StateConflict, "The key %s is not marked as compromised: what it signed holds. Mark it first, and start the servers anew.", id).With("key", id)
	}
	return key, nil
}
