package server_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// Accounting reads the columns of the ledger by their names and order, also before there is a line.
func TestLedgerAsCSV(t *testing.T) {
	w := newWorld(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.rest.base+"/v1/ledgerEntries:export", strings.NewReader(`{"startDate": {"year": 2026, "month": 9, "day": 1}}`))
	must(t, err)
	req.Header.Set("Authorization", "Bearer "+w.keys["auditor"])
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "text/csv")
	res, err := http.DefaultClient.Do(req)
	must(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	must(t, err)
	const want = "entry,date,kind,debitAccount,creditAccount,amount,currency,payer,payee,registration,reference,reason,reverses,recordTime\r\n"
	if got := res.Header.Get("Content-Type"); string(body) != want || got != "text/csv; charset=utf-8; header=present" {
		t.Errorf("the ledger as %s: %s\nwant %s", got, body, want)
	}
}
