package server_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/btlc/btlc/internal/api"
)

var update = flag.Bool("update", false, "write docs/access.md, docs/lifecycles.md and docs/privacy.md anew, to be read by a person before they are committed")

// matrixRow is a request for something within the scope of the callers that have one, and one for something outside.
type matrixRow struct {
	RPC     string         `yaml:"rpc"`
	Own     map[string]any `yaml:"own"`
	Foreign map[string]any `yaml:"foreign"`
}

var matrixCallers = []struct{ role, caller string }{
	{"admin", "admin"}, {"programStaff", "staff"}, {"facilitator", "facilitator"}, {"assessor", "assessor"}, {"educator", "educator"}, {"principal", "principal"},
	{"districtHr", "districtHr"}, {"registrar", "registrar"}, {"boardMember", "board"}, {"auditor", "auditor"}, {"public", "anonymous"},
}

// TestAccessMatrix walks every RPC as every role, for something of the caller's own and for something foreign, and
// compares what it may with docs/access.md. A list may when it shows the thing.
func TestAccessMatrix(t *testing.T) {
	body, err := os.ReadFile("testdata/matrix.yaml")
	must(t, err)
	var rows []matrixRow
	decoder := yaml.NewDecoder(strings.NewReader(string(body)))
	decoder.KnownFields(true)
	must(t, decoder.Decode(&rows))
	w := newWorld(t)
	w.settle(t)
	lines := map[string]string{}
	for _, row := range rows {
		method := methodNamed(t, row.RPC)
		name := fmt.Sprintf("%s.%s", strings.TrimSuffix(string(method.Parent().Name()), "Service"), row.RPC)
		var cells []string
		// Those who may most come last: what they do can put a thing out of the others' sight.
		for _, c := range slices.Backward(matrixCallers) {
			own, foreign := w.may(t, row, c.caller, row.Own), false
			if row.Foreign != nil {
				foreign = w.may(t, row, c.caller, row.Foreign)
			}
			switch {
			case own && (foreign || row.Foreign == nil):
				cells = append(cells, "yes")
			case own:
				cells = append(cells, "own")
			case foreign:
				t.Errorf("%s: %s may do it to what is foreign, and not to their own", row.RPC, c.role)
			default:
				cells = append(cells, "")
			}
		}
		slices.Reverse(cells)
		lines[name] = "| " + name + " | " + strings.Join(cells, " | ") + " |"
	}
	for _, method := range allMethods() {
		if !slices.ContainsFunc(rows, func(r matrixRow) bool { return r.RPC == string(method.Name()) }) {
			t.Errorf("%s has no row in testdata/matrix.yaml", method.Name())
		}
	}
	compareTable(t, lines)
}

func (w *world) may(t *testing.T, row matrixRow, caller string, request map[string]any) bool {
	t.Helper()
	r := w.grpc.call(t, methodNamed(t, row.RPC), w.keys[caller], marshal(t, w.filled(t, nonNil(request))), nil)
	if r.err != nil {
		if r.err.Reason == api.InvalidRequest || r.err.Reason == api.Internal {
			t.Errorf("%s as %s: %v %v", row.RPC, caller, r.err, r.err.Violations)
		}
		return r.err.Reason != api.Unauthenticated && r.err.Reason != api.PermissionDenied && r.err.Reason != api.NotFound
	}
	if !strings.HasPrefix(row.RPC, "List") {
		return true
	}
	for _, value := range r.answer {
		if list, ok := value.([]any); ok {
			return len(list) > 0
		}
	}
	return false
}

func compareTable(t *testing.T, lines map[string]string) {
	t.Helper()
	names := make([]string, 0, len(lines))
	for name := range lines {
		names = append(names, name)
	}
	slices.Sort(names)
	var b strings.Builder
	b.WriteString(`# Who may call what

Each RPC, as each role: ` + "`yes`" + ` for anything, ` + "`own`" + ` for what lies within the caller's scope (the educator themselves, the people and
places of the school or district, the institution's requests by consent), empty for nothing. The table is walked against a
running server by ` + "`go test ./internal/server -run TestAccessMatrix`" + `, which fails when it is not so.

| RPC |`)
	for _, c := range matrixCallers {
		b.WriteString(" " + c.role + " |")
	}
	b.WriteString("\n|" + strings.Repeat(" --- |", len(matrixCallers)+1) + "\n")
	for _, name := range names {
		b.WriteString(lines[name] + "\n")
	}
	compareDocument(t, "access.md", b.String())
}

// compareDocument fails when a document of docs/ is not what it has to be; with -update it writes it.
func compareDocument(t *testing.T, name, content string) {
	t.Helper()
	file := filepath.Join("..", "..", "docs", name)
	if *update {
		must(t, os.WriteFile(file, []byte(content), 0o644))
		return
	}
	written, err := os.ReadFile(file)
	must(t, err)
	if string(written) == content {
		return
	}
	said := strings.Split(string(written), "\n")
	for _, line := range strings.Split(content, "\n") {
		if !slices.Contains(said, line) {
			t.Errorf("docs/%s does not say:\n%s", name, line)
		}
	}
	if !t.Failed() {
		t.Errorf("docs/%s says more than is so, or in another order", name)
	}
}
