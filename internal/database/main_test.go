package database_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"testing"
	"testing/fstest"

	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/database/databasetest"
)

// serveVariable turns this test binary into a server on the data directory it names: see startServer.
const serveVariable = "BTLC_TEST_SERVE_DATA_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(serveVariable); dir != "" {
		if err := serve(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	databasetest.Main(m)
}

// serve runs a private PostgreSQL until standard input ends, and says its address on standard output once it runs.
func serve(dir string) error {
	private, err := database.StartPrivate(context.Background(), database.PrivateOptions{DataDir: dir})
	if err != nil {
		return err
	}
	fmt.Println(private.URL(database.OwnerRole, database.Name))
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	return private.Stop(context.Background())
}

// migrations are a small schema with one constraint of each kind, and the server's role.
var migrations = fstest.MapFS{
	"00001_role.sql": {Data: []byte(`-- +goose Up
-- +goose StatementBegin
DO $$ BEGIN
	IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'btlc_server') THEN
		CREATE ROLE btlc_server NOLOGIN;
	END IF;
END $$;
-- +goose StatementEnd
GRANT SELECT ON goose_db_version TO btlc_server;
`)},
	"00002_tables.sql": {Data: []byte(`-- +goose Up
CREATE TABLE rooms (
	id int CONSTRAINT rooms_pkey PRIMARY KEY,
	seats int NOT NULL CONSTRAINT rooms_seats_positive CHECK (seats > 0)
);
CREATE TABLE bookings (
	room_id int CONSTRAINT bookings_room_fkey REFERENCES rooms (id),
	hours int4range, CONSTRAINT bookings_no_overlap EXCLUDE USING gist (hours WITH &&)
);
GRANT SELECT, INSERT ON rooms TO btlc_server;
`)},
	"00003_first_room.sql": {Data: []byte(`-- +goose Up
INSERT INTO rooms (id, seats) VALUES (1, 30);
`)},
	"atlas.sum": {Data: []byte("not a migration")},
}
