package openbadge

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"slices"
	"strings"
)

// base58Alphabet is the Bitcoin alphabet: no 0, O, I or l.
const base58Alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// multibaseBase58 is the multibase prefix of base58btc.
const multibaseBase58 = "z"

// maxBase58 bounds what is decoded, whose cost grows with the square of its length. A signature has
// 88 characters.
const maxBase58 = 128

// multikeyPrefix is the multicodec of an Ed25519 public key (0xed) as a varint.
var multikeyPrefix = []byte{0xed, 0x01}

// Multikey is the text form of an Ed25519 public key, z6Mk… (Controlled Identifiers 1.0, section
// 2.2.2).
func Multikey(key ed25519.PublicKey) string {
	return encodeMultibase(slices.Concat(multikeyPrefix, key))
}

// ParseMultikey reads what Multikey writes. Any other text is ErrMalformed.
func ParseMultikey(text string) (ed25519.PublicKey, error) {
	data, err := decodeMultibase(text)
	if err != nil {
		return nil, err
	}
	key, ok := bytes.CutPrefix(data, multikeyPrefix)
	if !ok || len(key) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("%w: not an Ed25519 multikey", ErrMalformed)
	}
	return key, nil
}

func encodeMultibase(data []byte) string {
	var digits []byte // base 58, lowest first
	for _, b := range data {
		carry := int(b)
		for i := range digits {
			carry += int(digits[i]) << 8
			digits[i] = byte(carry % 58)
			carry /= 58
		}
		for ; carry > 0; carry /= 58 {
			digits = append(digits, byte(carry%58))
		}
	}
	for _, b := range data { // a leading zero byte is a leading zero digit
		if b != 0 {
			break
		}
		digits = append(digits, 0)
	}
	slices.Reverse(digits)
	for i, digit := range digits {
		digits[i] = base58Alphabet[digit]
	}
	return multibaseBase58 + string(digits)
}

func decodeMultibase(text string) ([]byte, error) {
	encoded, ok := strings.CutPrefix(text, multibaseBase58)
	if !ok || len(encoded) > maxBase58 {
		return nil, fmt.Errorf("%w: not multibase base58btc", ErrMalformed)
	}
	var data []byte // lowest byte first
	for _, char := range []byte(encoded) {
		carry := strings.IndexByte(base58Alphabet, char)
		if carry < 0 {
			return nil, fmt.Errorf("%w: not multibase base58btc", ErrMalformed)
		}
		for i := range data {
			carry += int(data[i]) * 58
			data[i] = byte(carry)
			carry >>= 8
		}
		for ; carry > 0; carry >>= 8 {
			data = append(data, byte(carry))
		}
	}
	for _, char := range []byte(encoded) {
		if char != base58Alphabet[0] {
			break
		}
		data = append(data, 0)
	}
	slices.Reverse(data)
	return data, nil
}
