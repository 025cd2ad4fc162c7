package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/btlc/btlc/internal/drops"
)

// readFile reads the values in the file, none when no file is named. It reads nodes, not values, since the errors of
// YAML's own decoding quote what they could not read.
func readFile(file given) (values []given, faults Faults) {
	if file.source == "" {
		return nil, nil
	}
	refuse := func(want string) ([]given, Faults) {
		return nil, Faults{{configFile, file.source, fmt.Sprintf("%q", file.text), want}}
	}
	content, err := os.ReadFile(file.text) // #nosec G304 -- naming a file is what the setting is for
	if err != nil {
		return refuse("a file that can be read: " + err.Error())
	}
	var document yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return nil, nil // an empty file, or comments alone
	} else if err != nil {
		return refuse("a YAML file: " + strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if err := decoder.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		return refuse("a file with one YAML document")
	}
	mapping := document.Content[0]
	if mapping.Kind != yaml.MappingNode {
		return refuse("a file with lines such as restAddress: 127.0.0.1:8080")
	}
	return readMapping(file.text, mapping)
}

func readMapping(name string, mapping *yaml.Node) (values []given, faults Faults) {
	byKey, keys, seen := map[string]*setting{}, []string{}, map[string]bool{}
	for _, s := range settings {
		byKey[fileKey(s.name)] = s
		keys = append(keys, fileKey(s.name))
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		key, node := mapping.Content[i], mapping.Content[i+1]
		source := fmt.Sprintf("line %d of %s", key.Line, name)
		s := byKey[key.Value]
		if s == nil {
			faults = append(faults, Fault{key.Value, source, "a key that is no setting", Nearest(key.Value, keys)})
			continue
		}
		if seen[key.Value] {
			faults = append(faults, Fault{s.name, source, "the key a second time", "it once"})
			continue
		}
		seen[key.Value] = true
		text, ok := textOf(node)
		if !ok {
			faults = append(faults, Fault{s.name, source, "no single value", `one value, or a list of them for a setting that takes several; "" for an empty one`})
			continue
		}
		values = append(values, given{s, text, source})
	}
	return values, faults
}

// textOf is a value as it would be written in a flag: a list has commas.
func textOf(node *yaml.Node) (string, bool) {
	switch {
	case node.Kind == yaml.AliasNode:
		return textOf(node.Alias)
	case node.Kind == yaml.ScalarNode && node.Tag != "!!null":
		return node.Value, true
	case node.Kind == yaml.SequenceNode:
		items := make([]string, len(node.Content))
		for i, item := range node.Content {
			if item.Kind != yaml.ScalarNode || item.Tag == "!!null" {
				return "", false
			}
			items[i] = item.Value
		}
		return strings.Join(items, ","), true
	}
	return "", false
}

// readDrops reads the file of drops, whose faults are told with those of the settings.
func (c *Config) readDrops() (faults Faults) {
	var wrong []drops.Fault
	c.Drops, wrong = drops.Read(c.FileDrops, c.DropReach)
	for _, f := range wrong {
		name, source := "file-drops", c.FileDrops
		if f.Key != "" {
			name += ": " + f.Key
		}
		if f.Line > 0 {
			source = fmt.Sprintf("line %d of %s", f.Line, c.FileDrops)
		}
		faults = append(faults, Fault{name, source, f.Got, f.Want})
	}
	return faults
}
