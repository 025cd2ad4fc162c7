package oneroster

import (
	"archive/zip"
	"bytes"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
)

// export is what a student information system writes: the text of each file.
type export map[string]string

// example12 is a district of two schools and a department, with four who work there and a student.
func example12() export {
	return export{
		"manifest.csv": "propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\nfile.orgs,bulk\nfile.users,bulk\nfile.roles,bulk\nfile.classes,absent\n",
		"orgs.csv": "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n" +
			"d,,,Example District,district,,\n" +
			"n,,,North School,school,0100,d\n" +
			"s,,,\"South School, upper\",school,0200,d\n" +
			"m,,,Mathematics,department,,s\n",
		"users.csv": "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email\n" +
			"u1,,,true,one,{HR:77},Person,One,,E1,one@example.org\n" +
			"u2,,,true,two,,Person,Two,,E2,\n" +
			"u3,,,false,three,,Person,Three,,E3,three@example.org\n" +
			"u4,,,true,four,,Person,Four,,E4,four@example.org\n" +
			"u9,,,true,nine,,Pupil,Nine,,P9,nine@example.org\n",
		"roles.csv": "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId\n" +
			"r1,,,u1,primary,teacher,2020-08-25,,n,\n" +
			"r2,,,u2,primary,principal,,,s,\n" +
			"r3,,,u3,primary,aide,,2026-06-20,n,\n" +
			"r4,,,u4,primary,counselor,,,m,\n" +
			"r5,,,u4,secondary,districtAdministrator,,,d,\n" +
			"r9,,,u9,primary,student,,,n,\n",
	}
}

func example11() export {
	return export{
		"manifest.csv": "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\nfile.orgs,bulk\nfile.users,bulk\n",
		"orgs.csv":     example12()["orgs.csv"],
		"users.csv": "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,identifier,email\n" +
			"u1,active,,true,\"n, s\",teacher,one,,Person,One,,E1,one@example.org\n" +
			"u2,active,,true,d,administrator,two,,Person,Two,,E2,\n" +
			"u9,active,,true,n,student,nine,,Pupil,Nine,,P9,\n",
	}
}

// zip packs the files, in the order of their names.
func (e export) zip(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, name := range slices.Sorted(maps.Keys(e)) {
		f, err := w.Create(name)
		if err == nil {
			_, err = f.Write([]byte(e[name]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// with is the export with a text put in place of another, which must be there.
func (e export) with(t testing.TB, file, old, replacement string) export {
	t.Helper()
	if !strings.Contains(e[file], old) {
		t.Fatalf("%s has no %q", file, old)
	}
	out := maps.Clone(e)
	out[file] = strings.Replace(e[file], old, replacement, 1)
	return out
}

func readBytes(b []byte, opts ReadOptions) (*Roster, error) {
	return Read(bytes.NewReader(b), int64(len(b)), opts)
}

func mustRead(t testing.TB, e export, opts ReadOptions) *Roster {
	t.Helper()
	roster, err := readBytes(e.zip(t), opts)
	if err != nil {
		t.Fatal(err)
	}
	return roster
}

// faultsOf are the faults of an export that has to have some.
func faultsOf(t testing.TB, roster *Roster, err error) *Faults {
	t.Helper()
	var faults *Faults
	if roster != nil || !errors.As(err, &faults) {
		t.Fatalf("got %v, %v; want faults", roster, err)
	}
	return faults
}
