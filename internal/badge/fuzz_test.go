package badge

import (
	"errors"
	"slices"
	"testing"
)

// reasons are all that Extract may say.
var reasons = []error{
	ErrImage, ErrTooLarge, ErrPNG, ErrSVG, ErrNoCredential, ErrOpenBadges2, ErrSeveral, ErrCompressed, ErrMisplaced, ErrCredential,
}

// checkExtract: whatever the picture, it has a credential, or a known reason why not; and one that has none takes a
// credential and gives it back, or cannot be baked at all.
func checkExtract(t *testing.T, picture []byte) {
	before := slices.Clone(picture)
	credential, err := Extract(picture)
	switch {
	case err == nil:
		if err := checkCredential(credential); err != nil {
			t.Fatalf("extracted %q: %v", credential, err)
		}
	case errors.Is(err, ErrNoCredential):
		for _, credential := range []string{signed, token} {
			baked, err := Bake(picture, credential)
			if errors.Is(err, ErrSVG) { // nothing drawn, or the prefix taken
				continue
			}
			if back, extractErr := Extract(baked); err != nil || extractErr != nil || back != credential {
				t.Fatalf("baked %q, %v; extracted %q, %v", baked, err, back, extractErr)
			}
		}
	case !slices.ContainsFunc(reasons, func(reason error) bool { return errors.Is(err, reason) }):
		t.Fatalf("no reason: %v", err)
	}
	if !slices.Equal(before, picture) {
		t.Fatal("the picture given was changed")
	}
}

func FuzzExtractPNG(f *testing.F) {
	f.Add("IHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00", baking, "IEND", "")
	f.Add(header, "iTXtopenbadges\x00\x00\x00\x00\x00{}", "IEND", "")
	f.Add(header, "tEXtComment\x00x", "IEND", "")
	f.Add(header, "iTXtopenbadgecredential\x00\x01\x00\x00\x00x", "IEND", "x")
	f.Fuzz(func(t *testing.T, first, second, third, rest string) {
		// Chunks with good checksums, so that what is in them is reached; then anything.
		var bodies []string
		for _, body := range []string{first, second, third} {
			if len(body) >= 4 {
				bodies = append(bodies, body)
			}
		}
		checkExtract(t, []byte(chunked(bodies...)+rest))
		checkExtract(t, []byte(pngSignature+rest))
	})
}

func FuzzExtractSVG(f *testing.F) {
	svg := func(inside string) string {
		return `<svg xmlns="http://www.w3.org/2000/svg" xmlns:openbadges="https://purl.imsglobal.org/ob/v3p0">` + inside + `</svg>`
	}
	f.Add(svg(`<openbadges:credential><![CDATA[` + signed + `]]></openbadges:credential>`))
	f.Add(svg(`<openbadges:credential verify="` + token + `"/>`))
	f.Add(svg(`<g><!-- drawn --></g>`))
	f.Add(`<!DOCTYPE svg [<!ENTITY a "b">]>` + svg(`&a;`))
	f.Add("\ufeff<?xml version='1.0' encoding='utf-8'?><s:svg\nxmlns:s='http://www.w3.org/2000/svg' a='>'><?x y?></s:svg>")
	f.Fuzz(func(t *testing.T, picture string) { checkExtract(t, []byte(picture)) })
}
