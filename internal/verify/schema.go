package verify

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/btlc/btlc/internal/jsonld"
)

// The contexts with which credentials of the data model begin, 2.0 and 1.1.
const (
	contextCredentials  = "https://www.w3.org/ns/credentials/v2"
	contextCredentials1 = "https://www.w3.org/2018/credentials/v1"
)

// contextOpenBadges follows in an OpenBadgeCredential (Open Badges 3.0, AchievementCredential). It has a version in its name.
var contextOpenBadges = regexp.MustCompile(`^https://purl\.imsglobal\.org/spec/ob/v3p0/context(-3\.0\.\d+)?\.json$`)

// dateTimeStamp is XML Schema's: with the time zone, which time.RFC3339 asks for too, and in the years that it can write.
var dateTimeStamp = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$`)

// faults are what is wrong with a document, each as "field: what is wrong".
type faults []string

func (f *faults) require(ok bool, field, problem string) {
	if !ok {
		*f = append(*f, field+": "+problem)
	}
}

// schema checks that the credential has what the data model requires of any, and Open Badges 3.0 of one of its own, well
// formed.
func (v *verification) schema(ctx context.Context, document map[string]any) {
	var f faults
	checkModel(&f, document)
	kind := "a credential of the Verifiable Credentials Data Model"
	if isLearnerRecord(document) {
		kind = "a ClrCredential of the Comprehensive Learner Record 2.0"
		checkLearnerRecord(&f, document)
	} else if !v.AnyKind {
		kind = "an OpenBadgeCredential of Open Badges 3.0"
		checkOpenBadge(&f, document)
	}
	if err := f.err(); err != nil {
		v.note(Schema, Failed, "%s", err)
		return
	}
	if v.Resource != nil {
		if err := CheckRelated(ctx, document, v.Resource); err != nil {
			v.note(Schema, Failed, "%s", err)
			return
		}
	}
	v.note(Schema, Passed, "%s", kind)
}

func checkOpenBadge(f *faults, document map[string]any) {
	f.require(!isFirst(document), "@context[0]", "is not "+contextCredentials)
	second := ""
	if contexts := jsonld.Values(document["@context"]); len(contexts) > 1 {
		second, _ = contexts[1].(string)
	}
	f.require(contextOpenBadges.MatchString(second), "@context[1]", "is not a context of Open Badges 3.0")
	f.require(has(document, "OpenBadgeCredential") || has(document, "AchievementCredential"), "type", "lacks OpenBadgeCredential")
	f.require(document["id"] != nil, "id", notURI)
	if profile, described := document["issuer"].(map[string]any); described {
		f.require(has(profile, "Profile"), "issuer.type", "lacks Profile")
	}
	_, dated := document["validFrom"]
	f.require(dated, "validFrom", notTime)
	checkSubject(f, document["credentialSubject"])
}

const (
	notURI    = "is not an absolute URI"
	notTime   = "is not a date and time with its zone"
	notText   = "is not a text"
	notObject = "is not an object"
)

func checkSubject(f *faults, value any) {
	const at = "credentialSubject"
	subject, ok := value.(map[string]any)
	if f.require(ok, at, notObject); !ok {
		return
	}
	f.require(has(subject, "AchievementSubject"), at+".type", "lacks AchievementSubject")
	f.require(isURI(subject["id"]) || len(jsonld.Values(subject["identifier"])) > 0, at, "has neither id nor identifier")
	achievement, ok := subject["achievement"].(map[string]any)
	if f.require(ok, at+".achievement", notObject); !ok {
		return
	}
	f.require(isURI(achievement["id"]), at+".achievement.id", notURI)
	f.require(has(achievement, "Achievement"), at+".achievement.type", "lacks Achievement")
	for _, name := range []string{"name", "description"} {
		f.require(text(achievement, name) != "", at+".achievement."+name, notText)
	}
	criteria, _ := achievement["criteria"].(map[string]any)
	f.require(isURI(criteria["id"]) || text(criteria, "narrative") != "", at+".achievement.criteria", "has neither id nor narrative")
}

// dates checks that the credential counts at the moment.
func (v *verification) dates(document map[string]any) {
	names := periodOf(document)
	from, err1 := instant(document, names.from)
	until, err2 := instant(document, names.until)
	switch err := errors.Join(err1, err2); {
	case err != nil:
		v.note(Dates, Unknown, "%s", strings.ReplaceAll(err.Error(), "\n", "; "))
	case from.IsZero() && until.IsZero():
		v.note(Dates, Absent, "it says neither since when nor until when it counts")
	case v.Now.Before(from):
		v.note(Dates, Failed, "not before %s", from.Format(time.RFC3339))
	case !until.IsZero() && !v.Now.Before(until):
		v.note(Dates, Failed, "expired on %s", until.Format(time.RFC3339))
	case until.IsZero():
		v.note(Dates, Passed, "since %s, without an end", from.Format(time.RFC3339))
	default:
		v.note(Dates, Passed, "from %s until %s", from.Format(time.RFC3339), until.Format(time.RFC3339))
	}
}

// instant is a point in time; zero when the document does not have it.
func instant(document map[string]any, name string) (time.Time, error) {
	value, present := document[name]
	if !present {
		return time.Time{}, nil
	}
	written, _ := value.(string)
	at, err := time.Parse(time.RFC3339, written)
	// An offset can lead out of the years that can be written.
	if year := at.UTC().Year(); err != nil || !dateTimeStamp.MatchString(written) || year < 1 || year > 9999 {
		return time.Time{}, fmt.Errorf("%s %s", name, notTime)
	}
	return at.UTC(), nil
}

// has tells whether an object is of a type, among others perhaps.
func has(object map[string]any, kind string) bool {
	return slices.Contains(jsonld.Values(object["type"]), any(kind))
}

// text is the string at a key, empty when there is none.
func text(object map[string]any, key string) string {
	value, _ := object[key].(string)
	return value
}

func isURI(value any) bool {
	written, _ := value.(string)
	u, err := url.Parse(written)
	return err == nil && u.IsAbs() && (u.Host != "" || u.Opaque != "")
}
