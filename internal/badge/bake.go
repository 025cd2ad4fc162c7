package badge

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	// MaxImage is the largest image that Bake and Extract read, in bytes.
	MaxImage = 10 << 20
	// MaxCredential is the longest credential that is baked or extracted, in bytes.
	MaxCredential = 1 << 20
)

// Why an image is refused. What errors say beyond these is for people.
var (
	// ErrImage: neither PNG nor SVG.
	ErrImage = errors.New("badge: neither PNG nor SVG")
	// ErrTooLarge: an image of more than MaxImage bytes, or a credential of more than MaxCredential.
	ErrTooLarge = errors.New("badge: too large")
	// ErrPNG: not a PNG datastream: chunks out of bounds or order, a checksum that is wrong, bytes after the end.
	ErrPNG = errors.New("badge: malformed PNG")
	// ErrSVG: not well-formed XML in UTF-8 with an svg element at its root, or of a kind that is not read:
	// entities of its own, nesting deeper than maxDepth.
	ErrSVG = errors.New("badge: malformed SVG")

	// ErrNoCredential: an image like any other.
	ErrNoCredential = errors.New("badge: no credential in the image")
	// ErrOpenBadges2: baked as Open Badges 2 or earlier has it, which is not read.
	ErrOpenBadges2 = errors.New("badge: an Open Badges 2 assertion is not supported")
	// ErrSeveral: more than one credential, where the standard allows one.
	ErrSeveral = errors.New("badge: more than one credential in the image")
	// ErrCompressed: the credential is compressed, which the standard forbids.
	ErrCompressed = errors.New("badge: compressed credential")
	// ErrMisplaced: an SVG's credential is not a child of the root, or is not a credential alone.
	ErrMisplaced = errors.New("badge: credential in the wrong place")
	// ErrCredential: neither a JSON object nor a JWS in compact form, without anything around it.
	ErrCredential = errors.New("badge: malformed credential")
	// ErrBaked: Bake was given an image that has a credential already.
	ErrBaked = errors.New("badge: the image has a credential already")
)

// Bake puts a signed credential, a JSON object with an embedded proof or a compact JWS, into a PNG or SVG image, as
// Open Badges 3.0 section 5.3 has it. The picture stays what it is.
//
// Errors: ErrImage, ErrTooLarge, ErrPNG, ErrSVG, ErrCredential, ErrOpenBadges2, ErrBaked.
func Bake(picture []byte, credential string) ([]byte, error) {
	if err := checkCredential(credential); err != nil {
		return nil, err
	}
	switch _, err := Extract(picture); {
	case err == nil:
		return nil, ErrBaked
	case !errors.Is(err, ErrNoCredential):
		return nil, err
	}
	bake := bakeSVG
	if isPNG(picture) {
		bake = bakePNG
	}
	baked, err := bake(picture, credential)
	if len(baked) > MaxImage {
		return nil, fmt.Errorf("%w: an image of %d bytes, with the credential; %d are read", ErrTooLarge, len(baked), MaxImage)
	}
	return baked, err
}

// Extract gives the credential that is baked into a PNG or SVG image from anywhere, byte for byte as it was signed
// but for white space around it. Nothing is said of who signed it: that is for the verifier.
//
// Errors: ErrImage, ErrTooLarge, ErrPNG, ErrSVG, ErrNoCredential, ErrOpenBadges2, ErrSeveral, ErrCompressed,
// ErrMisplaced, ErrCredential.
func Extract(picture []byte) (string, error) {
	if len(picture) > MaxImage {
		return "", fmt.Errorf("%w: an image of %d bytes; %d are read", ErrTooLarge, len(picture), MaxImage)
	}
	var credential string
	var err error
	switch {
	case isPNG(picture):
		credential, err = extractPNG(picture)
	case isXML(picture):
		credential, err = extractSVG(picture)
	default:
		err = ErrImage
	}
	if err != nil {
		return "", err
	}
	credential = strings.Trim(credential, whiteSpace)
	return credential, checkCredential(credential)
}

// isXML: whether markup is all that can follow.
func isXML(picture []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(picture, byteOrderMark), whiteSpace), []byte("<"))
}

// whiteSpace is JSON's and XML's.
const whiteSpace = " \t\r\n"

func checkCredential(credential string) error {
	switch {
	case len(credential) > MaxCredential:
		return fmt.Errorf("%w: a credential of %d bytes; %d are read", ErrTooLarge, len(credential), MaxCredential)
	case !utf8.ValidString(credential):
		return fmt.Errorf("%w: not UTF-8", ErrCredential)
	case strings.HasPrefix(credential, "{"):
		if !json.Valid([]byte(credential)) || !strings.HasSuffix(credential, "}") {
			return fmt.Errorf("%w: not a JSON object", ErrCredential)
		}
	case !isJWS(credential):
		return fmt.Errorf("%w: neither a JSON object nor a compact JWS", ErrCredential)
	}
	return nil
}

// isJWS: three parts in base64url, none of them empty (RFC 7515, section 7.1).
func isJWS(text string) bool {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return false
	}
	for _, part := range parts {
		if _, err := base64.RawURLEncoding.DecodeString(part); err != nil || part == "" || strings.ContainsAny(part, "\r\n") {
			return false
		}
	}
	return true
}
