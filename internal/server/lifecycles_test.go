package server_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/assessment"
	"github.com/btlc/btlc/internal/change"
	"github.com/btlc/btlc/internal/credential"
	"github.com/btlc/btlc/internal/directory"
	"github.com/btlc/btlc/internal/enrollment"
	"github.com/btlc/btlc/internal/feedback"
	"github.com/btlc/btlc/internal/gradcredit"
	"github.com/btlc/btlc/internal/notice"
	"github.com/btlc/btlc/internal/roleinventory"
)

// lifeless are the resources that have a state but no life of their own: an event tells the status that its credential had
// then, and a client may be disabled, which it stays, in any state.
var lifeless = []string{"btlc/CredentialEvent", "btlc/ApiClient"}

// TestLifecycles draws the lives of all resources that have a state, and compares with docs/lifecycles.md.
func TestLifecycles(t *testing.T) {
	lives := map[string]api.Life{}
	for _, of := range []map[string]api.Life{assessment.Lives, change.Lives, credential.Lives, directory.Lives, enrollment.Lives, feedback.Lives, gradcredit.Lives, notice.Lives, roleinventory.Lives} {
		maps.Copy(lives, of)
	}
	contract := statesByType()
	for _, resource := range lifeless {
		if contract[resource] == nil {
			t.Errorf("%s has no state", resource)
		}
		delete(contract, resource)
	}
	for resource, states := range contract {
		if reached := reachable(lives[resource]); !slices.Equal(reached, slices.Sorted(slices.Values(states))) {
			t.Errorf("%s: its life leads to %v, the contract has %v", resource, reached, states)
		}
	}
	for resource, life := range lives {
		if contract[resource] == nil {
			t.Errorf("%s has a life and no state", resource)
		}
		leads := map[[2]string]string{}
		for _, m := range life {
			at := [2]string{m.From(), m.Verb()}
			if to := leads[at]; to != "" {
				t.Errorf("%s: %q leads from %q to %s and to %s", resource, m.Verb(), m.From(), to, m.To())
			}
			leads[at] = m.To()
		}
	}
	var b strings.Builder
	b.WriteString(`# Life cycles

What leads from which state to which; in any other state the same is refused with ` + "`STATE_CONFLICT`" + `. The drawings are made
from the tables that the handlers themselves go by, with ` + "`go test ./internal/server -run TestLifecycles -update`" + `; without ` + "`-update`" + `
the test fails when this page is not so.
`)
	for _, resource := range slices.Sorted(maps.Keys(lives)) {
		fmt.Fprintf(&b, "\n## %s\n\n```mermaid\n%s```\n", strings.TrimPrefix(resource, "btlc/"), drawing(lives[resource]))
	}
	compareDocument(t, "lifecycles.md", b.String())
}

// drawing is a life as a diagram of Mermaid; a state from which nothing leads on is an end.
func drawing(life api.Life) string {
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n")
	state := func(name string) string {
		if name == "" {
			return "[*]"
		}
		return name
	}
	for _, m := range life {
		fmt.Fprintf(&b, "    %s --> %s: %s\n", state(m.From()), m.To(), m.Verb())
	}
	for _, name := range reachable(life) {
		if !slices.ContainsFunc(life, func(m api.Move) bool { return m.From() == name && m.To() != name }) {
			fmt.Fprintf(&b, "    %s --> [*]\n", name)
		}
	}
	return b.String()
}

// reachable are the states that a resource can come to, sorted.
func reachable(life api.Life) []string {
	found := map[string]bool{"": true}
	for before := 0; before < len(found); {
		before = len(found)
		for _, m := range life {
			if found[m.From()] {
				found[m.To()] = true
			}
		}
	}
	delete(found, "")
	return slices.Sorted(maps.Keys(found))
}

// statesByType are the states, as the database keeps them, of all resources of the contract that have a state or a status.
func statesByType() map[string][]string {
	states := map[string][]string{}
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		for i := range file.Messages().Len() {
			message := file.Messages().Get(i)
			resource, _ := proto.GetExtension(message.Options(), annotations.E_Resource).(*annotations.ResourceDescriptor)
			for _, name := range []protoreflect.Name{"state", "status"} {
				fd := message.Fields().ByName(name)
				if resource.GetType() == "" || fd == nil || fd.Enum() == nil {
					continue
				}
				values := fd.Enum().Values()
				prefix := strings.TrimSuffix(string(values.ByNumber(0).Name()), "UNSPECIFIED")
				for j := 1; j < values.Len(); j++ {
					states[resource.Type] = append(states[resource.Type], strings.TrimPrefix(string(values.Get(j).Name()), prefix))
				}
			}
		}
		return true
	})
	return states
}
