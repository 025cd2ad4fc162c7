package kms

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"

	// The services that build without cgo, which the program is released without; PKCS #11 needs it.
	_ "go.step.sm/crypto/kms/awskms"
	_ "go.step.sm/crypto/kms/azurekms"
	_ "go.step.sm/crypto/kms/cloudkms"
	_ "go.step.sm/crypto/kms/softkms"
	"go.step.sm/crypto/kms/uri"

	"github.com/btlc/btlc/internal/openbadge"
)

// ErrURI says that a URI does not name a key. What the error shows of the URI is only what is known to be no secret.
var ErrURI = errors.New("kms: not the URI of a key")

// service is what the URIs of a service are made of: attributes that name a key, and those that may be left out. There
// are none that hold a secret: a URI stands in process lists and logs.
type service struct{ required, optional []string }

var services = map[string]service{
	"awskms":   {required: []string{"key-id"}, optional: []string{"region", "profile", "credentials-file"}},
	"cloudkms": {required: []string{"resource"}, optional: []string{"credentials-file"}},
	// Without a version, Azure signs with the newest, which a rotation there makes another key.
	"azurekms": {required: []string{"vault", "name", "version"}, optional: []string{"environment", "tenant-id"}},
	"softkms":  {required: []string{"path"}},
}

// keyVersion is a version of a key in Google Cloud KMS, which is what has a public part there.
var keyVersion = regexp.MustCompile(`^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+/cryptoKeyVersions/[0-9]+$`)

// address is a URI that was found to be one of a key.
type address struct {
	scheme string
	values url.Values
}

// CheckURI tells whether a URI names a key as Open wants it, without asking anybody for the key. Error: ErrURI.
func CheckURI(uri string) error {
	_, err := parse(uri)
	return err
}

// parse reads a URI by the table of services.
func parse(text string) (address, error) {
	parsed, err := uri.Parse(text)
	if err != nil { // which repeats the text
		return address{}, fmt.Errorf("%w: it has to be SCHEME:NAME=VALUE;NAME=VALUE", ErrURI)
	}
	a := address{parsed.Scheme, parsed.Values}
	known, ok := services[a.scheme]
	if !ok {
		return address{}, fmt.Errorf("%w: %s: its scheme has to be one of %s", ErrURI, a, strings.Join(slices.Sorted(maps.Keys(services)), ", "))
	}
	// A query may hold more than its parsed form shows.
	if parsed.Host != "" || parsed.User != nil || parsed.Path != "" || parsed.RawQuery != "" || parsed.Fragment != "" {
		return address{}, fmt.Errorf("%w: %s: a key is named by attributes alone: %s", ErrURI, a, known.form(a.scheme))
	}
	if a.values.Has("client-secret") { // which the library would take
		return address{}, fmt.Errorf("%w: %s: a secret belongs in the environment: AZURE_CLIENT_SECRET, with AZURE_CLIENT_ID and AZURE_TENANT_ID", ErrURI, a)
	}
	for _, name := range slices.Sorted(maps.Keys(a.values)) {
		switch {
		case !known.has(name):
			return address{}, fmt.Errorf("%w: %s: it has an attribute that is none of %s", ErrURI, a, known.form(a.scheme))
		case len(a.values[name]) != 1 || a.values.Get(name) == "":
			return address{}, fmt.Errorf("%w: %s: %s has to have one value", ErrURI, a, name)
		}
	}
	for _, name := range known.required {
		if !a.values.Has(name) {
			return address{}, fmt.Errorf("%w: %s: %s is missing of %s", ErrURI, a, name, known.form(a.scheme))
		}
	}
	return a, a.checkValues()
}

// checkValues tells of values that the service, or the library, would take for another key, or only refuse later.
func (a address) checkValues() error {
	if id := a.values.Get("key-id"); id != strings.ToLower(id) {
		return fmt.Errorf("%w: %s: the library writes key-id in lower case: name the key by its id, or by an alias without capitals", ErrURI, a)
	}
	if a.scheme == "cloudkms" && !keyVersion.MatchString(a.values.Get("resource")) {
		return fmt.Errorf("%w: %s: resource has to be projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/N", ErrURI, a)
	}
	return nil
}

// checkOwn refuses a key of softkms that others than its owner may read.
func (a address) checkOwn() error {
	if a.scheme != "softkms" {
		return nil
	}
	path := a.values.Get("path")
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("kms: open %s: %w", a, err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Errorf("%w: %s has mode %04o; run: chmod 600 %s", openbadge.ErrKeyExposed, path, mode, path)
	}
	return nil
}

// String is the URI with the values alone that are no secrets.
func (a address) String() string {
	known, ok := services[a.scheme]
	if !ok {
		return fmt.Sprintf("%.20q", a.scheme)
	}
	var attributes []string
	for _, name := range slices.Sorted(maps.Keys(a.values)) {
		if known.has(name) {
			attributes = append(attributes, name+"="+strings.Join(a.values[name], ","))
		} else {
			attributes = append(attributes, "***")
		}
	}
	return a.scheme + ":" + strings.Join(attributes, ";")
}

func (s service) has(name string) bool {
	return slices.Contains(s.required, name) || slices.Contains(s.optional, name)
}

// form is how a URI of the service is written.
func (s service) form(scheme string) string {
	form := scheme + ":" + strings.Join(s.required, "=…;") + "=…"
	for _, name := range s.optional {
		form += "[;" + name + "=…]"
	}
	return form
}
