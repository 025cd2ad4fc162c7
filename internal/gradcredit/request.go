package gradcredit

// verb is what somebody does to a request.
type verb string

const withdraw verb = "withdrawn"

// transitions is the life of a credit request, by state and verb. What was withdrawn stays so: asking again is another
// request.
var transitions = map[string]map[verb]string{
	"REQUESTED": {withdraw: "WITHDRAWN"},
	"WITHDRAWN": {},
}

// after is the state that a verb leads to; ok is false when the state does not allow it.
func after(state string, v verb) (next string, ok bool) {
	next, ok = transitions[state][v]
	return next, ok
}
