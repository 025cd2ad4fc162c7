package database

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// minMajor is the oldest major version of PostgreSQL that the schema works with.
const minMajor = 15

// debianBinaries is where Debian and its kin keep each major version's programs, which are not in PATH.
const debianBinaries = "/usr/lib/postgresql/*/bin"

// ErrNoBinaries says that this machine has no PostgreSQL that a private one could be run from.
var ErrNoBinaries = errors.New("no fitting PostgreSQL on this machine: install PostgreSQL 15 or later" +
	" (Debian, Ubuntu: apt install postgresql), or give the URL of a database")

// binaries are the programs of one installed PostgreSQL.
type binaries struct {
	postgres, initdb string
	major            int
}

// findBinaries returns the first PostgreSQL that fits: the one in dir when it is given, else the one in PATH, else the
// newest in the distribution's folder. A cluster that exists can only be served by the major version that made it, so
// needMajor, when not 0, decides over newer ones.
func findBinaries(ctx context.Context, dir string, needMajor int) (binaries, error) {
	candidates := []string{dir}
	if dir == "" {
		candidates = candidateDirs()
	}
	var refused []string
	for _, candidate := range candidates {
		found := binaries{postgres: filepath.Join(candidate, "postgres"), initdb: filepath.Join(candidate, "initdb")}
		if _, err := exec.LookPath(found.initdb); err != nil {
			refused = append(refused, err.Error())
			continue
		}
		major, err := majorVersion(ctx, found.postgres)
		if ctx.Err() != nil {
			return binaries{}, context.Cause(ctx)
		}
		if err != nil {
			refused = append(refused, err.Error())
			continue
		}
		found.major = major
		if major < minMajor || needMajor != 0 && major != needMajor {
			refused = append(refused, fmt.Sprintf("%s is version %d", found.postgres, major))
			continue
		}
		return found, nil
	}
	want := ""
	if needMajor != 0 {
		want = fmt.Sprintf("; the data were made by PostgreSQL %d, which alone can serve them", needMajor)
	}
	looked := "none in PATH or " + debianBinaries
	if len(refused) > 0 {
		looked = strings.Join(refused, "; ")
	}
	return binaries{}, fmt.Errorf("%w%s (%s)", ErrNoBinaries, want, looked)
}

// candidateDirs lists the folders to look into when none was given, best first.
func candidateDirs() []string {
	var dirs []string
	if inPath, err := exec.LookPath("postgres"); err == nil {
		// A link to postgres alone does not bring initdb along: the real folder has both.
		if real, err := filepath.EvalSymlinks(inPath); err == nil {
			dirs = append(dirs, filepath.Dir(real))
		}
	}
	installed, _ := filepath.Glob(debianBinaries) // its one error is a malformed pattern
	slices.SortFunc(installed, func(a, b string) int { return folderVersion(b) - folderVersion(a) })
	return append(dirs, installed...)
}

// folderVersion reads 15 out of /usr/lib/postgresql/15/bin; 0 when no number stands there.
func folderVersion(dir string) int {
	version, _ := strconv.Atoi(filepath.Base(filepath.Dir(dir)))
	return version
}

// majorVersion asks the program, which answers like "postgres (PostgreSQL) 15.14 (Debian 15.14-0)" or "… 19devel".
func majorVersion(ctx context.Context, postgres string) (int, error) {
	ask := exec.CommandContext(ctx, postgres, "--version")
	ask.Env = serverEnvironment()
	answer, err := ask.Output()
	if err != nil {
		return 0, fmt.Errorf("ask %s for its version: %w", postgres, err)
	}
	_, number, _ := strings.Cut(string(answer), ") ")
	var major int
	if _, err := fmt.Sscanf(number, "%d", &major); err != nil {
		return 0, fmt.Errorf("read the version of %s: %w", postgres, err)
	}
	return major, nil
}

// clusterMajor returns the major version that made the cluster, 0 when there is no cluster yet.
func clusterMajor(cluster string) (int, error) {
	content, err := os.ReadFile(filepath.Join(cluster, "PG_VERSION"))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the data directory's version: %w", err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil {
		return 0, fmt.Errorf("read the data directory's version: %w", err)
	}
	return major, nil
}
