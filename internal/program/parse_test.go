package program

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

// copyOfData is the data files as they are, to be damaged.
func copyOfData(t *testing.T) fstest.MapFS {
	t.Helper()
	copied := fstest.MapFS{}
	for _, f := range files {
		text, err := fs.ReadFile(data, "data/"+f.name)
		if err != nil {
			t.Fatal(err)
		}
		copied[f.name] = &fstest.MapFile{Data: text}
	}
	return copied
}

func TestParseFaults(t *testing.T) {
	cases := []struct {
		name     string
		file     string
		old, new string
		want     []string // parts of the error, a line each
	}{
		{"unknown field", "courses.yaml", "weeks: 12", "weks: 12",
			[]string{"courses.yaml: line", "field weks not found"}},
		{"unknown field of a trace", "roles.yaml", "sources: [S1, S4]", "source: [S1, S4]",
			[]string{"roles.yaml: line", "field source not found"}},
		{"unknown file key", "resources.yaml", "resources:", "things:",
			[]string{"resources.yaml: resources: missing", "resources.yaml: things: unknown key"}},
		{"key of another file", "roles.yaml", "informalWays:", "courses:",
			[]string{"roles.yaml: courses: unknown key", "roles.yaml: informalWays: missing"}},
		{"wrong type", "courses.yaml", "hours: 36", "hours: many",
			[]string{"courses.yaml: line", "cannot unmarshal !!str `many` into int"}},
		{"no time of day", "courses.yaml", `start: "16:30"`, `start: "4:30 pm"`,
			[]string{`courses.yaml: line`, `"4:30 pm" is not a time of day like 16:30`}},
		{"key twice", "sources.yaml", "id: S0", "id: S0\n    id: S1",
			[]string{"sources.yaml: line", `mapping key "id" already defined`}},
		{"second document", "sources.yaml", "sources:", "sources: []\n---\nsources:",
			[]string{"sources.yaml: more than one document"}},
		{"no YAML", "sources.yaml", "sources:", "sources: [",
			[]string{"sources.yaml: yaml: line"}},
		{"valid YAML, wrong reference", "roles.yaml", "family: mentor,", "family: mentors,",
			[]string{`roles.yaml: roles[mentor].family: no role family "mentors"`, `roles.yaml: roles[mentor-of-novice-teachers].family: no role family "mentors"`}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			fsys := copyOfData(t)
			text := string(fsys[c.file].Data)
			if !strings.Contains(text, c.old) {
				t.Fatalf("%s does not contain %q", c.file, c.old)
			}
			fsys[c.file].Data = []byte(strings.ReplaceAll(text, c.old, c.new))
			_, err := Parse(fsys)
			if err == nil {
				t.Fatal("found nothing wrong")
			}
			for _, part := range c.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("got\n%v\nwant\n%s", err, part)
				}
			}
		})
	}
}

func TestParseReportsEveryFile(t *testing.T) {
	fsys := copyOfData(t)
	delete(fsys, "roles.yaml")
	fsys["courses.yaml"].Data = nil
	_, err := Parse(fsys)
	if err == nil {
		t.Fatal("found nothing wrong")
	}
	equal(t, "error", err.Error(), "courses.yaml: courses: missing\nroles.yaml: open roles.yaml: file does not exist")
}
