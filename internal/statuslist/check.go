package statuslist

import (
	"errors"
	"slices"
	"time"

	"github.com/btlc/btlc/internal/jsonld"
)

// skew is how far the clock of who signed a list may be ahead of ours.
const skew = time.Minute

// Published is a status list that was fetched. It may be kept and asked often; it does not change.
type Published struct {
	// Issuer is who signed the list: the caller checks the proof against it, and whether it may speak for the credential,
	// whose issuer can be another one.
	Issuer   string
	Purposes []Purpose
	// ValidFrom and ValidUntil bound the time of the list; zero where the list does not say.
	ValidFrom, ValidUntil time.Time

	bits Bits
}

// Parse reads a BitstringStatusListCredential whose proof was verified. ErrMalformed: not such a credential. The errors
// of Decode: its bits cannot be read.
func Parse(credential []byte) (*Published, error) {
	document, err := object(credential)
	if err != nil {
		return nil, err
	}
	if !has(jsonld.Values(document["type"]), credentialType) {
		return nil, because(ErrMalformed, "the type is not %s", credentialType)
	}
	subject, ok := document["credentialSubject"].(map[string]any)
	if !ok || !has(jsonld.Values(subject["type"]), listType) {
		return nil, because(ErrMalformed, "credentialSubject is not a %s", listType)
	}
	var list Published
	for _, value := range jsonld.Values(subject["statusPurpose"]) {
		purpose, ok := value.(string)
		if !ok || purpose == "" {
			return nil, because(ErrMalformed, "a statusPurpose is not a string, or empty")
		}
		list.Purposes = append(list.Purposes, Purpose(purpose))
	}
	if len(list.Purposes) == 0 {
		return nil, because(ErrMalformed, "the list has no statusPurpose")
	}
	var err1, err2, err3 error
	list.Issuer, err1 = issuer(document["issuer"])
	list.ValidFrom, err2 = instant(document, "validFrom")
	list.ValidUntil, err3 = instant(document, "validUntil")
	encoded, err4 := text(subject, "encodedList")
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	list.bits, err = Decode(encoded)
	return &list, err
}

// Result is what a list says of a credential.
type Result struct {
	Purpose Purpose
	// Value is the entry's; anything but 0 is "set".
	Value uint64
	// Message is what the credential says that the value means, for developers; empty where it says nothing.
	Message string
}

// Set tells whether the purpose applies: with Revocation, that the credential is revoked.
func (r Result) Set() bool { return r.Value != 0 }

// Check finds the status of a credential with that entry (Bitstring Status List 1.0, Validate Algorithm). ErrVerification: the
// list has another purpose, or its time is not now. ErrLength: it has fewer than MinLength entries of that size.
// ErrRange: the entry lies outside.
func (p *Published) Check(entry Entry, now time.Time) (Result, error) {
	switch {
	case !slices.Contains(p.Purposes, entry.Purpose):
		return Result{}, because(ErrVerification, "the list is not for the purpose %.40q", string(entry.Purpose))
	case !p.ValidFrom.IsZero() && now.Add(skew).Before(p.ValidFrom):
		return Result{}, because(ErrVerification, "the list is not valid yet")
	case !p.ValidUntil.IsZero() && now.After(p.ValidUntil):
		return Result{}, because(ErrVerification, "the list is no longer valid")
	case entry.Size < 1:
		return Result{}, because(ErrMalformed, "an entry of %d bits", entry.Size)
	case p.bits.Len()/entry.Size < MinLength:
		return Result{}, because(ErrLength, "%d entries of %d bits, fewer than %d", p.bits.Len()/entry.Size, entry.Size, MinLength)
	}
	value, err := p.bits.value(entry.Index, entry.Size)
	if err != nil {
		return Result{}, err
	}
	return Result{Purpose: entry.Purpose, Value: value, Message: entry.Messages[value]}, nil
}

// issuer is a URL, or an object that has it as its id.
func issuer(value any) (string, error) {
	if described, ok := value.(map[string]any); ok {
		value = described["id"]
	}
	if id, ok := value.(string); ok && id != "" {
		return id, nil
	}
	return "", because(ErrMalformed, "the issuer is not named")
}

// instant is an optional point in time.
func instant(document map[string]any, name string) (time.Time, error) {
	value, present := document[name]
	if !present {
		return time.Time{}, nil
	}
	written, _ := value.(string)
	at, err := time.Parse(time.RFC3339, written)
	if err != nil {
		return time.Time{}, because(ErrMalformed, "%s is not a time", name)
	}
	return at, nil
}
