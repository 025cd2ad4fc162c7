package main

import (
	"fmt"
	"regexp"
	"strings"

	"google.golang.org/protobuf/compiler/protogen"
)

// route is a path template of the contract in the words of OpenAPI: every wildcard is a parameter of its own, named by
// the resource whose id it is.
type route struct {
	path   string
	params []*parameter
	bound  map[string]bool // proto paths of the request fields that the path carries, such as district.name
}

var pathVariable = regexp.MustCompile(`\{([a-z0-9_.]+)(?:=([^}]*))?\}`)

// route translates a template such as /v1/{name=districts/*/schools/*}:verb.
func (c *contract) route(template string, request *protogen.Message) (*route, error) {
	r := &route{bound: map[string]bool{}}
	rest := template
	for {
		at := pathVariable.FindStringSubmatchIndex(rest)
		if at == nil {
			r.path += rest
			return r, nil
		}
		field, pattern := rest[at[2]:at[3]], "*"
		if at[4] >= 0 {
			pattern = rest[at[4]:at[5]]
		}
		r.path += rest[:at[0]]
		r.bound[field] = true
		if err := r.expand(c.resources, field, pattern, request); err != nil {
			return nil, fmt.Errorf("%s: %w", template, err)
		}
		rest = rest[at[1]:]
	}
}

// expand appends the pattern of one variable to the path, a named parameter for each wildcard.
func (r *route) expand(all resources, fieldPath, pattern string, request *protogen.Message) error {
	segments := strings.Split(pattern, "/")
	if !strings.Contains(pattern, "*") {
		r.path += pattern
		return nil
	}
	kind := all.like(segments)
	if kind == nil {
		return fmt.Errorf("no resource has names like %s", pattern)
	}
	anyParent := false
	if f := findField(request, fieldPath); f != nil {
		anyParent = strings.Contains(readField(f).text, "`-` stands for any")
	}
	for i, segment := range segments {
		if segment == "*" {
			p := idParameter(kind, i, len(segments), anyParent)
			r.params = append(r.params, p)
			segments[i] = "{" + p.Name + "}"
		}
	}
	r.path += strings.Join(segments, "/")
	return nil
}

// idParameter is the parameter for the id at a place in names of that kind, of which the path has the first length
// segments.
func idParameter(kind *resource, at, length int, anyParent bool) *parameter {
	variable := strings.Trim(kind.pattern[at], "{}")
	pattern := wordPattern
	if isUUID.MatchString(kind.example[at]) {
		pattern = uuidPattern
	}
	description := fmt.Sprintf("The id of the %s in the resource name `%s`.",
		strings.ReplaceAll(variable, "_", " "), strings.Join(kind.pattern[:length], "/"))
	if anyParent {
		pattern = "(-|" + pattern + ")"
		description += " `-` stands for any."
	}
	return &parameter{
		Name: camelCase(variable), In: "path", Required: true, Description: description,
		Schema:  &schema{Type: "string", Pattern: "^" + pattern + "$"},
		Example: kind.example[at],
	}
}

// camelCase turns api_client into apiClient, as JSON names do.
func camelCase(name string) string {
	words := strings.Split(name, "_")
	for i, word := range words[1:] {
		words[i+1] = strings.ToUpper(word[:1]) + word[1:]
	}
	return strings.Join(words, "")
}
