package verify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/multiformats/go-multibase"

	"github.com/btlc/btlc/internal/jsonld"
)

// Resource gets the bytes that are at a URL.
type Resource func(ctx context.Context, url string) ([]byte, error)

// errDigest: what is at the URL is not what the issuer saw there.
var errDigest = errors.New("what is there does not have the digest")

// checkRelated checks the form of the related resources (Verifiable Credentials Data Model 2.0, section 5.3).
func checkRelated(f *faults, document map[string]any) {
	const at = "relatedResource"
	value, present := document[at]
	resources := jsonld.Values(value)
	f.require(!present || len(resources) > 0, at, notObject)
	named := map[string]bool{}
	for _, value := range resources {
		resource, ok := value.(map[string]any)
		if f.require(ok, at, notObject); !ok {
			continue
		}
		id := text(resource, "id")
		f.require(isURI(resource["id"]), at+".id", notURI)
		f.require(!named[id], at+".id", "is there twice")
		named[id] = true
		f.require(areTexts(resource["digestSRI"]) || areTexts(resource["digestMultibase"]), at, "has neither digestSRI nor digestMultibase")
	}
}

// CheckRelated compares the related resources of a decoded credential with what is at their URLs: every digest must be that
// of the bytes there. The error names the resource.
func CheckRelated(ctx context.Context, document map[string]any, get Resource) error {
	for _, value := range jsonld.Values(document["relatedResource"]) {
		resource, _ := value.(map[string]any)
		id := text(resource, "id")
		content, err := get(ctx, id)
		if err == nil && !hasDigests(resource, content) {
			err = errDigest
		}
		if err != nil {
			return fmt.Errorf("relatedResource %.200q: %w", id, err)
		}
	}
	return nil
}

func hasDigests(resource map[string]any, content []byte) bool {
	sums := digests(content)
	other := func(is func(written string, sums []digest) bool) func(any) bool {
		return func(value any) bool {
			written, _ := value.(string)
			return !is(written, sums)
		}
	}
	return !slices.ContainsFunc(jsonld.Values(resource["digestSRI"]), other(isSRI)) && !slices.ContainsFunc(jsonld.Values(resource["digestMultibase"]), other(isMultibase))
}

// digest is a digest by the names that it has in Subresource Integrity and in a multihash.
type digest struct {
	name string
	code byte
	sum  []byte
}

func digests(content []byte) []digest {
	s256, s384, s512 := sha256.Sum256(content), sha512.Sum384(content), sha512.Sum512(content)
	return []digest{{"sha256", 0x12, s256[:]}, {"sha384", 0x20, s384[:]}, {"sha512", 0x13, s512[:]}}
}

func isSRI(written string, sums []digest) bool {
	return slices.ContainsFunc(sums, func(d digest) bool {
		return written == d.name+"-"+base64.StdEncoding.EncodeToString(d.sum)
	})
}

// isMultibase takes a multihash, and the digest alone as the working group's own tests write it. Only base64url and base58btc
// are decoded, which are short for any digest.
func isMultibase(written string, sums []digest) bool {
	if len(written) > 128 || !strings.HasPrefix(written, "u") && !strings.HasPrefix(written, "z") {
		return false
	}
	_, decoded, err := multibase.Decode(written)
	return err == nil && slices.ContainsFunc(sums, func(d digest) bool {
		multihash := append([]byte{d.code, byte(len(d.sum))}, d.sum...)
		return bytes.Equal(decoded, d.sum) || bytes.Equal(decoded, multihash)
	})
}
