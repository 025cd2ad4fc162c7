// Package money has the rules of money that more than one context goes by: amounts, who can pay, and what no text may hold.
// The ledger is kept by them, and who registers says by them who pays.
package money

import (
	"errors"
	"fmt"
	"math"
	"strings"
)

const (
	// nanosPerMinor is how many billionths of a currency's unit a hundredth has.
	nanosPerMinor = 10_000_000
	// MaxMinor is the most that one entry of the ledger can be of: nine million such entries add up within 64 bits.
	MaxMinor = 1_000_000_000_000
)

// Amount is money, exact to hundredths of the currency's unit: cents.
type Amount struct {
	Minor int64
	// Currency is an ISO 4217 code of a currency that has hundredths: "USD".
	Currency string
}

// ErrAmount says that it is no amount that can be kept.
var ErrAmount = errors.New("money: not an amount")

// FieldError is an ErrAmount that says which field is not right, and what would be. It never repeats what was in the field.
type FieldError struct {
	// Field is that of a google.type.Money, in lowerCamelCase: "units", "nanos" or "currencyCode".
	Field, Description string
}

// Error is for logs.
func (e *FieldError) Error() string {
	return fmt.Sprintf("%v: %s: %s", ErrAmount, e.Field, e.Description)
}

// Unwrap is ErrAmount.
func (e *FieldError) Unwrap() error { return ErrAmount }

// other are the ISO 4217 currencies whose minor unit is no hundredth, and the codes that are no money to pay with.
var other = func() map[string]bool {
	codes := map[string]bool{}
	for _, code := range strings.Fields(`
		BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF
		BHD IQD JOD KWD LYD OMR TND CLF UYW
		XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA XXX`) {
		codes[code] = true
	}
	return codes
}()

// CheckCurrency refuses what is not the code of a currency that is counted in hundredths. Errors: FieldError of
// "currencyCode".
func CheckCurrency(code string) error {
	if len(code) != 3 || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return &FieldError{"currencyCode", "has to be an ISO 4217 code, such as USD"}
	}
	if other[code] {
		return &FieldError{"currencyCode", "has to be a currency that is counted in hundredths"}
	}
	return nil
}

// Of is the amount of a google.type.Money, exactly. It refuses fractions of a cent, what is below zero and what 64 bits do
// not hold. Errors: FieldError.
func Of(currency string, units int64, nanos int32) (Amount, error) {
	if err := CheckCurrency(currency); err != nil {
		return Amount{}, err
	}
	switch {
	case units < 0:
		return Amount{}, &FieldError{"units", "cannot be below zero"}
	case nanos < 0 || nanos >= 100*nanosPerMinor:
		return Amount{}, &FieldError{"nanos", "has to be from 0 to 999,999,999"}
	case nanos%nanosPerMinor != 0:
		return Amount{}, &FieldError{"nanos", "has to be whole cents: a multiple of 10,000,000"}
	case units > (math.MaxInt64-99)/100:
		return Amount{}, &FieldError{"units", "is too large"}
	}
	return Amount{Minor: units*100 + int64(nanos/nanosPerMinor), Currency: currency}, nil
}

// Units is the amount as units and nanos of a google.type.Money, which have the same sign.
func (a Amount) Units() (units int64, nanos int32) {
	return a.Minor / 100, int32(a.Minor%100) * nanosPerMinor
}

// Decimal is the amount in digits, without its currency: "1000.00", "-0.50".
func (a Amount) Decimal() string {
	sign, units, cents := "", a.Minor/100, a.Minor%100
	if a.Minor < 0 {
		sign, units, cents = "-", -units, -cents
	}
	return fmt.Sprintf("%s%d.%02d", sign, units, cents)
}

// Percent is so many hundredths of an amount that is not below zero nor beyond MaxMinor, rounded to the nearest minor unit,
// and to the even one of two that are as near.
func (a Amount) Percent(hundredths int) Amount {
	product := a.Minor * int64(hundredths)
	whole, rest := product/100, product%100
	if rest > 50 || rest == 50 && whole%2 == 1 {
		whole++
	}
	return Amount{Minor: whole, Currency: a.Currency}
}
