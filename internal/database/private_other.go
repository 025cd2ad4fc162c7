//go:build unix && !linux

package database

import "syscall"

// stopWithParent does nothing: this system offers no such signal, and a PostgreSQL whose server was killed stays until
// it is stopped by hand. The next start says so.
func stopWithParent(*syscall.SysProcAttr) {}

// memoryAttached is not known: a start that comes too early says so.
func memoryAttached(string) bool { return false }
