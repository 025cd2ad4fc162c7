package server_test

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	accesspb "github.com/btlc/btlc/gen/go/btlc/access/v1"
	"github.com/btlc/btlc/internal/access"
	"github.com/btlc/btlc/internal/server"
)

// privacyRow is one way to ask an RPC, as testdata/privacy.yaml explains.
type privacyRow struct {
	RPC      string            `yaml:"rpc"`
	By       string            `yaml:"by"`
	Request  map[string]any    `yaml:"request"`
	Headers  map[string]string `yaml:"headers"`
	Writes   bool              `yaml:"writes"`
	Answered map[string]string `yaml:"answered"`
	Shows    []string          `yaml:"shows"`
}

// partner is somebody who calls for others than themselves, and does not work for the program.
type partner struct {
	caller string
	role   accesspb.Role
}

var partners = []partner{{"districtHr", accesspb.Role_ROLE_DISTRICT_HR}, {"principal", accesspb.Role_ROLE_PRINCIPAL}, {"registrar", accesspb.Role_ROLE_REGISTRAR}}

// The answers of cases, beside what a row says itself.
const (
	asNobody = "nobody"
	answered = "answered"
	refused  = "refused"
	lastDay  = "last day"
)

// privacyPanel is what the callers of one place are tried on, by cases. The first is their own; those that come later are not
// on record at first.
type privacyPanel struct {
	callers  []string
	cases    []string
	later    []string
	subjects map[string]subject
}

func ruleOf(method protoreflect.MethodDescriptor) *accesspb.Rule {
	return proto.GetExtension(method.Options(), accesspb.E_Rule).(*accesspb.Rule)
}

// mayCall says whether a partner may call an RPC about anything at all.
func (p partner) mayCall(method protoreflect.MethodDescriptor) bool {
	rule := ruleOf(method)
	return rule.Public || rule.Authenticated || slices.Contains(access.Permissions(p.role), rule.Permission)
}

func readPrivacyRows(t *testing.T) (rows []privacyRow) {
	t.Helper()
	body, err := os.ReadFile("testdata/privacy.yaml")
	must(t, err)
	decoder := yaml.NewDecoder(bytes.NewReader(body))
	decoder.KnownFields(true)
	must(t, decoder.Decode(&rows))
	for _, method := range allMethods() {
		called := slices.ContainsFunc(partners, func(p partner) bool { return p.mayCall(method) })
		if listed := slices.ContainsFunc(rows, func(r privacyRow) bool { return r.RPC == string(method.Name()) }); called != listed {
			t.Errorf("%s may be called by a partner: %v; has a row in testdata/privacy.yaml: %v", method.Name(), called, listed)
		}
	}
	return rows
}

// about are the variables of a row's request that differ from case to case.
func (r privacyRow) about(t *testing.T) (names []string) {
	t.Helper()
	for _, found := range variable.FindAllStringSubmatch(string(marshal(t, nonNil(r.Request))), -1) {
		if strings.HasPrefix(found[1], "who") || strings.HasPrefix(found[1], "place") {
			names = append(names, found[1])
		}
	}
	return names
}

// tried are the cases of a panel for which a row's request can be made.
func (p privacyPanel) tried(t *testing.T, r privacyRow) (cases []string) {
	t.Helper()
	for _, c := range p.cases {
		if !slices.ContainsFunc(r.about(t), func(name string) bool { return p.subjects[c][name] == "" }) {
			cases = append(cases, c)
		}
	}
	return cases
}

// wanted is what a case is answered: like nobody unless it is the caller's own, or the row says otherwise.
func (p privacyPanel) wanted(r privacyRow, c string) string {
	if said, ok := r.Answered[c]; ok {
		return said
	}
	if c == p.cases[0] {
		return answered
	}
	return asNobody
}

// secrets are what tells of somebody.
func (s subject) secrets() (all []string) {
	for name, value := range s {
		if strings.HasPrefix(name, "who") && !strings.HasPrefix(name, "whoRoster") && value != "" {
			all = append(all, lastPart(value))
		}
	}
	return all
}

// masked is an answer with the variables of the case for their values: what it is asked about, and whoever it is about has.
func (s subject) masked(answer []byte, asked []string) []byte {
	names := slices.SortedFunc(maps.Keys(s), func(a, b string) int { // the longer first, and of equal values the one that was asked by
		return cmp.Or(len(s[b])-len(s[a]), slices.Index(asked, b)-slices.Index(asked, a), strings.Compare(a, b))
	})
	for _, name := range names {
		if len(s[name]) > len("e1") && (strings.HasPrefix(name, "who") || slices.Contains(asked, name)) {
			answer = bytes.ReplaceAll(answer, []byte(s[name]), []byte("${"+name+"}"))
		}
	}
	return answer
}

// answerTo is what a caller gets over a transport.
func (w *world) answerTo(t *testing.T, r privacyRow, caller string, s subject, over string) []byte {
	t.Helper()
	maps.Copy(w.variables, s)
	request := w.filled(t, nonNil(r.Request)).(map[string]any)
	if over == "gRPC" {
		headers := map[string]string{}
		for name, value := range r.Headers {
			headers[strings.ToLower(name)] = value
		}
		return w.bytesOverGRPC(t, caller, methodNamed(t, r.RPC), request, headers)
	}
	return w.bytesOverREST(t, caller, methodNamed(t, r.RPC), request, r.Headers)
}

var transports = []string{"gRPC", "REST"}

// failedAnswer is how an error begins.
var failedAnswer = regexp.MustCompile(`^([45]\d\d [A-Z]|error )`)

// privacyMatrix is the matrix while it is tried.
type privacyMatrix struct {
	*world
	rows []privacyRow
	// was are the answers of the first time, by row, caller, case and transport.
	was map[string][]byte
}

// TestPrivacyMatrix asks every RPC that a partner may call, in every way of testdata/privacy.yaml, as each partner that may, over
// gRPC and REST, and compares byte for byte: of people of whom a partner may not know what is answered of nobody; of those who
// have left the same, whatever has become of them. It asks all before and after others come to be on record and those who have
// left go on with their lives: not one byte may differ. What is answered is compared with docs/privacy.md.
func TestPrivacyMatrix(t *testing.T) {
	w := newWorld(t, func(o *server.Options) { o.Webhooks.Alive = 50 * time.Millisecond })
	w.settle(t)
	m := privacyMatrix{world: w, rows: readPrivacyRows(t)}
	districts, institutions := w.districtPanel(t), w.institutionPanel(t)
	m.askTwice(t, func() { w.liveOn(t, districts, institutions) }, districts, institutions)
	schools := w.schoolPanel(t)
	m.askTwice(t, func() { w.goOn(t, schools) }, schools)
	panels := []privacyPanel{districts, institutions, schools}
	for _, p := range panels {
		m.write(t, p)
	}
	if !t.Failed() {
		m.document(t, panels)
	}
}

// askTwice asks all that does not write before and after something of which the callers of the panels may notice nothing.
func (m *privacyMatrix) askTwice(t *testing.T, happens func(), panels ...privacyPanel) {
	t.Helper()
	m.was = map[string][]byte{}
	for _, p := range panels {
		m.askAll(t, p, false)
	}
	m.clock.Add(int64(time.Hour))
	happens()
	for _, p := range panels {
		m.askAll(t, p, true)
	}
}

// askAll asks all that does not write, about all cases of a panel; again says whether it was asked before.
func (m *privacyMatrix) askAll(t *testing.T, p privacyPanel, again bool) {
	t.Helper()
	for i, r := range m.rows {
		if r.Writes {
			continue
		}
		for _, caller := range p.mayCall(t, r) {
			m.place(p)
			for _, over := range transports {
				got := map[string][]byte{}
				none := p.subjects[asNobody].masked(m.answerTo(t, r, caller, p.subjects[asNobody], over), r.about(t))
				for _, c := range p.tried(t, r) {
					if !again && slices.Contains(p.later, c) {
						continue
					}
					where, raw := fmt.Sprintf("%s by %q as %s over %s, %s", r.RPC, r.By, caller, over, c), m.answerTo(t, r, caller, p.subjects[c], over)
					got[c] = p.subjects[c].masked(raw, r.about(t))
					key := fmt.Sprint(i, where)
					if was, ok := m.was[key]; ok && !bytes.Equal(was, raw) {
						t.Errorf("%s:\n%q\nbefore all that has become of others:\n%q", where, raw, was)
					}
					m.was[key] = raw
					m.compare(t, p, r, c, where, got[c], none)
					m.keepsQuiet(t, p, r, c, where, raw)
					if len(r.about(t)) == 0 {
						break // all cases have one answer
					}
				}
				if moved, ended := got["moved"], got["ended"]; !bytes.Equal(moved, ended) {
					t.Errorf("%s by %q as %s over %s, moved:\n%q\nended:\n%q", r.RPC, r.By, caller, over, moved, ended)
				}
			}
		}
	}
}

// compare fails when a case is answered otherwise than it should be; none is what is answered of nobody.
func (m *privacyMatrix) compare(t *testing.T, p privacyPanel, r privacyRow, c, where string, got, none []byte) {
	t.Helper()
	switch wanted := p.wanted(r, c); {
	case len(r.about(t)) == 0:
		if failedAnswer.Match(got) {
			t.Errorf("%s: %q", where, got)
		}
	case wanted == asNobody:
		if !bytes.Equal(got, none) {
			t.Errorf("%s:\n%q\nof nobody:\n%q", where, got, none)
		}
	case bytes.Equal(got, none):
		t.Errorf("%s is answered as nobody is: %q", where, got)
	case failedAnswer.Match(got) != (wanted == refused) && !r.Writes:
		t.Errorf("%s: %q", where, got)
	case wanted == lastDay && chance.Match(bytes.ReplaceAll(got, p.own(), nil)):
		t.Errorf("%s tells more than the last day: %q", where, got)
	}
}

// own is what names the credential of the caller's own educator, which a batch shows too.
func (p privacyPanel) own() []byte { return []byte(lastPart(p.subjects[p.cases[0]]["whoCredential"])) }

// keepsQuiet fails when an answer tells something of a case that it is not about, of what came after, or of what the caller's own
// have in the other district; and when a list does not show the caller's own.
func (m *privacyMatrix) keepsQuiet(t *testing.T, p privacyPanel, r privacyRow, c, where string, raw []byte) {
	t.Helper()
	own, secrets := p.subjects[p.cases[0]], []string{"Afterwards", "S-after"} // of liveOn and goOn
	if own["whoNumberAway"] != "" && !slices.Contains(r.about(t), "whoNumberAway") {
		secrets = append(secrets, own["whoNumberAway"])
	}
	for _, other := range p.cases[1:] {
		if other != c && !slices.Contains(r.Shows, other) {
			secrets = append(secrets, p.subjects[other].secrets()...)
		}
	}
	for _, secret := range secrets {
		if bytes.Contains(raw, []byte(secret)) {
			t.Errorf("%s tells %q: %q", where, secret, raw)
		}
	}
	lists := len(r.about(t)) == 0 && ruleOf(methodNamed(t, r.RPC)).Permission != "" && r.RPC != "GetReconciliationDigest" // which are hashes
	if lists && !bytes.Contains(raw, []byte(lastPart(own["whoName"]))) && !bytes.Contains(raw, p.own()) {
		t.Errorf("%s does not show its own: %q", where, raw)
	}
}

// write asks all that writes. What is refused as for nobody is asked over both transports.
func (m *privacyMatrix) write(t *testing.T, p privacyPanel) {
	t.Helper()
	for _, r := range m.rows {
		if !r.Writes {
			continue
		}
		for _, caller := range p.mayCall(t, r) {
			m.place(p)
			none, got := map[string][]byte{}, map[string][]byte{}
			hear := func(c, over string) []byte {
				return chance.ReplaceAll(p.subjects[c].masked(m.answerTo(t, r, caller, p.subjects[c], over), r.about(t)), []byte("…"))
			}
			for _, over := range transports {
				none[over] = hear(asNobody, over)
			}
			for _, c := range slices.Backward(p.tried(t, r)) { // the caller's own last: it changes what is there
				for _, over := range transports {
					if over == "REST" && p.wanted(r, c) != asNobody {
						continue
					}
					got[c] = hear(c, over)
					m.compare(t, p, r, c, fmt.Sprintf("%s by %q as %s over %s, %s", r.RPC, r.By, caller, over, c), got[c], none[over])
				}
			}
			if moved, ended := got["moved"], got["ended"]; !bytes.Equal(moved, ended) {
				t.Errorf("%s by %q as %s, moved:\n%q\nended:\n%q", r.RPC, r.By, caller, moved, ended)
			}
		}
	}
}

// mayCall are the callers of a panel that may call a row's RPC.
func (p privacyPanel) mayCall(t *testing.T, r privacyRow) (callers []string) {
	t.Helper()
	for _, partner := range partners {
		if slices.Contains(p.callers, partner.caller) && partner.mayCall(methodNamed(t, r.RPC)) {
			callers = append(callers, partner.caller)
		}
	}
	return callers
}

// place sets the variables that name where the callers of a panel are.
func (m *privacyMatrix) place(p privacyPanel) {
	v := m.variables
	v["mine"], v["home"], v["away"], v["ownName"], v["ownRoster"] = v["district"], v["district"], v["otherDistrict"], v["educator"], p.subjects[p.cases[0]]["whoRosterByNumber"]
	if p.callers[0] == "registrar" {
		v["mine"], v["away"] = v["institution"], v["otherInstitution"]
	}
}
