package assessment

import "github.com/btlc/btlc/internal/api"

// The states of a submission, as the database keeps them.
const (
	draft        = "DRAFT"
	submitted    = "SUBMITTED"
	demonstrated = "DEMONSTRATED"
	notYet       = "NOT_YET"
)

// submissionLife is the life of a submission: what may be done to it in which state, and what becomes of it.
var submissionLife = api.Life{
	{"", "create", draft},
	{draft, "update", draft},
	{draft, "submit", submitted},
	{submitted, "score demonstrated", demonstrated},
	{submitted, "score not yet", notYet},
}

// Lives are the life cycles of this context's resources, by type.
var Lives = map[string]api.Life{"btlc/Submission": submissionLife}

// finding is the verb for the outcome of a score sheet.
func finding(outcome string) string {
	if outcome == demonstrated {
		return "score demonstrated"
	}
	return "score not yet"
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
