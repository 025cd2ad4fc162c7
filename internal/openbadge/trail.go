package openbadge

import (
	"strconv"
	"strings"
)

// trail is where in a document something stands. It costs nothing until it is written out, which only faults are.
type trail []step

// step is one member of an object, or one item of a list.
type step struct {
	name string
	item int // -1 for a member
}

func (t trail) String() string {
	var b strings.Builder
	for _, s := range t {
		if s.item >= 0 {
			b.WriteString("[" + strconv.Itoa(s.item) + "]")
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(s.name)
	}
	return b.String()
}

// member is the name of the member that stands there; empty for an item of a list.
func (t trail) member() string {
	if len(t) == 0 {
		return ""
	}
	return t[len(t)-1].name
}

// walk visits a value and everything in it, in no order.
func walk(at trail, value any, visit func(at trail, value any)) {
	visit(at, value)
	switch value := value.(type) {
	case []any:
		for i, item := range value {
			walk(append(at, step{item: i}), item, visit)
		}
	case map[string]any:
		for name, member := range value {
			walk(append(at, step{name: name, item: -1}), member, visit)
		}
	}
}
