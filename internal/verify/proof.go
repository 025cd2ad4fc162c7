package verify

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/btlc/btlc/internal/jsonld"
	"github.com/btlc/btlc/internal/openbadge"
)

// maxFetches bounds the documents that are fetched for one verification.
const maxFetches = 8

var (
	errNotFetched = errors.New("nothing is fetched from there")
	errMethod     = errors.New("keys with names of this kind are not looked for")
)

type answer struct {
	content []byte
	err     error
}

// fetch gets each address once, and not too many.
func (v *verification) fetch(ctx context.Context, address string) ([]byte, error) {
	if known, ok := v.fetched[address]; ok {
		return known.content, known.err
	}
	if v.Fetch == nil || len(v.fetched) >= maxFetches {
		return nil, errNotFetched
	}
	content, err := v.Fetch(ctx, address)
	v.fetched[address] = answer{content, err}
	return content, err
}

func (v *verification) ours(id string) bool { return v.Issuer != "" && id == v.Issuer }

// ownName tells whether a key has a name that only ours have.
func (v *verification) ownName(method string) bool {
	nameless := openbadge.PublicKey{}
	return v.Issuer != "" && (strings.HasPrefix(method, nameless.VerificationMethod(v.Issuer)) || strings.HasPrefix(method, nameless.URL(v.Issuer)))
}

// resolve finds the key of a verification method: among those that are known, in the name itself (did:key), or on the web.
// Keys of ours are not looked for elsewhere: what we do not know is not ours.
func (v *verification) resolve(ctx context.Context, method string, purpose openbadge.Purpose) (openbadge.PublicKey, error) {
	if v.Keys != nil {
		key, err := v.Keys(ctx, method, purpose)
		if err == nil || !errors.Is(err, openbadge.ErrUnknownKey) {
			return key, err
		}
	}
	switch {
	case v.ownName(method):
		return openbadge.PublicKey{}, openbadge.ErrUnknownKey
	case strings.HasPrefix(method, "did:key:"):
		return openbadge.ResolveDIDKey(ctx, method, purpose)
	case strings.HasPrefix(method, "did:web:"), strings.HasPrefix(method, "https://"):
		return openbadge.ResolveWeb(v.fetch)(ctx, method, purpose)
	}
	return openbadge.PublicKey{}, errMethod
}

// proofs checks that each proof holds, but for whose the key is.
func (v *verification) proofs(report openbadge.Report) {
	if len(report.Proofs) == 0 {
		v.note(Proof, Failed, "%s", reason(report.Err()))
		return
	}
	for _, proof := range report.Proofs {
		outcome, detail := proofOutcome(proof)
		v.note(Proof, outcome, "%s", detail)
	}
}

func proofOutcome(proof openbadge.ProofReport) (Outcome, string) {
	if !proof.Known {
		return Unknown, "a proof of a kind that is not checked here: " + proof.Form
	}
	name := proof.Form + " by " + proof.VerificationMethod
	checked := false
	for _, check := range proof.Checks {
		switch {
		case check.Name == openbadge.CheckController || check.Name == openbadge.CheckKey:
			continue // whose the key is, is another check
		case errors.Is(check.Err, jsonld.ErrUnknownContext):
			return Unknown, name + ": " + reason(check.Err)
		case check.Err != nil:
			return Failed, name + ": " + string(check.Name) + ": " + reason(check.Err)
		}
		checked = checked || check.Name == openbadge.CheckSignature
	}
	if !checked {
		return Unknown, name + ": the signature was not checked, for want of a key that is the issuer's"
	}
	return Passed, name
}

// definite are the errors that say something of a key. Any other says that it could not be had.
var definite = []error{
	openbadge.ErrUnknownKey, openbadge.ErrRevokedKey, openbadge.ErrExpired, openbadge.ErrWrongPurpose, openbadge.ErrWrongIssuer,
	openbadge.ErrKeyKind, openbadge.ErrMalformed,
}

// issuer checks that the keys are those of the issuer that the credential names.
func (v *verification) issuer(report openbadge.Report) { v.party(Issuer, report) }

// party checks that the keys are those of who signs: the issuer, or the holder.
func (v *verification) party(role Name, report openbadge.Report) {
	if report.Party == "" {
		v.note(role, Failed, "it names no %s", role)
		return
	}
	found := false
	var open, wrong error
	for _, proof := range report.Proofs {
		for _, check := range proof.Checks {
			whose := check.Name == openbadge.CheckController || check.Name == openbadge.CheckKey
			switch {
			case !proof.Known || !whose:
			case check.Err == nil:
				found = found || check.Name == openbadge.CheckKey
			case slices.ContainsFunc(definite, func(err error) bool { return errors.Is(check.Err, err) }):
				wrong = errors.Join(wrong, check.Err)
			default:
				open = errors.Join(open, check.Err)
			}
		}
	}
	switch party := report.Party; {
	case wrong != nil:
		v.note(role, Failed, "%s: %s", party, reason(wrong))
	case open != nil:
		v.note(role, Unknown, "%s: its key could not be had: %s", party, reason(open))
	case !found:
		v.note(role, Unknown, "%s: no proof names a key of it that could be looked for", party)
	case v.ours(party):
		v.note(role, Passed, "%s, the issuer whom this server speaks for", party)
	case strings.HasPrefix(party, "did:key:"):
		v.note(role, Passed, "%s, which is a key: it does not say who holds it", party)
	default:
		v.note(role, Passed, "%s, whose key it is", party)
	}
}
