package money

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The numbers are those that networks and processors publish for tests.
func TestCardNumbers(t *testing.T) {
	for _, text := range []string{
		"4111111111111111", "4222222222222", "5555555555554444", "2223003122003222", "378282246310005", "6011111111111117",
		"30569309025904", "38520000023237", "3530111333300000", "6205500000000000004",
		"4111 1111 1111 1111", "4111-1111-1111-1111", "3782 822463 10005", "3056 930902 5904", "41111111 11111111",
		"4111 - 1111 - 1111 - 1111", "4111\u00a01111\u20111111\u20131111", "4111\t1111\t1111\t1111", "6205 5000 0000 0000 004",
		"Visa4111111111111111", "card:4111111111111111;", "(4111 1111 1111 1111)", "exp 12/27 4111 1111 1111 1111 123",
		"4111 1111 1111 1111 12 27 123", "617 555 0100 4111 1111 1111 1111", "PO 4500012345 4111111111111111",
		"4111 1111 1111 1111 5555 5555 5555 4444", "ü4111111111111111ü",
		"4111.1111.1111.1111", "4111/1111/1111/1111", "4111_1111_1111_1111", "4111,1111,1111,1111", "3782.822463/10005", "4222|222|222|222",
		"4111\u202f1111\u202f1111\u202f1111", "４１１１１１１１１１１１１１１１", "４１１１　１１１１．１１１１－1111", "exp 12/27 4111.1111.1111.1111.123.",
	} {
		if !ContainsCardNumber(text) {
			t.Errorf("%q is not found", text)
		}
	}
}

func TestNoCardNumbers(t *testing.T) {
	for _, text := range []string{
		"", "check 1042", "PO 4500012345", "PO 4500012345-00010", "PO-2026-0001873", "2026-11-23", "2026-2027 4111",
		"617-555-0100", "+1 617 555 0100", "1-617-555-0100", "(617) 555-0100", "305-555-0100 1234", "617 555 0100 617 555 0101",
		"+36 30 555 0100", "4111111111111112", "4111 1111 1111 1112", // the check digit is wrong
		"305-555-0100 1009", "650 555 0100 650 101", "4500012345-201000", "4500 123456789012", // all but the groups is right
		"9111111111111111", "0000000000000000", "1234567812345670", // no network's, though the check digit is right
		"41111111111111111111",                                                       // too long
		"4111, 1111, 1111, 1111", "4111..1111..1111..1111", "4111\n1111\n1111\n1111", // a row each
		"2026/11/23", "23.11.2026", "11/23/2026 4111", "4500012345/00010", "PO_2026_0001873", "617.555.0100", "305.555.0100/1234",
		"45001233 11/23/2026", "4500.12 4500.08 1000.00", // all but the length of a part is right
		"educators/01993f2e-7c40-7d3a-9b1e-5a6f7c8d9e0f", "districts/bps/schools/01993f2e-7c40-7d3a-9b1e-000000000001", "sections/41111111-1111-4111-9111-111111111111",
	} {
		if ContainsCardNumber(text) {
			t.Errorf("%q is taken for a card number", text)
		}
	}
}

func digits(n int) *rapid.Generator[string] {
	return rapid.StringMatching(fmt.Sprintf(`[0-9]{%d}`, n))
}

// Any number of any network is found, as it is printed or unbroken, whatever stands around it; no mistyped one is.
func TestAnyCardNumber(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]struct {
			prefix string
			groups []int
		}{
			{"4", []int{4, 4, 4, 4}}, {"53", []int{4, 4, 4, 4}}, {"2500", []int{4, 4, 4, 4}}, {"37", []int{4, 6, 5}},
			{"6011", []int{4, 4, 4, 4}}, {"648", []int{4, 4, 4, 4}}, {"36", []int{4, 6, 4}}, {"3540", []int{4, 4, 4, 4}},
			{"62", []int{4, 4, 4, 4, 3}}, {"4", []int{4, 3, 3, 3}},
		}).Draw(t, "network")
		length := 0
		for _, group := range kind.groups {
			length += group
		}
		number := kind.prefix + digits(length-len(kind.prefix)-1).Draw(t, "account")
		for last := '0'; last <= '9'; last++ {
			if luhn(number + string(last)) {
				number += string(last)
				break
			}
		}
		write := func(number string) string {
			separator := rapid.SampledFrom([]string{"", " ", "-", " - ", "\u00a0", ".", "/", "_", ",", ":", "|", "~"}).Draw(t, "separator")
			var parts []string
			for _, group := range kind.groups {
				parts, number = append(parts, number[:group]), number[group:]
			}
			text := strings.Join(parts, separator)
			if rapid.Bool().Draw(t, "full width") {
				text = strings.Map(func(r rune) rune {
					if r >= '0' && r <= '9' {
						return r - '0' + '０'
					}
					return r
				}, text)
			}
			return text
		}
		around := rapid.SampledFrom([]string{"", "paid by ", "no. ", "#", "x", ", ", "\n"}).Draw(t, "around")
		if text := around + write(number) + around; !ContainsCardNumber(text) {
			t.Fatalf("%q is not found", text)
		}
		at := rapid.IntRange(len(kind.prefix), length-1).Draw(t, "mistyped")
		wrong := '0' + (rune(number[at])-'0'+rune(rapid.IntRange(1, 9).Draw(t, "by")))%10
		if text := number[:at] + string(wrong) + number[at+1:]; ContainsCardNumber(text) {
			t.Fatalf("%q is taken for a card number", text)
		}
	})
}

// What offices write is never taken for one.
func TestAnyReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		separator := rapid.SampledFrom([]string{" ", "-", ".", "/", "_"}).Draw(t, "separator")
		phone := digits(3).Draw(t, "area") + separator + digits(3).Draw(t, "exchange") + separator + digits(4).Draw(t, "line")
		order := digits(rapid.IntRange(4, 12).Draw(t, "length")).Draw(t, "order")
		item := digits(rapid.IntRange(9, 12).Draw(t, "long")).Draw(t, "order with items") + separator + digits(5).Draw(t, "item")
		day := time.Unix(rapid.Int64Range(0, 4_000_000_000).Draw(t, "day"), 0)
		mark := rapid.SampledFrom([]string{".", "/", "_"}).Draw(t, "mark")
		dated := digits(rapid.IntRange(4, 12).Draw(t, "dated length")).Draw(t, "dated order") + " " + day.Format("01"+mark+"02"+mark+"2006")
		for _, text := range []string{day.Format("2006-01-02"), day.Format("2006" + mark + "01" + mark + "02"), dated, phone, "+1 " + phone, "1" + separator + phone, order, "PO" + order, item, phone + ", " + order} {
			if ContainsCardNumber(text) {
				t.Fatalf("%q is taken for a card number", text)
			}
		}
	})
}
