package gradcredit

import "github.com/btlc/btlc/internal/api"

// requestLife is the life of a credit request. What was withdrawn stays so: asking again is another request.
var requestLife = api.Life{
	{"", "create", "REQUESTED"},
	{"REQUESTED", "withdraw", "WITHDRAWN"},
}

// Lives are the life cycles of this context's resources, by type. A consent is none of them: it lives until it is revoked.
var Lives = map[string]api.Life{"btlc/CreditPosting": postingLife, "btlc/CreditRequest": requestLife}
