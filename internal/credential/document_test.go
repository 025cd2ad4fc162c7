package credential

import (
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
		credits: 3, framework: "btlc-1", frameworkTitle: "Framework", standards: []string{"A standard", "Another standard"},
		competencies: []awardedCompetency{{"using-data-0", "Knowing data", false}, {"using-data-1", "Understanding data", true}},
		evidence:     []digest{{strings.Repeat("00", 32), "Data sources used", "data_source"}},
		time:         time.Date(2026, 11, 20, 15, 0, 0, 123_000_000, time.UTC),
	}
}

// verify checks a document as somebody does who knows the issuer's keys.
func verify(t testing.TB, issuer Issuer, document string) error {
	t.Helper()
	keys := openbadge.ResolveAmong(issuer.DID, issuer.Keys.Public())
	return openbadge.Verify(t.Context(), []byte(document), keys, openbadge.Expectation{Now: testAward().time.AddDate(1, 0, 0)}).Err()
}

func TestSign(t *testing.T) {
	issuer := testIssuer(t)
	document, keyID, err := issuer.sign(t.Context(), testAward())
	if err != nil {
		t.Fatal(err)
	}
	if keyID != issuer.Keys.Active(openbadge.EdDSA).Public().ID {
		t.Errorf("key %q", keyID)
	}
	if err := verify(t, issuer, document); err != nil {
		t.Error(err)
	}
	if strings.Contains(document, "person@example.org") {
		t.Error("the document names the person")
	}
	for _, said := range []string{
		`"id":"https://btlc.example/credentials/0190a8a4-7c1e-7b7a-9d51-3f0c2f5d9a10"`, `"validFrom":"2026-11-20T15:00:00Z"`,
		`"issuer":{"id":"did:web:btlc.example","name":"Teacher Leadership Certificate","type":["Profile"],"url":"https://btlc.example"}`,
		`"identityHash":"` + openbadge.IdentityHash("person@example.org", "salt") + `"`, `"identityType":"emailAddress"`,
		`"id":"https://btlc.example/v1/credentialTypes/using-data-certificate"`, `"creditsAvailable":3`,
		// Aligned are the competencies, attained or not, and the standards.
		`"alignment":[{"targetCode":"using-data-0","targetFramework":"Framework","targetName":"Knowing data","targetType":"ceasn:Competency","targetUrl":"https://btlc.example/v1/frameworks/btlc-1#using-data-0","type":["Alignment"]},` +
			`{"targetCode":"using-data-1","targetFramework":"Framework","targetName":"Understanding data","targetType":"ceasn:Competency","targetUrl":"https://btlc.example/v1/frameworks/btlc-1#using-data-1","type":["Alignment"]},` +
			`{"targetName":"A standard","targetUrl":"https://btlc.example/v1/frameworks/btlc-1#alignment-1","type":["Alignment"]},` +
			`{"targetName":"Another standard","targetUrl":"https://btlc.example/v1/frameworks/btlc-1#alignment-2","type":["Alignment"]}]`,
		// Only what was attained has a result.
		`"result":[{"resultDescription":"https://btlc.example/v1/credentialTypes/using-data-certificate#using-data-1","status":"Completed","type":["Result"]}]`,
		`"evidence":[{"digestMultibase":"uEiAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","genre":"data_source","name":"Data sources used","type":["Evidence"]}]`,
	} {
		if !strings.Contains(document, said) {
			t.Errorf("the document does not say\n%s\nbut\n%s", said, document)
		}
	}
}

func TestSignRefusesAFaultyAward(t *testing.T) {
	a := testAward()
	a.description = ""
	var faulty *openbadge.ClaimError
	if _, _, err := testIssuer(t).sign(t.Context(), a); !errors.As(err, &faulty) {
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
