package openbadge

import (
	"math"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// faults are what is wrong with a claim, each as "field: what is wrong".
type faults []string

func (f *faults) require(ok bool, field, problem string) {
	if !ok {
		*f = append(*f, field+": "+problem)
	}
}

// member is require of what stands below a field, whose name is put together only for a fault.
func (f *faults) member(ok bool, field, name, problem string) {
	if !ok {
		f.require(false, field+name, problem)
	}
}

const (
	empty      = "is empty"
	notURI     = "must be an absolute URI"
	notURL     = "must be an http or https URL"
	notTerm    = "must be a term of Open Badges or begin with ext:"
	notCredits = "must be a number of credits"
)

// item names a member of a list.
func item(list string, i int) string { return list + "[" + strconv.Itoa(i) + "]" }

// check finds the faults of a claim, but for parts that are known to have none. What is required is what Open Badges 3.0 and the
// data model require, and what a person needs to see: the names, and the issuer's page.
func (c Claim) check(f *faults, known parts) {
	const subject = "credentialSubject"
	c.Metadata.check(f, SchemaOpenBadge, known.issuer != nil)
	c.Subject.check(f, subject)
	if known.achievement == nil {
		c.Achievement.check(f, subject+".achievement")
	}
	if known.results == nil {
		for i, result := range c.Results {
			result.check(f, item(subject+".result", i), c.Achievement.ResultDescriptions)
		}
	}
	f.member(isCredits(c.CreditsEarned), subject, ".creditsEarned", notCredits)
	checkYears(f, subject+".activityStartDate", c.ActivityStart)
	checkYears(f, subject+".activityEndDate", c.ActivityEnd)
	f.member(c.ActivityEnd.IsZero() || !c.ActivityEnd.Before(c.ActivityStart), subject, ".activityEndDate", "is before the start")
	for i, evidence := range c.Evidence {
		evidence.check(f, item("evidence", i))
	}
}

// check finds the faults of a credential of which 1EdTech has a schema, but for those of an issuer who is known to have none.
func (m Metadata) check(f *faults, schema SchemaURL, issuerKnown bool) {
	f.require(isURI(m.ID), "id", notURI)
	f.require(m.Name != "", "name", empty)
	if !issuerKnown {
		m.Issuer.check(f, "issuer")
		f.require(!strings.Contains(m.Issuer.ID, "#"), "issuer.id", "has a fragment, as only its keys may")
	}
	f.require(!m.ValidFrom.IsZero(), "validFrom", empty)
	checkYears(f, "validFrom", m.ValidFrom)
	checkYears(f, "validUntil", m.ValidUntil)
	f.require(m.ValidUntil.IsZero() || m.ValidUntil.After(m.ValidFrom), "validUntil", "is not after validFrom")
	m.checkStatus(f, schema)
}

func (s Subject) check(f *faults, at string) {
	f.require(s.ID != "" || s.Hash != "", at, "has neither id nor identifier")
	f.member(s.ID == "" || holderDID.MatchString(s.ID), at, ".id", "must be a DID")
	if s.Hash == "" {
		return
	}
	at = item(at+".identifier", 0)
	f.member(identityHash.MatchString(s.Hash), at, ".identityHash", "must be sha256$ and 64 hexadecimal digits")
	// Without salt the hash of an e-mail address is found by trying addresses.
	f.member(s.Salt != "", at, ".salt", empty)
	f.member(isTerm(s.IdentityType, identityTypes), at, ".identityType", notTerm)
}

// text finds texts that not every reader would show alike, which Sign refuses: control characters,
// but for the line feeds of Markdown, and broken Unicode.
func (f *faults) text(document map[string]any) {
	var found []string
	walk(make(trail, 0, maxDepth), document, func(at trail, value any) {
		if text, ok := value.(string); ok && (!utf8.ValidString(text) || hasControl(text)) {
			found = append(found, at.String()+": has a control character or broken Unicode")
		}
	})
	*f = append(*f, slices.Sorted(slices.Values(found))...)
}

var (
	identityHash = regexp.MustCompile(`^sha256\$[0-9a-f]{64}$`)
	// extension is how a term outside a vocabulary of Open Badges is written. The pattern in its
	// schema takes no hyphen for the first character.
	extension = regexp.MustCompile(`^ext:[A-Za-z0-9._][A-Za-z0-9._-]*$`)
	// holderDID is the syntax of Decentralized Identifiers 1.0, section 3.1.
	holderDID = regexp.MustCompile(`^did:[a-z0-9]+(:([A-Za-z0-9._-]|%[0-9A-Fa-f]{2})*)*:([A-Za-z0-9._-]|%[0-9A-Fa-f]{2})+$`)

	// identityTypes are the vocabulary IdentifierTypeEnum of Open Badges 3.0.
	identityTypes = strings.Fields(`name sourcedId systemId productId userName accountId
		emailAddress nationalIdentityNumber isbn issn lisSourcedId oneRosterSourcedId sisSourcedId
		ltiContextId ltiDeploymentId ltiToolId ltiPlatformId ltiUserId identifier`)
)

// isTerm tells whether an optional value belongs to the vocabulary or extends it.
func isTerm(value string, vocabulary []string) bool {
	return value == "" || slices.Contains(vocabulary, value) || extension.MatchString(value)
}

// inURI are the characters of RFC 3986. A URI with others would be another one once its document is canonicalized as RDF,
// or none.
var inURI = func() (table [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~:/?#[]@!$&'()*+,;=%-") {
		table[c] = true
	}
	return table
}()

// isURI tells whether the text is an absolute URI: a scheme and something after it.
func isURI(text string) bool {
	_, ok := parseURI(text)
	return ok
}

func isURL(text string) bool {
	u, ok := parseURI(text)
	return ok && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

func parseURI(text string) (u *url.URL, ok bool) {
	for i := range len(text) {
		if !inURI[text[i]] {
			return nil, false
		}
	}
	u, err := url.Parse(text)
	return u, err == nil && u.IsAbs() && (u.Host != "" || u.Opaque != "")
}

func isEmail(text string) bool {
	address, err := mail.ParseAddress(text)
	return err == nil && address.Address == text
}

func isCredits(number float64) bool {
	return number >= 0 && !math.IsInf(number, 0) // NaN is not >= 0
}

// checkYears refuses times whose year RFC 3339 cannot write.
func checkYears(f *faults, at string, value time.Time) {
	year := value.UTC().Year()
	f.require(year >= 1 && year <= 9999, at, "is beyond the years 1 to 9999")
}
