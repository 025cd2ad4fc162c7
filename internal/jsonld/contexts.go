package jsonld

import (
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
)

//go:embed contexts/*.jsonld
var contextFiles embed.FS

// contextNames tells the file of each context by its URL. contexts/README.md has their origin.
var contextNames = map[string]string{
	"https://www.w3.org/2018/credentials/v1":                     "credentials-v1",
	"https://www.w3.org/ns/credentials/v2":                       "credentials-v2",
	"https://www.w3.org/ns/credentials/undefined-terms/v2":       "undefined-terms-v2",
	"https://www.w3.org/ns/credentials/status/v1":                "status-v1",
	"https://www.w3.org/ns/did/v1":                               "did-v1",
	"https://w3id.org/security/data-integrity/v1":                "data-integrity-v1",
	"https://w3id.org/security/data-integrity/v2":                "data-integrity-v2",
	"https://w3id.org/security/multikey/v1":                      "multikey-v1",
	"https://purl.imsglobal.org/spec/ob/v3p0/context.json":       "open-badges-3.0.0",
	"https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.1.json": "open-badges-3.0.1",
	"https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json": "open-badges-3.0.2",
	"https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json": "open-badges-3.0.3",
	"https://purl.imsglobal.org/spec/ob/v3p0/extensions.json":    "open-badges-extensions-3.0",
}

// Contexts are the URLs of the contexts that documents may use, in order.
func Contexts() []string {
	return slices.Sorted(maps.Keys(contextNames))
}

// Context is the document at the URL of a context, as published. Errors: ErrUnknownContext.
func Context(url string) ([]byte, error) {
	name, ok := contextNames[url]
	if !ok {
		return nil, fmt.Errorf("%w: %.200q", ErrUnknownContext, url)
	}
	return contextFiles.ReadFile("contexts/" + name + ".jsonld")
}

// readContexts decodes all contexts, once; nobody changes what it returns.
var readContexts = sync.OnceValue(func() map[string]map[string]any {
	documents := make(map[string]map[string]any, len(contextNames))
	for url := range contextNames {
		var document map[string]any
		content, err := Context(url)
		if err == nil {
			err = json.Unmarshal(content, &document)
		}
		if err != nil {
			panic(fmt.Sprintf("jsonld: embedded context %s: %v", url, err))
		}
		documents[url] = document
	}
	return documents
})
