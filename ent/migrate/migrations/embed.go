// Package migrations holds the versioned SQL that makes the schema: once merged, a file never changes.
package migrations

import "embed"

// FS holds the goose files.
//
//go:embed *.sql
var FS embed.FS
