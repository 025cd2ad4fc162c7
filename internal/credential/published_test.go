package credential

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/btlc/btlc/internal/openbadge"
)

func TestRead(t *testing.T) {
	issuer := testIssuer(t)
	a := testAward()
	a.identity, a.competencies = "someone@example.org", []awardedCompetency{{"1", "Demonstrated", true}, {"2", "Not demonstrated", false}}
	document, _, err := issuer.sign(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	s, err := read([]byte(document))
	if err != nil || s.Title != a.title || s.Description != a.description || s.Criteria != a.criteria || s.Issuer != issuer.Name || len(s.Competencies) != 1 || s.Competencies[0] != "Demonstrated" {
		t.Errorf("read %+v, %v", s, err)
	}
	if !s.ByEmail() || !s.IssuedTo(" Someone@Example.ORG\n") || s.IssuedTo("") || s.IssuedTo("another@example.org") {
		t.Error("whose it is")
	}
	if _, err := read([]byte("{")); err == nil {
		t.Error("what is no JSON was read")
	}
}

// TestIssuedTo: the person's own address is known however it is written, no other, and none when the person is not
// known by an address.
func TestIssuedTo(t *testing.T) {
	address := rapid.StringMatching(`[a-z0-9.]{1,12}@[a-z]{1,8}\.example`)
	rapid.Check(t, func(t *rapid.T) {
		own, other, salt := address.Draw(t, "own"), address.Draw(t, "other"), rapid.String().Draw(t, "salt")
		s := Statement{identityHash: openbadge.IdentityHash(own, salt), identityType: "emailAddress", salt: salt}
		if !s.IssuedTo(own) || s.IssuedTo(other) != (own == other) {
			t.Fatal("told wrong")
		}
		s.identityType = "identifier"
		if s.IssuedTo(own) {
			t.Fatal("a record's name was taken for an address")
		}
	})
}

func TestExpireAt(t *testing.T) {
	end := time.Unix(1000, 0)
	for _, c := range []struct {
		status string
		end    time.Time
		now    int64
		want   string
	}{
		{"ACTIVE", time.Time{}, 5000, "ACTIVE"}, {"ACTIVE", end, 999, "ACTIVE"}, {"ACTIVE", end, 1000, "EXPIRED"}, {"SUSPENDED", end, 1001, "EXPIRED"},
		{"REVOKED", end, 1001, "REVOKED"}, {"SUPERSEDED", end, 1001, "SUPERSEDED"},
	} {
		p := Published{Status: c.status, ExpireTime: c.end}
		if p.expireAt(time.Unix(c.now, 0)); p.Status != c.want || p.Status == "EXPIRED" && !p.StatusTime.Equal(end) {
			t.Errorf("%s until %v is %s at %d, want %s", c.status, c.end, p.Status, c.now, c.want)
		}
	}
}
