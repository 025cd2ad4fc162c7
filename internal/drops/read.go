package drops

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/btlc/btlc/internal/drop"
)

// Fault is one thing that is wrong with the file of drops.
type Fault struct {
	// Line is where it is in the file; 0 when it is about the whole file.
	Line int
	// Key is the one in question, after the drop's name when that is known: "bps.at".
	Key string
	// Got is the value as it may be shown.
	Got string
	// Want says what would be right.
	Want string
}

// key is one that a drop has in the file.
type key struct {
	name     string
	required bool
	secret   bool // what stands there may be a secret by mistake
	set      func(d *Drop, text string) error
}

var (
	validName     = regexp.MustCompile(`^[a-z][a-z0-9-]{1,62}$`)
	validDistrict = regexp.MustCompile(`^districts/[a-z][a-z0-9-]{1,62}$`)
)

var keys = []key{
	{name: "name", required: true, set: matching(func(d *Drop) *string { return &d.Name }, validName, "lower-case letters, digits and dashes, such as bps-credentials")},
	{name: "district", required: true, set: matching(func(d *Drop) *string { return &d.District }, validDistrict, "a district's name, such as districts/bps")},
	{name: "at", required: true, set: func(d *Drop, text string) (err error) {
		d.At, err = ParseClockTime(text)
		return err
	}},
	{name: "form", set: func(d *Drop, text string) error {
		if d.Form = text; text != CSV && text != NDJSON {
			return errors.New(CSV + " or " + NDJSON)
		}
		return nil
	}},
	{name: "target", required: true, secret: true, set: func(d *Drop, text string) error {
		d.Target = text
		_, _, err := drop.Check(text)
		if errors.Is(err, drop.ErrSecretInURL) {
			return errors.New("a URL without a password: that belongs into passwordFile")
		} else if err != nil {
			return errors.New("file:///folder, sftp://user@host/folder?host-key=SHA256:… or s3://bucket/prefix?endpoint=…&region=…")
		}
		return nil
	}},
	{name: "keep", set: func(d *Drop, text string) (err error) {
		if d.Keep, err = strconv.Atoi(text); err != nil || d.Keep < 1 || d.Keep > drop.MaxKeep {
			return fmt.Errorf("a whole number from 1 to %d", drop.MaxKeep)
		}
		return nil
	}},
	{name: "passwordFile", secret: true, set: file(func(d *Drop) *string { return &d.PasswordFile })},
	{name: "privateKeyFile", secret: true, set: file(func(d *Drop) *string { return &d.PrivateKeyFile })},
	{name: "passphraseFile", secret: true, set: file(func(d *Drop) *string { return &d.PassphraseFile })},
	{name: "accessKeyIdFile", secret: true, set: file(func(d *Drop) *string { return &d.AccessKeyIDFile })},
	{name: "secretAccessKeyFile", secret: true, set: file(func(d *Drop) *string { return &d.SecretAccessKeyFile })},
	{name: "sessionTokenFile", secret: true, set: file(func(d *Drop) *string { return &d.SessionTokenFile })},
	{name: "knownHostsFile", set: file(func(d *Drop) *string { return &d.KnownHostsFile })},
	{name: "rootCAsFile", set: file(func(d *Drop) *string { return &d.RootCAsFile })},
}

// ofKind are the files that targets of a kind may have; all others none.
var ofKind = map[string][]string{
	drop.KindSFTP: {"passwordFile", "privateKeyFile", "passphraseFile", "knownHostsFile"},
	drop.KindS3:   {"accessKeyIdFile", "secretAccessKeyFile", "sessionTokenFile", "rootCAsFile"},
}

func matching(field func(*Drop) *string, pattern *regexp.Regexp, want string) func(*Drop, string) error {
	return func(d *Drop, text string) error {
		if *field(d) = text; !pattern.MatchString(text) {
			return errors.New(want)
		}
		return nil
	}
}

// file takes the path of a file that can be read now. Whether what it holds is right, only its target tells.
func file(field func(*Drop) *string) func(*Drop, string) error {
	return func(d *Drop, text string) error {
		*field(d) = text
		if !filepath.IsAbs(text) {
			return errors.New("the absolute path of a file that holds it")
		}
		f, err := os.Open(text)
		if err != nil {
			return errors.New("a file that can be read")
		}
		defer f.Close()
		if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
			return errors.New("a file that can be read")
		}
		return nil
	}
}

// Read reads the file of drops, a YAML list with a mapping for each. It reads nodes, not values, so that each fault has its
// line. With any fault there are no drops.
func Read(path string, reach Reach) ([]Drop, []Fault) {
	whole := func(want string) ([]Drop, []Fault) { return nil, []Fault{{Got: strconv.Quote(path), Want: want}} }
	content, err := os.ReadFile(path)
	if err != nil {
		return whole("a file that can be read: " + err.Error())
	}
	var document yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return nil, nil // an empty file, or comments alone
	} else if err != nil {
		return whole("a YAML file: " + strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if err := decoder.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		return whole("a file with one YAML document")
	}
	r := &reader{reach: reach, lines: map[string]int{}}
	list := document.Content[0]
	if list.Kind != yaml.SequenceNode {
		return whole("a YAML list, whose items begin with - name: …")
	}
	for _, item := range list.Content {
		r.item(item)
	}
	if len(r.faults) > 0 {
		slices.SortStableFunc(r.faults, func(a, b Fault) int { return cmp.Compare(a.Line, b.Line) })
		return nil, r.faults
	}
	return r.drops, nil
}

// reader gathers the drops, and the faults of all of them.
type reader struct {
	reach  Reach
	drops  []Drop
	faults []Fault
	lines  map[string]int // of the names so far
}

// item reads a drop.
func (r *reader) item(node *yaml.Node) {
	if node.Kind != yaml.MappingNode {
		r.fault(node.Line, "", "no mapping", "a drop, which begins with - name: …")
		return
	}
	d := Drop{Form: CSV}
	lines, bad := map[string]int{}, map[string]bool{}
	wrong := func(line int, name, got, want string) {
		bad[name] = true
		r.fault(line, label(node, name), got, want)
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		name, value := node.Content[i], node.Content[i+1]
		k := slices.IndexFunc(keys, func(k key) bool { return k.name == name.Value })
		switch {
		case k < 0:
			wrong(name.Line, name.Value, "a key that is none", "one of "+keyNames())
		case lines[name.Value] > 0:
			wrong(name.Line, name.Value, "the key a second time", "it once")
		case value.Kind != yaml.ScalarNode || value.Tag == "!!null":
			wrong(name.Line, name.Value, "no single value", "one value")
		default:
			if err := keys[k].set(&d, value.Value); err != nil {
				wrong(value.Line, name.Value, keys[k].shown(value.Value), err.Error())
			}
		}
		lines[name.Value] = name.Line
	}
	for _, k := range keys {
		if k.required && lines[k.name] == 0 {
			wrong(node.Line, k.name, "nothing", "a value")
		}
	}
	if earlier := r.lines[d.Name]; earlier > 0 && !bad["name"] {
		wrong(lines["name"], "name", strconv.Quote(d.Name), fmt.Sprintf("another name than that in line %d", earlier))
	}
	r.lines[d.Name] = lines["name"]
	if !bad["target"] {
		r.target(d, lines, wrong)
	}
	r.drops = append(r.drops, d)
}

// target looks whether what a drop has fits its target.
func (r *reader) target(d Drop, lines map[string]int, wrong func(line int, name, got, want string)) {
	kind, pinned, _ := drop.Check(d.Target) // which was good
	for _, k := range keys {
		if strings.HasSuffix(k.name, "File") && lines[k.name] > 0 && !slices.Contains(ofKind[kind], k.name) {
			wrong(lines[k.name], k.name, "a file", "none for a target of "+kind+"://")
		}
	}
	lacks := func(names ...string) bool {
		return !slices.ContainsFunc(names, func(name string) bool { return lines[name] > 0 })
	}
	lack := func(is bool, want string) {
		if is {
			wrong(lines["target"], "target", kind+"://", want)
		}
	}
	switch kind {
	case drop.KindFolder:
		lack(r.reach.Root == "", "the setting drop-root as well: the folder below which it is")
	case drop.KindSFTP:
		lack(lacks("passwordFile", "privateKeyFile"), "privateKeyFile or passwordFile beside it")
		lack(!pinned && lacks("knownHostsFile"), "?host-key=SHA256:… at its end, as ssh-keygen -lf prints it, or knownHostsFile beside it")
	case drop.KindS3:
		lack(lacks("accessKeyIdFile"), "accessKeyIdFile beside it")
		lack(lacks("secretAccessKeyFile"), "secretAccessKeyFile beside it")
	}
}

func (r *reader) fault(line int, key, got, want string) {
	r.faults = append(r.faults, Fault{Line: line, Key: key, Got: got, Want: want})
}

// label is a key after the name of its drop.
func label(drop *yaml.Node, key string) string {
	for i := 0; i+1 < len(drop.Content); i += 2 {
		if name := drop.Content[i+1].Value; drop.Content[i].Value == "name" && validName.MatchString(name) {
			return name + "." + key
		}
	}
	return key
}

func keyNames() string {
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k.name
	}
	return strings.Join(names, ", ")
}

// shown is a value as a fault shows it.
func (k key) shown(text string) string {
	const most = 80
	switch {
	case k.secret:
		return "a value that is not shown"
	case len(text) > most:
		return fmt.Sprintf("%.80q…", text)
	}
	return strconv.Quote(text)
}
