package credential

// verb is what somebody does to a credential's status.
type verb string

const (
	suspend   verb = "suspended"
	reinstate verb = "reinstated"
	revoke    verb = "revoked"
)

// transitions is the life of a credential, by status and verb. What was revoked stays so: a new one is issued instead.
var transitions = map[string]map[verb]string{
	"ACTIVE":    {suspend: "SUSPENDED", revoke: "REVOKED"},
	"SUSPENDED": {reinstate: "ACTIVE", revoke: "REVOKED"},
	"REVOKED":   {},
}

// after is the status that a verb leads to; ok is false when the status does not allow it.
func after(status string, v verb) (next string, ok bool) {
	next, ok = transitions[status][v]
	return next, ok
}
