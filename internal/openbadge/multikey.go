package openbadge

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"fmt"

	"github.com/multiformats/go-multibase"
)

// maxMultibase bounds what is decoded, whose cost grows with the square of its length. A signature
// has 89 characters.
const maxMultibase = 128

// The multicodecs of public keys as varints: Ed25519 (0xed) and P-256 (0x1200).
var (
	ed25519Prefix = []byte{0xed, 0x01}
	p256Prefix    = []byte{0x80, 0x24}
)

// ParseMultikey reads the text form of an Ed25519 (z6Mk…) or P-256 (zDn…) public key (Controlled
// Identifiers 1.0, section 2.2.2). Any other text is ErrMalformed.
func ParseMultikey(text string) (PublicKey, error) {
	data, err := decodeMultibase(text)
	if err != nil {
		return PublicKey{}, err
	}
	if key, ok := bytes.CutPrefix(data, ed25519Prefix); ok && len(key) == ed25519.PublicKeySize {
		return NewPublicKey(ed25519.PublicKey(key))
	}
	if point, ok := bytes.CutPrefix(data, p256Prefix); ok {
		if key, err := decompress(point); err == nil {
			return NewPublicKey(key)
		}
	}
	return PublicKey{}, fmt.Errorf("%w: not the multikey of an Ed25519 or P-256 key", ErrMalformed)
}

// compress shortens an uncompressed point of P-256 to its x coordinate and the parity of y (SEC 1,
// section 2.3.3).
func compress(point []byte) []byte {
	x, y := point[1:33], point[33:]
	return append([]byte{2 | y[31]&1}, x...)
}

func decompress(compressed []byte) (*ecdsa.PublicKey, error) {
	x, y := elliptic.UnmarshalCompressed(elliptic.P256(), compressed)
	if x == nil {
		return nil, fmt.Errorf("%w: not a point of P-256", ErrMalformed)
	}
	point := make([]byte, 65)
	point[0] = 4
	x.FillBytes(point[1:33])
	y.FillBytes(point[33:])
	return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
}

// encodeMultibase writes base58btc, the one base that keys and signatures have here.
func encodeMultibase(data []byte) string {
	text, err := multibase.Encode(multibase.Base58BTC, data)
	if err != nil { // the encoding is one that the library knows
		panic("openbadge: multibase: " + err.Error())
	}
	return text
}

func decodeMultibase(text string) ([]byte, error) {
	if len(text) == 0 || len(text) > maxMultibase || text[0] != multibase.Base58BTC {
		return nil, fmt.Errorf("%w: not multibase base58btc", ErrMalformed)
	}
	_, data, err := multibase.Decode(text)
	if err != nil {
		return nil, fmt.Errorf("%w: not multibase base58btc: %w", ErrMalformed, err)
	}
	return data, nil
}
