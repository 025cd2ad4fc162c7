package database

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestMemoryAttached holds a piece of shared memory as a process of a killed PostgreSQL does, and lets it go.
func TestMemoryAttached(t *testing.T) {
	id, err := unix.SysvShmGet(unix.IPC_PRIVATE, 4096, unix.IPC_CREAT|0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = unix.SysvShmCtl(id, unix.IPC_RMID, nil) })
	held, err := unix.SysvShmAttach(id, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	cluster := t.TempDir()
	write := func(content string) {
		if err := os.WriteFile(filepath.Join(cluster, "postmaster.pid"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if memoryAttached(cluster) {
		t.Error("held without a postmaster.pid")
	}
	for _, unreadable := range []string{"", "1\n", "1\n/d\n1\n5432\n/s\n\nnonsense\n"} {
		if write(unreadable); memoryAttached(cluster) {
			t.Errorf("held by %q", unreadable)
		}
	}
	write(fmt.Sprintf("1\n/d\n1\n5432\n/s\n\n  %d  %d\nready\n", 1, id))
	if !memoryAttached(cluster) {
		t.Error("not held while it is")
	}
	if err := unix.SysvShmDetach(held); err != nil {
		t.Fatal(err)
	}
	if memoryAttached(cluster) {
		t.Error("held after it was let go")
	}
}
