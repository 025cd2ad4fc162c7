package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
)

// load reads settings from arguments, environment and the text of a file.
func load(t *testing.T, arguments, environ []string, file string) (*Config, error) {
	t.Helper()
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	AddFlags(flags)
	if file != "" {
		path := filepath.Join(t.TempDir(), "btlc.yaml")
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		arguments = append(arguments, "--config", path)
	}
	if err := flags.Parse(arguments); err != nil {
		t.Fatal(err)
	}
	return Load(flags, append([]string{"HOME=/home/somebody", "PATH=/bin"}, environ...))
}

func TestDefaults(t *testing.T) {
	c, err := load(t, nil, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	if c.RESTAddress != "127.0.0.1:8080" || c.GRPCAddress != "127.0.0.1:9090" || c.MetricsAddress != "127.0.0.1:9464" || c.MaxConnections != 20 ||
		!c.MigrateOnStart || !c.AssumeRole || c.Demo || c.IssuerName != "Boston Teacher Leadership Certificate" || c.Zone.String() != "America/New_York" ||
		c.RequestTimeout != 30*time.Second || c.ShutdownGrace != 20*time.Second || c.RequestsPerSecond != 500 || c.LogLevel != slog.LevelInfo || c.LogFormat != "json" {
		t.Errorf("got %+v", c)
	}
	if c.DatabaseURL != "" || c.MigrateDatabaseURL != "" || c.PublicURL != "" || c.OTLPEndpoint != "" || c.OIDCIssuers != nil || c.CORSOrigins != nil || c.VerifyHosts != nil || c.PostgresBin != "" {
		t.Errorf("got %+v, want these empty", c)
	}
	if got := c.Base(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4321}); got != "http://127.0.0.1:4321" {
		t.Errorf("base: got %s", got)
	}
}

// TestExamples holds every example to be taken by flag, environment and file alike, and each place to win over the next.
func TestExamples(t *testing.T) {
	standard, err := load(t, nil, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range settings {
		t.Run(s.name, func(t *testing.T) {
			example := s.example
			switch s.name {
			case "postgres-bin", "drop-root":
				example = t.TempDir()
			case "file-drops":
				example = filepath.Join(t.TempDir(), "drops.yaml")
				if err := os.WriteFile(example, []byte("# none yet\n"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			other := s.fallback
			if other == "" {
				other = example
			}
			// What the examples of these need beside them.
			var beside []string
			for name, value := range map[string]string{"public-url": "https://btlc.example.org", "database-url": "postgres://h/d", "migrate-database-url": "postgres://h/d"} {
				if name != s.name {
					beside = append(beside, envName(name)+"="+value)
				}
			}
			inEnv, inFile := envName(s.name)+"=", fmt.Sprintf("%s: %q\n", fileKey(s.name), example)
			for place, got := range map[string]struct {
				arguments, environ []string
				file, source       string
			}{
				"flag":                      {arguments: []string{"--" + s.name + "=" + example}, environ: beside, source: "--" + s.name},
				"environment":               {environ: append(beside, inEnv+example), source: envName(s.name)},
				"file":                      {environ: beside, file: inFile, source: "line 1 of "},
				"flag over environment":     {arguments: []string{"--" + s.name + "=" + example}, environ: append(beside, inEnv+other), source: "--" + s.name},
				"environment over the file": {environ: append(beside, inEnv+example), file: fmt.Sprintf("%s: %q\n", fileKey(s.name), other), source: envName(s.name)},
			} {
				c, err := load(t, got.arguments, got.environ, got.file)
				if err != nil {
					t.Errorf("%s: %v", place, err)
					continue
				}
				if u := c.used[i]; u.shown != s.shown(example) || !strings.HasPrefix(u.source, got.source) {
					t.Errorf("%s: got %q from %s, want %q from %s", place, u.shown, u.source, example, got.source)
				}
				if s.fallback != "" && fmt.Sprintf("%+v", withoutUsed(c)) == fmt.Sprintf("%+v", withoutUsed(standard)) {
					t.Errorf("%s: changes nothing", place)
				}
			}
		})
	}
}

func withoutUsed(c *Config) Config {
	bare := *c
	bare.used = nil
	return bare
}

func TestAllFaultsAtOnce(t *testing.T) {
	_, err := load(t,
		[]string{"--rest-address=here", "--max-connections", "3", "--demo=maybe", "--metrics-address=127.0.0.1:9090"},
		[]string{"BTLC_REQUEST_TIMEOUT=5", "BTLC_DATABASE_URL=postgres://u:pa%ss@h/d", "BTLC_REST_ADRESS=127.0.0.1:1", "BTLC_OIDC_ISSUERS=https://a=b,http://c.example.org=d",
			"BTLC_URL=http://x", "BTLC_STAFF_KEY=k", "BTLC_TEST_DATABASE_URL=x"},
		"logLevel: loud\ngrpcAddr: 9090\nzone: Boston\nrestAddress: 127.0.0.1:1\nrestAddress: 127.0.0.1:2\nissuerName:\ncorsOrigins: [https://a.example.org, '*']\nlogFormat: {a: b}\n")
	var faults Faults
	if !errors.As(err, &faults) {
		t.Fatalf("got %v", err)
	}
	want := map[string]string{ // what each has to say
		"rest-address":        "a host and a port",
		"max-connections":     "from 4 to 1000",
		"demo":                "true or false",
		"metrics-address":     "another address than grpc-address",
		"request-timeout":     "such as 30s",
		"database-url":        "percent-encoded",
		"BTLC_REST_ADRESS":    "BTLC_REST_ADDRESS",
		"oidc-issuers":        "https://issuer=audience",
		"log-level":           "debug, info, warn or error",
		"grpcAddr":            "grpcAddress",
		"zone":                "America/New_York",
		"issuer-name":         "one value",
		"cors-origins":        "https://app.example.org",
		"log-format":          "one value",
		"rest-address (file)": "it once",
	}
	for _, f := range faults {
		name := f.Name
		if name == "rest-address" && f.Want == "it once" {
			name += " (file)"
		}
		if !strings.Contains(f.Want, want[name]) || want[name] == "" {
			t.Errorf("unexpected: %s", f)
		}
		delete(want, name)
	}
	if len(want) > 0 {
		t.Errorf("not reported: %v\nin: %v", want, err)
	}
	if strings.Contains(err.Error(), "pa%ss") {
		t.Errorf("shows the password: %v", err)
	}
	for _, source := range []string{"from --rest-address,", "from BTLC_REQUEST_TIMEOUT,", "from line 1 of "} {
		if !strings.Contains(err.Error(), source) {
			t.Errorf("does not say %q: %v", source, err)
		}
	}
}

func TestWrongValues(t *testing.T) {
	for _, c := range []struct{ name, value string }{
		{"rest-address", ""}, {"rest-address", "127.0.0.1"}, {"rest-address", "a b:1"}, {"grpc-address", "h:65536"}, {"grpc-address", "http://h:1"}, {"metrics-address", ":"},
		{"public-url", "btlc.example.org"}, {"public-url", "http://btlc.example.org"}, {"public-url", "https://h/?q"}, {"public-url", "https://u@h"},
		{"data-dir", ""}, {"postgres-bin", "/no/such/directory"}, {"max-connections", "many"}, {"max-connections", "1001"},
		{"migrate-on-start", "yes"}, {"issuer-name", " "}, {"oidc-issuers", "https://h"}, {"oidc-issuers", "https://h="}, {"oidc-issuers", "https://h=a,https://h=b"}, {"oidc-issuers", "https://h=a,"},
		{"cors-origins", "app.example.org"}, {"cors-origins", "https://h/path"}, {"cors-origins", "http://app.example.org"}, {"verify-hosts", "*.example.org"}, {"verify-hosts", "https://badges.example.org/path"}, {"verify-hosts", "http://badges.example.org"}, {"zone", ""}, {"zone", "Local"},
		{"request-timeout", "0s"}, {"request-timeout", "2h"}, {"shutdown-grace", "-1s"}, {"requests-per-second", "-1"}, {"requests-per-second", "1.5"},
		{"log-level", "INFO"}, {"log-level", "info+1"}, {"log-format", ""}, {"otlp-endpoint", "127.0.0.1:4317"}, {"otlp-endpoint", "grpc://h:1"},
		{"database-url", "host=h port"}, {"migrate-database-url", "postgres://h/d"}, {"rest-address", "0.0.0.0:8080"},
		{"assume-role", "no"}, {"assume-role", "false"},
	} {
		_, err := load(t, []string{"--" + c.name + "=" + c.value}, nil, "")
		var faults Faults
		if !errors.As(err, &faults) || len(faults) != 1 {
			t.Errorf("%s=%q: got %v, want one fault", c.name, c.value, err)
		}
	}
}

// Whoever logs in as a member of the server's role cannot migrate.
func TestMigratingWithoutTheOwner(t *testing.T) {
	member := []string{"--database-url=postgres://h/d", "--assume-role=false"}
	for arguments, faults := range map[string]int{"": 1, "--migrate-on-start=false": 0, "--migrate-database-url=postgres://owner@h/d": 0, "--assume-role=true": 0} {
		var more []string
		if arguments != "" {
			more = []string{arguments}
		}
		_, err := load(t, append(slices.Clone(member), more...), nil, "")
		if got, _ := errors.AsType[Faults](err); len(got) != faults || faults > 0 && got[0].Name != "migrate-database-url" {
			t.Errorf("%q: got %v, want %d faults", arguments, err, faults)
		}
	}
}

// TestNeeds holds a command to miss nothing that it has no flag for, and to refuse wrong values all the same.
func TestNeeds(t *testing.T) {
	environ := []string{"BTLC_REST_ADDRESS=0.0.0.0:8080"} // which needs a public URL, and there is no home for data
	for _, c := range []struct {
		flags, environ []string
		faults         int
	}{
		{flags: []string{"rest-address"}, environ: environ},
		{flags: []string{"rest-address"}, environ: append(environ, "BTLC_ZONE=Boston"), faults: 1},
		{flags: []string{"rest-address", "public-url"}, environ: environ, faults: 1},
		{flags: []string{"data-dir"}, environ: []string{"BTLC_DATA_DIR="}, faults: 1},
	} {
		flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
		AddFlags(flags, c.flags...)
		_, err := Load(flags, c.environ)
		if faults, _ := errors.AsType[Faults](err); len(faults) != c.faults {
			t.Errorf("%v %v: got %v, want %d faults", c.flags, c.environ, err, c.faults)
		}
	}
}

func TestFiles(t *testing.T) {
	for name, c := range map[string]struct {
		file, want string
	}{
		"comments alone":         {"# nothing\n", ""},
		"lists":                  {"corsOrigins: [https://a.example.org, https://b.example.org]\noidcIssuers:\n  - https://login.example.org=btlc\n", ""},
		"numbers":                {"maxConnections: 30\nshutdownGrace: 5s\ndemo: true\n", ""},
		"empty value":            {"metricsAddress: \"\"\n", ""},
		"not YAML":               {"restAddress: [\n", "a YAML file"},
		"a list":                 {"- restAddress\n", "lines such as"},
		"two documents":          {"demo: true\n---\ndemo: false\n", "one YAML document"},
		"names with dashes":      {"rest-address: 127.0.0.1:1\n", "restAddress"},
		"secret of a wrong kind": {"databaseUrl: {password: verysecret}\n", "one value"},
	} {
		_, err := load(t, nil, nil, c.file)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "verysecret") {
			t.Errorf("%s: shows the secret: %v", name, err)
		}
	}
	if _, err := load(t, nil, []string{"BTLC_CONFIG=/no/such/file"}, ""); err == nil || !strings.Contains(err.Error(), "from BTLC_CONFIG") {
		t.Errorf("got %v, want a fault of BTLC_CONFIG", err)
	}
}

func TestSecretsAreNotShown(t *testing.T) {
	const secret = "verysecret"
	url := "postgres://btlc:" + secret + "@h/d"
	const mailURL = "smtp://btlc:" + secret + "@mail.example.org?from=notices@example.org"
	c, err := load(t, []string{"--database-url=" + url}, []string{"BTLC_MIGRATE_DATABASE_URL=" + url, "BTLC_SMTP_URL=" + mailURL}, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := load(t, nil, []string{"BTLC_SMTP_URL=" + mailURL + "&tls=" + secret}, ""); err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("a wrong URL of a mail server: %v", err)
	}
	if c.DatabaseURL.Reveal() != url || c.MigrateDatabaseURL.Reveal() != url || c.Mail.String() != "smtp://mail.example.org:587" {
		t.Error("the secrets are not what was given")
	}
	var logged bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&logged, nil))
	log.Info("settings", "settings", c, "url", c.DatabaseURL)
	marshalled, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for place, text := range map[string]string{
		"log": logged.String(), "JSON": string(marshalled), "%v": fmt.Sprintf("%v", c), "%+v": fmt.Sprintf("%+v", *c), "%#v": fmt.Sprintf("%#v", *c), "%s": c.DatabaseURL.String(),
	} {
		if strings.Contains(text, secret) {
			t.Errorf("%s shows the secret: %s", place, text)
		}
	}
	if !strings.Contains(logged.String(), `"database-url":"[secret]"`) || strings.Contains(logged.String(), "rest-address") {
		t.Errorf("the log says %s", logged.String())
	}
}

func TestDefaultDataDir(t *testing.T) {
	for _, c := range []struct {
		uid     int
		environ []string
		want    string
	}{
		{0, []string{"HOME=/root"}, "/var/lib/btlc"},
		{1000, []string{"HOME=/home/a"}, "/home/a/.local/share/btlc"},
		{1000, []string{"HOME=/home/a", "XDG_DATA_HOME=/data"}, "/data/btlc"},
		{1000, []string{"HOME=/home/a", "XDG_DATA_HOME=relative"}, "/home/a/.local/share/btlc"},
		{1000, nil, ""},
	} {
		if got, err := defaultDataDir(c.uid, c.environ); got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%d %v: got %q, %v", c.uid, c.environ, got, err)
		}
	}
}

func TestNearest(t *testing.T) {
	names := []string{"rest-address", "grpc-address", "zone"}
	for misspelt, want := range map[string]string{"rest-adress": "rest-address", "GRPC_ADDRESS": "grpc-address", "time-zone": "zone"} {
		if got := Nearest(misspelt, names); got != want {
			t.Errorf("%s: got %s, want %s", misspelt, got, want)
		}
	}
}

func TestNames(t *testing.T) {
	var names []string
	for _, s := range settings {
		names = append(names, s.name)
		if s.usage == "" || s.kind == "" || s.example == "" {
			t.Errorf("%s: the row is not complete", s.name)
		}
	}
	if slices.Sort(names); len(slices.Compact(names)) != len(settings) {
		t.Error("a name is used twice")
	}
	if envName("migrate-database-url") != "BTLC_MIGRATE_DATABASE_URL" || fileKey("migrate-database-url") != "migrateDatabaseUrl" {
		t.Error("names do not follow from the flag's")
	}
}

var update = flag.Bool("update", false, "write the reference instead of comparing it")

func TestReference(t *testing.T) {
	const name = "../../deploy/settings.md"
	if *update {
		if err := os.WriteFile(name, []byte(Reference()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if string(written) != Reference() {
		t.Error("deploy/settings.md differs from the table: run make generate")
	}
	for _, s := range settings {
		if !strings.Contains(Help(), "--"+s.name+", ") {
			t.Errorf("the help lacks %s", s.name)
		}
	}
}

// TestFaultsOfDrops has what is wrong with the file of drops told with its lines, beside what is wrong with the settings.
func TestFaultsOfDrops(t *testing.T) {
	path := filepath.Join(t.TempDir(), "drops.yaml")
	if err := os.WriteFile(path, []byte("- name: bps-credentials\n  district: bps\n  at: 2am\n  target: sftp://bps:verysecret@sftp.example.org/in\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := load(t, []string{"--file-drops", path, "--log-level=loud"}, nil, "")
	var faults Faults
	if !errors.As(err, &faults) || len(faults) != 4 {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{
		"log-level: ", "file-drops: bps-credentials.district: got \"bps\" from line 2 of " + path + ", want a district's name",
		"file-drops: bps-credentials.at: got \"2am\" from line 3 of ", "file-drops: bps-credentials.target: got a value that is not shown from line 4 of ",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("does not say %q: %v", want, err)
		}
	}
	if strings.Contains(err.Error(), "verysecret") {
		t.Errorf("shows the password: %v", err)
	}
}
