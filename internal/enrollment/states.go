package enrollment

import "github.com/btlc/btlc/internal/api"

// The lives of a section and of a registration: whatever is not in them cannot happen.
var sectionLife = api.Life{
	{"", "create", "DRAFT"},
	{"DRAFT", "open", "OPEN"},
	{"OPEN", "close", "CLOSED"},
	{"OPEN", "start", "IN_SESSION"},
	{"CLOSED", "start", "IN_SESSION"},
	{"IN_SESSION", "complete", "COMPLETED"},
	{"DRAFT", "cancel", "CANCELLED"},
	{"OPEN", "cancel", "CANCELLED"},
	{"CLOSED", "cancel", "CANCELLED"},
	{"IN_SESSION", "cancel", "CANCELLED"},
}

var registrationLife = api.Life{
	{"", "create", "ENROLLED"},
	{"ENROLLED", "withdraw", "WITHDRAWN"},
	{"ENROLLED", "complete", "COMPLETED"},
	{"ENROLLED", "fail", "NOT_COMPLETED"},
}

// Lives are the life cycles of this context's resources, by type.
var Lives = map[string]api.Life{"btlc/Section": sectionLife, "btlc/Registration": registrationLife}
