package vcapi

import (
	"maps"
	"slices"
)

// contextExamples is the context of the examples in the specifications. It gives a meaning to every term, so this program does
// not know it: in a credential of a program that signs nothing by mistake it has no place.
const contextExamples = "https://www.w3.org/ns/credentials/examples/v2"

// modelMembers are those that a credential itself has in the data model (Verifiable Credentials Data Model 1.1 and 2.0).
var modelMembers = []string{
	"@context", "id", "type", "name", "description", "issuer", "credentialSubject", "validFrom", "validUntil", "issuanceDate", "expirationDate",
	"credentialStatus", "credentialSchema", "refreshService", "relatedResource", "renderMethod", "confidenceMethod", "termsOfUse",
	"evidence", "proof",
}

// declared refuses members of a credential itself that are neither of the data model nor of a context but that of examples. That
// one gives a meaning to anything, so to mistakes as well; of subjects and the like, examples need that.
func declared(credential map[string]any) error {
	contexts, _ := credential["@context"].([]any)
	if len(contexts) != 2 || contexts[1] != any(contextExamples) {
		return nil // what no context defines is not signed in any case
	}
	for _, name := range slices.Sorted(maps.Keys(credential)) {
		if !slices.Contains(modelMembers, name) {
			return bad(problemMalformed, "credential: the data model has no member %.80q, and %s defines none", name, contextExamples)
		}
	}
	return nil
}

// defineExamples writes what the context of examples defines in place of its URL, so that any verifier can read the credential.
func defineExamples(credential map[string]any) {
	contexts, _ := credential["@context"].([]any)
	for i, context := range contexts {
		if context == any(contextExamples) {
			contexts[i] = map[string]any{"@vocab": "https://www.w3.org/ns/credentials/examples#"}
		}
	}
}

// defineProofs adds the context of Data Integrity to a credential of the data model 1.1, whose own does not define its terms
// (Verifiable Credential Data Integrity 1.0, section 2.4.2).
func defineProofs(credential map[string]any) {
	contexts, _ := credential["@context"].([]any)
	if len(contexts) > 0 && contexts[0] == any(contextCredentials1) && !slices.Contains(contexts, any(contextIntegrity)) {
		credential["@context"] = append(contexts, contextIntegrity)
	}
}
