package config

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"
)

// AddFlags gives a command the flags of these settings, all of them when none is named, and --config.
func AddFlags(flags *pflag.FlagSet, names ...string) {
	flags.SortFlags = false // the table's order puts first what matters most
	flags.Var(&flagText{kind: "file"}, configFile, fmt.Sprintf("a YAML file with settings [%s]", envName(configFile)))
	if len(names) == 0 {
		for _, s := range settings {
			names = append(names, s.name)
		}
	}
	for _, name := range names {
		s := find(name)
		flag := flags.VarPF(&flagText{kind: s.kind}, s.name, "", fmt.Sprintf("%s%s [%s]", s.usage, s.defaultPhrase(), envName(s.name)))
		if s.kind == "true|false" {
			flag.NoOptDefVal = "true"
		}
	}
}

// defaultPhrase is the default as the help puts it.
func (s *setting) defaultPhrase() string {
	switch {
	case s.derived != "":
		return " (default: " + s.derived + ")"
	case s.fallback != "":
		return " (default: " + s.fallback + ")"
	}
	return ""
}

// flagText takes any text: what is wrong with it is said together with all else that is wrong.
type flagText struct{ text, kind string }

func (f *flagText) String() string { return f.text }

// Set implements pflag.Value.
func (f *flagText) Set(text string) error {
	f.text = text
	return nil
}

// Type implements pflag.Value.
func (f *flagText) Type() string { return f.kind }

// Help is the table for `btlc help settings`.
func Help() string {
	var b strings.Builder
	b.WriteString(`Each setting is a flag, an environment variable and a key of a YAML file. A flag wins over the environment, the
environment over the file, and the file over the default. The file is named by --config or BTLC_CONFIG.

`)
	for _, s := range settings {
		fmt.Fprintf(&b, "  --%s, %s, %s\n      %s%s\n", s.name, envName(s.name), fileKey(s.name), s.usage, s.defaultPhrase())
	}
	return b.String()
}

// Reference is the table as Markdown.
func Reference() string {
	var b strings.Builder
	b.WriteString(`# Settings

Each setting is a flag of ` + "`btlc serve`" + `, an environment variable, and a key of a YAML file that ` + "`--config` or `BTLC_CONFIG`" + ` names. A flag
wins over the environment, the environment over the file, the file over the default. Lists have commas between their
items; in the file they may be YAML lists. Whatever is wrong is reported at once, and a name that is no setting is
refused. This page is made from the table in ` + "`internal/config`" + ` by ` + "`make generate`" + `.

| flag | environment | file | meaning | default | example |
|---|---|---|---|---|---|
`)
	cell := strings.NewReplacer("|", `\|`)
	for _, s := range settings {
		standard := s.derived
		if s.fallback != "" {
			standard = "`" + s.fallback + "`"
		}
		fmt.Fprintf(&b, "| `--%s` | `%s` | `%s` | %s | %s | `%s` |\n", s.name, envName(s.name), fileKey(s.name), cell.Replace(s.usage), cell.Replace(standard), s.example)
	}
	return b.String()
}
