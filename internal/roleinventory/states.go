package roleinventory

import "github.com/btlc/btlc/internal/api"

// assignmentLife is the life of a role assignment. A dispute is settled by a confirmation. To "end later" is to set a
// last day that is not over yet.
var assignmentLife = api.Life{
	{"", "create", "REPORTED"},
	{"REPORTED", "confirm", "CONFIRMED"},
	{"DISPUTED", "confirm", "CONFIRMED"},
	{"REPORTED", "dispute", "DISPUTED"},
	{"CONFIRMED", "dispute", "DISPUTED"},
	{"REPORTED", "end later", "REPORTED"},
	{"CONFIRMED", "end later", "CONFIRMED"},
	{"REPORTED", "end", "ENDED"},
	{"CONFIRMED", "end", "ENDED"},
}

// Lives are the life cycles of this context's resources, by type.
var Lives = map[string]api.Life{"btlc/RoleAssignment": assignmentLife}
