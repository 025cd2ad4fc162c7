//go:build unix

package database

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// account is the user of the operating system that PostgreSQL runs as.
type account struct {
	uid, gid int
	name     string
}

// serverAccount is ourselves, unless we are root, which PostgreSQL refuses: then it is whoever owns the cluster already,
// else postgres, else nobody.
func serverAccount(cluster string) (account, error) {
	if os.Geteuid() != 0 {
		return account{uid: os.Geteuid(), gid: os.Getegid(), name: "this user"}, nil
	}
	if info, err := os.Stat(cluster); err == nil {
		if owner := info.Sys().(*syscall.Stat_t); owner.Uid != 0 {
			return account{uid: int(owner.Uid), gid: int(owner.Gid), name: "user " + strconv.Itoa(int(owner.Uid))}, nil
		}
	}
	for _, name := range []string{"postgres", "nobody"} {
		found, err := user.Lookup(name)
		if _, unknown := errors.AsType[user.UnknownUserError](err); unknown {
			continue
		}
		if err != nil {
			return account{}, fmt.Errorf("look up user %s: %w", name, err)
		}
		uid, errUID := strconv.Atoi(found.Uid)
		gid, errGID := strconv.Atoi(found.Gid)
		if err := errors.Join(errUID, errGID); err != nil {
			return account{}, fmt.Errorf("look up user %s: %w", name, err)
		}
		return account{uid: uid, gid: gid, name: "user " + name}, nil
	}
	return account{}, errors.New("PostgreSQL does not run as root, and there is neither a user postgres nor nobody to run it as")
}

// give makes the account the owner of an open file or directory; without root it owns what we make already.
func (a account) give(file *os.File) error {
	if os.Geteuid() != 0 {
		return nil
	}
	return file.Chown(a.uid, a.gid)
}

// mayEnter reports whether the account may pass through the directory.
func (a account) mayEnter(info fs.FileInfo) bool {
	owner := info.Sys().(*syscall.Stat_t)
	switch {
	case int(owner.Uid) == a.uid:
		return info.Mode()&0o100 != 0
	case int(owner.Gid) == a.gid:
		return info.Mode()&0o010 != 0
	default:
		return info.Mode()&0o001 != 0
	}
}

// attributes start a program as the account and in a session of its own: a Ctrl-C or hang-up of the terminal is for us to
// act on, and must not stop PostgreSQL under a server that is still finishing its calls.
func (a account) attributes() *syscall.SysProcAttr {
	attributes := &syscall.SysProcAttr{Setsid: true}
	if os.Geteuid() == 0 {
		attributes.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	}
	return attributes
}

// tryLock takes the lock on an open file, without waiting. It is held until the file is closed, at the latest when the
// process ends, however it ends.
func tryLock(file *os.File) (free bool, err error) {
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// openOwn opens a file for appending, made if missing, and gives it to the account, for a later start may be its own. A
// link is refused: the account owns the directory, and could make us as root give away a file elsewhere.
func openOwn(path string, as account) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("prepare the data directory: %w", err)
	}
	if err := as.give(file); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare the data directory: %w", err), file.Close())
	}
	return file, nil
}

// processAlive reports whether the process exists and is one that we could signal.
func processAlive(pid int) bool { return syscall.Kill(pid, 0) == nil }
