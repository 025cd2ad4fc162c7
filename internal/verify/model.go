package verify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/btlc/btlc/internal/jsonld"
)

// typed are the members of a credential whose objects say of what type they are (Verifiable Credentials Data Model 2.0,
// section 4.5).
var typed = []string{"credentialStatus", "credentialSchema", "refreshService", "termsOfUse", "evidence"}

// Conforming says what keeps a decoded document from being a credential of the Verifiable Credentials Data Model, 2.0 or 1.1,
// whatever secures it; nil when nothing does. Whether its contexts define what it says, canonicalization tells.
func Conforming(document map[string]any) error {
	var f faults
	checkModel(&f, document)
	return f.err()
}

func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return f
}

func (f faults) Error() string { return strings.Join(f, "; ") }

// checkModel checks what every credential must have, and the form of what it may have.
func checkModel(f *faults, document map[string]any) {
	checkContexts(f, document)
	checkTypes(f, document, "VerifiableCredential")
	checkID(f, document, "id")
	checkParty(f, document["issuer"], "issuer")
	if issuer, ok := document["issuer"].(map[string]any); ok {
		checkLabels(f, issuer, "issuer.")
	}
	checkLabels(f, document, "")
	checkSubjects(f, document)
	checkPeriod(f, document)
	for _, name := range typed {
		checkTyped(f, document, name)
	}
	checkRelated(f, document)
}

func checkContexts(f *faults, document map[string]any) {
	contexts := jsonld.Values(document["@context"])
	first := any(nil)
	if len(contexts) > 0 {
		first = contexts[0]
	}
	f.require(first == any(contextCredentials) || first == any(contextCredentials1), "@context[0]", "is not "+contextCredentials)
	for i, context := range contexts {
		_, defined := context.(map[string]any)
		f.require(defined || isURI(context), fmt.Sprintf("@context[%d]", i), "is neither a URL nor an object")
	}
}

func checkTypes(f *faults, document map[string]any, kind string) {
	f.require(has(document, kind), "type", "lacks "+kind)
	f.require(areTexts(document["type"]), "type", "is not of texts")
}

// checkID checks an id, which need not be there.
func checkID(f *faults, object map[string]any, at string) {
	id, present := object["id"]
	f.require(!present || isURI(id), at, notURI)
}

// checkParty checks who issues or holds: a URL, or an object with one.
func checkParty(f *faults, party any, at string) {
	if profile, described := party.(map[string]any); described {
		party, at = profile["id"], at+".id"
	}
	f.require(isURI(party), at, notURI)
}

// checkLabels checks the name and description of an object: texts, or language values (section 11.1).
func checkLabels(f *faults, object map[string]any, at string) {
	for _, name := range []string{"name", "description"} {
		value, present := object[name]
		values := jsonld.Values(value)
		well := len(values) > 0 && !slices.ContainsFunc(values, func(value any) bool { return !isLabel(value) })
		f.require(!present || well, at+name, "is neither a text nor a text with its language")
	}
}

func isLabel(value any) bool {
	label, described := value.(map[string]any)
	if !described {
		_, plain := value.(string)
		return plain
	}
	if _, ok := label["@value"].(string); !ok {
		return false
	}
	for name, member := range label {
		text, ok := member.(string)
		switch {
		case !ok, name == "@direction" && text != "ltr" && text != "rtl":
			return false
		case name != "@value" && name != "@language" && name != "@direction":
			return false
		}
	}
	return true
}

// checkSubjects checks that something is said of each subject.
func checkSubjects(f *faults, document map[string]any) {
	const at = "credentialSubject"
	subjects := jsonld.Values(document[at])
	f.require(len(subjects) > 0, at, "says nothing")
	for _, value := range subjects {
		subject, ok := value.(map[string]any)
		if f.require(ok, at, notObject); !ok {
			continue
		}
		f.require(len(subject) > 0, at, "says nothing")
		checkID(f, subject, at+".id")
	}
}

func checkPeriod(f *faults, document map[string]any) {
	names := periodOf(document)
	from, err1 := instant(document, names.from)
	until, err2 := instant(document, names.until)
	f.require(err1 == nil, names.from, notTime)
	f.require(err2 == nil, names.until, notTime)
	f.require(from.IsZero() || until.IsZero() || !until.Before(from), names.until, "is before "+names.from)
	if isFirst(document) {
		f.require(document[names.from] != nil, names.from, notTime)
	}
}

// period is how a credential calls the times between which it counts.
type period struct{ from, until string }

// periodOf goes by the edition of the data model.
func periodOf(document map[string]any) period {
	if isFirst(document) {
		return period{"issuanceDate", "expirationDate"}
	}
	return period{"validFrom", "validUntil"}
}

// isFirst tells whether a credential is of the data model 1.1.
func isFirst(document map[string]any) bool {
	contexts := jsonld.Values(document["@context"])
	return len(contexts) > 0 && contexts[0] == any(contextCredentials1)
}

func checkTyped(f *faults, document map[string]any, name string) {
	value, present := document[name]
	objects := jsonld.Values(value)
	f.require(!present || len(objects) > 0, name, notObject)
	for _, value := range objects {
		object, ok := value.(map[string]any)
		if f.require(ok, name, notObject); !ok {
			continue
		}
		f.require(areTexts(object["type"]), name+".type", "is missing")
		checkID(f, object, name+".id")
		f.require(name != "credentialSchema" || object["id"] != nil, name+".id", notURI)
	}
}

// areTexts tells whether a value is a text, or several and not none.
func areTexts(value any) bool {
	values := jsonld.Values(value)
	return len(values) > 0 && !slices.ContainsFunc(values, func(value any) bool {
		text, ok := value.(string)
		return !ok || text == ""
	})
}

// checkPresentation checks what every presentation must have; the credentials in it are checked one by one.
func checkPresentation(f *faults, document map[string]any) {
	checkContexts(f, document)
	checkTypes(f, document, "VerifiablePresentation")
	checkID(f, document, "id")
	if holder, named := document["holder"]; named {
		checkParty(f, holder, "holder")
	}
	checkTyped(f, document, "termsOfUse")
}
