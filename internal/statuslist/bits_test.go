package statuslist

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// zeros is the encodedList of the example "BitstringStatusListCredential" of Bitstring Status List 1.0: no bit is set.
const zeros = "uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA"

func TestDecodesTheExampleOfTheSpecification(t *testing.T) {
	bits, err := Decode(zeros)
	if err != nil {
		t.Fatal(err)
	}
	if bits.Len() != MinLength || !bytes.Equal(bits, make([]byte, MinLength/8)) {
		t.Errorf("%d bits, not %d zeros", bits.Len(), MinLength)
	}
}

func TestIndexZeroIsTheLeftmostBit(t *testing.T) {
	bits, err := New(MinLength, 0, 9, MinLength-1)
	if err != nil {
		t.Fatal(err)
	}
	if bits[0] != 0x80 || bits[1] != 0x40 || bits[len(bits)-1] != 0x01 {
		t.Errorf("%08b %08b … %08b", bits[0], bits[1], bits[len(bits)-1])
	}
}

// What was set and not cleared since is what a reader of the encoded list sees.
func TestBitsSurviveEncoding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		length := MinLength + 8*rapid.IntRange(0, 100).Draw(t, "bytes more")
		index := rapid.IntRange(0, length-1)
		want := map[int]bool{}
		for _, i := range rapid.SliceOf(index).Draw(t, "set") {
			want[i] = true
		}
		bits, err := New(length, slices.Collect(maps.Keys(want))...)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range rapid.SliceOf(index).Draw(t, "cleared") {
			delete(want, i)
			if err := bits.Set(i, false); err != nil {
				t.Fatal(err)
			}
		}
		read, err := Decode(bits.Encode())
		if err != nil || read.Len() != length {
			t.Fatalf("%d bits of %d: %v", read.Len(), length, err)
		}
		for i := range length {
			if set, err := read.Get(i); err != nil || set != want[i] {
				t.Fatalf("bit %d: %v, want %v, %v", i, set, want[i], err)
			}
		}
	})
}

func TestSameBitsSameText(t *testing.T) {
	bits, err := New(MinLength, 7, 70, 70_000)
	if err != nil {
		t.Fatal(err)
	}
	if first, second := bits.Encode(), bits.Encode(); first != second {
		t.Errorf("%s and %s", first, second)
	}
}

func TestLengthsThatAreRefused(t *testing.T) {
	for _, length := range []int{-8, 0, MinLength - 8, MinLength + 1, MaxLength + 8} {
		if _, err := New(length); !errors.Is(err, ErrLength) {
			t.Errorf("%d: %v", length, err)
		}
	}
}

func TestIndicesOutsideAreRefused(t *testing.T) {
	bits, err := New(MinLength)
	if err != nil {
		t.Fatal(err)
	}
	for _, index := range []int{-1, MinLength} {
		if _, err := bits.Get(index); !errors.Is(err, ErrRange) {
			t.Errorf("get %d: %v", index, err)
		}
		if err := bits.Set(index, true); !errors.Is(err, ErrRange) {
			t.Errorf("set %d: %v", index, err)
		}
		if _, err := New(MinLength, index); !errors.Is(err, ErrRange) {
			t.Errorf("new %d: %v", index, err)
		}
	}
}

// encoded is an encodedList of that many zero bytes, whatever their number.
func encoded(tb testing.TB, size int) string {
	tb.Helper()
	return base64url + base64.RawURLEncoding.EncodeToString(zipped(tb, size))
}

func zipped(tb testing.TB, size int) []byte {
	tb.Helper()
	var compressed bytes.Buffer
	writer := gzip.NewWriter(&compressed)
	if _, err := writer.Write(make([]byte, size)); err != nil {
		tb.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		tb.Fatal(err)
	}
	return compressed.Bytes()
}

func TestDecodeRefuses(t *testing.T) {
	whole := zipped(t, MinLength/8)
	spoiled := bytes.Clone(whole)
	spoiled[len(spoiled)-8] ^= 1 // in the checksum
	base64Of := base64.RawURLEncoding.EncodeToString
	for name, c := range map[string]struct {
		encoded string
		want    error
	}{
		"nothing":              {"", ErrMalformed},
		"no multibase":         {zeros[1:], ErrMalformed},
		"another multibase":    {"z" + zeros[1:], ErrMalformed},
		"padding":              {zeros + "==", ErrMalformed},
		"the other alphabet":   {strings.Replace(zeros, "-", "+", 1), ErrMalformed},
		"a line break":         {zeros[:20] + "\n" + zeros[20:], ErrMalformed},
		"no GZIP":              {base64url + base64Of(make([]byte, MinLength/8)), ErrMalformed},
		"cut short":            {base64url + base64Of(whole[:len(whole)-9]), ErrMalformed},
		"wrong checksum":       {base64url + base64Of(spoiled), ErrMalformed},
		"something after":      {base64url + base64Of(append(bytes.Clone(whole), 'x')), ErrMalformed},
		"a byte too few":       {encoded(t, MinLength/8-1), ErrLength},
		"a byte too many":      {encoded(t, MaxLength/8+1), ErrVerification},
		"a bomb":               {encoded(t, 8<<20), ErrVerification},
		"a bomb in its second": {base64url + base64Of(append(bytes.Clone(whole), zipped(t, 8<<20)...)), ErrVerification},
	} {
		if _, err := Decode(c.encoded); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if _, err := Decode(encoded(t, MaxLength/8)); err != nil {
		t.Errorf("the longest list: %v", err)
	}
}

// A small document must not become a large one in memory.
func TestBombsAreNotExpanded(t *testing.T) {
	bomb := encoded(t, 64<<20)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := Decode(bomb)
	runtime.ReadMemStats(&after)
	if !errors.Is(err, ErrVerification) {
		t.Errorf("%v", err)
	}
	// The buffer grows until it holds the longest list, 2 MB; the bomb holds 64.
	if used := after.TotalAlloc - before.TotalAlloc; used > 10*MaxLength/8 {
		t.Errorf("%d bytes were taken for a bomb of %d", used, len(bomb))
	}
}

// Whatever is published, a reader gets bits of a length within bounds or one of the problems.
func FuzzDecode(f *testing.F) {
	f.Add(zeros)
	f.Add("uH4sI")
	f.Fuzz(func(t *testing.T, encoded string) {
		bits, err := Decode(encoded)
		problem := new(Problem)
		if err != nil && !errors.As(err, &problem) {
			t.Fatalf("%v is no problem that the specification names", err)
		}
		if err == nil && (bits.Len() < MinLength || bits.Len() > MaxLength) {
			t.Fatalf("%d bits", bits.Len())
		}
	})
}

// full is a list like one in use: every hundredth entry is set, here and there.
func full(b *testing.B, length int) Bits {
	allocation, err := NewAllocation(make([]byte, SecretSize), length)
	if err != nil {
		b.Fatal(err)
	}
	bits, err := New(length)
	if err != nil {
		b.Fatal(err)
	}
	for n := range length / 100 {
		index, err := allocation.Index(n)
		if err != nil {
			b.Fatal(err)
		}
		if err := bits.Set(index, true); err != nil {
			b.Fatal(err)
		}
	}
	return bits
}

func BenchmarkEncode(b *testing.B) {
	bits := full(b, MinLength)
	b.ReportAllocs()
	for b.Loop() {
		bits.Encode()
	}
}

func BenchmarkDecode(b *testing.B) {
	text := full(b, MinLength).Encode()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(text); err != nil {
			b.Fatal(err)
		}
	}
}
