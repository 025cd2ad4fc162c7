package statuslist

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"
	"math/bits"
)

// SecretSize is the length of a list's secret, in bytes.
const SecretSize = 32

// rounds are as many as those of FF1 (NIST SP 800-38G), which is the same construction.
const rounds = 10

// Allocation hands out the indices of one list: the n-th credential gets the n-th index of an order that only who knows
// the secret can tell from chance. So an index says neither when its credential was issued nor how many there are
// (Bitstring Status List 1.0, BitstringStatusListEntry), and finding a free one needs no search: different n give different indices.
//
// The secret belongs to its list, is random, and never changes once an index was given out. It is safe for concurrent use.
type Allocation struct {
	block  cipher.Block
	length uint64
	half   uint // bits in each half of what the cipher permutes
}

// NewAllocation prepares the order of a list of that many entries, at least 2.
func NewAllocation(secret []byte, length int) (*Allocation, error) {
	if len(secret) != SecretSize {
		return nil, fmt.Errorf("statuslist: the secret has %d bytes, not %d", len(secret), SecretSize)
	}
	if length < 2 || length > MaxLength {
		return nil, fmt.Errorf("statuslist: a list of %d entries, not 2 to %d", length, MaxLength)
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, err
	}
	half := uint(bits.Len(uint(length-1))+1) / 2
	return &Allocation{block: block, length: uint64(length), half: half}, nil
}

// Index is the place of the n-th credential of the list, n from 0. ErrRange: the list is full.
func (a *Allocation) Index(n int) (int, error) {
	if n < 0 || uint64(n) >= a.length {
		return 0, because(ErrRange, "the list has %d entries, and number %d was asked for", a.length, n)
	}
	// The cipher permutes a power of four, less than four times the list. Following it from inside the list until
	// it is inside again is a permutation of the list (cycle walking).
	index := a.permute(uint64(n))
	for index >= a.length {
		index = a.permute(index)
	}
	return int(index), nil
}

// permute is a Feistel network over numbers of twice half bits, with AES for its round function.
func (a *Allocation) permute(number uint64) uint64 {
	mask := uint64(1)<<a.half - 1
	left, right := number>>a.half, number&mask
	var block [aes.BlockSize]byte
	for round := range uint64(rounds) {
		binary.BigEndian.PutUint64(block[:8], round)
		binary.BigEndian.PutUint64(block[8:], right)
		a.block.Encrypt(block[:], block[:])
		left, right = right, left^binary.BigEndian.Uint64(block[:8])&mask
	}
	return left<<a.half | right
}
