package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/proto"
)

// exampleID stands for an id that the server gives, where the contract has no example.
const exampleID = "0190a8a4-7c1e-7b7a-9d51-3f0c2f5d9a10"

// Ids are UUIDs, or words where the program's catalogue gives them.
const (
	uuidPattern = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
	wordPattern = "[a-z0-9][a-z0-9-]{0,62}"
)

var isUUID = regexp.MustCompile("^" + uuidPattern + "$")

// resource is a kind of resource: the segments of its name, `districts {district} schools {school}`, and of an example.
type resource struct {
	kind    string
	pattern []string
	example []string
}

// resources are sorted so that of two that fit, the shorter name comes first.
type resources []*resource

func resourceOf(m *protogen.Message) *annotations.ResourceDescriptor {
	descriptor, _ := proto.GetExtension(m.Desc.Options(), annotations.E_Resource).(*annotations.ResourceDescriptor)
	return descriptor
}

func readResources(messages []*protogen.Message) (resources, error) {
	var all resources
	for _, m := range messages {
		descriptor := resourceOf(m)
		if descriptor == nil {
			continue
		}
		if len(descriptor.GetPattern()) != 1 {
			return nil, fmt.Errorf("%s: a resource has one pattern", m.Desc.FullName())
		}
		r := &resource{kind: descriptor.GetType(), pattern: strings.Split(descriptor.GetPattern()[0], "/")}
		if name := findField(m, "name"); name != nil {
			text := strings.Join(strings.Fields(readField(name).example), "")
			r.example = strings.Split(text, "/")
		}
		if len(r.example) != len(r.pattern) || !r.fits(r.example) {
			r.example = slices.Clone(r.pattern)
			for i := 1; i < len(r.example); i += 2 {
				r.example[i] = exampleID
			}
		}
		all = append(all, r)
	}
	slices.SortStableFunc(all, func(a, b *resource) int { return len(a.pattern) - len(b.pattern) })
	return all, nil
}

// fits says whether the segments begin like names of the resource: literals agree, ids are anything.
func (r *resource) fits(segments []string) bool {
	if len(segments) > len(r.pattern) {
		return false
	}
	for i, segment := range segments {
		if !isVariable(r.pattern[i]) && segment != r.pattern[i] || segment == "" {
			return false
		}
	}
	return true
}

func isVariable(segment string) bool { return strings.HasPrefix(segment, "{") }

// of returns the resource of that type, or nil.
func (rs resources) of(kind string) *resource {
	for _, r := range rs {
		if r.kind == kind {
			return r
		}
	}
	return nil
}

// like returns the resource whose names begin like the segments, and which has the shortest names.
func (rs resources) like(segments []string) *resource {
	for _, r := range rs {
		if r.fits(segments) {
			return r
		}
	}
	return nil
}

// name is the example of a resource name.
func (r *resource) name() string { return strings.Join(r.example, "/") }

// parent is the example of the parent's name.
func (r *resource) parent() string { return strings.Join(r.example[:len(r.example)-2], "/") }

var mentionedPattern = regexp.MustCompile("`([a-zA-Z]+/\\{[a-z_]+\\}(?:/[a-zA-Z]+/\\{[a-z_]+\\})*)`")

// mentioned returns an example of the first resource name whose format a comment mentions, or nothing.
func (rs resources) mentioned(text string) string {
	found := mentionedPattern.FindStringSubmatch(text)
	if found == nil {
		return ""
	}
	segments := strings.Split(found[1], "/")
	if r := rs.like(segments); r != nil {
		return strings.Join(r.example[:len(segments)], "/")
	}
	return ""
}
