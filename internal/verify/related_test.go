package verify

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"testing"

	"github.com/multiformats/go-multibase"
	"pgregory.net/rapid"

	"github.com/btlc/btlc/internal/jsonld"
)

var errNothing = errors.New("nothing there")

func resource(content string) Resource {
	return func(_ context.Context, url string) ([]byte, error) {
		if url != "https://a.example/1" {
			return nil, errNothing
		}
		return []byte(content), nil
	}
}

func related(members map[string]any) map[string]any {
	return plain(map[string]any{"relatedResource": []any{with(map[string]any{"id": "https://a.example/1"}, members)}})
}

func TestRelatedResources(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		content := rapid.String().Draw(t, "content")
		s256, s384, s512 := sha256.Sum256([]byte(content)), sha512.Sum384([]byte(content)), sha512.Sum512([]byte(content))
		base := rapid.SampledFrom([]multibase.Encoding{multibase.Base58BTC, multibase.Base64url}).Draw(t, "base")
		encode := func(bytes []byte) string {
			text, err := multibase.Encode(base, bytes)
			if err != nil {
				t.Fatal(err)
			}
			return text
		}
		all := map[string]any{
			"digestSRI": []any{
				"sha256-" + base64.StdEncoding.EncodeToString(s256[:]), "sha384-" + base64.StdEncoding.EncodeToString(s384[:]), "sha512-" + base64.StdEncoding.EncodeToString(s512[:]),
			},
			"digestMultibase": []any{
				encode(s256[:]), encode(append([]byte{0x12, 32}, s256[:]...)), encode(append([]byte{0x20, 48}, s384[:]...)), encode(append([]byte{0x13, 64}, s512[:]...)),
			},
		}
		if err := CheckRelated(t.Context(), related(all), resource(content)); err != nil {
			t.Errorf("the same: %v", err)
		}
		name := rapid.SampledFrom([]string{"digestSRI", "digestMultibase"}).Draw(t, "name")
		one := map[string]any{name: rapid.SampledFrom(jsonld.Values(all[name])).Draw(t, "digest")}
		if err := CheckRelated(t.Context(), related(one), resource(content+"x")); !errors.Is(err, errDigest) {
			t.Errorf("another: %v", err)
		}
	})
}

func TestRelatedResourcesThatAreWrong(t *testing.T) {
	for name, members := range map[string]map[string]any{
		"no digest at all":        {"digestSRI": "x"},
		"another algorithm":       {"digestSRI": "md5-1B2M2Y8AsgTpgAmY7PhCfg=="},
		"not a text":              {"digestMultibase": 5},
		"a code with another sum": {"digestMultibase": "uEyA"},
		"in another base":         {"digestMultibase": "m47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"},
	} {
		if err := CheckRelated(t.Context(), related(members), resource("")); !errors.Is(err, errDigest) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := CheckRelated(t.Context(), related(map[string]any{"id": "https://a.example/2"}), resource("")); !errors.Is(err, errNothing) {
		t.Errorf("elsewhere: %v", err)
	}
}
