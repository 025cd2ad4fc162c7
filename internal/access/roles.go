// Package access says who calls and what they may do.
package access

import (
	"slices"
	"strings"

	pb "github.com/btlc/btlc/gen/go/btlc/access/v1"
)

// permissions says what each role may do, within the scope that it is bound to. docs/access.md is made from it and from
// the rules of the RPCs.
var permissions = map[pb.Role][]string{
	pb.Role_ROLE_ADMIN: {"access.read", "access.write", "audit.read"},
	pb.Role_ROLE_PROGRAM_STAFF: {
		"directory.write", "rosters.read", "rosters.write", "educators.read", "educators.write", "educators.merge", "roles.write", "assignments.read", "assignments.report",
		"sections.write", "sections.import", "courses.write", "placements.read", "placements.write", "registrations.read", "registrations.write", "attendance.read", "attendance.write", "trainings.read", "trainings.write",
		"submissions.read", "submissions.write", "submissions.score", "attainments.read",
		"eligibility.read", "credentials.read", "credentials.issue", "credentials.revoke", "policies.write", "statuses.read",
		"agreements.write", "credits.read", "credits.request", "credits.post", "holderdids.read", "resources.write", "consents.read", "changes.read", "webhooks.read", "webhooks.write",
		"ledger.read", "ledger.write", "ledger.export", "feedback.read", "feedback.write", "feedback.compare", "notices.read", "notices.write",
	},
	pb.Role_ROLE_FACILITATOR: {"registrations.read", "attendance.read", "attendance.write", "feedback.read", "feedback.write", "feedback.compare", "resources.write"},
	pb.Role_ROLE_ASSESSOR:    {"submissions.read", "submissions.score"},
	pb.Role_ROLE_EDUCATOR: {
		"educators.read", "assignments.read", "assignments.report", "registrations.read", "registrations.write", "attendance.read", "trainings.read",
		"submissions.read", "submissions.write", "attainments.read", "eligibility.read", "credentials.read",
		"credits.read", "credits.request", "holderdids.read", "holderdids.write", "consents.read", "consents.write", "ledger.read", "feedback.answer", "notices.read", "notices.write",
	},
	pb.Role_ROLE_PRINCIPAL:    {"educators.read", "assignments.read", "assignments.report", "assignments.confirm"},
	pb.Role_ROLE_DISTRICT_HR:  {"rosters.read", "rosters.write", "educators.read", "roles.write", "assignments.read", "assignments.report", "assignments.confirm", "statuses.read", "changes.read", "webhooks.read", "webhooks.write"},
	pb.Role_ROLE_REGISTRAR:    {"credits.read", "credits.check", "credits.post", "changes.read", "webhooks.read", "webhooks.write"},
	pb.Role_ROLE_BOARD_MEMBER: {},
	pb.Role_ROLE_AUDITOR: {
		"rosters.read", "access.read", "audit.read", "educators.read", "assignments.read", "registrations.read", "attendance.read", "trainings.read", "attainments.read",
		"eligibility.read", "credentials.read", "holderdids.read", "statuses.read", "credits.read", "consents.read", "changes.read", "webhooks.read",
		"placements.read", "ledger.read", "ledger.export", "feedback.compare", "notices.read",
	},
}

// scopeKinds says what the scope of each role is: the first part of its resource name, `program` for none.
var scopeKinds = map[pb.Role][]string{
	pb.Role_ROLE_ADMIN: {"program"}, pb.Role_ROLE_PROGRAM_STAFF: {"program"}, pb.Role_ROLE_AUDITOR: {"program"}, pb.Role_ROLE_BOARD_MEMBER: {"program"},
	pb.Role_ROLE_ASSESSOR: {"program"}, pb.Role_ROLE_FACILITATOR: {"educators/{educator}"}, pb.Role_ROLE_EDUCATOR: {"educators/{educator}"},
	pb.Role_ROLE_PRINCIPAL: {"districts/{district}/schools/{school}"}, pb.Role_ROLE_DISTRICT_HR: {"districts/{district}"}, pb.Role_ROLE_REGISTRAR: {"institutions/{institution}"},
}

// Permissions is what a role may do, sorted.
func Permissions(role pb.Role) []string {
	return slices.Sorted(slices.Values(permissions[role]))
}

// known says whether any role holds a permission: one that none does is a misspelt rule.
func known(permission string) bool {
	for _, held := range permissions {
		if slices.Contains(held, permission) {
			return true
		}
	}
	return false
}

// covers says whether a binding's scope contains a resource: the same name, or one that it begins with. The empty scope
// is the whole program.
func covers(scope, resource string) bool {
	return scope == "" || scope == resource || strings.HasPrefix(resource, scope+"/")
}
