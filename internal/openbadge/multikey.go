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

// ed25519Prefix is the multicodec of Ed25519 public keys (0xed) as a varint.
var ed25519Prefix = []byte{0xed, 0x01}

// curves are those of ECDSA keys, with the multicodecs of public keys on them as varints: 0x1200, 0x1201 and 0x1202.
var curves = []struct {
	elliptic.Curve
	algorithm Algorithm
	prefix    []byte
}{
	{elliptic.P256(), ES256, []byte{0x80, 0x24}},
	{elliptic.P384(), ES384, []byte{0x81, 0x24}},
	{elliptic.P521(), ES512, []byte{0x82, 0x24}},
}

// ParseMultikey reads the text form of an Ed25519 (z6Mk…), P-256 (zDn…), P-384 (z82L…) or P-521 (z2J9…) public key
// (Controlled Identifiers 1.0, section 2.2.2). Any other text is ErrMalformed.
func ParseMultikey(text string) (PublicKey, error) {
	data, err := decodeMultibase(text)
	if err != nil {
		return PublicKey{}, err
	}
	if key, ok := bytes.CutPrefix(data, ed25519Prefix); ok && len(key) == ed25519.PublicKeySize {
		return NewPublicKey(ed25519.PublicKey(key))
	}
	for _, c := range curves {
		if point, ok := bytes.CutPrefix(data, c.prefix); ok {
			if key, err := decompress(c.Curve, point); err == nil {
				return anyPublicKey(key)
			}
		}
	}
	return PublicKey{}, fmt.Errorf("%w: not the multikey of an Ed25519 key or of one on P-256, P-384 or P-521", ErrMalformed)
}

// compress shortens an uncompressed point to its x coordinate and the parity of y (SEC 1, section 2.3.3).
func compress(point []byte) []byte {
	size := len(point) / 2
	return append([]byte{2 | point[2*size]&1}, point[1:1+size]...)
}

func decompress(curve elliptic.Curve, compressed []byte) (*ecdsa.PublicKey, error) {
	x, y := elliptic.UnmarshalCompressed(curve, compressed)
	if x == nil {
		return nil, fmt.Errorf("%w: not a point of %s", ErrMalformed, curve.Params().Name)
	}
	size := len(compressed) - 1
	point := make([]byte, 1+2*size)
	point[0] = 4
	x.FillBytes(point[1 : 1+size])
	y.FillBytes(point[1+size:])
	return ecdsa.ParseUncompressedPublicKey(curve, point)
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
