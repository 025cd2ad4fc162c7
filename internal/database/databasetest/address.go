package databasetest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"strings"

	"github.com/btlc/btlc/internal/database"
)

// onServer returns the address of another database on the same server. Like the driver it takes a URL or key=value pairs.
func onServer(address, name string) (string, error) {
	if !strings.Contains(address, "://") {
		return address + " dbname=" + name, nil // of a key given twice the driver takes the last
	}
	parsed, err := url.Parse(address)
	if err != nil {
		return "", database.ErrBadURL // the cause would quote the password
	}
	parsed.Path = "/" + name
	query := parsed.Query()
	query.Del("dbname")
	query.Del("database")
	parsed.RawQuery = query.Encode()
	return parsed.String(), nil
}

// fingerprint is short, fit for a database's name, and differs when any migration differs in name or content.
func fingerprint(migrations fs.FS) (string, error) {
	names, err := fs.Glob(migrations, "*.sql")
	if err != nil {
		return "", fmt.Errorf("list the migrations: %w", err)
	}
	sum := sha256.New()
	for _, name := range names {
		content, err := fs.ReadFile(migrations, name)
		if err != nil {
			return "", fmt.Errorf("read a migration: %w", err)
		}
		fmt.Fprintf(sum, "%s %d\n%s", name, len(content), content)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8]), nil
}
