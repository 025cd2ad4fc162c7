package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// ErrRights says that a pool has not the rights of a server: too few to serve, or so many that it could rewrite ledgers.
var ErrRights = errors.New("the server must work as the role " + ServerRole + " or as a member of it, and not as the owner of the tables")

// CheckRights returns an ErrRights unless the pool works with the rights of ServerRole and without those of the tables'
// owner. A pooler may have dropped the role that Open asked for, which no error tells. The schema is up to date.
func CheckRights(ctx context.Context, db *sql.DB) error {
	var role string
	var member, owner bool
	err := db.QueryRowContext(ctx, `SELECT current_user,
		EXISTS (SELECT FROM pg_roles WHERE rolname = '`+ServerRole+`' AND pg_has_role(oid, 'USAGE')),
		EXISTS (SELECT FROM pg_class WHERE oid = 'audit_entries'::regclass AND pg_has_role(relowner, 'USAGE'))`).Scan(&role, &member, &owner)
	switch {
	case err != nil:
		return fmt.Errorf("look at the server's rights: %w", err)
	case owner:
		return fmt.Errorf("%w: %q has the owner's rights", ErrRights, role)
	case !member:
		return fmt.Errorf("%w: %q is no member", ErrRights, role)
	}
	return nil
}
