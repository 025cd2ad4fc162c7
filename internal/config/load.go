package config

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

const envPrefix = "BTLC_"

// given is a value from one place.
type given struct {
	setting *setting
	text    string
	source  string
}

// Load reads the settings from flags that AddFlags made, the environment (as os.Environ gives it), the file that either
// of them names, and the defaults. An error is a Faults, with everything that is wrong in any of these places, also
// where another place has precedence. What was not given is only missed when the command has a flag for it.
func Load(flags *pflag.FlagSet, environ []string) (*Config, error) {
	byFlag := readFlags(flags)
	byEnv, file, faults := readEnviron(environ)
	if flag := flags.Lookup(configFile); flag != nil && flag.Changed {
		file = given{text: flag.Value.String(), source: "--" + configFile}
	}
	byFile, wrong := readFile(file)
	faults = append(faults, wrong...)

	c := &Config{}
	bad := map[*setting]bool{}
	needed := func(s *setting) bool { return flags.Lookup(s.name) != nil }
	for _, s := range settings {
		value, from := defaultOf(s, environ), ""
		for _, place := range [][]given{byFile, byEnv, byFlag} { // the last one wins
			for _, g := range place {
				if g.setting != s {
					continue
				}
				if err := s.set(&Config{}, g.text); err != nil {
					faults, bad[s] = append(faults, Fault{s.name, g.source, s.quoted(g.text), err.Error()}), true
				} else {
					value, from = g.text, g.source
				}
			}
		}
		if err := s.set(c, value); err != nil && !bad[s] && needed(s) {
			faults, bad[s] = append(faults, Fault{s.name, "its default", s.quoted(value), err.Error()}), true
		}
		c.used = append(c.used, used{s, s.shown(value), from})
	}
	good := func(s *setting) bool { return needed(s) && !bad[s] }
	faults = append(faults, c.contradictions(good)...)
	if good(find("file-drops")) && good(find("drop-root")) && c.FileDrops != "" {
		faults = append(faults, c.readDrops()...)
	}
	if len(faults) > 0 {
		return nil, faults
	}
	if c.MigrateDatabaseURL == "" {
		c.MigrateDatabaseURL = c.DatabaseURL
	}
	return c, nil
}

// contradictions are between settings that are good by themselves.
func (c *Config) contradictions(good func(*setting) bool) (faults Faults) {
	fine := func(names ...string) bool {
		return !slices.ContainsFunc(names, func(name string) bool { return !good(find(name)) })
	}
	listeners := []string{"rest-address", "grpc-address", "metrics-address"}
	addresses := []string{c.RESTAddress, c.GRPCAddress, c.MetricsAddress}
	for i, name := range listeners {
		earlier := slices.Index(addresses, addresses[i])
		if _, port, _ := net.SplitHostPort(addresses[i]); earlier < i && port != "0" && addresses[i] != "" && fine(name, listeners[earlier]) {
			faults = append(faults, c.fault(name, "another address than "+listeners[earlier]))
		}
	}
	if fine("rest-address", "public-url") && c.PublicURL == "" {
		if _, err := baseURL("http://" + c.RESTAddress); err != nil {
			faults = append(faults, c.fault("public-url", "the URL by which others reach the REST address "+c.RESTAddress+", such as https://btlc.example.org"))
		}
	}
	if fine("database-url", "migrate-database-url") && c.MigrateDatabaseURL != "" && c.DatabaseURL == "" {
		faults = append(faults, c.fault("database-url", "the database that migrate-database-url belongs to"))
	}
	if fine("assume-role", "database-url") && !c.AssumeRole && c.DatabaseURL == "" {
		faults = append(faults, c.fault("assume-role", "true for the private PostgreSQL, which only its owner logs in to"))
	}
	if fine("assume-role", "database-url", "migrate-database-url", "migrate-on-start") && !c.AssumeRole && c.DatabaseURL != "" && c.MigrateOnStart && c.MigrateDatabaseURL == "" {
		faults = append(faults, c.fault("migrate-database-url", "the address of the tables' owner, whom database-url does not log in as when assume-role is false; or migrate-on-start=false"))
	}
	if fine("oidc-issuers") {
		seen := map[string]bool{}
		for _, issuer := range c.OIDCIssuers {
			if seen[issuer.URL] {
				faults = append(faults, c.fault("oidc-issuers", "each issuer once"))
				break
			}
			seen[issuer.URL] = true
		}
	}
	return faults
}

// fault is that of a value which has been taken.
func (c *Config) fault(name, want string) Fault {
	i := slices.IndexFunc(c.used, func(u used) bool { return u.setting.name == name })
	u := c.used[i]
	source, got := u.source, u.setting.quoted(u.shown)
	if source == "" {
		source = "its default"
	}
	if u.shown == "" {
		got = "nothing"
	}
	return Fault{name, source, got, want}
}

func readFlags(flags *pflag.FlagSet) (values []given) {
	flags.Visit(func(flag *pflag.Flag) {
		if s := find(flag.Name); s != nil {
			values = append(values, given{s, flag.Value.String(), "--" + s.name})
		}
	})
	return values
}

func readEnviron(environ []string) (values []given, file given, faults Faults) {
	byName, names := map[string]*setting{}, []string{envName(configFile)}
	for _, s := range settings {
		byName[envName(s.name)] = s
		names = append(names, envName(s.name))
	}
	for _, variable := range environ {
		name, text, _ := strings.Cut(variable, "=")
		switch {
		case !strings.HasPrefix(name, envPrefix):
		case byName[name] != nil:
			values = append(values, given{byName[name], text, name})
		case name == envName(configFile):
			if text != "" {
				file = given{text: text, source: name}
			}
		case !othersVariable(name):
			faults = append(faults, Fault{name, "the environment", "a variable that is no setting", Nearest(name, names)})
		}
	}
	return values, file, faults
}

// othersVariable says whether a variable is for callers or tests: demo.env and admin.env hold such.
func othersVariable(name string) bool {
	return name == "BTLC_URL" || strings.HasSuffix(name, "_KEY") || strings.HasPrefix(name, "BTLC_TEST_")
}

// defaultOf is the default as it is written; that of the data directory depends on who we are.
func defaultOf(s *setting, environ []string) string {
	if s.name != "data-dir" {
		return s.fallback
	}
	dir, err := defaultDataDir(os.Geteuid(), environ)
	if err != nil {
		return "" // which is refused, unless another place gives one
	}
	return dir
}

func defaultDataDir(uid int, environ []string) (string, error) {
	if uid == 0 {
		return "/var/lib/btlc", nil // PostgreSQL, which runs as another user then, may not enter /root
	}
	lookup := func(name string) string {
		for _, variable := range environ {
			if value, ok := strings.CutPrefix(variable, name+"="); ok && filepath.IsAbs(value) {
				return value
			}
		}
		return ""
	}
	if data := lookup("XDG_DATA_HOME"); data != "" {
		return filepath.Join(data, "btlc"), nil
	}
	if home := lookup("HOME"); home != "" {
		return filepath.Join(home, ".local", "share", "btlc"), nil
	}
	return "", errors.New("there is no home directory")
}
