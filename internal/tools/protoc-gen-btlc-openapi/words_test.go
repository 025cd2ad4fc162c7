package main

import (
	"regexp"
	"testing"

	"google.golang.org/protobuf/compiler/protogen"
)

func TestParseComment(t *testing.T) {
	for raw, want := range map[string]comment{
		" The name for people. Example: `Using Data`.\n":      {text: "The name for people.", example: "Using Data"},
		" For the district-\n level role.\n":                  {text: "For the district-level role."},
		" One thing\n and another.\n\n A second paragraph.\n": {text: "One thing and another.\n\nA second paragraph."},
		" Resource name. Example:\n `districts/bps`. Kept.\n": {text: "Resource name. Kept.", example: "districts/bps"},
		" Pauses -\n like this.\n":                            {text: "Pauses - like this."},
		"":                                                    {},
	} {
		if got := parseComment(protogen.Comments(raw)); got != want {
			t.Errorf("%q is %+v, not %+v", raw, got, want)
		}
	}
}

func TestSummary(t *testing.T) {
	c := comment{text: "Gets a district. NOT_FOUND when there is none."}
	if c.summary() != "Gets a district" || c.beyondSummary() != c.text {
		t.Errorf("%q, %q", c.summary(), c.beyondSummary())
	}
	c = comment{text: "Creates a district."}
	if c.summary() != "Creates a district" || c.beyondSummary() != "" {
		t.Errorf("%q, %q", c.summary(), c.beyondSummary())
	}
}

func TestMatching(t *testing.T) {
	for _, pattern := range []string{
		`^[a-z][a-z0-9-]{1,62}$`, `^([A-Z]{2})?$`, `^([0-9a-f]{64})?$`, `^(program|districts/[a-z]+)$`, `^[^/]+\.(pdf|txt)$`, `^a*b+$`,
	} {
		if got := matching(pattern); got == "" || !regexp.MustCompile(pattern).MatchString(got) {
			t.Errorf("%s does not match %q", pattern, got)
		}
	}
}

func TestRoute(t *testing.T) {
	c := &contract{resources: resources{
		{kind: "btlc/ApiClient", pattern: []string{"apiClients", "{api_client}"}, example: []string{"apiClients", exampleID}},
		{kind: "btlc/ApiKey", pattern: []string{"apiClients", "{api_client}", "keys", "{api_key}"}, example: []string{"apiClients", exampleID, "keys", exampleID}},
		{kind: "btlc/PolicyVersion", pattern: []string{"policies", "{policy}", "versions", "{version}"}, example: []string{"policies", "course-certificate", "versions", "1"}},
	}}
	for template, want := range map[string]string{
		"/v1/{name=apiClients/*/keys/*}:revoke": "/v1/apiClients/{apiClient}/keys/{apiKey}:revoke",
		"/v1/{parent=apiClients/*}/keys":        "/v1/apiClients/{apiClient}/keys",
		"/v1/{api_client.name=apiClients/*}":    "/v1/apiClients/{apiClient}",
		"/v1/{parent=policies/*}/versions":      "/v1/policies/{policy}/versions",
		"/v1/{parent=program}/changes":          "/v1/program/changes",
		"/v1/whoami":                            "/v1/whoami",
	} {
		r, err := c.route(template, new(protogen.Message))
		if err != nil || r.path != want {
			t.Errorf("%s is %v (%v), not %s", template, r, err, want)
		}
	}
	if _, err := c.route("/v1/{name=planets/*}", new(protogen.Message)); err == nil {
		t.Error("a template without a resource is taken")
	}
}
