package drops

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fingerprint is the form of a host key in a URL.
const fingerprint = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

func written(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRead(t *testing.T) {
	secret := written(t, "secret\n")
	path := written(t, strings.ReplaceAll(`# what others fetch
- name: bps-credentials
  district: districts/bps
  at: "02:00"
  target: file:///srv/drops/bps
- {name: ncs, district: districts/ncs, at: 23:30, form: ndjson, keep: 30, target: "sftp://ncs@sftp.example.org/in?host-key=`+fingerprint+`", privateKeyFile: SECRET, passphraseFile: SECRET}
- {name: known, district: districts/ncs, at: 00:00, target: "sftp://ncs@sftp.example.org/in", passwordFile: SECRET, knownHostsFile: SECRET}
- {name: store, district: districts/ncs, at: 00:00, target: "s3://bucket/in", accessKeyIdFile: SECRET, secretAccessKeyFile: SECRET, sessionTokenFile: SECRET, rootCAsFile: SECRET}
`, "SECRET", secret))
	got, faults := Read(path, Reach{Root: "/srv/drops"})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	want := []Drop{
		{Name: "bps-credentials", District: "districts/bps", At: 120, Form: CSV, Target: "file:///srv/drops/bps"},
		{Name: "ncs", District: "districts/ncs", At: 23*60 + 30, Form: NDJSON, Keep: 30, Target: "sftp://ncs@sftp.example.org/in?host-key=" + fingerprint, PrivateKeyFile: secret, PassphraseFile: secret},
		{Name: "known", District: "districts/ncs", Form: CSV, Target: "sftp://ncs@sftp.example.org/in", PasswordFile: secret, KnownHostsFile: secret},
		{Name: "store", District: "districts/ncs", Form: CSV, Target: "s3://bucket/in", AccessKeyIDFile: secret, SecretAccessKeyFile: secret, SessionTokenFile: secret, RootCAsFile: secret},
	}
	if len(got) != len(want) {
		t.Fatalf("got %+v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("got %+v, want %+v", got[i], want[i])
		}
	}
	if file, who := got[1].File(), got[1].Principal(); file != "ncs.ndjson" || who != "drops/ncs" {
		t.Errorf("the file is %s, who exports %s", file, who)
	}
}

// TestReadTellsAllFaults has each fault in a line of its own, and one that says so.
func TestReadTellsAllFaults(t *testing.T) {
	secret := written(t, "verysecret")
	lines := []struct{ line, want string }{
		{"- name: Bad Name", `name: got "Bad Name", want lower-case letters, digits and dashes, such as bps-credentials`},
		{"  district: bps", `district: got "bps", want a district's name`},
		{"  at: 2am", `at: got "2am", want a time of the day`},
		{"  form: xml", `form: got "xml", want csv or ndjson`},
		{"  target: sftp://u:verysecret@h/in", "target: got a value that is not shown, want a URL without a password"},
		{"  keep: 0", `keep: got "0", want a whole number from 1 to 1000`},
		{"  password: verysecret", "password: got a key that is none, want one of name, "},
		{"  passwordFile: verysecret", "passwordFile: got a value that is not shown, want the absolute path"},
		{"  privateKeyFile: /no/such/verysecret", "privateKeyFile: got a value that is not shown, want a file that can be read"},
		{"  keep: 3", "keep: got the key a second time, want it once"},
		{"  accessKeyIdFile: [a, b]", "accessKeyIdFile: got no single value, want one value"},
		{"- {name: empty, keep: 3}", "empty.district: got nothing, want a value|empty.at: got nothing|empty.target: got nothing"},
		{"- {name: folder, district: districts/bps, at: 02:00, target: file:///srv/drops, passwordFile: " + secret + "}", "folder.passwordFile: got a file, want none for a target of file://|folder.target: got file://, want the setting drop-root"},
		{"- {name: server, district: districts/bps, at: 02:00, target: sftp://u@h/in}", "server.target: got sftp://, want privateKeyFile or passwordFile|server.target: got sftp://, want ?host-key="},
		{"- {name: store, district: districts/bps, at: 02:00, target: s3://bucket/in, accessKeyIdFile: " + secret + "}", "store.target: got s3://, want secretAccessKeyFile"},
		{"- {name: server, district: districts/bps, at: 02:00, target: http://h/in}", `server.target: got a value that is not shown, want file:///folder|server.name: got "server", want another name than that in line 14`},
		{"- some text", ": got no mapping, want a drop"},
	}
	var content strings.Builder
	want := map[string]bool{}
	for i, l := range lines {
		content.WriteString(l.line + "\n")
		for each := range strings.SplitSeq(l.want, "|") {
			want[fmt.Sprintf("%d %s", i+1, each)] = true
		}
	}
	drops, faults := Read(written(t, content.String()), Reach{})
	if drops != nil {
		t.Errorf("there are drops nevertheless: %+v", drops)
	}
	for _, f := range faults {
		said := fmt.Sprintf("%d %s: got %s, want %s", f.Line, f.Key, f.Got, f.Want)
		found := false
		for w := range want {
			if strings.HasPrefix(said, w) {
				delete(want, w)
				found = true
				break
			}
		}
		if !found || strings.Contains(said, "verysecret") {
			t.Errorf("unexpected: %s", said)
		}
	}
	if len(want) > 0 {
		t.Errorf("not told: %v", want)
	}
}

func TestReadOfNoDrops(t *testing.T) {
	for _, c := range []struct{ path, want string }{
		{written(t, "# none yet\n"), ""}, {written(t, "[]\n"), ""}, {filepath.Join(t.TempDir(), "nothing"), "a file that can be read"},
		{written(t, "a: b\n"), "a YAML list"}, {written(t, "- a: [\n"), "a YAML file"}, {written(t, "[]\n---\n[]\n"), "one YAML document"},
	} {
		drops, faults := Read(c.path, Reach{})
		if len(drops) > 0 || c.want == "" != (len(faults) == 0) || c.want != "" && !strings.Contains(faults[0].Want, c.want) {
			t.Errorf("%s: got %+v, %+v", c.want, drops, faults)
		}
	}
}
