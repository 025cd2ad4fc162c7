package openbadge

import (
	"slices"
	"strconv"
	"strings"
)

// Status is a place where a verifier learns whether the credential still holds. Open Badges 3.0 and
// CLR 2.0 allow one for a credential; with several it follows the data model alone, and their JSON
// schemas refuse it.
type Status struct {
	// List is the URL of the status list: a BitstringStatusListCredential, or a revocation list of
	// 1EdTech (which has since deprecated it) when Purpose is empty.
	List string
	// Purpose is what a set bit says: revocation or suspension.
	Purpose string
	Index   int // of the credential's bit in the list
}

func (s Status) object() map[string]any {
	if s.Purpose == "" {
		return map[string]any{"id": s.List, "type": "1EdTechRevocationList"}
	}
	index := strconv.Itoa(s.Index)
	return map[string]any{
		"id":                   s.List + "#" + index,
		"type":                 "BitstringStatusListEntry",
		"statusPurpose":        s.Purpose,
		"statusListIndex":      index,
		"statusListCredential": s.List,
	}
}

// SchemaURL is where a JSON schema is found.
type SchemaURL string

// The JSON schemas of 1EdTech.
const (
	SchemaOpenBadge SchemaURL = "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json"
	SchemaCLR       SchemaURL = "https://purl.imsglobal.org/spec/clr/v2p0/schema/json/clr_v2p0_clrcredential_schema.json"
)

func (s SchemaURL) object() map[string]any {
	return map[string]any{"id": string(s), "type": "1EdTechJsonSchemaValidator2019"}
}

// usesExtensions tells whether a type is used that the contexts of the standards do not define.
func (m Metadata) usesExtensions() bool {
	for _, status := range m.Status {
		if status.Purpose == "" {
			return true
		}
	}
	return len(m.Schemas) > 0
}

// checkStatus finds the faults of status entries and schemas of a credential of which 1EdTech has a
// schema.
func (m Metadata) checkStatus(f *faults, schema SchemaURL) {
	var purposes []string
	for i, status := range m.Status {
		at := "credentialStatus"
		if len(m.Status) > 1 {
			at = item(at, i)
		}
		f.require(isURL(status.List) && !strings.Contains(status.List, "#"), at+".statusListCredential", notURL+" without fragment")
		f.require(slices.Contains([]string{"", "revocation", "suspension"}, status.Purpose), at+".statusPurpose", "must be revocation or suspension")
		f.require(!slices.Contains(purposes, status.Purpose), at+".statusPurpose", "is used twice")
		f.require(status.Index >= 0, at+".statusListIndex", "is negative")
		purposes = append(purposes, status.Purpose)
	}
	f.require(len(m.Status) < 2 || !slices.Contains(m.Schemas, schema), "credentialStatus", "has more than the one entry that the credential's schema allows")
	for i, s := range m.Schemas {
		f.require(isURL(string(s)), item("credentialSchema", i)+".id", notURL)
	}
}
