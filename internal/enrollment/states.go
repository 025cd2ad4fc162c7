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

// The first step is that of who gets a seat at once; waits for one, for a role, and offers, are other ways in.
var registrationLife = api.Life{
	{"", "create", "ENROLLED"},
	{"", "joinWaitlist", "WAITLISTED"},
	{"", "awaitRole", "AWAITING_ROLE"},
	{"AWAITING_ROLE", "confirm", "ENROLLED"},
	{"AWAITING_ROLE", "confirmToWait", "WAITLISTED"},
	{"WAITLISTED", "offer", "OFFERED"},
	{"OFFERED", "acceptOffer", "ENROLLED"},
	{"OFFERED", "declineOffer", "DECLINED"},
	{"OFFERED", "expire", "EXPIRED"},
	{"WAITLISTED", "expire", "EXPIRED"},
	{"AWAITING_ROLE", "expire", "EXPIRED"},
	{"ENROLLED", "withdraw", "WITHDRAWN"},
	{"OFFERED", "withdraw", "WITHDRAWN"},
	{"WAITLISTED", "withdraw", "WITHDRAWN"},
	{"AWAITING_ROLE", "withdraw", "WITHDRAWN"},
	{"ENROLLED", "complete", "COMPLETED"},
	{"ENROLLED", "fail", "NOT_COMPLETED"},
}

// Lives are the life cycles of this context's resources, by type.
var Lives = map[string]api.Life{
	"btlc/Section": sectionLife, "btlc/Registration": registrationLife, "btlc/Application": applicationLife, "btlc/PlacementProposal": proposalLife,
}

// begun says whether a section of this state has started.
func begun(state string) bool { return state == "IN_SESSION" || state == "COMPLETED" }
