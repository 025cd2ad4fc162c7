package drop

import (
	"path"
	"regexp"
	"strings"
	"time"
)

// What stands beside the files of a name.
const (
	// ManifestSuffix is that of the file that says which one is the latest: "roster.csv.latest.json".
	ManifestSuffix = ".latest.json"
	// ChecksumSuffix is that of a file's checksum, in the format of sha256sum: "roster-20260901T040000Z-6f1c02ab.csv.sha256".
	ChecksumSuffix = ".sha256"

	// draftSuffix, after a leading dot, is that of what is still being written.
	draftSuffix = ".part"

	stampLayout = "20060102T150405Z"
	tokenBytes  = 4
)

var validName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)

// series is all that is dropped under one name: dated files, their checksums, and the manifest.
type series struct {
	name, stem, extension string
	// whole and drafted match what belongs to a dated file, and find the file and its time in it.
	whole, drafted *regexp.Regexp
}

// newSeries takes a name of letters, digits, dots, dashes and underscores, which no folder can be climbed with, and none
// that could be taken for what stands beside a file. The error is ErrName.
func newSeries(name string) (series, error) {
	if !validName.MatchString(name) {
		return series{}, ErrName
	}
	for _, suffix := range []string{ManifestSuffix, ChecksumSuffix, draftSuffix} {
		if strings.HasSuffix(name, suffix) {
			return series{}, ErrName
		}
	}
	// From the first dot on, so that "roster.csv.gz" stays a compressed CSV file.
	stem, extension, dotted := strings.Cut(name, ".")
	if dotted {
		extension = "." + extension
	}
	file := `(` + regexp.QuoteMeta(stem) + `-([0-9]{8}T[0-9]{6}Z)-[0-9a-f]{8}` + regexp.QuoteMeta(extension) + `)`
	return series{
		name: name, stem: stem, extension: extension,
		whole:   regexp.MustCompile(`^` + file + `(\.sha256)?$`),
		drafted: regexp.MustCompile(`^\.` + file + `(\.sha256|\.latest\.json)?\.part$`),
	}, nil
}

func (s series) manifest() string { return s.name + ManifestSuffix }

// prefix is what every dated file begins with.
func (s series) prefix() string { return s.stem + "-" }

// file is the name of the file of a time. The token, of eight hexadecimal digits, tells apart those of one second.
func (s series) file(at time.Time, token string) string {
	return s.prefix() + at.UTC().Format(stampLayout) + "-" + token + s.extension
}

// draft is where a file, or what belongs to it, is written until it is whole.
func draft(name string) string { return "." + name + draftSuffix }

// owner tells which dated file an entry of the folder is, or belongs to, and of when that is. What is of another series,
// or not of this package at all, is not ours to delete.
func (s series) owner(entry string) (file string, at time.Time, ok bool) {
	found := s.whole.FindStringSubmatch(entry)
	if found == nil {
		found = s.drafted.FindStringSubmatch(entry)
	}
	if found == nil {
		return "", time.Time{}, false
	}
	at, err := time.Parse(stampLayout, found[2])
	return found[1], at, err == nil
}

// isFile tells whether a name is that of a dated file itself.
func (s series) isFile(name string) bool {
	file, _, ok := s.owner(name)
	return ok && file == name
}

// cleanPath is an absolute path of slashes as it stands in a URL, without its last slash.
func cleanPath(text string) (string, error) {
	if text == "" {
		return "/", nil
	}
	trimmed := strings.TrimSuffix(text, "/")
	if trimmed == "" {
		return "/", nil
	}
	if path.Clean(trimmed) != trimmed || !path.IsAbs(trimmed) || strings.ContainsFunc(trimmed, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }) {
		return "", ErrURL
	}
	return trimmed, nil
}
