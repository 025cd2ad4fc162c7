package databasetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/btlc/btlc/internal/database"
)

// AddressVariable names the environment variable with the address of a server that many test processes share.
const AddressVariable = "BTLC_TEST_DATABASE_URL"

const (
	// startPatience bounds the start of a server: initdb takes under a second, unless the machine is very busy.
	startPatience = 2 * time.Minute

	// stopPatience bounds its clean stop; its data are thrown away in any case.
	stopPatience = 30 * time.Second

	directoryPrefix = "btlc-test-"
)

// findOrStart returns the shared server's address, or that of a private one.
func findOrStart(ctx context.Context) (address string, stop func() error, err error) {
	if address := os.Getenv(AddressVariable); address != "" {
		return address, func() error { return nil }, nil
	}
	return StartServer(ctx)
}

// StartServer runs a private PostgreSQL for tests in a temporary directory and returns its superuser's address. It
// keeps everything but its word on power failures (fsync). stop ends it and removes the directory.
func StartServer(ctx context.Context) (address string, stop func() error, err error) {
	sweep()
	dir, err := os.MkdirTemp("", directoryPrefix)
	if err != nil {
		return "", nil, fmt.Errorf("make a directory for the server: %w", err)
	}
	remove := func() error { return os.RemoveAll(dir) }
	if err := os.Chmod(dir, 0o711); err != nil { // as root, PostgreSQL is another user and passes through it
		return "", nil, errors.Join(err, remove())
	}
	lock, err := lockDirectory(dir)
	if err != nil {
		return "", nil, errors.Join(err, remove())
	}
	private, err := database.StartPrivate(ctx, database.PrivateOptions{
		DataDir: filepath.Join(dir, "d"), // a socket's path must be short
		Settings: map[string]string{
			"fsync":           "off",
			"max_connections": "300",
			"shared_buffers":  "256MB",
		},
	})
	if err != nil {
		return "", nil, errors.Join(err, remove(), lock.Close())
	}
	stop = func() error {
		ctx, cancel := context.WithTimeout(context.Background(), stopPatience)
		defer cancel()
		return errors.Join(private.Stop(ctx), remove(), lock.Close())
	}
	return private.URL(database.OwnerRole, database.Name), stop, nil
}

// lockDirectory holds the directory, until the file returned is closed or the process ends.
func lockDirectory(dir string) (*os.File, error) {
	handle, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("lock a server's directory: %w", err)
	}
	if err := syscall.Flock(int(handle.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("lock a server's directory: %w", err), handle.Close())
	}
	return handle, nil
}

// sweep removes what processes that were killed left behind. It is a courtesy: what it may not remove, it leaves.
func sweep() {
	left, _ := filepath.Glob(filepath.Join(os.TempDir(), directoryPrefix+"*")) // its one error is a malformed pattern
	for _, dir := range left {
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() || time.Since(info.ModTime()) < time.Minute {
			continue // a young one's owner may not hold its lock yet
		}
		lock, err := lockDirectory(dir)
		if err != nil {
			continue
		}
		_ = os.RemoveAll(dir)
		_ = lock.Close()
	}
}
