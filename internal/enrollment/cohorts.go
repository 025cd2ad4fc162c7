package enrollment

// The profile of a cohort is told of answers that stay as they are (internal/cohort says why). So ratings are of the time in
// which a section takes registrations, and the profile of the time after it: a section that was closed never opens again.

// ratesItself says whether those who registered for a section in this state may still change how they rate themselves.
func ratesItself(state string) bool { return state == "DRAFT" || state == "OPEN" }

// isProfiled says whether facilitators are told of what was answered by those who registered for a section in this state.
func isProfiled(state string) bool {
	return state == "CLOSED" || state == "IN_SESSION" || state == "COMPLETED"
}
