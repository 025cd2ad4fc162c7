package vcapi

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/btlc/btlc/internal/openbadge"
	"github.com/btlc/btlc/internal/statuslist"
)

const statusType = "BitstringStatusListEntry"

// purposes are those of the lists, one of each.
var purposes = []statuslist.Purpose{statuslist.Revocation, statuslist.Suspension}

// statusOption asks for a status entry, or says which one is meant.
type statusOption struct {
	Type    string             `json:"type"`
	Purpose statuslist.Purpose `json:"statusPurpose"`
}

// check takes the kinds of status that there are here; nil asks for none.
func (o *statusOption) check() error {
	switch {
	case o == nil:
		return nil
	case o.Type != statusType:
		return bad(problemNone, "credentialStatus.type: %.80q is not %s", o.Type, statusType)
	case !slices.Contains(purposes, o.Purpose):
		return bad(problemNone, "credentialStatus.statusPurpose: %.80q is not one of %q", string(o.Purpose), purposes)
	}
	return nil
}

// lists are what is said of the credentials that have a status.
type lists struct {
	mu   sync.Mutex
	next int // the first position that no credential has, in all lists
	// entries are the positions by the credentials' ids; those without an id cannot be found again.
	entries map[string]int
	set     map[statuslist.Purpose]map[int]bool
}

func newLists() *lists {
	l := &lists{entries: map[string]int{}, set: map[statuslist.Purpose]map[int]bool{}}
	for _, purpose := range purposes {
		l.set[purpose] = map[int]bool{}
	}
	return l
}

// take gives a credential a position; the same one if it is issued again.
func (l *lists) take(id string) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if position, known := l.entries[id]; known {
		return position, nil
	}
	if l.next == statuslist.MinLength {
		return 0, &problem{Type: problemNone, Title: "the status lists are full", Status: http.StatusInsufficientStorage}
	}
	position := l.next
	l.next++
	if id != "" {
		l.entries[id] = position
	}
	return position, nil
}

// mark sets or clears the status of a credential, and tells whether it has one.
func (l *lists) mark(id string, purpose statuslist.Purpose, value bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	position, known := l.entries[id]
	if known {
		l.set[purpose][position] = value
	}
	return known
}

// bits are a list as it stands now.
func (l *lists) bits(purpose statuslist.Purpose) (statuslist.Bits, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var set []int
	for position, value := range l.set[purpose] {
		if value {
			set = append(set, position)
		}
	}
	return statuslist.New(statuslist.MinLength, set...)
}

func (s *service) listURL(purpose statuslist.Purpose) string {
	return s.BaseURL + "/status-lists/" + string(purpose)
}

// giveStatus writes a status entry into a credential that has none.
func (s *service) giveStatus(credential map[string]any, option statusOption) error {
	if s.BaseURL == "" {
		return bad(problemNone, "options.credentialStatus: there are no status lists here")
	}
	if _, taken := credential["credentialStatus"]; taken {
		return bad(problemNone, "options.credentialStatus: the credential has a credentialStatus")
	}
	id, _ := credential["id"].(string)
	position, err := s.lists.take(id)
	if err != nil {
		return err
	}
	credential["credentialStatus"] = statuslist.EntryObject(s.listURL(option.Purpose), option.Purpose, position)
	return nil
}

// setStatus answers POST /credentials/status: a status is set, unless status is false.
func (s *service) setStatus(_ context.Context, body []byte) (int, any, error) {
	var id string
	var option *statusOption
	value := true
	if err := members(body, "the body", map[string]any{"credentialId": &id, "credentialStatus": &option, "status": &value}); err != nil {
		return 0, nil, err
	}
	if option == nil {
		return 0, nil, bad(problemMalformed, "credentialStatus is missing")
	}
	if err := option.check(); err != nil {
		return 0, nil, err
	}
	if !s.lists.mark(id, option.Purpose, value) {
		return 0, nil, &problem{Type: problemNone, Title: "no credential with that id has a status", Status: http.StatusNotFound}
	}
	return http.StatusOK, map[string]any{}, nil
}

// list is a status list, signed.
func (s *service) list(ctx context.Context, purpose statuslist.Purpose) ([]byte, error) {
	bits, err := s.lists.bits(purpose)
	if err != nil {
		return nil, err
	}
	now := s.Now().UTC().Truncate(time.Second)
	unsigned, err := statuslist.Build(statuslist.List{ID: s.listURL(purpose), Issuer: s.Issuer, Purpose: purpose, ValidFrom: now, Bits: bits})
	if err != nil {
		return nil, err
	}
	return openbadge.Sign(ctx, unsigned, s.Signer, now)
}

// serveList answers GET /status-lists/{purpose}.
func (s *service) serveList(w http.ResponseWriter, r *http.Request) {
	purpose := statuslist.Purpose(r.PathValue("purpose"))
	if s.BaseURL == "" || !slices.Contains(purposes, purpose) {
		refuse(w, &problem{Type: problemNone, Title: "there is no such status list", Status: http.StatusNotFound})
		return
	}
	list, err := s.list(r.Context(), purpose)
	if err != nil {
		refuse(w, err)
		return
	}
	write(w, http.StatusOK, "application/vc+json", json.RawMessage(list))
}

// fetch gets what others publish; our own lists need no network.
func (s *service) fetch(ctx context.Context, address string) ([]byte, error) {
	if purpose, ok := strings.CutPrefix(address, s.listURL("")); ok && s.BaseURL != "" && slices.Contains(purposes, statuslist.Purpose(purpose)) {
		return s.list(ctx, statuslist.Purpose(purpose))
	}
	if s.Fetch == nil {
		return nil, errNotFetched
	}
	return s.Fetch(ctx, address)
}
