// Package database is the way to PostgreSQL: it connects, brings the schema up to date, tells errors apart, and, where
// nobody gave a database, runs a private PostgreSQL of its own.
package database

// Names that the program, its migrations and its operators share.
const (
	// Name is the database of a private PostgreSQL.
	Name = "btlc"

	// OwnerRole owns the schema and applies migrations. In a private PostgreSQL it is the superuser.
	OwnerRole = "btlc_owner"

	// ServerRole is what the server works as. It owns nothing, so that append-only tables are closed to it. The
	// migrations create it and grant it what it needs.
	ServerRole = "btlc_server"
)
