// Package oneroster reads the roster that a district's student information system exports, and plans what it changes.
//
// The format is 1EdTech's OneRoster 1.2 CSV binding (rostering, bulk mode), or 1.1: a ZIP of manifest.csv, orgs.csv, users.csv
// and, since 1.2, roles.csv. Of these only schools and staff are taken. Rows of students and their families are counted, and
// nothing of them is kept; all other files of the ZIP are not opened.
package oneroster

// Roster is a district's schools and staff as an export tells them. It is whole: an export with a fault gives none.
type Roster struct {
	// Version is the version of OneRoster: 1.1 or 1.2.
	Version string
	// Schools are those that are not to be deleted, by code.
	Schools []RosterSchool
	// Staff are the users with a staff role, by employee number. No two have the same number.
	Staff []Staff
	// Ignored counts what was read over.
	Ignored Ignored
	// Remarks tell what was not read, and why; nothing needs to be done about them.
	Remarks []Remark
}

// RosterSchool is an organization of type school.
type RosterSchool struct {
	// Code is what the district calls the school by. Example: 0421.
	Code string
	// Name is its name.
	Name string
	// Source is where it stands.
	Source Source
}

// Staff is a user with a staff role.
type Staff struct {
	// EmployeeNumber is the number by which the district knows the person.
	EmployeeNumber string
	// GivenName and FamilyName are the person's name.
	GivenName, FamilyName string
	// Email is the address that the district lists, or empty.
	Email string
	// Active is false for users who are disabled or to be deleted.
	Active bool
	// Roles are what they do, and where, within the district.
	Roles []Role
	// Source is the user's row.
	Source Source
}

// Role is what somebody does at a school or for the district.
type Role struct {
	// School is a school's code; empty for the whole district.
	School string
	// Name is the role's name in OneRoster. Example: teacher.
	Name string
	// Begin and End are the first and the last day, each empty when the roster does not tell.
	Begin, End Date
	// Source is the role's row.
	Source Source
}

// Source is a row of the export.
type Source struct {
	// File is a file of the ZIP. Example: users.csv.
	File string
	// Line is where the row begins; the header is line 1. Zero when it is not about one row.
	Line int
}

// Ignored counts rows that were read over.
type Ignored struct {
	// Users are users without a staff role: students and families.
	Users int
	// Roles are roles of students and families.
	Roles int
	// Extended are roles named by the district itself (ext:…) that ReadOptions.StaffRoles does not list.
	Extended int
	// Deleted are roles that are to be deleted, or at organizations that are.
	Deleted int
	// Elsewhere are schools and staff roles outside the district.
	Elsewhere int
	// Unnumbered are staff without an employee number who are gone, or where ReadOptions.SkipUnnumbered allows it.
	Unnumbered int
	// Superseded are disabled or deleted users whose number another user has now.
	Superseded int
}

// Remark tells what was not read.
type Remark struct {
	// File is a file of the ZIP.
	File string
	// Text says why.
	Text string
}

// Limits bound what reading a roster may cost. A limit that is zero is the one of DefaultLimits.
//
// Of a roster past one of the first two nothing is read. One that is past another limit is read to its end for faults, and of what
// comes after the limit nothing is kept: not even ids, so that faults that would need them are not told.
type Limits struct {
	// ArchiveBytes is how long the ZIP may be.
	ArchiveBytes int64
	// UnpackedBytes is how long the files may be that are read of it, together.
	UnpackedBytes int64
	// FileBytes is how long one of them may be.
	FileBytes int64
	// Rows is how many rows a file may have.
	Rows int
	// Orgs is how many rows orgs.csv may have.
	Orgs int
	// StaffRoles is how many roles of staff there may be.
	StaffRoles int
	// FieldBytes is how long a field may be.
	FieldBytes int
	// Faults is how many faults are listed. All are counted.
	Faults int
}

// DefaultLimits are ample for the largest district of the United States.
var DefaultLimits = Limits{
	ArchiveBytes: 4 << 30, UnpackedBytes: 16 << 30, FileBytes: 512 << 20, Rows: 2_000_000, Orgs: 20_000, StaffRoles: 400_000, FieldBytes: 8 << 10, Faults: 100,
}

func (l Limits) withDefaults() Limits {
	d := DefaultLimits
	return Limits{
		ArchiveBytes: either(l.ArchiveBytes, d.ArchiveBytes), UnpackedBytes: either(l.UnpackedBytes, d.UnpackedBytes), FileBytes: either(l.FileBytes, d.FileBytes),
		Rows: either(l.Rows, d.Rows), Orgs: either(l.Orgs, d.Orgs), StaffRoles: either(l.StaffRoles, d.StaffRoles), FieldBytes: either(l.FieldBytes, d.FieldBytes),
		Faults: either(l.Faults, d.Faults),
	}
}

func either[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}

// ReadOptions say how a district fills in its roster.
type ReadOptions struct {
	// Limits bound what reading costs.
	Limits Limits
	// EmployeeNumber is the column of users.csv with the employee number: identifier (when empty), sourcedId, or userIds:TYPE
	// for the id of that type in userIds. Example: userIds:HR.
	EmployeeNumber string
	// SchoolCode is the column of orgs.csv with the school's code: identifier (when empty) or sourcedId.
	SchoolCode string
	// District is the sourcedId of the district, needed where orgs.csv lists several.
	District string
	// StaffRoles are the roles of the district's own (ext:…) that are staff. Example: ext:instructionalCoach.
	StaffRoles []string
	// SkipUnnumbered reads over staff without an employee number. Otherwise that is a fault: with the number blanked, somebody
	// would seem to have left.
	SkipUnnumbered bool
}
