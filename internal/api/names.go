package api

import (
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// Resource types by the pattern of their names, read from the contract once.
var patterns = sync.OnceValue(func() map[string][]string {
	byType := map[string][]string{}
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		messages := file.Messages()
		for i := range messages.Len() {
			if res, ok := proto.GetExtension(messages.Get(i).Options(), annotations.E_Resource).(*annotations.ResourceDescriptor); ok && res != nil && len(res.Pattern) > 0 {
				byType[res.Type] = strings.Split(res.Pattern[0], "/")
			}
		}
		return true
	})
	return byType
})

// wordIDs are the catalogue's types, whose last part is a word; the others end in a UUID.
var wordIDs = map[string]bool{"{district}": true, "{institution}": true, "{course}": true, "{term}": true, "{framework}": true,
	"{role_family}": true, "{credential_type}": true, "{policy}": true, "{version}": true, "{school_calendar}": true}

var wordPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// Pattern is the pattern of a resource type's names, such as `districts/{district}`.
func Pattern(resourceType string) string { return strings.Join(patterns()[resourceType], "/") }

// Name makes the name of a resource from the parts that vary.
func Name(resourceType string, ids ...any) string {
	var b strings.Builder
	next := 0
	for i, segment := range patterns()[resourceType] {
		if i > 0 {
			b.WriteByte('/')
		}
		if segment[0] != '{' {
			b.WriteString(segment)
			continue
		}
		switch id := ids[next].(type) {
		case string:
			b.WriteString(id)
		case uuid.UUID:
			b.WriteString(id.String())
		default:
			fmt.Fprint(&b, id)
		}
		next++
	}
	return b.String()
}

// IDs takes a resource name apart: the parts that vary, in order. ok is false when it is not a name of this type.
func IDs(resourceType, name string) (ids []string, ok bool) {
	return match(patterns()[resourceType], name, false)
}

func match(pattern []string, name string, wildcard bool) (ids []string, ok bool) {
	segments := strings.Split(name, "/")
	if len(pattern) == 0 || len(segments) != len(pattern) {
		return nil, false
	}
	for i, want := range pattern {
		switch {
		case want[0] != '{':
			if segments[i] != want {
				return nil, false
			}
		case wildcard && segments[i] == "-":
			ids = append(ids, "-")
		case wordIDs[want]:
			if !wordPattern.MatchString(segments[i]) {
				return nil, false
			}
			ids = append(ids, segments[i])
		default:
			id, err := uuid.Parse(segments[i])
			if err != nil || id.String() != segments[i] {
				return nil, false
			}
			ids = append(ids, segments[i])
		}
	}
	return ids, true
}

// LastUUID is the id in a name that ends in a UUID; uuid.Nil for a name that was not validated to.
func LastUUID(name string) uuid.UUID {
	id, err := uuid.Parse(name[strings.LastIndexByte(name, '/')+1:])
	if err != nil {
		return uuid.Nil
	}
	return id
}

// OptionalUUID is LastUUID, and nil for no name.
func OptionalUUID(name string) *uuid.UUID {
	if name == "" {
		return nil
	}
	id := LastUUID(name)
	return &id
}

// LastWord is the last part of a name: the id of a catalogue's resource.
func LastWord(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

// OptionalWord is LastWord, and nil for no name.
func OptionalWord(name string) *string {
	if name == "" {
		return nil
	}
	word := LastWord(name)
	return &word
}

// Part is the nth part that varies, from 0, of a name that the server has validated.
func Part(name string, n int) string {
	segments := strings.Split(name, "/")
	if i := 2*n + 1; i < len(segments) {
		return segments[i]
	}
	return ""
}

// PartUUID is Part as a UUID; uuid.Nil for `-`.
func PartUUID(name string, n int) uuid.UUID {
	id, err := uuid.Parse(Part(name, n))
	if err != nil {
		return uuid.Nil
	}
	return id
}
