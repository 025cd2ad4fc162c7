package databasetest

import (
	"testing"
	"testing/fstest"
)

func TestOnServer(t *testing.T) {
	for address, want := range map[string]string{
		"postgres://u:p%40ss@h:5432/btlc?sslmode=disable": "postgres://u:p%40ss@h:5432/new?sslmode=disable",
		"postgres://u@/?dbname=btlc&host=%2Ftmp":          "postgres://u@/new?host=%2Ftmp",
		"host=/tmp user=u dbname=btlc":                    "host=/tmp user=u dbname=btlc dbname=new",
	} {
		if got, err := onServer(address, "new"); err != nil || got != want {
			t.Errorf("%s: got %s, %v, want %s", address, got, err, want)
		}
	}
}

func TestFingerprint(t *testing.T) {
	base := fstest.MapFS{"1_a.sql": {Data: []byte("A")}, "atlas.sum": {Data: []byte("x")}}
	same := fstest.MapFS{"1_a.sql": {Data: []byte("A")}, "atlas.sum": {Data: []byte("y")}}
	want, err := fingerprint(base)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := fingerprint(same); err != nil || got != want {
		t.Errorf("the same migrations: got %s, %v, want %s", got, err, want)
	}
	for _, other := range []fstest.MapFS{
		{},
		{"1_a.sql": {Data: []byte("B")}},
		{"1_b.sql": {Data: []byte("A")}},
		{"1_a.sql": {Data: []byte("A")}, "2_b.sql": {Data: nil}},
	} {
		if got, err := fingerprint(other); err != nil || got == want {
			t.Errorf("%v: got %s, %v, want another", other, got, err)
		}
	}
}
