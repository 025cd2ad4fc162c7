package database

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// stopWithParent has the kernel ask the child for a clean shutdown when the thread that started it ends, so also when
// the server is killed.
func stopWithParent(attributes *syscall.SysProcAttr) { attributes.Pdeathsig = syscall.SIGINT }

// memoryLine is the line of postmaster.pid that holds the key and the id of the cluster's shared memory.
const memoryLine = 7

// memoryAttached reports whether processes of a PostgreSQL still hold the shared memory that postmaster.pid names. As
// long as they do, no other one starts on the cluster.
func memoryAttached(cluster string) bool {
	content, err := os.ReadFile(filepath.Join(cluster, "postmaster.pid"))
	if err != nil {
		return false
	}
	lines := strings.Split(string(content), "\n")
	if len(lines) < memoryLine {
		return false
	}
	fields := strings.Fields(lines[memoryLine-1])
	if len(fields) != 2 {
		return false
	}
	id, err := strconv.Atoi(fields[1])
	if err != nil {
		return false
	}
	var segment unix.SysvShmDesc
	_, err = unix.SysvShmCtl(id, unix.IPC_STAT, &segment)
	return err == nil && segment.Nattch > 0
}
