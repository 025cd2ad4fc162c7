package openbadge

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
)

// wholeCLR is a record with everything that it can have: two signed certificates, and what they are
// part of.
func wholeCLR(t testing.TB) CLRClaim {
	t.Helper()
	claim := CLRClaim{Metadata: wholeClaim().Metadata, Subject: wholeClaim().Subject, Partial: true}
	claim.ID, claim.Schemas = "https://btlc.example/credentials/0199/record", []SchemaURL{SchemaCLR}
	full := sampleClaim().Achievement
	full.ID = "https://btlc.example/achievements/full"
	claim.Achievements = []Achievement{full}
	for _, name := range []string{"using-data", "shared-leadership"} {
		certificate := wholeClaim()
		certificate.ID = "https://btlc.example/credentials/" + name
		certificate.Achievement.ID = "https://btlc.example/achievements/" + name
		claim.Credentials = append(claim.Credentials, signedClaim(t, certificate))
		claim.Associations = append(claim.Associations, Association{Type: "isChildOf", Source: certificate.Achievement.ID, Target: full.ID})
	}
	return claim
}

func buildRecord(t testing.TB, claim CLRClaim) []byte {
	t.Helper()
	document, err := BuildCLR(claim)
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func TestBuildCLR(t *testing.T) {
	claim := wholeCLR(t)
	document := buildRecord(t, claim)
	for _, certificate := range claim.Credentials {
		if !bytes.Contains(document, certificate) {
			t.Errorf("the record does not hold %s", certificate)
		}
	}
	// What a certificate holds is tested elsewhere: here a word stands for it.
	for i, word := range []string{`"first"`, `"second"`} {
		document = bytes.Replace(document, claim.Credentials[i], []byte(word), 1)
	}
	sameJSON(t, document, `{
		"@context": ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json",
			"https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json", "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"],
		"id": "https://btlc.example/credentials/0199/record",
		"type": ["VerifiableCredential", "ClrCredential"],
		"name": "Using Data",
		"description": "Awarded for leading with data.",
		"partial": true,
		"validFrom": "2026-03-01T17:00:00Z",
		"validUntil": "2031-03-01T17:00:00Z",
		"issuer": {"id": "did:web:btlc.example", "type": ["Profile"], "name": "Boston Teacher Leadership Certificate",
			"url": "https://btlc.example", "email": "office@btlc.example", "description": "Develops teacher leaders.",
			"image": {"id": "https://btlc.example/logo.png", "type": "Image", "caption": "The logo"}},
		"credentialStatus": {"id": "https://btlc.example/status/1#4711", "type": "BitstringStatusListEntry",
			"statusPurpose": "revocation", "statusListIndex": "4711", "statusListCredential": "https://btlc.example/status/1"},
		"credentialSchema": [{"type": "1EdTechJsonSchemaValidator2019",
			"id": "https://purl.imsglobal.org/spec/clr/v2p0/schema/json/clr_v2p0_clrcredential_schema.json"}],
		"credentialSubject": {
			"id": "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
			"type": ["ClrSubject"],
			"identifier": [{"type": "IdentityObject", "hashed": true, "identityType": "identifier", "salt": "5f2c9d",
				"identityHash": "sha256$0df4c0d6a6e1247065588422c077a91b65f1a1a673e9a0a642972e3823120e05"}],
			"achievement": [{
				"id": "https://btlc.example/achievements/full",
				"type": ["Achievement"],
				"name": "Using Data <certificate> & “more”",
				"description": "The course certificate of Using Data.",
				"achievementType": "Certificate",
				"criteria": {"narrative": "Demonstrated all four performance assessments."},
				"alignment": [{"type": ["Alignment"], "targetName": "A standard", "targetUrl": "https://standards.example/1", "targetCode": "1"}]
			}],
			"verifiableCredential": ["first", "second"],
			"association": [
				{"type": "Association", "associationType": "isChildOf", "sourceId": "https://btlc.example/achievements/using-data",
					"targetId": "https://btlc.example/achievements/full"},
				{"type": "Association", "associationType": "isChildOf", "sourceId": "https://btlc.example/achievements/shared-leadership",
					"targetId": "https://btlc.example/achievements/full"}]
		}
	}`)
}

// What is taken out of a record verifies as it did before.
func TestNestedCredentialsVerify(t *testing.T) {
	document, err := parse(buildRecord(t, wholeCLR(t)))
	if err != nil {
		t.Fatal(err)
	}
	nested := document["credentialSubject"].(map[string]any)["verifiableCredential"].([]any)
	if len(nested) != 2 {
		t.Errorf("%d nested credentials", len(nested))
	}
	for _, certificate := range nested {
		content, err := canonical(certificate)
		if err != nil {
			t.Fatal(err)
		}
		verifyBy(t, did, content)
	}
}

func TestBuildCLRReportsEveryFault(t *testing.T) {
	_, err := BuildCLR(CLRClaim{Achievements: []Achievement{{}}, Associations: []Association{{}}})
	const subject = "credentialSubject"
	want := []string{
		"id", "name", "issuer.id", "issuer.name", "issuer.url", "validFrom", subject,
		subject + ".achievement[0].id", subject + ".achievement[0].name", subject + ".achievement[0].description", subject + ".achievement[0].criteria.narrative",
		subject + ".verifiableCredential", subject + ".association[0].associationType", subject + ".association[0].targetId",
	}
	if got := refusedFields(t, err); !slices.Equal(got, want) {
		t.Errorf("refused for\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestBuildCLRRefuses(t *testing.T) {
	const subject = "credentialSubject"
	// with is the signed certificate with a field changed; without proof when it is the proof.
	with := func(field string, value any) func(*CLRClaim) {
		return func(c *CLRClaim) {
			credential, err := parse(c.Credentials[1])
			if err != nil {
				t.Fatal(err)
			}
			credential[field] = value
			if value == nil {
				delete(credential, field)
			}
			if c.Credentials[1], err = canonical(credential); err != nil {
				t.Fatal(err)
			}
		}
	}
	tests := []struct {
		name   string
		change func(*CLRClaim)
		field  string
	}{
		{"not JSON", func(c *CLRClaim) { c.Credentials = append(c.Credentials, []byte("x")) }, subject + ".verifiableCredential[2]"},
		{"unsigned", with("proof", nil), subject + ".verifiableCredential[1]"},
		{"without issuer", with("issuer", nil), subject + ".verifiableCredential[1]"},
		{"without date", with("validFrom", nil), subject + ".verifiableCredential[1]"},
		{"of an older data model", with("@context", []any{"https://www.w3.org/2018/credentials/v1"}), subject + ".verifiableCredential[1]"},
		{"not a credential", with("type", []any{"VerifiablePresentation"}), subject + ".verifiableCredential[1]"},
		{"twice", func(c *CLRClaim) { c.Credentials = append(c.Credentials, c.Credentials[0]) }, subject + ".verifiableCredential[2].id"},
		{"achievement twice", func(c *CLRClaim) { c.Achievements = append(c.Achievements, c.Achievements[0]) }, subject + ".achievement[1].id"},
		{"unknown association", func(c *CLRClaim) { c.Associations[1].Type = "ext:isCousinOf" }, subject + ".association[1].associationType"},
		{"association from nowhere", func(c *CLRClaim) { c.Associations[1].Source = "urn:x:y" }, subject + ".association[1].sourceId"},
		{"association with itself", func(c *CLRClaim) { c.Associations[1].Target = c.Associations[1].Source }, subject + ".association[1].targetId"},
		{"control character", func(c *CLRClaim) { c.Name = "a\x07" }, "name"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			claim := wholeCLR(t)
			test.change(&claim)
			_, err := BuildCLR(claim)
			if got := refusedFields(t, err); !slices.Contains(got, test.field) {
				t.Errorf("refused for %v, want %s", got, test.field)
			}
		})
	}
}

// What nobody would read is not built.
func TestBuildCLRIsBounded(t *testing.T) {
	large := wholeClaim()
	large.Achievement.CriteriaNarrative = strings.Repeat("x", MaxDocument*3/4)
	claim := wholeCLR(t)
	for i, id := range []string{"https://btlc.example/1", "https://btlc.example/2"} {
		large.ID = id
		claim.Credentials[i] = signedClaim(t, large)
	}
	claim.Associations = nil
	if _, err := BuildCLR(claim); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v", err)
	}
}

func TestSignCLR(t *testing.T) {
	claim, key := wholeCLR(t), testP256(7)
	token, err := SignCLR(t.Context(), claim, key)
	if err != nil {
		t.Fatal(err)
	}
	report := Verify(t.Context(), []byte(token), ResolveAmong(claim.Issuer.ID, []PublicKey{key.Public()}), Expectation{Now: claim.ValidFrom})
	if err := report.Err(); err != nil {
		t.Error(err)
	}
	if want := buildRecord(t, claim); !bytes.Equal(report.Document, want) {
		t.Errorf("the token holds %s, want %s", report.Document, want)
	}
	if prefix := CLRPrefix(claim.Issuer.ID, key.Public()); !strings.HasPrefix(token, prefix) {
		t.Errorf("the token begins with %.200s, want %s", token, prefix)
	}
	claim.Credentials = nil
	if _, err := SignCLR(t.Context(), claim, key); len(refusedFields(t, err)) == 0 {
		t.Errorf("an empty record: %v", err)
	}
}
