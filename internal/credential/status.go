package credential

import "github.com/btlc/btlc/internal/api"

// credentialLife is the life of a credential, by its status. What was revoked stays so: a new one is issued instead.
var credentialLife = api.Life{
	{"", "issue", "ACTIVE"},
	{"ACTIVE", "suspend", "SUSPENDED"},
	{"SUSPENDED", "reinstate", "ACTIVE"},
	{"ACTIVE", "revoke", "REVOKED"},
	{"SUSPENDED", "revoke", "REVOKED"},
}

// Lives are the life cycles of this context's resources, by type.
var Lives = map[string]api.Life{"btlc/Credential": credentialLife}
