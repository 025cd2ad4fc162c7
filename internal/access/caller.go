package access

import (
	"context"
	"slices"
	"sync"

	pb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	"github.com/btlc/btlc/internal/api"
)

// Anonymous is the principal of a caller without credentials.
const Anonymous = "anonymous"

// Grant is a role that a caller has within a scope.
type Grant struct {
	Role  pb.Role
	Scope string
}

// Caller is who calls.
type Caller struct {
	// Principal is `apiClients/{api_client}`, `people/{issuer}#{subject}`, or Anonymous.
	Principal   string
	DisplayName string
	Grants      []Grant
}

// Known says whether the caller has shown who they are.
func (c *Caller) Known() bool { return c.Principal != Anonymous }

// may says whether the caller has a permission on a resource that has these scopes: any of them will do.
func (c *Caller) may(permission string, scopes []string) bool {
	return slices.ContainsFunc(c.holding(permission), func(g Grant) bool {
		return slices.ContainsFunc(scopes, func(scope string) bool { return covers(g.Scope, scope) })
	})
}

// holding is the grants whose role has the permission.
func (c *Caller) holding(permission string) []Grant {
	var grants []Grant
	for _, g := range c.Grants {
		if slices.Contains(permissions[g.Role], permission) {
			grants = append(grants, g)
		}
	}
	return grants
}

// decision is what has been decided about a call.
type decision struct {
	caller *Caller
	rule   *pb.Rule

	mu      sync.Mutex
	decided bool
}

func (d *decision) decide() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.decided = true
}

type decisionKey struct{}

func decisionOf(ctx context.Context) *decision {
	if d, ok := ctx.Value(decisionKey{}).(*decision); ok {
		return d
	}
	return &decision{caller: &Caller{Principal: Anonymous}, rule: &pb.Rule{}}
}

// CallerOf is who calls.
func CallerOf(ctx context.Context) *Caller { return decisionOf(ctx).caller }

// Authorize is for handlers whose rule has scope_by_handler: it decides whether the caller has the rule's permission on
// what the handler has loaded. scopes are the resources that contain it: `educators/…`, `districts/…/schools/…`. If not,
// the error is the same as for a resource that does not exist. Staff pass with any scopes, also none.
func Authorize(ctx context.Context, name string, scopes ...string) error {
	d := decisionOf(ctx)
	d.decide()
	if !d.caller.may(d.rule.GetPermission(), append(scopes, "program")) {
		return api.Missing(name)
	}
	return nil
}

// May says whether the caller has a permission, which need not be that of the rule, on something with these scopes: for what
// is shown of it to some and not to others.
func May(ctx context.Context, permission string, scopes ...string) bool {
	return CallerOf(ctx).may(permission, append(scopes, "program"))
}

// Reach is where the caller has the rule's permission, for handlers that list: everywhere, or within these scopes.
func Reach(ctx context.Context) (everywhere bool, scopes []string) {
	d := decisionOf(ctx)
	d.decide()
	for _, g := range d.caller.holding(d.rule.GetPermission()) {
		if g.Scope == "" {
			everywhere = true
		}
		scopes = append(scopes, g.Scope)
	}
	return everywhere, scopes
}

// OnlyAs says whether it is by this role alone that the caller may act on something with these scopes.
func OnlyAs(ctx context.Context, role pb.Role, scopes ...string) bool {
	d := decisionOf(ctx)
	found := false
	for _, g := range d.caller.holding(d.rule.GetPermission()) {
		if slices.ContainsFunc(append(scopes, "program"), func(s string) bool { return covers(g.Scope, s) }) {
			if g.Role != role {
				return false
			}
			found = true
		}
	}
	return found
}

// Is says whether the caller is the educator: a caller bound as EDUCATOR to exactly that person.
func Is(ctx context.Context, educator string) bool {
	return slices.ContainsFunc(CallerOf(ctx).Grants, func(g Grant) bool {
		return (g.Role == pb.Role_ROLE_EDUCATOR || g.Role == pb.Role_ROLE_FACILITATOR) && g.Scope == educator
	})
}
