package server_test

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/btlc/btlc/internal/database"
)

// restores is a server whose database is put back while consumers follow its change feed.
type restores struct {
	*soak
	backups int
}

// A backup is somewhere in the test's folder.
type backup string

// restoreKind is a way to back a database up, and to put it back where it was.
type restoreKind struct {
	take func(*restores) backup
	back func(*restores, backup)
}

var (
	files    = restoreKind{(*restores).copyFiles, func(r *restores, b backup) { r.replaceFiles(b, "") }}
	timeline = restoreKind{(*restores).copyFiles, func(r *restores, b backup) { r.replaceFiles(b, "recovery.signal") }}
	dump     = restoreKind{(*restores).dump, (*restores).load}
	reload   = restoreKind{(*restores).dump, (*restores).reload}
)

// TestNoRestoreIsSilent has one who pulls, one who watches and one who is posted to follow a stream, and puts the database back:
// cold copies of PostgreSQL's files, which a snapshot of a volume is as well, a dump, and recovery to another timeline. Each of
// the three is told to start again, once, whether the server ran on or not, and also when the numbers have gone past those of
// before by the time that anybody looks. Then each follows on.
func TestNoRestoreIsSilent(t *testing.T) {
	r := &restores{soak: &soak{t: t, client: &http.Client{Timeout: 10 * time.Second}}}
	r.setUp()
	whole := t
	all := []*follower{{name: "pull", follow: r.pullOn}, {name: "watch", follow: r.watchOn}, {name: "webhook", follow: func(context.Context, *follower) {}}}
	webhook := all[2]
	r.postTo(webhook)
	var first backup
	for _, c := range []struct {
		name    string
		kind    restoreKind
		running bool // the server runs on
		since   int  // changes that are made in the history that is begun, before anybody reads
		same    bool // the backup that the first case made
		follow  []*follower
	}{
		{"files, and a server that starts later", files, false, 0, false, all},
		{"files again, the same", files, false, 0, true, all},
		{"files, and numbers past those of before", files, false, 9, false, all},
		{"files, and a server that runs on", files, true, 0, false, all},
		{"files, and a server that runs on and finds numbers past those of before", files, true, 9, false, all},
		{"files, and a server that runs on and posts alone", files, true, 0, false, all[2:]},
		{"files, and a server that runs on, posts alone and finds numbers past those of before", files, true, 9, false, all[2:]},
		{"a dump, and a server that starts later", dump, false, 9, false, all},
		{"a dump, and a server that runs on", dump, true, 0, false, all},
		{"a dump into the same database, and a server that starts later", reload, false, 9, false, all},
		{"recovery, and a server that starts later", timeline, false, 9, false, all},
		{"recovery, and a server that runs on", timeline, true, 0, false, all},
	} {
		ok := t.Run(c.name, func(t *testing.T) {
			r.t = t
			defer func() { r.t = whole }()
			r.make(2)
			saved := first
			if !c.same {
				saved = c.kind.take(r)
			}
			if first == "" {
				first = saved
			}
			stop := r.begin(c.follow)
			defer stop()
			r.make(5)
			r.await(c.follow, func(f *follower) bool { return f.state().newest == r.changes() })
			generation := r.generation()
			before := map[*follower]int{}
			for _, f := range c.follow {
				before[f] = f.state().told
			}
			r.pauseServer(c.running)
			c.kind.back(r, saved)
			r.make(c.since)
			r.resumeServer(c.running)
			r.await(c.follow, func(f *follower) bool { return f.state().told > before[f] })
			r.make(1)
			r.await(c.follow, func(f *follower) bool { return f.state().newest == r.changes() })
			for _, f := range c.follow {
				if told := f.state().told - before[f]; told != 1 {
					t.Errorf("%s is told %d times", f.name, told)
				}
			}
			if now := r.generation(); now != generation+1 {
				t.Errorf("generation %d comes after %d", now, generation)
			}
		})
		if !ok {
			break // the rest begins where this ends
		}
	}
}

// make makes changes in the program's stream, each in a transaction of its own.
func (r *restores) make(n int) {
	pool := r.pool()
	defer pool.Close()
	db := database.NewDB(pool, nil)
	defer db.Close()
	for range n {
		must(r.t, db.InTx(r.t.Context(), false, func(_ context.Context, tx *database.Tx) error {
			tx.Emit(database.Change{Streams: []string{"program"}, Resource: "things/1", Type: "btlc/Thing", Version: 1, Kind: "UPDATED"})
			return nil
		}))
	}
}

func (r *restores) generation() (n int) {
	pool := r.pool()
	defer pool.Close()
	must(r.t, pool.QueryRowContext(r.t.Context(), `SELECT generation FROM feed_epoch`).Scan(&n))
	return n
}

// await waits until something is so of each follower.
func (r *restores) await(followers []*follower, is func(*follower) bool) {
	r.t.Helper()
	patience := time.After(settlePatience)
	for _, f := range followers {
		for !is(f) {
			select {
			case <-time.After(20 * time.Millisecond):
			case <-patience:
				r.t.Fatalf("%s stays at %+v; the newest is %d", f.name, f.state(), r.changes())
			}
		}
		if fault := f.state().fault; fault != nil {
			r.t.Fatalf("%s: %v", f.name, fault)
		}
	}
}

// pauseServer stops the server, or has it stand still, so that it sees nothing of what is done meanwhile.
func (r *restores) pauseServer(runsOn bool) {
	if runsOn {
		must(r.t, r.server.Process.Signal(syscall.SIGSTOP))
	} else {
		r.stopServer(os.Interrupt)
	}
}

func (r *restores) resumeServer(ranOn bool) {
	if ranOn {
		must(r.t, r.server.Process.Signal(syscall.SIGCONT))
	} else {
		r.startServer()
	}
}

func (r *restores) newBackup() backup {
	r.backups++
	return backup(filepath.Join(r.folder, "backup-"+string(rune('a'+r.backups))))
}

func (r *restores) cluster() string { return filepath.Join(r.folder, "pg", "cluster") }

// run runs a program to its end.
func (r *restores) run(in []byte, name string, arguments ...string) []byte {
	r.t.Helper()
	command := exec.CommandContext(r.t.Context(), name, arguments...)
	var said bytes.Buffer
	command.Stdin, command.Stderr = bytes.NewReader(in), &said
	out, err := command.Output()
	if err != nil {
		r.t.Fatalf("%s: %v: %s", name, err, said.Bytes())
	}
	return out
}

// copyFiles copies the files of a PostgreSQL that is stopped meanwhile.
func (r *restores) copyFiles() backup {
	b := r.newBackup()
	must(r.t, r.private.Load().Stop(r.t.Context()))
	r.run(nil, "cp", "--archive", r.cluster(), string(b))
	r.startDatabase()
	return b
}

// replaceFiles puts copied files in the place of those that are there; with the signal PostgreSQL recovers to a new timeline.
func (r *restores) replaceFiles(b backup, signal string) {
	must(r.t, r.private.Load().Stop(r.t.Context()))
	must(r.t, os.RemoveAll(r.cluster()))
	r.run(nil, "cp", "--archive", string(b), r.cluster())
	if signal != "" {
		r.run(nil, "cp", "--archive", filepath.Join(r.cluster(), "PG_VERSION"), filepath.Join(r.cluster(), signal)) // for its owner; what is in it does not matter
		settings := filepath.Join(r.cluster(), "postgresql.auto.conf")
		content, err := os.ReadFile(settings)
		must(r.t, err)
		must(r.t, os.WriteFile(settings, append(content, "restore_command = 'false'\n"...), 0o600))
	}
	r.startDatabase()
	pool := r.pool()
	defer pool.Close()
	for recovering := true; recovering; {
		must(r.t, pool.QueryRowContext(r.t.Context(), `SELECT pg_is_in_recovery()`).Scan(&recovering))
	}
}

// dump dumps the database.
func (r *restores) dump() backup {
	b := r.newBackup()
	must(r.t, os.WriteFile(string(b), r.run(nil, postgresProgram(r.t, "pg_dump"), "--dbname", r.url()), 0o600))
	return b
}

// load restores a dump into a new database of the same name.
func (r *restores) load(b backup) {
	r.psql(r.private.Load().URL(database.OwnerRole, "postgres"), "DROP DATABASE "+database.Name+" WITH (FORCE);\nCREATE DATABASE "+database.Name+";\n")
	r.fill(b)
}

// reload restores a dump into the database that there is.
func (r *restores) reload(b backup) {
	r.psql(r.url(), "DROP SCHEMA public CASCADE;\nCREATE SCHEMA public;\n")
	r.fill(b)
}

func (r *restores) fill(b backup) {
	content, err := os.ReadFile(string(b))
	must(r.t, err)
	r.psql(r.url(), string(content))
}

func (r *restores) psql(into, statements string) {
	r.run([]byte(statements), postgresProgram(r.t, "psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null", "--dbname", into)
}

// postgresProgram is one of PostgreSQL's own, from the PATH or where distributions have them.
func postgresProgram(t testing.TB, name string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	must(t, err)
	if len(found) == 0 {
		t.Fatalf("there is no %s: it comes with PostgreSQL", name)
	}
	return slices.Max(found)
}
