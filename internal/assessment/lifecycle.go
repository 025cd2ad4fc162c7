package assessment

// The states of a submission, as the database keeps them.
const (
	draft        = "DRAFT"
	submitted    = "SUBMITTED"
	demonstrated = "DEMONSTRATED"
	notYet       = "NOT_YET"
)

// verb is something that is done to a submission, as in "it cannot be …".
type verb string

const (
	change           verb = "changed"
	submit           verb = "submitted"
	findDemonstrated verb = "scored as demonstrated"
	findNotYet       verb = "scored as not yet demonstrated"
)

// lifecycle is the life of a submission: what may be done to it in which state, and what becomes of it.
var lifecycle = []struct {
	from string
	verb verb
	to   string
}{
	{draft, change, draft},
	{draft, submit, submitted},
	{submitted, findDemonstrated, demonstrated},
	{submitted, findNotYet, notYet},
}

// move is the state that a verb leads to; ok is false when the state does not allow it.
func move(from string, v verb) (to string, ok bool) {
	for _, step := range lifecycle {
		if step.from == from && step.verb == v {
			return step.to, true
		}
	}
	return "", false
}

// finding is the verb for the outcome of a score sheet.
func finding(outcome string) verb {
	if outcome == demonstrated {
		return findDemonstrated
	}
	return findNotYet
}

// nextAttempt is the number of a new attempt after the last one; 0 is the last one's number when there is none. Another
// attempt is for those whose last one did not demonstrate the competency yet.
func nextAttempt(last int32, state string) (attempt int32, ok bool) {
	if last > 0 && state != notYet {
		return 0, false
	}
	return last + 1, true
}

// assessorMaySee says whether an assessor, who is nothing else to a submission, may see it: while it waits for its score,
// and afterwards if they gave it.
func assessorMaySee(state string, scoredByThem bool) bool { return state == submitted || scoredByThem }
