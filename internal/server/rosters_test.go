package server_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"testing"
)

// rosterOf is a roster with one school, which is new to every district and where all work whom a world employs: they would move
// there.
func rosterOf(t testing.TB) string {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for name, content := range map[string]string{
		"manifest.csv": "propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\nfile.orgs,bulk\nfile.users,bulk\nfile.roles,bulk\n",
		"orgs.csv":     "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\nd,,,A district,district,,\nn,,,North School,school,0100,d\n",
		"users.csv": "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email\n" +
			"u1,,,true,one,,Given,Of educator,,E1,\nu2,,,true,two,,Given,Of otherEducator,,E2,\nu3,,,true,three,,Given,Of colleague,,E3,\nu4,,,true,four,,Given,Of facilitator,,E4,\n",
		"roles.csv": "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId\n" +
			"r1,,,u1,primary,teacher,,,n,\nr2,,,u2,primary,teacher,,,n,\nr3,,,u3,primary,teacher,,,n,\nr4,,,u4,primary,teacher,,,n,\n",
	} {
		entry, err := w.Create(name)
		must(t, err)
		_, err = entry.Write([]byte(content))
		must(t, err)
	}
	must(t, w.Close())
	return base64.StdEncoding.EncodeToString(out.Bytes())
}
