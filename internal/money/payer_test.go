package money

import "testing"

func TestNamesOfPayersAndPayees(t *testing.T) {
	const id = "01993f2e-7c40-7d3a-9b1e-5a6f7c8d9e0f"
	for name, want := range map[string]struct{ payer, payee bool }{
		"educators/" + id:             {payer: true},
		"districts/bps":               {payer: true},
		"districts/bps/schools/" + id: {payer: true},
		"program":                     {payee: true},
		"institutions/umass-boston":   {payee: true},
		"":                            {},
		"educators/1":                 {},
		"educators/01993F2E-7C40-7D3A-9B1E-5A6F7C8D9E0F": {},
		"educators/{" + id + "}":                         {},
		"districts/BPS":                                  {},
		"districts/bps/schools/x":                        {},
		"districts/bps/roles/" + id:                      {},
		"districts/bps/schools/" + id + "/":              {},
		"institutions/":                                  {},
		"institutions/umass-boston/programs/1":           {},
	} {
		if payer, payee := ValidPayer(name), ValidPayee(name); payer != want.payer || payee != want.payee {
			t.Errorf("%q: payer %v, payee %v", name, payer, payee)
		}
	}
}
