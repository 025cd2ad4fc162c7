package server_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// table is what a panel's callers are answered, a line for each way to ask an RPC that not everybody may call.
func (m *privacyMatrix) table(t *testing.T, p privacyPanel) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "| RPC | asked by | %s |\n|%s\n", strings.Join(p.cases, " | "), strings.Repeat(" --- |", len(p.cases)+2))
	for _, r := range m.rows {
		if len(p.mayCall(t, r)) == 0 || ruleOf(methodNamed(t, r.RPC)).Permission == "" {
			continue
		}
		fmt.Fprintf(&b, "| %s | %s |", r.RPC, r.By)
		tried := p.tried(t, r)
		for _, c := range p.cases {
			cell := ""
			switch {
			case len(r.about(t)) > 0 && slices.Contains(tried, c):
				cell = p.wanted(r, c)
			case len(r.about(t)) > 0:
			case c == p.cases[0]:
				cell = "shown"
			case slices.Contains(r.Shows, c):
				cell = "as it was"
			default:
				cell = "not shown"
			}
			b.WriteString(" " + cell + " |")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// document compares docs/privacy.md.
func (m *privacyMatrix) document(t *testing.T, panels []privacyPanel) {
	t.Helper()
	districts, institutions, schools := m.table(t, panels[0]), m.table(t, panels[1]), m.table(t, panels[2])
	var all []string
	for _, r := range m.rows {
		if ruleOf(methodNamed(t, r.RPC)).Permission == "" {
			all = append(all, "`"+r.RPC+"`")
		}
	}
	compareDocument(t, "privacy.md", `# What partners are answered

Every RPC that a district, a school or an institution may call, each way to ask it, and what is answered about whom.
`+"`TestPrivacyMatrix`"+` asks all of it over gRPC and REST, compares every byte, headers too, and fails when it is not so.

- `+"`nobody`"+`: what is answered of somebody or something that does not exist, byte for byte; `+"`not shown`"+`: so is a list, an export, a digest or the feed.
- `+"`last day`"+`: the last day of work there, and no more.
- `+"`as it was`"+`: what was so up to then. The feed keeps what it told; a role that was held there stays the place's to know.
- `+"`refused`"+`: why the request cannot be carried out, which is not told of others.

It is asked before and after all that partners may not notice, and not one byte differs: others come to be on record, and those who have left work elsewhere,
have other names, addresses and numbers, take up roles, earn and lose credentials, take requests back, and are found to be somebody of another record.
One thing does change: a role assignment's name begins with its educator's, so it has another one when the record of somebody who has left is merged.

## Districts and their schools

`+"`foreign`"+` works in another district, `+"`future`"+` will work here, `+"`moved`"+` and `+"`ended`"+` have left, for another district and for nowhere, and `+"`merged`"+` has left
and turns out to be the `+"`survivor`"+`, who is on record elsewhere.

`+districts+`
## Schools of one district

A principal knows of those who work in the school: of a `+"`neighbor`"+`, who works in another school of the district, and of those `+"`transferred`"+` there as little as of anybody.

`+schools+`
## Institutions

All have asked for credit: `+"`own`"+` consents, `+"`never`"+` does not, `+"`revoked`"+` does no more, `+"`withdrawn`"+` consents and has taken the request back, `+"`elsewhere`"+` asked another institution.

`+institutions+`
## Everybody

These name nobody of whom a partner may not know. How many seats of a section are taken, and how many wait for one, is told to all. `+strings.Join(all, ", ")+`.
`)
}
