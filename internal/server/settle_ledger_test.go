package server_test

import "testing"

// settleLedger has a payment come in for each of the registrations.
func (w *world) settleLedger(t testing.TB) {
	t.Helper()
	v := w.variables
	for registration, entry := range map[string]string{"registration": "ledgerEntry", "otherRegistration": "otherLedgerEntry"} {
		made := w.do(t, "staff", "CreateLedgerEntry", map[string]any{"parent": v[registration], "ledgerEntry": map[string]any{"kind": "KIND_PAYMENT", "amount": map[string]any{"units": 250}, "reference": "cheque 1187"}})
		v[entry] = text(made, "ledgerEntry.name")
	}
}
