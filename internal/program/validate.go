package program

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// Fault is one thing wrong with the data files.
type Fault struct {
	File    string // courses.yaml
	Path    string // courses[using-data].version.hours
	Message string
}

func (f Fault) String() string {
	if f.Path == "" {
		return f.File + ": " + f.Message
	}
	return f.File + ": " + f.Path + ": " + f.Message
}

// Faults is the error of files with faults: all of them, a line each.
type Faults []Fault

func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, fault := range f {
		lines[i] = fault.String()
	}
	return strings.Join(lines, "\n")
}

// Validate reports everything that is wrong with the program, as a Faults.
func (p *Program) Validate() error {
	c := &checker{Program: p}
	c.checkItems()
	c.checkFramework()
	c.checkCourses()
	c.checkCredentialTypes()
	c.checkPolicies()
	c.checkRoles()
	c.checkInstitutions()
	c.checkResources()
	c.checkPDPs()
	c.checkEnrollmentRules()
	if len(c.faults) > 0 {
		return c.faults
	}
	return nil
}

// checker gathers faults. The check of each subject is beside its types.
type checker struct {
	*Program
	faults Faults
}

// fault records what is wrong at a path, whose first key tells the file.
func (c *checker) fault(path, format string, args ...any) {
	key, _, _ := strings.Cut(path, ".")
	key, _, _ = strings.Cut(key, "[")
	c.faults = append(c.faults, Fault{fileOf(key), path, fmt.Sprintf(format, args...)})
}

// check records a fault unless ok.
func (c *checker) check(ok bool, path, format string, args ...any) {
	if !ok {
		c.fault(path, format, args...)
	}
}

// refer checks that each of ids is that of an item in the list.
func refer[T any](c *checker, path, kind string, list []T, ids ...string) {
	for _, id := range ids {
		found := slices.ContainsFunc(list, func(item T) bool { return idOf(reflect.ValueOf(item)) == id })
		c.check(found, path, "no %s %q", kind, id)
	}
	c.check(len(slices.Compact(slices.Sorted(slices.Values(ids)))) == len(ids), path, "names a %s twice", kind)
}

var idPattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$|^[SP][0-9]+$`)

// checkItems holds what is true of every item wherever it stands: an id that is unique in its list, with its
// version if it has one, a title, a trace.
func (c *checker) checkItems() {
	walk("", reflect.ValueOf(c.Program), func(path string, v reflect.Value) {
		switch v.Kind() {
		case reflect.Slice:
			c.checkIDs(path, v)
		case reflect.Struct:
			if id := v.FieldByName("ID"); id.IsValid() {
				c.check(idPattern.MatchString(id.String()), path+".id", "%q is not an id: lower-case words joined by hyphens", id)
			}
			if title := v.FieldByName("Title"); title.IsValid() {
				c.check(title.String() != "", path+".title", "empty")
			}
			if trace, ok := traceOf(v); ok {
				c.checkTrace(path, v, trace)
			}
		}
	})
}

func (c *checker) checkIDs(path string, list reflect.Value) {
	seen := map[string]bool{}
	for i := range list.Len() {
		key := keyOf(list.Index(i))
		c.check(key == "" || !seen[key], path, "id %q is used twice", key)
		seen[key] = true
	}
}

func (c *checker) checkTrace(path string, v reflect.Value, trace Trace) {
	c.check(trace.Assumption || len(trace.Sources) > 0, path, "has no sources and is no assumption")
	refer(c, path+".sources", "source", c.Sources, trace.Sources...)
	c.check(!trace.Assumption || saysAssumption(v), path, "is an assumption, but its text does not say so")
}

// saysAssumption tells whether a text of the item, its trace included, says "assumption".
func saysAssumption(v reflect.Value) bool {
	for field, value := range v.Fields() {
		switch {
		case value.Kind() == reflect.String && strings.Contains(strings.ToLower(value.String()), "assumption"):
			return true
		case field.Anonymous && saysAssumption(value):
			return true
		}
	}
	return false
}

func traceOf(v reflect.Value) (Trace, bool) {
	if field := v.FieldByName("Trace"); field.IsValid() {
		trace, ok := field.Interface().(Trace)
		return trace, ok
	}
	return Trace{}, false
}

func idOf(v reflect.Value) string {
	if v.Kind() != reflect.Struct {
		return ""
	}
	if id := v.FieldByName("ID"); id.IsValid() {
		return id.String()
	}
	return ""
}

// keyOf tells an item from the others of its list: by its id, and by its version where items have versions.
func keyOf(v reflect.Value) string {
	id := idOf(v)
	if id == "" {
		return ""
	}
	if version := v.FieldByName("Version"); version.IsValid() && version.CanInt() {
		return fmt.Sprintf("%s@%d", id, version.Int())
	}
	return id
}
