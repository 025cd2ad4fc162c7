package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

type testCase struct {
	Case  string `yaml:"case"`
	Steps []step `yaml:"steps"`
}

type step struct {
	RPC        string            `yaml:"rpc"`
	As         string            `yaml:"as"`
	At         string            `yaml:"at"`
	Request    map[string]any    `yaml:"request"`
	Headers    map[string]string `yaml:"headers"`
	Expect     map[string]any    `yaml:"expect"`
	Error      string            `yaml:"error"`
	Violations []string          `yaml:"violations"`
	Metadata   map[string]string `yaml:"metadata"`
	Save       map[string]string `yaml:"save"`
	// SameAs compares the whole answer or error with that of the step that was saved under this name by RememberAs.
	RememberAs string `yaml:"rememberAs"`
	SameAs     string `yaml:"sameAs"`
	// Key is a saved variable that holds the secret to call with, instead of As.
	Key string `yaml:"key"`
}

// TestCases runs the cases of testdata/cases over gRPC and over REST, each file on a world of its own.
func TestCases(t *testing.T) {
	t.Parallel()
	for _, file := range caseFiles(t) {
		t.Run(file.name, func(t *testing.T) {
			for _, transport := range []string{"grpc", "rest"} {
				t.Run(transport, func(t *testing.T) {
					t.Parallel()
					w := newWorld(t)
					w.run(t, file.cases, func(t *testing.T, where string, s step, memory map[string]reply) {
						w.step(t, transport, where, s, memory)
					})
				})
			}
		})
	}
}

type caseFile struct {
	name  string
	cases []testCase
}

// caseFiles reads testdata/cases.
func caseFiles(t *testing.T) []caseFile {
	t.Helper()
	paths, err := filepath.Glob("testdata/cases/*.yaml")
	must(t, err)
	if len(paths) == 0 {
		t.Fatal("there are no cases")
	}
	var files []caseFile
	for _, path := range paths {
		body, err := os.ReadFile(path)
		must(t, err)
		file := caseFile{name: strings.TrimSuffix(filepath.Base(path), ".yaml")}
		decoder := yaml.NewDecoder(bytes.NewReader(body))
		decoder.KnownFields(true)
		must(t, decoder.Decode(&file.cases))
		files = append(files, file)
	}
	return files
}

// run takes the steps of cases one after the other, until a case fails: later ones build on it.
func (w *world) run(t *testing.T, cases []testCase, take func(t *testing.T, where string, s step, memory map[string]reply)) {
	t.Helper()
	memory := map[string]reply{}
	for _, c := range cases {
		ok := t.Run(c.Case, func(t *testing.T) {
			for i, s := range c.Steps {
				take(t, fmt.Sprintf("step %d, %s", i+1, s.RPC), s, memory)
			}
		})
		if !ok {
			return
		}
	}
}

func (w *world) step(t *testing.T, transport, where string, s step, memory map[string]reply) {
	t.Helper()
	key, request := w.ready(t, where, s)
	c := w.callers()[slices.Index([]string{"grpc", "rest"}, transport)]
	w.judge(t, where, s, c.call(t, methodNamed(t, s.RPC), key, marshal(t, request), s.Headers), memory)
}

// ready sets the clock to the time of a step, and gives the key that it is called with and its request.
func (w *world) ready(t *testing.T, where string, s step) (key string, request map[string]any) {
	t.Helper()
	if s.At != "" {
		now, err := time.Parse(time.RFC3339, s.At)
		must(t, err)
		w.clock.Store(now.UnixNano())
	}
	key, known := w.keys[s.As]
	if s.Key != "" {
		key, known = w.variables[s.Key]
	}
	if !known {
		t.Fatalf("%s: there is no caller %q", where, s.As+s.Key)
	}
	return key, w.filled(t, nonNil(s.Request)).(map[string]any)
}

// judge compares a reply with what the step wants of it, and keeps what the step saves.
func (w *world) judge(t *testing.T, where string, s step, r reply, memory map[string]reply) {
	t.Helper()
	if s.RememberAs != "" {
		memory[s.RememberAs] = r
	}
	if s.SameAs != "" && !reflect.DeepEqual(comparable(r), comparable(memory[s.SameAs])) {
		t.Fatalf("%s as %s: answered\n%v\nnot the same as %s:\n%v", where, s.As, comparable(r), s.SameAs, comparable(memory[s.SameAs]))
	}
	if s.Error != "" {
		w.checkError(t, where, s, r)
		return
	}
	if r.err != nil {
		t.Fatalf("%s as %s: %v %v\nrequest %s", where, s.As, r.err, r.err.Violations, marshal(t, w.filled(t, nonNil(s.Request))))
	}
	if s.Expect != nil {
		if fault := differs("", r.answer, w.filled(t, s.Expect)); fault != "" {
			body, _ := json.MarshalIndent(r.answer, "", " ")
			t.Fatalf("%s as %s: %s\nanswer %s", where, s.As, fault, body)
		}
	}
	for variable, path := range s.Save {
		if _, ok := at(r.answer, path); !ok {
			t.Fatalf("%s: the answer has no %s", where, path)
		}
		w.variables[variable] = text(r.answer, path)
	}
}

func (w *world) checkError(t *testing.T, where string, s step, r reply) {
	t.Helper()
	if r.err == nil {
		body, _ := json.Marshal(r.answer)
		t.Fatalf("%s as %s: succeeded, wanted %s; answer %s", where, s.As, s.Error, body)
	}
	if string(r.err.Reason) != s.Error {
		t.Fatalf("%s as %s: %v %v, wanted %s", where, s.As, r.err, r.err.Violations, s.Error)
	}
	for _, field := range s.Violations {
		found := false
		for _, v := range r.err.Violations {
			found = found || v.Field == field
		}
		if !found {
			t.Fatalf("%s as %s: no violation of %s in %v", where, s.As, field, r.err.Violations)
		}
	}
	for name, value := range s.Metadata {
		if r.err.Metadata[name] != fmt.Sprint(w.filled(t, value)) {
			t.Fatalf("%s as %s: metadata %s is %q, wanted %q", where, s.As, name, r.err.Metadata[name], value)
		}
	}
}

// comparable is a reply without what differs between any two calls.
func comparable(r reply) any {
	if r.err != nil {
		return []any{r.err.Reason, r.err.Detail, r.err.Metadata, r.err.Violations}
	}
	return r.answer
}

var variable = regexp.MustCompile(`\$\{(\w+)\}`)

// filled puts the variables into a value.
func (w *world) filled(t testing.TB, value any) any {
	t.Helper()
	switch v := value.(type) {
	case string:
		return variable.ReplaceAllStringFunc(v, func(match string) string {
			name := match[2 : len(match)-1]
			found, ok := w.variables[name]
			if !ok {
				t.Fatalf("there is no variable %s", name)
			}
			return found
		})
	case map[string]any:
		out := map[string]any{}
		for name, member := range v {
			out[name] = w.filled(t, member)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = w.filled(t, item)
		}
		return out
	case time.Time: // YAML reads a bare timestamp as one
		return v.Format(time.RFC3339)
	default:
		return v
	}
}

func nonNil(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}

// at reads a dotted path.
func at(value any, path string) (any, bool) {
	for part := range strings.SplitSeq(path, ".") {
		switch v := value.(type) {
		case map[string]any:
			next, ok := v[part]
			if !ok {
				return nil, false
			}
			value = next
		case []any:
			i, err := strconv.Atoi(part)
			if err != nil || i < 0 || i >= len(v) {
				return nil, false
			}
			value = v[i]
		default:
			return nil, false
		}
	}
	return value, true
}

// differs says where a value is not what a case wants of it; empty when it is.
func differs(path string, got, want any) string {
	switch w := want.(type) {
	case map[string]any:
		if list, ok := got.([]any); ok {
			if n, ok := w["len"]; ok && len(w) == 1 {
				if fmt.Sprint(len(list)) != fmt.Sprint(n) {
					return fmt.Sprintf("%s has %d items, wanted %v", path, len(list), n)
				}
				return ""
			}
		}
		object, ok := got.(map[string]any)
		if !ok {
			return fmt.Sprintf("%s is %v, wanted an object", path, got)
		}
		for name, value := range w {
			if fault := differs(strings.TrimPrefix(path+"."+name, "."), object[name], value); fault != "" {
				return fault
			}
		}
		return ""
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) < len(w) {
			return fmt.Sprintf("%s is %v, wanted %v", path, got, want)
		}
		for i := range w {
			if fault := differs(fmt.Sprintf("%s.%d", path, i), list[i], w[i]); fault != "" {
				return fault
			}
		}
		return ""
	case nil:
		if got != nil {
			return fmt.Sprintf("%s is %v, wanted nothing", path, got)
		}
		return ""
	default:
		if fmt.Sprint(got) != fmt.Sprint(want) {
			return fmt.Sprintf("%s is %v, wanted %v", path, got, want)
		}
		return ""
	}
}
