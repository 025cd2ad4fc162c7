package money

import (
	"errors"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func TestMoney(t *testing.T) {
	for _, c := range []struct {
		minor   int64
		units   int64
		nanos   int32
		decimal string
	}{
		{0, 0, 0, "0.00"},
		{1, 0, 10_000_000, "0.01"},
		{100_000, 1000, 0, "1000.00"},
		{-50, 0, -500_000_000, "-0.50"},
		{-101, -1, -10_000_000, "-1.01"},
		{math.MaxInt64, 92233720368547758, 70_000_000, "92233720368547758.07"},
		{math.MinInt64, -92233720368547758, -80_000_000, "-92233720368547758.08"},
	} {
		a := Amount{c.minor, "USD"}
		if units, nanos := a.Units(); units != c.units || nanos != c.nanos || a.Decimal() != c.decimal {
			t.Errorf("%d: got %d and %d, %s", c.minor, units, nanos, a.Decimal())
		}
	}
}

func TestRefusedMoney(t *testing.T) {
	for _, c := range []struct {
		currency string
		units    int64
		nanos    int32
		field    string
	}{
		{"", 1, 0, "currencyCode"},
		{"usd", 1, 0, "currencyCode"},
		{"USDX", 1, 0, "currencyCode"},
		{"JPY", 1, 0, "currencyCode"},
		{"KWD", 1, 0, "currencyCode"},
		{"XAU", 1, 0, "currencyCode"},
		{"USD", -1, 0, "units"},
		{"USD", 1, -10_000_000, "nanos"},
		{"USD", 0, 1_000_000_000, "nanos"},
		{"USD", 0, 5_000_000, "nanos"},
		{"USD", 0, 1, "nanos"},
		{"USD", 92233720368547758, 80_000_000, "units"},
		{"USD", math.MaxInt64, 0, "units"},
	} {
		_, err := Of(c.currency, c.units, c.nanos)
		if fault, ok := errors.AsType[*FieldError](err); !ok || fault.Field != c.field || !errors.Is(err, ErrAmount) {
			t.Errorf("%s %d.%d: got %v, want one of %q", c.currency, c.units, c.nanos, err, c.field)
		}
	}
}

func TestMoneyThereAndBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		units := rapid.Int64Range(0, math.MaxInt64/100-1).Draw(t, "units")
		nanos := rapid.Int32Range(0, 99).Draw(t, "cents") * nanosPerMinor
		a, err := Of("USD", units, nanos)
		if err != nil {
			t.Fatal(err)
		}
		if u, n := a.Units(); u != units || n != nanos {
			t.Fatalf("%d and %d become %d and %d", units, nanos, u, n)
		}
		if exact, ok := new(big.Rat).SetString(a.Decimal()); !ok || exact.Cmp(big.NewRat(a.Minor, 100)) != 0 {
			t.Fatalf("%d is written %s", a.Minor, a.Decimal())
		}
	})
}

func TestPercentHalfEven(t *testing.T) {
	for _, c := range []struct {
		minor      int64
		hundredths int
		want       int64
	}{
		{100_000, 50, 50_000}, {1, 50, 0}, {3, 50, 2}, {5, 50, 2}, {7, 50, 4}, {5, 10, 0}, {15, 10, 2}, {25, 10, 2},
		{1, 51, 1}, {1, 49, 0}, {333, 33, 110}, {0, 100, 0}, {MaxMinor, 100, MaxMinor}, {MaxMinor, 0, 0},
	} {
		if got := (Amount{c.minor, "USD"}).Percent(c.hundredths); got != (Amount{c.want, "USD"}) {
			t.Errorf("%d%% of %d: %v, want %d", c.hundredths, c.minor, got, c.want)
		}
	}
}
