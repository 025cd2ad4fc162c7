package server

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/btlc/btlc/internal/badge"
	"github.com/btlc/btlc/internal/certificate"
	"github.com/btlc/btlc/internal/credential"
	"github.com/btlc/btlc/internal/openbadge"
)

// credentialForm is a form in which a credential is given at its address.
type credentialForm struct {
	media string
	// extension, put after a credential's address, asks for this form alone; "" for none.
	extension string
	// name and note are for people; what is not for them to choose has none.
	name, note string
	// make makes it from what is published: nothing of it is made of a credential that has ended. nil for the page.
	make func(ctx context.Context, s *Server, id string, p credential.Published) ([]byte, error)
	// asStored is for the document itself, which is given for good: by it one learns that the credential has ended.
	asStored bool
	// signs is for what is signed whenever it is asked for, as a JWT.
	signs bool
}

// The page is a form like the others for who negotiates, and different in all else.
const htmlMedia = "text/html"

// credentialForms are the forms, that which is given to who does not say first. That of the JWT of Open Badges is the
// media type of JWTs (RFC 7519, section 10.3.1): the standard names none for documents, and its API's text/plain would
// be taken for the text of a page. VC-JOSE-COSE registers its own.
var credentialForms = []credentialForm{
	{media: "application/vc", extension: "json", name: "Signed credential (JSON)", note: "The original, for wallets and verifiers", make: stored, asStored: true},
	{media: "application/ld+json", make: stored, asStored: true},
	{media: "application/json", make: stored, asStored: true},
	{media: htmlMedia, extension: "html"},
	{media: "image/png", extension: "png", name: "Badge (PNG)", note: "A picture with the credential inside", make: bakedPNG},
	{media: "image/svg+xml", extension: "svg", name: "Badge (SVG)", note: "The same, sharp at any size", make: bakedSVG},
	{media: "application/pdf", extension: "pdf", name: "Certificate (PDF)", note: "A page to print, with a code that leads here", make: printed},
	{media: "application/jwt", extension: "jwt", name: "Open Badges JWT", note: "The credential as one signed line", make: badgeJWT, signs: true},
	{media: "application/vc+jwt", extension: "vc.jwt", name: "Verifiable Credential JWT", note: "The same, as VC-JOSE-COSE has it", make: credentialJWT, signs: true},
}

var credentialMedia = func() (media []string) {
	for _, f := range credentialForms {
		media = append(media, f.media)
	}
	return media
}()

func formWith(fits func(credentialForm) bool) (credentialForm, bool) {
	for _, f := range credentialForms {
		if fits(f) {
			return f, true
		}
	}
	return credentialForm{}, false
}

func stored(_ context.Context, _ *Server, _ string, p credential.Published) ([]byte, error) {
	return p.Document, nil
}

// JWTs are signed by ES256 for all the wallets that know no other. The signature is another one each time when a service
// keeps the key, so that they are told apart by jwtTag.

func badgeJWT(ctx context.Context, s *Server, _ string, p credential.Published) ([]byte, error) {
	token, err := openbadge.SignOpenBadgeJWT(ctx, p.Document, s.options.Issuer.Keys.Active(openbadge.ES256))
	return []byte(token), err
}

func credentialJWT(ctx context.Context, s *Server, _ string, p credential.Published) ([]byte, error) {
	token, err := openbadge.SignVCJWT(ctx, p.Document, s.options.Issuer.Keys.Active(openbadge.ES256))
	return []byte(token), err
}

// badgePixels is the side of a PNG badge: what social networks and wallets scale down from.
const badgePixels = 600

// painted are PNG bytes by badge.Design: painting takes longer than all else, and there are few designs.
var painted sync.Map

func bakedPNG(_ context.Context, _ *Server, _ string, p credential.Published) ([]byte, error) {
	picture, known := painted.Load(p.Badge)
	if !known {
		drawing, err := badge.Draw(p.Badge)
		if err != nil {
			return nil, err
		}
		png, err := drawing.PNG(badgePixels)
		if err != nil {
			return nil, err
		}
		picture, _ = painted.LoadOrStore(p.Badge, png)
	}
	return badge.Bake(picture.([]byte), string(p.Document))
}

func bakedSVG(_ context.Context, _ *Server, _ string, p credential.Published) ([]byte, error) {
	drawing, err := badge.Draw(p.Badge)
	if err != nil {
		return nil, err
	}
	return badge.Bake(drawing.SVG(p.Title, fmt.Sprintf("The badge of %s, issued by %s.", p.Title, p.Issuer)), string(p.Document))
}

// printed is the certificate without the holder's name: who has the address of a credential need not know it.
func printed(_ context.Context, s *Server, id string, p credential.Published) ([]byte, error) {
	drawing, err := badge.Draw(p.Badge)
	if err != nil {
		return nil, err
	}
	return certificate.PDF(certificate.Certificate{
		Title: p.Title, Issuer: p.Issuer, Issued: p.IssueTime.In(s.options.Zone), Competencies: p.Competencies,
		URL: s.options.Issuer.BaseURL + "/credentials/" + strings.ToLower(id), Badge: drawing,
	})
}
