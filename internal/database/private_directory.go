package database

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// A data directory holds the cluster (what PostgreSQL itself calls its data directory), the socket, and these.
const (
	clusterName = "cluster"
	lockName    = "btlc.lock"
	logName     = "postgres.log"
	socketName  = ".s.PGSQL.5432"

	// maxSocketPath is what every system's socket address holds, in bytes; PostgreSQL does not start beyond it.
	maxSocketPath = 100
)

var (
	// ErrDataDirInUse says that another server, or a PostgreSQL that outlived one, works on the data directory.
	ErrDataDirInUse = errors.New("the data directory is in use by another server")

	// ErrUnfitPath says that no socket can be reached at the data directory's path: it is too long or has a comma.
	ErrUnfitPath = errors.New("the data directory's path does not do for a socket")

	// ErrForeignDirectory says that the data directory holds files that are not ours, so it is left alone.
	ErrForeignDirectory = errors.New("the data directory holds other files: give one that is empty or does not exist yet")
)

// resolveDataDir makes the path absolute and refuses one at which no client could find the socket.
func resolveDataDir(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("find the data directory: %w", err)
	}
	if socket := filepath.Join(dir, socketName); len(socket) >= maxSocketPath {
		return "", fmt.Errorf("%w: %s has %d bytes, the limit is %d", ErrUnfitPath, socket, len(socket), maxSocketPath-1)
	}
	if strings.Contains(dir, ",") {
		return "", fmt.Errorf("%w: clients take the comma in %s for the end of a host's name", ErrUnfitPath, dir)
	}
	return dir, nil
}

// claimDirectory makes dir ours and the account's alone, creating it where needed, and returns its lock, held.
func claimDirectory(dir string, as account) (lock *os.File, err error) {
	// Parents stay open to all: PostgreSQL passes through them as another user than the one who makes them.
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read the data directory: %w", err)
	}
	isOurs := func(entry fs.DirEntry) bool { return entry.Name() == lockName || entry.Name() == "lost+found" }
	if len(entries) > 0 && !slices.ContainsFunc(entries, isOurs) {
		// Not a nicety: as root we are about to give the directory away, and it might be /etc.
		return nil, fmt.Errorf("%w: %s", ErrForeignDirectory, dir)
	}
	if err := checkReachable(dir, as); err != nil {
		return nil, err
	}
	handle, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("protect the data directory: %w", err)
	}
	if err := errors.Join(handle.Chmod(0o700), as.give(handle), handle.Close()); err != nil {
		return nil, fmt.Errorf("protect the data directory: %w", err)
	}

	lock, err = openOwn(filepath.Join(dir, lockName), as)
	if err != nil {
		return nil, err
	}
	free, err := tryLock(lock)
	if err == nil && !free {
		err = fmt.Errorf("%w: %s", ErrDataDirInUse, dir)
	}
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return lock, nil
}

// checkReachable returns a permission error that names the directory above dir which the account may not enter.
func checkReachable(dir string, as account) error {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return fmt.Errorf("find the data directory: %w", err)
	}
	for dir != filepath.Dir(dir) {
		dir = filepath.Dir(dir)
		info, err := os.Stat(dir)
		if err != nil {
			return fmt.Errorf("check the way to the data directory: %w", err)
		}
		if !as.mayEnter(info) {
			return fmt.Errorf("PostgreSQL runs as %s, who may not enter %s: give a data directory elsewhere, such as /var/lib/btlc: %w",
				as.name, dir, fs.ErrPermission)
		}
	}
	return nil
}

// makeCluster runs initdb under a temporary name and renames the result, so that a cluster is there whole or not at all.
func makeCluster(ctx context.Context, dir string, programs binaries, as account, sync bool) error {
	unfinished, _ := filepath.Glob(filepath.Join(dir, clusterName+".new-*")) // its one error is a malformed pattern
	for _, path := range unfinished {
		// An initdb whose server was killed may still be writing there; then the next start clears it away.
		_ = os.RemoveAll(path)
	}
	fresh := filepath.Join(dir, clusterName+".new-"+rand.Text())
	// C.UTF-8 knows letters beyond ASCII and sorts alike everywhere; where the system lacks it, C sorts the same.
	err := initdb(ctx, fresh, programs, as, "C.UTF-8", sync)
	if err != nil && ctx.Err() == nil {
		err = initdb(ctx, fresh, programs, as, "C", sync)
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(fresh))
	}
	if err := os.Rename(fresh, filepath.Join(dir, clusterName)); err != nil {
		return fmt.Errorf("make a database cluster: %w", err)
	}
	return syncDirectory(dir)
}

// initdb makes a cluster. On failure it removes what it made, so that it can be called once more.
func initdb(ctx context.Context, cluster string, programs binaries, as account, locale string, sync bool) error {
	arguments := []string{
		"--pgdata=" + cluster, "--username=" + OwnerRole, "--encoding=UTF8", "--locale=" + locale, "--data-checksums",
		// Who reaches the socket is who may enter the directory: we, and the account. No other way in is open.
		"--auth-local=trust", "--auth-host=reject", "--no-instructions",
	}
	if !sync {
		arguments = append(arguments, "--no-sync")
	}
	command := exec.CommandContext(ctx, programs.initdb, arguments...)
	command.Dir, command.Env, command.SysProcAttr = filepath.Dir(cluster), serverEnvironment(), as.attributes()
	output, err := command.CombinedOutput()
	if err != nil {
		return fmt.Errorf("make a database cluster: %s: %w\n%s", programs.initdb, err, output)
	}
	return nil
}

// syncDirectory makes a rename inside dir survive a power failure.
func syncDirectory(dir string) error {
	handle, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync the data directory: %w", err)
	}
	return errors.Join(handle.Sync(), handle.Close())
}
