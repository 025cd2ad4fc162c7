package credential

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/btlc/btlc/internal/openbadge"
)

func testIssuer(t testing.TB) Issuer {
	t.Helper()
	keys, err := openbadge.LoadOrCreateKeys(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return Issuer{BaseURL: "https://btlc.example", Name: "Teacher Leadership Certificate", DID: "did:web:btlc.example", Keys: keys}
}

func testAward() award {
	return award{
		id: "0190a8a4-7c1e-7b7a-9d51-3f0c2f5d9a10", identity: "person@example.org", identityType: "emailAddress", salt: "salt",
		credentialType: "using-data-certificate", title: "Using Data", description: "About data.", criteria: "Show it.", achievementType: "Certificate",
		framework: "btlc-1", frameworkTitle: "Framework", competencies: []alignedCompetency{{"using-data-1", "Understanding data"}},
		time: time.Date(2026, 11, 20, 15, 0, 0, 123_000_000, time.UTC),
	}
}

func TestSign(t *testing.T) {
	issuer := testIssuer(t)
	document, keyID, err := issuer.sign(testAward())
	if err != nil {
		t.Fatal(err)
	}
	if keyID != issuer.Keys.Active().ID {
		t.Errorf("key %q", keyID)
	}
	if err := openbadge.Verify([]byte(document), openbadge.ResolveAmong(issuer.DID, issuer.Keys.Public())); err != nil {
		t.Error(err)
	}
	if strings.Contains(document, "person@example.org") {
		t.Error("the document names the person")
	}
	var got struct {
		ID, ValidFrom     string
		CredentialSubject struct {
			Identifier  []struct{ IdentityHash, IdentityType, Salt string }
			Achievement struct {
				ID        string
				Alignment []struct{ TargetURL, TargetCode, TargetFramework string }
			}
		}
	}
	if err := json.Unmarshal([]byte(document), &got); err != nil {
		t.Fatal(err)
	}
	subject := got.CredentialSubject
	if got.ID != "https://btlc.example/credentials/0190a8a4-7c1e-7b7a-9d51-3f0c2f5d9a10" || got.ValidFrom != "2026-11-20T15:00:00Z" ||
		subject.Achievement.ID != "https://btlc.example/v1/credentialTypes/using-data-certificate" ||
		len(subject.Identifier) != 1 || subject.Identifier[0].IdentityHash != openbadge.IdentityHash("person@example.org", "salt") || subject.Identifier[0].IdentityType != "emailAddress" ||
		len(subject.Achievement.Alignment) != 1 || subject.Achievement.Alignment[0].TargetURL != "https://btlc.example/v1/frameworks/btlc-1#using-data-1" ||
		subject.Achievement.Alignment[0].TargetCode != "using-data-1" || subject.Achievement.Alignment[0].TargetFramework != "Framework" {
		t.Errorf("document: %s", document)
	}
}

func TestSignRefusesAFaultyAward(t *testing.T) {
	a := testAward()
	a.description = ""
	var faulty *openbadge.ClaimError
	if _, _, err := testIssuer(t).sign(a); !errors.As(err, &faulty) {
		t.Errorf("got %v, want the claim's faults", err)
	}
}

func TestIssuerIsComplete(t *testing.T) {
	whole := testIssuer(t)
	if err := whole.check(); err != nil {
		t.Error(err)
	}
	for _, lacking := range []Issuer{{}, {BaseURL: "x", Name: "x", DID: "x"}, {Name: "x", DID: "x", Keys: whole.Keys}} {
		if lacking.check() == nil {
			t.Errorf("%+v is not complete", lacking)
		}
	}
}
