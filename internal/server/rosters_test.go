package server_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"fmt"
	"testing"
)

// rosterOf is a roster with one school, which is new to every district and where all work whom a world employs: they would move
// there.
func rosterOf(t testing.TB) string {
	t.Helper()
	return rosterWith(t, "Given,Of educator,,E1,", "Given,Of otherEducator,,E2,", "Given,Of colleague,,E3,", "Given,Of facilitator,,E4,")
}

// rosterWith is a roster with one school, where all of the users work: each as the last columns of users.csv.
func rosterWith(t testing.TB, users ...string) string {
	t.Helper()
	people, roles := "", ""
	for i, user := range users {
		people += fmt.Sprintf("u%d,,,true,user%d,,%s\n", i, i, user)
		roles += fmt.Sprintf("r%d,,,u%d,primary,teacher,,,n,\n", i, i)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for name, content := range map[string]string{
		"manifest.csv": "propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\nfile.orgs,bulk\nfile.users,bulk\nfile.roles,bulk\n",
		"orgs.csv":     "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\nd,,,A district,district,,\nn,,,North School,school,0100,d\n",
		"users.csv":    "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email\n" + people,
		"roles.csv":    "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId\n" + roles,
	} {
		entry, err := w.Create(name)
		must(t, err)
		_, err = entry.Write([]byte(content))
		must(t, err)
	}
	must(t, w.Close())
	return base64.StdEncoding.EncodeToString(out.Bytes())
}
