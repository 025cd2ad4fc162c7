package credential

import (
	"context"
	"fmt"
	"sync"

	"github.com/google/uuid"

	"github.com/btlc/btlc/internal/statuslist"
)

// SignedList is a status list as it is served.
type SignedList struct {
	Body []byte
	// Etag is the same for the same list by the same key, as the header of that name has it. That of a JWT is weak
	// (RFC 9110, section 8.8.1): servers may have signed it otherwise.
	Etag string
}

// StatusList is the signed list of a purpose by its id, in the form that is asked for; found is false when there is none.
// It says what was committed before it was asked for: signed bytes are kept, but only served while their version is the
// one in the database.
func (s *Service) StatusList(ctx context.Context, id string, purpose statuslist.Purpose, form ListForm) (list SignedList, found bool, err error) {
	parsed, err := uuid.Parse(id)
	if err != nil || statusesWithBit[purpose] == nil {
		return list, false, nil // no list of ours
	}
	version, found, err := s.store.listVersion(ctx, parsed)
	if err != nil || !found {
		return list, false, err
	}
	key, keyID := listKey{parsed, purpose, form}, s.store.issuer.listKey(form).Public().ID
	if body, ok := s.store.lists.get(key, version); ok {
		return SignedList{body, listEtag(version, keyID, form)}, true, nil
	}
	current, found, err := s.store.publishedList(ctx, parsed, purpose)
	if err != nil || !found {
		return list, false, err
	}
	body, err := s.store.issuer.signList(ctx, current, purpose, form)
	if err != nil {
		return list, false, err
	}
	s.store.lists.put(key, current.version, body)
	return SignedList{body, listEtag(current.version, keyID, form)}, true, nil
}

func listEtag(version int32, keyID string, form ListForm) string {
	if form == ListAsJWT {
		return fmt.Sprintf(`W/"v%d-%s-jwt"`, version, keyID)
	}
	return fmt.Sprintf(`"v%d-%s-proof"`, version, keyID)
}

// signedLists keeps the newest bytes of each list that was signed here. Lists are few: one for every listLength
// credentials. Keys do not change while a process lives.
type signedLists struct {
	mu   sync.Mutex
	kept map[listKey]keptList
}

type listKey struct {
	id      uuid.UUID
	purpose statuslist.Purpose
	form    ListForm
}

type keptList struct {
	version int32
	body    []byte
}

func newSignedLists() *signedLists { return &signedLists{kept: map[listKey]keptList{}} }

// get is what was kept of that version, and no other.
func (l *signedLists) get(key listKey, version int32) ([]byte, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	kept := l.kept[key]
	return kept.body, kept.version == version
}

// put keeps bytes unless those of a later version are kept.
func (l *signedLists) put(key listKey, version int32, body []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.kept[key].version < version {
		l.kept[key] = keptList{version, body}
	}
}
