package program

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"
)

// files lists the data files and the keys of Program that each one holds.
var files = []struct {
	name string
	keys []string
}{
	{"sources.yaml", []string{"sources"}},
	{"framework.yaml", []string{"framework"}},
	{"courses.yaml", []string{"courses"}},
	{"credentialtypes.yaml", []string{"credentialTypes"}},
	{"policies.yaml", []string{"policies"}},
	{"rolefamilies.yaml", []string{"roleFamilies"}},
	{"roles.yaml", []string{"roles", "informalWays"}},
	{"institutions.yaml", []string{"institutions", "agreements"}},
	{"resources.yaml", []string{"resources"}},
	{"pdps.yaml", []string{"pdpRules"}},
	{"enrollmentrules.yaml", []string{"enrollmentRules"}},
}

// fileOf names the file that holds a key of Program.
func fileOf(key string) string {
	for _, f := range files {
		if slices.Contains(f.keys, key) {
			return f.name
		}
	}
	return ""
}

// Parse reads the data files in fsys and checks them. Its error is a Faults: all that is wrong with the reading of the
// files or, once they can be read, all that is wrong with what they say.
func Parse(fsys fs.FS) (*Program, error) {
	p := &Program{}
	var faults Faults
	for _, f := range files {
		faults = append(faults, p.parseFile(fsys, f.name, f.keys)...)
	}
	if len(faults) > 0 {
		return nil, faults
	}
	if err := p.Validate(); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *Program) parseFile(fsys fs.FS, name string, keys []string) Faults {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return readFaults(name, err)
	}
	var present map[string]yaml.Node
	if err := yaml.Unmarshal(text, &present); err != nil {
		return readFaults(name, err)
	}
	var faults Faults
	for _, key := range slices.Sorted(maps.Keys(present)) {
		if !slices.Contains(keys, key) {
			faults = append(faults, Fault{name, key, "unknown key"})
		}
	}
	for _, key := range keys {
		if _, ok := present[key]; !ok {
			faults = append(faults, Fault{name, key, "missing"})
		}
	}
	if len(faults) > 0 {
		return faults
	}

	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(p); err != nil {
		return readFaults(name, err)
	}
	if err := decoder.Decode(new(any)); !errors.Is(err, io.EOF) {
		return Faults{{name, "", "more than one document"}}
	}
	return nil
}

// readFaults makes a fault of each thing that YAML complains about.
func readFaults(file string, err error) Faults {
	var many *yaml.TypeError
	if !errors.As(err, &many) {
		return Faults{{file, "", err.Error()}}
	}
	var faults Faults
	for _, complaint := range many.Errors {
		faults = append(faults, Fault{file, "", complaint})
	}
	return faults
}
