package database_test

import (
	"errors"
	"strings"
	"testing"

	btlc "github.com/btlc/btlc/ent/migrate/migrations"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/database/databasetest"
)

func TestCheckRights(t *testing.T) {
	address := databasetest.New(t, btlc.FS)
	owner := open(t, address)
	// Roles are those of the whole server: they have the name of the test's database.
	member := queryString(t, owner, "SELECT current_database() || '_member'")
	stranger := strings.Replace(member, "_member", "_stranger", 1)
	for _, statement := range []string{"CREATE ROLE " + member + " LOGIN IN ROLE " + database.ServerRole, "CREATE ROLE " + stranger + " LOGIN"} {
		execute(t, owner, statement)
	}
	defer execute(t, owner, "DROP ROLE "+member+", "+stranger)
	for name, c := range map[string]struct {
		login   string
		options database.PoolOptions
		wrong   bool
	}{
		"the owner as the server":       {options: database.PoolOptions{ServerRole: true}},
		"the owner":                     {wrong: true},
		"a member of the server's role": {login: member},
		"somebody else":                 {login: stranger, wrong: true},
	} {
		t.Run(name, func(t *testing.T) {
			db, err := database.Open(t.Context(), address, c.options)
			check(t, err)
			defer db.Close()
			db.SetMaxOpenConns(1)
			if c.login != "" {
				// As if it had logged in so, which the test's PostgreSQL may ask a password for.
				execute(t, db, "SET SESSION AUTHORIZATION "+c.login)
			}
			if err := database.CheckRights(t.Context(), db); errors.Is(err, database.ErrRights) != c.wrong || err != nil && !c.wrong {
				t.Errorf("got %v", err)
			}
		})
	}
}
