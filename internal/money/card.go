package money

import (
	"regexp"
	"strings"
)

// network is how the card numbers of a network begin, and how many digits they have.
type network struct {
	from, to    string // the first and the last prefix, of one length
	short, long int
}

// networks are the public issuer ranges (ISO/IEC 7812) of the networks that people in the United States hold cards of.
var networks = []network{
	{"4", "4", 13, 13},       // Visa
	{"4", "4", 16, 16},       // Visa
	{"4", "4", 19, 19},       // Visa
	{"51", "55", 16, 16},     // Mastercard
	{"2221", "2720", 16, 16}, // Mastercard
	{"34", "34", 15, 15},     // American Express
	{"37", "37", 15, 15},     // American Express
	{"6011", "6011", 16, 19}, // Discover
	{"644", "649", 16, 19},   // Discover
	{"65", "65", 16, 19},     // Discover
	{"300", "305", 14, 19},   // Diners Club
	{"36", "36", 14, 19},     // Diners Club
	{"38", "39", 14, 19},     // Diners Club
	{"3528", "3589", 16, 19}, // JCB
	{"62", "62", 16, 19},     // UnionPay
}

// ContainsCardNumber tells whether a text holds what is in all likelihood the number of a payment card, so that it is
// refused before anything keeps it.
//
// It looks for digits that are as many as a network's numbers have (13 to 19), begin as that network's do, and pass
// the Luhn check of ISO/IEC 7812-1. They may be unbroken, or parted into groups of at most eight of which the first has
// four or more: by spaces and hyphens, as cards print them ("4111 1111 1111 1111", "3782-822463-10005"), or by one other
// mark each, as people type them ("4111.1111.1111.1111"). What stands before and after, be it letters or other groups
// such as the date of expiry, is of no matter, nor is it whether characters have the full width of Asian ones.
//
// That lets pass what accounting writes. US telephone numbers begin with groups of one or three digits, and those of
// any country are too short or begin otherwise; purchase order numbers have ten digits or so, and when an item's
// number follows, the order's is too long for a group. Of unbroken numbers as long as a card's, nine in ten fail the
// check even if they begin like one.
func ContainsCardNumber(text string) bool {
	for _, row := range rows.FindAllString(strings.Map(halfWidth, text), -1) {
		if cardIn(strings.FieldsFunc(row, func(r rune) bool { return r < '0' || r > '9' })) {
			return true
		}
	}
	return false
}

// rows are groups of digits that may be parts of one number. After a mark come three digits or more, for cards have no
// shorter groups, and an order's number with its date (45001234 11/23/2026) or amount would else be as long as a card's.
var rows = regexp.MustCompile(`[0-9]+(?:[\t\p{Zs}\p{Pd}]+[0-9]+|[[:punct:]][0-9]{3,})*`)

// halfWidth is the ASCII character that one of full width stands for.
func halfWidth(r rune) rune {
	if r >= '！' && r <= '～' {
		return r - '！' + '!'
	}
	return r
}

// cardIn tells whether some of the groups, one after the other, are a card number.
func cardIn(groups []string) bool {
	for first := range groups {
		if cardNumber(groups[first]) {
			return true
		}
		if len(groups[first]) < 4 || len(groups[first]) > 8 {
			continue
		}
		number := groups[first]
		for _, next := range groups[first+1:] {
			if number += next; len(next) > 8 || len(number) > 19 {
				break
			}
			if cardNumber(number) {
				return true
			}
		}
	}
	return false
}

func cardNumber(digits string) bool {
	for _, n := range networks {
		if len(digits) >= n.short && len(digits) <= n.long {
			prefix := digits[:len(n.from)]
			if strings.Compare(prefix, n.from) >= 0 && strings.Compare(prefix, n.to) <= 0 {
				return luhn(digits)
			}
		}
	}
	return false
}

// luhn tells whether every second digit from the right, doubled and its digits added, and the others add up to tens.
func luhn(digits string) bool {
	sum := 0
	for i := range len(digits) {
		digit := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if digit *= 2; digit > 9 {
				digit -= 9
			}
		}
		sum += digit
	}
	return sum%10 == 0
}
