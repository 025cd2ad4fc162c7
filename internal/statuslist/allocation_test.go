package statuslist

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func order(t interface{ Fatal(...any) }, secret []byte, length int) []int {
	allocation, err := NewAllocation(secret, length)
	if err != nil {
		t.Fatal(err)
	}
	indices := make([]int, length)
	for n := range indices {
		if indices[n], err = allocation.Index(n); err != nil {
			t.Fatal(err)
		}
	}
	return indices
}

func permutes(indices []int) bool {
	taken := make([]bool, len(indices))
	for _, index := range indices {
		if index < 0 || index >= len(indices) || taken[index] {
			return false
		}
		taken[index] = true
	}
	return true
}

// Whatever the secret and the length, each index is given out once.
func TestEachIndexOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.SliceOfN(rapid.Byte(), SecretSize, SecretSize).Draw(t, "secret")
		length := rapid.IntRange(2, 3000).Draw(t, "length")
		if !permutes(order(t, secret, length)) {
			t.Fatalf("an index is missing or given out twice")
		}
	})
}

func TestEachIndexOfAListOnce(t *testing.T) {
	if !permutes(order(t, make([]byte, SecretSize), MinLength)) {
		t.Error("an index is missing or given out twice")
	}
}

// The order is part of what was signed: it must stay what it is, or an index is given out twice.
func TestTheOrderStays(t *testing.T) {
	secret := []byte("0123456789abcdef0123456789abcdef")
	indices := order(t, secret, MinLength)
	want := []int{38382, 105863, 35569, 125033}
	for n, index := range want {
		if indices[n] != index {
			t.Errorf("number %d is %d, was %d", n, indices[n], index)
		}
	}
}

// The bounds are five standard deviations of an order by chance; the secrets are fixed, so the test says the same in
// every run.
func TestTheOrderTellsNothing(t *testing.T) {
	const length = MinLength
	for seed := range byte(4) {
		secret := make([]byte, SecretSize)
		secret[seed] = seed + 1
		indices := order(t, secret, length)

		// Whether late ones stand further to the right, and whether neighbours in time are neighbours in the list.
		var byTime, byNeighbour, ascents float64
		const mean, variance = (length - 1) / 2.0, (length*length - 1) / 12.0
		for n, index := range indices {
			byTime += (float64(n) - mean) * (float64(index) - mean)
			if n > 0 {
				byNeighbour += (float64(indices[n-1]) - mean) * (float64(index) - mean)
				if index > indices[n-1] {
					ascents++
				}
			}
		}
		bound := 5 / math.Sqrt(length)
		if r := byTime / (length * variance); math.Abs(r) > bound {
			t.Errorf("secret %d: correlation with time %.4f", seed, r)
		}
		if r := byNeighbour / (length * variance); math.Abs(r) > bound {
			t.Errorf("secret %d: correlation with the one before %.4f", seed, r)
		}
		if deviation := math.Abs(ascents-length/2.0) / math.Sqrt(length/12.0); deviation > 5 {
			t.Errorf("secret %d: %.0f of %d are larger than the one before", seed, ascents, length)
		}

		// Whether the first thousand crowd anywhere: a sixteenth of the list holds 62 of them, give or take 8.
		var crowd [16]int
		for _, index := range indices[:1000] {
			crowd[index/(length/16)]++
		}
		for part, count := range crowd {
			if count < 62-40 || count > 62+40 {
				t.Errorf("secret %d: %d of the first 1000 in part %d of 16", seed, count, part)
			}
		}
	}
}

func TestAnotherSecretAnotherOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secrets := rapid.SliceOfNDistinct(rapid.SliceOfN(rapid.Byte(), SecretSize, SecretSize), 2, 2,
			func(secret []byte) string { return string(secret) }).Draw(t, "secrets")
		one, other := order(t, secrets[0], 1000), order(t, secrets[1], 1000)
		same := 0
		for n := range one {
			if one[n] == other[n] {
				same++
			}
		}
		// By chance one in a thousand is the same; more than 20 happen once in 10^18 runs.
		if same > 20 {
			t.Fatalf("%d of 1000 are the same", same)
		}
	})
}

func TestAllocationRefuses(t *testing.T) {
	for _, length := range []int{-1, 0, 1, MaxLength + 1} {
		if _, err := NewAllocation(make([]byte, SecretSize), length); err == nil {
			t.Errorf("a list of %d is taken", length)
		}
	}
	for _, size := range []int{0, 16, 33} {
		if _, err := NewAllocation(make([]byte, size), MinLength); err == nil {
			t.Errorf("a secret of %d bytes is taken", size)
		}
	}
	allocation, err := NewAllocation(make([]byte, SecretSize), MinLength)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{-1, MinLength} {
		if _, err := allocation.Index(n); !errors.Is(err, ErrRange) {
			t.Errorf("number %d: %v", n, err)
		}
	}
}

func BenchmarkIndex(b *testing.B) {
	allocation, err := NewAllocation(make([]byte, SecretSize), MinLength)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if _, err := allocation.Index(n % MinLength); err != nil {
			b.Fatal(err)
		}
		n++
	}
}
