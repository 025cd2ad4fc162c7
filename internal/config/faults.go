package config

import (
	"fmt"
	"strings"
)

// Fault is one thing that is wrong with the settings.
type Fault struct {
	// Name is the setting, or a name that is none.
	Name string
	// Source is where the value came from: --rest-address, BTLC_REST_ADDRESS, line 3 of /etc/btlc.yaml.
	Source string
	// Got is the value, unless it is secret.
	Got string
	// Want says what would be right.
	Want string
}

func (f Fault) String() string {
	return fmt.Sprintf("%s: got %s from %s, want %s", f.Name, f.Got, f.Source, f.Want)
}

// Faults is the error of wrong settings: all of them.
type Faults []Fault

func (f Faults) Error() string {
	lines := []string{fmt.Sprintf("%d settings are wrong:", len(f))}
	if len(f) == 1 {
		lines[0] = "1 setting is wrong:"
	}
	for _, fault := range f {
		lines = append(lines, "  "+fault.String())
	}
	return strings.Join(lines, "\n")
}

// quoted is a value as a fault shows it.
func (s *setting) quoted(text string) string {
	const most = 80
	switch {
	case s.secret:
		return "a value that is not shown"
	case len(text) > most:
		return fmt.Sprintf("%.80q…", text)
	}
	return fmt.Sprintf("%q", text)
}

// Nearest is the name that is most like a misspelt one.
func Nearest(name string, names []string) string {
	best, least := "", -1
	for _, candidate := range names {
		if d := distance(strings.ToLower(name), strings.ToLower(candidate)); least < 0 || d < least {
			best, least = candidate, d
		}
	}
	return best
}

// distance is how many letters must be put in, left out or changed to make one word the other.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
