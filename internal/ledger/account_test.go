package ledger

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/btlc/btlc/internal/money"
)

func TestAccounts(t *testing.T) {
	for text, want := range map[string]Account{
		"receivable:" + educator + ":program":                Receivable(educator, money.Program),
		"receivable:districts/bps:institutions/umass-boston": Receivable(district, institute),
		"receivable:" + school + ":program":                  Receivable(school, money.Program),
		"income:institutions/umass-boston":                   Income(institute),
		"cash:program":                                       Cash(money.Program),
		"waived:program":                                     Waived(money.Program),
	} {
		if got, err := ParseAccount(text); err != nil || got != want || want.String() != text {
			t.Errorf("%s: %+v, %v; written %s", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "income", "income:", "income:districts/bps", "debts:program", "cash:district:program", "receivable:program",
		"receivable::program", "receivable:educators/1:program", "receivable:educators/" + "01993F2E-7C40-7D3A-9B1E-5A6F7C8D9E0F:program",
		"receivable:districts/BPS:program", "receivable:districts/bps/schools/x:program", "receivable:districts/B/schools/01993f2e-7c40-7d3a-9b1e-000000000001:program", "receivable:districts/bps:districts/bps",
		"receivable:districts/bps/roles/01993f2e-7c40-7d3a-9b1e-000000000001:program", "receivable:districts/bps:program:program",
		"waived:institutions/", "Income:program",
	} {
		if a, err := ParseAccount(text); !errors.Is(err, ErrInvalid) || a != (Account{}) {
			t.Errorf("%q is read as %+v, %v", text, a, err)
		}
	}
}

func TestAnyTextAsAccount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`(receivable|income|cash|waived|x)(:[a-z/-]{0,12}|:districts/[a-z]{1,4}|:program){0,3}`).Draw(t, "text")
		if a, err := ParseAccount(text); err == nil && a.String() != text {
			t.Fatalf("%q is read as %q", text, a)
		}
	})
}
