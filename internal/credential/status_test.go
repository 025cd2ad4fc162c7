package credential

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	entcredential "github.com/btlc/btlc/ent/credential"
	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/api"
)

func TestCredentialLife(t *testing.T) {
	if first := credentialLife.First(); first != entcredential.DefaultStatus {
		t.Errorf("a new one is %s, in the table %s", first, entcredential.DefaultStatus)
	}
	for status, leads := range map[string]map[string]string{
		"ACTIVE":     {"suspend": "SUSPENDED", "reinstate": "", "revoke": "REVOKED", "reissue": "SUPERSEDED", "expire": "EXPIRED"},
		"SUSPENDED":  {"suspend": "", "reinstate": "ACTIVE", "revoke": "REVOKED", "reissue": "SUPERSEDED", "expire": "EXPIRED"},
		"REVOKED":    {"suspend": "", "reinstate": "", "revoke": "", "reissue": "", "expire": ""},
		"SUPERSEDED": {"suspend": "", "reinstate": "", "revoke": "", "reissue": "", "expire": ""},
		"EXPIRED":    {"suspend": "", "reinstate": "", "revoke": "", "reissue": "", "expire": ""},
		"nonsense":   {"suspend": "", "reinstate": "", "revoke": "", "reissue": "", "expire": ""},
	} {
		for verb, want := range leads {
			to, err := credentialLife.After("credential", status, verb)
			refusal, refused := errors.AsType[*api.Error](err)
			if to != want || (want == "") != (refused && refusal.Reason == api.StateConflict) {
				t.Errorf("%s %s: got %q, %v, want %q", verb, status, to, err, want)
			}
		}
	}
}

// Whatever is tried in whatever order, what has ended stays as it ended.
func TestEndsAreForGood(t *testing.T) {
	ends := map[string]string{"revoke": "REVOKED", "reissue": "SUPERSEDED", "expire": "EXPIRED"}
	rapid.Check(t, func(t *rapid.T) {
		status, ended := credentialLife.First(), ""
		for _, verb := range rapid.SliceOf(rapid.SampledFrom([]string{"suspend", "reinstate", "revoke", "reissue", "expire"})).Draw(t, "verbs") {
			if next, err := credentialLife.After("credential", status, verb); err == nil {
				status = next
			}
			if ended == "" {
				ended = ends[verb]
			}
			if ended != "" && status != ended || ended == "" && status != "ACTIVE" && status != "SUSPENDED" {
				t.Fatalf("%s after %s, ended as %q", status, verb, ended)
			}
		}
	})
}

func TestStanding(t *testing.T) {
	now := time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)
	before, after := now.Add(-time.Microsecond), now.Add(time.Microsecond)
	for _, c := range []struct {
		status  string
		expires *time.Time
		want    string
	}{
		{"ACTIVE", nil, "ACTIVE"}, {"ACTIVE", &after, "ACTIVE"}, {"ACTIVE", &now, "EXPIRED"}, {"ACTIVE", &before, "EXPIRED"}, {"SUSPENDED", &now, "EXPIRED"},
		{"SUSPENDED", &after, "SUSPENDED"}, {"REVOKED", &before, "REVOKED"}, {"SUPERSEDED", &before, "SUPERSEDED"}, {"EXPIRED", &before, "EXPIRED"},
	} {
		if got := standing(c.status, c.expires, now); got != c.want {
			t.Errorf("%s until %v: %s, want %s", c.status, c.expires, got, c.want)
		}
	}
}

func TestExpiryOfMonths(t *testing.T) {
	if expiry(time.Now(), nil) != nil {
		t.Error("without months it ends")
	}
	for _, c := range []struct {
		issued string
		months int32
		want   string
	}{
		{"2026-11-20", 60, "2031-11-20"}, {"2026-08-31", 6, "2027-02-28"}, {"2027-08-31", 6, "2028-02-29"}, {"2028-02-29", 12, "2029-02-28"}, {"2026-12-31", 1, "2027-01-31"},
	} {
		day, err := time.Parse(time.DateOnly, c.issued)
		if err != nil {
			t.Fatal(err)
		}
		if got := expiry(day, &c.months).Format(time.DateOnly); got != c.want {
			t.Errorf("%d months from %s: %s, want %s", c.months, c.issued, got, c.want)
		}
	}
}

// However long it counts, it ends in the month that is so many months later, at the time of day of its issue.
func TestExpiryIsInItsMonth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		issued := time.Unix(rapid.Int64Range(1_600_000_000, 4_000_000_000).Draw(t, "issued"), 0).UTC()
		months := rapid.Int32Range(1, 240).Draw(t, "months")
		end := expiry(issued, &months)
		if passed := (end.Year()-issued.Year())*12 + int(end.Month()) - int(issued.Month()); passed != int(months) || end.Day() > issued.Day() || end.Truncate(24*time.Hour).Add(issued.Sub(issued.Truncate(24*time.Hour))) != *end {
			t.Fatalf("%d months from %s: %s", months, issued, end)
		}
	})
}

func TestEveryStatusHasAnEdFiDescriptor(t *testing.T) {
	statuses := pb.CredentialStatus(0).Descriptor().Values()
	for i := 1; i < statuses.Len(); i++ {
		if status := api.EnumWord(pb.CredentialStatus(statuses.Get(i).Number())); !strings.HasPrefix(edFiStatus[status], "uri://ed-fi.org/CredentialStatusDescriptor#") {
			t.Errorf("%s is %q", status, edFiStatus[status])
		}
	}
}
