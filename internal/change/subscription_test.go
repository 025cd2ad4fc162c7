package change

import (
	"net/netip"
	"testing"
	"time"

	"github.com/btlc/btlc/internal/webhook"
)

func TestCheckURL(t *testing.T) {
	within := []netip.Prefix{netip.MustParsePrefix("10.20.0.0/16"), netip.MustParsePrefix("127.0.0.1/32")}
	for url, want := range map[string]struct{ public, within bool }{
		"https://hr.example.org/changes": {true, true},
		"https://192.0.0.1/":             {true, true}, // what connects knows better
		"https://10.20.3.4/":             {false, true},
		"https://10.21.3.4/":             {false, false},
		"https://[::ffff:10.20.3.4]/":    {false, true},
		"https://[fe80::1%25eth0]/":      {false, false},
		"https://169.254.169.254/":       {false, false},
		"https://127.0.0.1/":             {false, true},
		"http://127.0.0.1:8080/":         {false, true},
		"http://127.0.0.2:8080/":         {false, false},
		"http://10.20.3.4/":              {false, false},
		"http://hr.example.org/":         {false, false},
		"ftp://hr.example.org/":          {false, false},
	} {
		if got := checkURL(url, nil) == nil; got != want.public {
			t.Errorf("%s, of the public internet: %v", url, got)
		}
		if got := checkURL(url, within) == nil; got != want.within {
			t.Errorf("%s, with networks: %v", url, got)
		}
	}
}

func TestSecretsOf(t *testing.T) {
	now := time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)
	one, before := []byte(webhook.NewSecret().Reveal()), []byte(webhook.NewSecret().Reveal())
	for name, c := range map[string]struct {
		previous *[]byte
		expire   time.Time
		want     int
	}{
		"none before": {nil, time.Time{}, 1}, "one before": {&before, now.Add(time.Second), 2}, "one that has expired": {&before, now, 1},
	} {
		secrets, err := secretsOf(one, c.previous, &c.expire, now)
		if err != nil || len(secrets) != c.want || secrets[0].Reveal() != string(one) {
			t.Errorf("%s: %v, %v", name, secrets, err)
		}
	}
	if _, err := secretsOf([]byte("nothing"), nil, nil, now); err == nil {
		t.Error("what is no secret was taken")
	}
}
