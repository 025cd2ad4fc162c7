package database

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// predecessorPatience bounds the wait for a PostgreSQL whose server was killed to finish its shutdown.
	predecessorPatience = 30 * time.Second

	// silenceOfStranger is how long the socket must be silent before the process named in postmaster.pid counts as an
	// unrelated one. A PostgreSQL closes its socket just before it ends; this is far longer than that takes.
	silenceOfStranger = 2 * time.Second

	// logExcerpt is how much of PostgreSQL's log an error quotes, in bytes.
	logExcerpt = 2048
)

// serverCommand is the PostgreSQL server with our settings over its own, writing to log.
func serverCommand(programs binaries, dir string, as account, settings map[string]string, stranger int, log *os.File) *exec.Cmd {
	all := map[string]string{
		"timezone":     "UTC",
		"log_timezone": "UTC",
		// The log tells of the server's own life. A statement's error goes to who sent it: its text holds personal data,
		// which would outlive its erasure here. Nobody rotates this log, so routine stays out of it too.
		"log_min_messages": "log",
		"log_checkpoints":  "off",
	}
	maps.Copy(all, settings)
	all["listen_addresses"] = ""
	all["port"] = "5432"
	all["unix_socket_directories"] = `"` + strings.ReplaceAll(dir, `"`, `""`) + `"` // it is read as a list

	arguments := []string{"-D", filepath.Join(dir, clusterName)}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		arguments = append(arguments, "-c", name+"="+all[name])
	}
	command := exec.Command(programs.postgres, arguments...)
	command.Dir, command.Env, command.SysProcAttr = dir, serverEnvironment(), as.attributes()
	command.Stdout, command.Stderr = log, log
	stopWithParent(command.SysProcAttr)
	if stranger != 0 {
		// How a launcher names itself to PostgreSQL: a stale postmaster.pid with this process in it is disregarded. All
		// its other checks against two servers on one cluster stay.
		command.Env = append(command.Env, "PG_GRANDPARENT_PID="+strconv.Itoa(stranger))
	}
	return command
}

// serverEnvironment is what PostgreSQL's programs see of our environment: no secret of ours, and no PG variable that
// would send them elsewhere.
func serverEnvironment() []string {
	environment := []string{"TZ=UTC", "LC_ALL=C"}
	for _, name := range []string{"PATH", "LD_LIBRARY_PATH"} {
		if value, ok := os.LookupEnv(name); ok {
			environment = append(environment, name+"="+value)
		}
	}
	return environment
}

// launch starts the server. A goroutine stays with it on one thread: the kernel takes that thread's end, not the
// process's, for the parent's death, and Go ends idle threads as it likes.
func (p *Private) launch(command *exec.Cmd) error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := command.Start()
		p.process = command.Process
		started <- err
		if err != nil {
			return
		}
		p.exit = command.Wait()
		p.finish()
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	return nil
}

// finish gives the data directory free and tells whoever waits.
func (p *Private) finish() {
	if err := p.lock.Close(); err != nil {
		p.logger.Error("release the data directory", "dataDir", p.dir, "error", err)
	}
	if p.stopping.Load() {
		p.logger.Info("private PostgreSQL stopped", "dataDir", p.dir)
	} else {
		p.logger.Error("private PostgreSQL ended on its own", "dataDir", p.dir, "exit", p.exit, "log", filepath.Join(p.dir, logName))
	}
	close(p.done)
}

// awaitPredecessor waits until no PostgreSQL works on the data directory. We hold the directory's lock, so there can
// only be one whose server was killed and which is shutting down; the kernel told it to. One that was killed itself may
// leave processes that end a moment later, and hold its memory until then. When postmaster.pid was left by
// a crash and its number has since gone to an unrelated process, that process is returned, so that it can be disregarded;
// otherwise 0.
func awaitPredecessor(ctx context.Context, dir string) (stranger int, err error) {
	ctx, cancel := context.WithTimeout(ctx, predecessorPatience)
	defer cancel()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for heard := time.Now(); ; {
		pid, err := postmasterPID(filepath.Join(dir, clusterName))
		if err != nil {
			return 0, err
		}
		if pid == 0 || !processAlive(pid) && !memoryAttached(filepath.Join(dir, clusterName)) {
			return 0, nil
		}
		if socketAnswers(filepath.Join(dir, socketName)) {
			heard = time.Now()
		} else if time.Since(heard) > silenceOfStranger {
			return pid, nil
		}
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("%w: %s: a PostgreSQL without its server, process %d, does not end: stop it with signal INT",
				ErrDataDirInUse, dir, pid)
		case <-look.C:
		}
	}
}

// postmasterPID returns the process that postmaster.pid names, 0 when there is no such file.
func postmasterPID(cluster string) (int, error) {
	content, err := os.ReadFile(filepath.Join(cluster, "postmaster.pid"))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("look for a running PostgreSQL: %w", err)
	}
	line, _, _ := strings.Cut(string(content), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		return 0, fmt.Errorf("look for a running PostgreSQL: read postmaster.pid: %w", err)
	}
	return pid, nil
}

// socketAnswers reports whether a server listens on the socket, which a PostgreSQL does until the last moment of its
// shutdown.
func socketAnswers(path string) bool {
	connection, err := net.Dial("unix", path)
	if err != nil {
		return false
	}
	_ = connection.Close() // nothing was said
	return true
}

// logSince returns the end of what PostgreSQL has logged since the log had the given length in bytes.
func logSince(log *os.File, length int64) string {
	info, err := log.Stat()
	if err != nil {
		return err.Error()
	}
	start := max(length, info.Size()-logExcerpt)
	excerpt, err := io.ReadAll(io.NewSectionReader(log, start, info.Size()-start))
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(excerpt))
}
