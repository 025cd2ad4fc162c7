package oneroster

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

const (
	manifestFile = "manifest.csv"
	orgsFile     = "orgs.csv"
	usersFile    = "users.csv"
	rolesFile    = "roles.csv"

	version11, version12 = "1.1", "1.2"

	toBeDeleted = "tobedeleted"
	extension   = "ext:"

	manifestRows = 1000

	idLength = 256 // of a sourcedId, by OneRoster a GUID of at most 255 characters, and of words
)

// reader reads one export.
type reader struct {
	limits Limits
	opts   ReadOptions
	source *source
	files  map[string]*zip.File
	room   uint64 // how many bytes other files may have, unpacked
	faults *faultList
	roster *Roster
	orgs   map[string]*org
	// allOrgs is set when every organization's id is known, so that it can be told of another one that it is not there.
	allOrgs bool
	// lost is set when the file at hand has a row without a sourcedId of its own, or was not read to the end, so that not all ids
	// are known.
	lost bool
	// roles are those of staff, by the user's sourcedId; roleUsers has the users in the order of the file.
	roles     map[string][]roleRow
	roleUsers []string
	roleCount int
	// numbers has where an employee number was seen first.
	numbers map[string]int
}

// Read reads an export from a ZIP of so many bytes. It streams: what it holds in memory is the schools and the staff, and a
// digest for each id, up to the limits. An export that is wrong gives a *Faults with everything that is, up to a limit; any
// other error is one of the reader, or of the options.
func Read(in io.ReaderAt, size int64, opts ReadOptions) (*Roster, error) {
	opts.EmployeeNumber = either(opts.EmployeeNumber, "identifier")
	opts.SchoolCode = either(opts.SchoolCode, "identifier")
	if kind, ok := strings.CutPrefix(opts.EmployeeNumber, userIDs); opts.EmployeeNumber != "identifier" && opts.EmployeeNumber != "sourcedId" && (!ok || kind == "") {
		return nil, fmt.Errorf("employee numbers in %q: want identifier, sourcedId or userIds:TYPE", opts.EmployeeNumber)
	}
	if opts.SchoolCode != "identifier" && opts.SchoolCode != "sourcedId" {
		return nil, fmt.Errorf("codes of schools in %q: want identifier or sourcedId", opts.SchoolCode)
	}
	limits := opts.Limits.withDefaults()
	r := &reader{
		limits: limits, opts: opts, room: uint64(limits.UnpackedBytes), files: map[string]*zip.File{}, faults: &faultList{most: limits.Faults}, roster: &Roster{},
		orgs: map[string]*org{}, roles: map[string][]roleRow{}, numbers: map[string]int{},
	}
	if err := r.open(in, size); err != nil {
		return nil, err
	}
	if r.faults.Total > 0 {
		return nil, &r.faults.Faults
	}
	// What is not known because of faults in a file is not missed in those after it; which files there are, the manifest says.
	for _, step := range []func() error{r.readManifest, r.readOrgs, r.readRoles, r.readUsers} {
		if err := step(); errors.Is(err, errStop) {
			break
		} else if err != nil {
			return nil, err
		}
	}
	if r.faults.Total > 0 {
		return nil, &r.faults.Faults
	}
	slices.SortFunc(r.roster.Schools, func(a, b RosterSchool) int { return strings.Compare(a.Code, b.Code) })
	slices.SortFunc(r.roster.Staff, func(a, b Staff) int { return strings.Compare(a.EmployeeNumber, b.EmployeeNumber) })
	return r.roster, nil
}

// readManifest sees to it that the files are there, whole, and of a version that is known.
func (r *reader) readManifest() error {
	at := Source{File: manifestFile}
	if r.files[manifestFile] == nil {
		r.faults.add(Fault{Reason: BadManifest, Source: at, Got: "no such file", Want: "manifest.csv at the top of the ZIP"})
		return errStop
	}
	modes, version := map[string]string{}, ""
	err := r.each(manifestFile, manifestRows, []string{"propertyName", "value"}, func(t *table) {
		name := t.must("propertyName", idLength)
		value := t.get("value", idLength)
		if _, twice := modes[name]; twice {
			t.refuse(Duplicate, "propertyName", name, "each property once")
		}
		if t.over {
			r.lost = true
			return
		}
		modes[name] = value
		switch {
		case name == "oneroster.version":
			if version = value; version != version11 && version != version12 {
				t.refuse(BadManifest, "value", value, "1.2 or 1.1")
			}
		case name == "manifest.version" && value != "1.0":
			t.refuse(BadManifest, "value", value, "1.0")
		}
	})
	if err != nil {
		return err
	}
	if modes["oneroster.version"] == "" && !r.lost {
		r.faults.add(Fault{Reason: BadManifest, Source: at, Got: "no oneroster.version", Want: "one, 1.2 or 1.1"})
	}
	needed := []string{orgsFile, usersFile, rolesFile}
	if version == version11 {
		needed = needed[:2]
		if r.files[rolesFile] != nil {
			r.roster.Remarks = append(r.roster.Remarks, Remark{rolesFile, "not read: OneRoster 1.1 has roles in users.csv"})
		}
	}
	for _, file := range needed {
		property := "file." + strings.TrimSuffix(file, ".csv")
		if mode, told := modes[property]; mode != "bulk" && (told || !r.lost) {
			r.faults.add(Fault{Reason: BadManifest, Source: at, Column: property, Got: quoted(mode), Want: "bulk: all rows, not the changes"})
		}
		if r.files[file] == nil {
			r.faults.add(Fault{Reason: BadManifest, Source: Source{File: file}, Got: "no such file that can be read", Want: "it at the top of the ZIP"})
		}
	}
	if r.faults.Total > 0 {
		return errStop
	}
	r.roster.Version = version
	return nil
}
