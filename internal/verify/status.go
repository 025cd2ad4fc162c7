package verify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/btlc/btlc/internal/openbadge"
	"github.com/btlc/btlc/internal/statuslist"
)

// maxEntries bounds the status entries that are looked up.
const maxEntries = 8

// status checks that the credential still holds. Of ours our books say it, which are ahead of any list; of others' their
// lists.
func (v *verification) status(ctx context.Context, document map[string]any, written []byte, issuer string, signed bool) error {
	statuses, err := statuslist.Of(written)
	entries := len(statuses.Bitstring) + len(statuses.RevocationLists) + len(statuses.Unknown)
	switch {
	case err != nil:
		v.note(Status, Failed, "%s", reason(err))
	case v.ours(issuer) && v.Own != nil && signed:
		return v.ownStatus(ctx, text(document, "id"))
	case entries == 0 && !v.ours(issuer):
		v.note(Status, Absent, "it names no place where its status is published")
	case v.WithoutStatus:
		v.note(Status, Unknown, "not checked: whether it was revoked since, only its issuer can tell")
	case !signed:
		v.note(Status, Unknown, "not asked for, since the signature does not hold")
	case entries > maxEntries:
		v.note(Status, Unknown, "it names more than %d places where its status is published", maxEntries)
	default:
		v.published(ctx, statuses, text(document, "id"), issuer)
	}
	return nil
}

// ownStatus is what our books say at this moment.
func (v *verification) ownStatus(ctx context.Context, id string) error {
	entry, found, err := v.Own(ctx, id)
	switch {
	case err != nil:
		return err
	case !found:
		v.note(Status, Failed, "the issuer has no such credential on record")
	case entry.Status == "ACTIVE":
		v.note(Status, Passed, "active since %s, as the issuer has it on record", entry.Since.UTC().Format(time.RFC3339))
	default:
		v.note(Status, Failed, "%s since %s, as the issuer has it on record", strings.ToLower(entry.Status), entry.Since.UTC().Format(time.RFC3339))
	}
	return nil
}

// published looks into all the lists that a credential of somebody else names.
func (v *verification) published(ctx context.Context, statuses statuslist.Statuses, id, issuer string) {
	for _, entry := range statuses.Bitstring {
		result, err := v.bit(ctx, entry, issuer)
		purpose := entry.Purpose
		switch {
		case err != nil:
			v.note(Status, Unknown, "%s: %s", purpose, reason(err))
		case !result.Set():
			v.note(Status, Passed, "%s: the list %s does not say so", purpose, entry.List)
		case purpose == statuslist.Refresh, purpose == statuslist.Message: // neither makes it invalid
			v.note(Status, Passed, "%s: %s", purpose, result.Message)
		case purpose == statuslist.Revocation, purpose == statuslist.Suspension:
			v.note(Status, Failed, "%s: the list %s says so", purpose, entry.List)
		default:
			v.note(Status, Unknown, "the list %s says something of a kind that is not known here: %s", entry.List, purpose)
		}
	}
	for _, list := range statuses.RevocationLists {
		switch revoked, err := v.listed(ctx, list, id, issuer); {
		case err != nil:
			v.note(Status, Unknown, "revocation: %s", reason(err))
		case revoked:
			v.note(Status, Failed, "revocation: it is in the list %s", list)
		default:
			v.note(Status, Passed, "revocation: it is not in the list %s", list)
		}
	}
	for _, kind := range statuses.Unknown {
		v.note(Status, Unknown, "a status of a kind that is not checked here: %s", kind)
	}
}

// bit reads a Bitstring Status List, which the credential's own issuer must have signed.
func (v *verification) bit(ctx context.Context, entry statuslist.Entry, issuer string) (statuslist.Result, error) {
	content, err := v.fetch(ctx, entry.List)
	if err != nil {
		return statuslist.Result{}, err
	}
	report := openbadge.Verify(ctx, content, v.resolve, openbadge.Expectation{Now: v.Now})
	if err := report.Err(); err != nil {
		return statuslist.Result{}, fmt.Errorf("the list %s: %w", entry.List, err)
	}
	published, err := statuslist.Parse(report.Document)
	if err != nil {
		return statuslist.Result{}, err
	}
	var list map[string]any
	switch err := json.Unmarshal(report.Document, &list); {
	case err != nil:
		return statuslist.Result{}, err
	case report.Party != issuer:
		return statuslist.Result{}, errors.New("another one than the credential's issuer signed the list")
	case text(list, "id") != entry.List:
		return statuslist.Result{}, errors.New("the list at the address is another one")
	}
	return published.Check(entry, v.Now)
}

// listed looks into a 1EdTech Revocation List.
func (v *verification) listed(ctx context.Context, address, id, issuer string) (bool, error) {
	content, err := v.fetch(ctx, address)
	if err != nil {
		return false, err
	}
	revocations, err := statuslist.ParseRevocationList(content)
	switch {
	case err != nil:
		return false, err
	case revocations.Issuer != issuer:
		return false, errors.New("the list is of another issuer")
	}
	return slices.Contains(revocations.Revoked, id), nil
}
