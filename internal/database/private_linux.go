package database

import "syscall"

// stopWithParent has the kernel ask the child for a clean shutdown when the thread that started it ends, so also when
// the server is killed.
func stopWithParent(attributes *syscall.SysProcAttr) { attributes.Pdeathsig = syscall.SIGINT }
