package enrollment

import (
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"github.com/btlc/btlc/internal/api"
)

// earlySignIn is how long before a meeting people begin to sign in.
const earlySignIn = 15 * time.Minute

// signInKeyBytes is how long a meeting's key is: as long as what RFC 4226 has it hashed to.
const signInKeyBytes = 20

// checkSignIn says whether people sign in at a time. The error is STATE_CONFLICT.
func (s span) checkSignIn(now time.Time) error {
	opens := s.start.Add(-earlySignIn)
	if now.Before(opens) || !now.Before(s.end) {
		return api.Errorf(api.StateConflict, "People sign in from %s until %s.", opens.UTC().Format(time.RFC3339), s.end.UTC().Format(time.RFC3339))
	}
	return nil
}

// signInCode is the code that a room shows at a time (RFC 6238, six digits), and when the next one takes its place. Codes
// change every period, which is in whole seconds.
func signInCode(key []byte, at time.Time, period time.Duration) (code string, until time.Time, err error) {
	seconds := int64(period / time.Second)
	code, err = totp.GenerateCodeCustom(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(key), at,
		totp.ValidateOpts{Period: uint(seconds), Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
	return code, time.Unix((at.Unix()/seconds+1)*seconds, 0).UTC(), err
}

// shownLately says whether a code is the one that a room shows, or the one before: it takes a while to type it.
func shownLately(given string, key []byte, now time.Time, period time.Duration) (bool, error) {
	if len(key) == 0 {
		return false, nil // no code was shown yet, and what an empty key gives, anybody knows
	}
	right := 0
	for _, at := range []time.Time{now, now.Add(-period)} {
		code, _, err := signInCode(key, at, period)
		if err != nil {
			return false, err
		}
		right |= subtle.ConstantTimeCompare([]byte(given), []byte(code))
	}
	return right == 1, nil
}

// presence is what the ledger says now of a person who signs in or out.
type presence struct {
	id, registration uuid.UUID
	kind, by         string
	arrived, left    time.Time // zero where it is not on record
}

// signIn is the mark of a person who comes now, or nil when the ledger has them present until the end. The error is
// ALREADY_RECORDED when it says something else, with the name of that line.
func signIn(said *presence, registration uuid.UUID, now time.Time, line string) (*mark, error) {
	switch {
	case said == nil:
		return &mark{registration: registration, kind: "PRESENT", arrive: now}, nil
	case said.kind == "PRESENT" && said.left.IsZero():
		return nil, nil
	}
	return nil, api.Errorf(api.AlreadyRecorded, "The attendance at this meeting is recorded otherwise, by %s: ask those who lead the section to correct it.", line).With("entry", line)
}

// signOut is the mark that corrects the line of a person who signed in themselves and leaves now, or nil when they left
// before. The error is STATE_CONFLICT.
func signOut(said *presence, by string, meeting span, now time.Time) (*mark, error) {
	switch {
	case said == nil || said.kind != "PRESENT" || said.by != by:
		return nil, api.Errorf(api.StateConflict, "Who signs out has signed in.")
	case !said.left.IsZero():
		return nil, nil
	case !now.Before(meeting.end):
		return nil, api.Errorf(api.StateConflict, "The meeting was over at %s.", meeting.end.UTC().Format(time.RFC3339))
	}
	return &mark{registration: said.registration, kind: "PRESENT", arrive: said.arrived, leave: now, corrects: said.id}, nil
}

// attempts is how often a person gave a wrong code at a meeting, and how often one may.
type attempts struct{ wrong, most int }

// over says whether no code is checked any more.
func (a attempts) over() bool { return a.wrong >= a.most }

// refuse is what becomes of a code when it is given: nil when it is right and there were not too many wrong ones before.
func (a attempts) refuse(right bool) *api.Error {
	switch {
	case a.over():
		return api.Errorf(api.SignInAttemptsSpent, "%d codes were wrong: ask those who lead the section to enter the attendance.", a.wrong)
	case !right:
		left := a.most - a.wrong - 1
		return api.Errorf(api.SignInCodeWrong, "The code is not the one that is shown. Attempts left: %d.", left).With("attemptsLeft", fmt.Sprint(left))
	}
	return nil
}
