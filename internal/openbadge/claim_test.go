package openbadge

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

const did = "did:web:btlc.example"

func sampleClaim() Claim {
	const salt = "5f2c9d"
	return Claim{
		ID:          "https://btlc.example/credentials/0198",
		Name:        "Using Data",
		IssuerID:    did,
		IssuerName:  "Boston Teacher Leadership Certificate",
		IssuerURL:   "https://btlc.example",
		SubjectHash: IdentityHash("teacher@example.org", salt),
		Salt:        salt,
		Achievement: Achievement{
			ID:                "https://btlc.example/achievements/using-data",
			Name:              "Using Data <certificate> & “more”",
			Description:       "The course certificate of Using Data.",
			CriteriaNarrative: "Demonstrated all four performance assessments.",
			AchievementType:   "Certificate",
			Alignments:        []Alignment{{TargetName: "A standard", TargetURL: "https://standards.example/1", TargetCode: "1"}},
		},
		ValidFrom: time.Date(2026, 3, 1, 12, 0, 0, 0, time.FixedZone("EST", -5*3600)),
	}
}

func built(t testing.TB) []byte {
	t.Helper()
	document, err := Build(sampleClaim())
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func TestBuild(t *testing.T) {
	const want = `{
		"@context": ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
		"id": "https://btlc.example/credentials/0198",
		"type": ["VerifiableCredential", "OpenBadgeCredential"],
		"name": "Using Data",
		"validFrom": "2026-03-01T17:00:00Z",
		"issuer": {"id": "did:web:btlc.example", "type": ["Profile"],
			"name": "Boston Teacher Leadership Certificate", "url": "https://btlc.example"},
		"credentialSubject": {
			"type": ["AchievementSubject"],
			"identifier": [{"type": "IdentityObject", "hashed": true, "identityType": "emailAddress", "salt": "5f2c9d",
				"identityHash": "sha256$0df4c0d6a6e1247065588422c077a91b65f1a1a673e9a0a642972e3823120e05"}],
			"achievement": {
				"id": "https://btlc.example/achievements/using-data",
				"type": ["Achievement"],
				"name": "Using Data <certificate> & “more”",
				"description": "The course certificate of Using Data.",
				"achievementType": "Certificate",
				"criteria": {"narrative": "Demonstrated all four performance assessments."},
				"alignment": [{"type": ["Alignment"], "targetName": "A standard",
					"targetUrl": "https://standards.example/1", "targetCode": "1"}]
			}
		}
	}`
	var object any
	if err := json.Unmarshal([]byte(want), &object); err != nil {
		t.Fatal(err)
	}
	expected, err := canonical(object)
	if err != nil {
		t.Fatal(err)
	}
	if got := built(t); string(got) != string(expected) {
		t.Errorf("got\n%s\nwant\n%s", got, expected)
	}
}

func TestBuildReportsEveryFault(t *testing.T) {
	claim := Claim{
		ID: "not a url", IssuerURL: "btlc.example", SubjectHash: "teacher@example.org", IdentityType: "shoeSize",
		Achievement: Achievement{AchievementType: "Trophy", Alignments: []Alignment{{TargetType: "Star"}}},
	}
	_, err := Build(claim)
	var refused *ClaimError
	if !errors.As(err, &refused) {
		t.Fatalf("got %v, want a *ClaimError", err)
	}
	fields := []string{
		"id", "name", "issuerId", "issuerName", "issuerUrl", "subjectHash", "salt", "identityType", "validFrom",
		"achievement.id", "achievement.name", "achievement.description", "achievement.criteriaNarrative",
		"achievement.achievementType", "achievement.alignments", "achievement.alignments", "achievement.alignments",
	}
	for i, field := range fields {
		if i >= len(refused.Faults) || !strings.HasPrefix(refused.Faults[i], field+": ") &&
			!strings.HasPrefix(refused.Faults[i], field+":") {
			t.Fatalf("faults:\n%s\nwant the fields\n%s", strings.Join(refused.Faults, "\n"), strings.Join(fields, "\n"))
		}
	}
	if len(refused.Faults) != len(fields) {
		t.Errorf("%d faults, want %d: %v", len(refused.Faults), len(fields), err)
	}
}

func TestBuildAcceptsAnExtensionType(t *testing.T) {
	claim := sampleClaim()
	claim.Achievement.AchievementType = "ext:TeacherLeadership"
	claim.Achievement.Alignments = nil
	if _, err := Build(claim); err != nil {
		t.Error(err)
	}
}

// The example of Open Badges 3.0, IdentityHash.
func TestIdentityHash(t *testing.T) {
	const want = "sha256$b5809d8a92f8858436d7e6b87c12ebc0ae1eac4baecc2c0b913aee2c922ef399"
	if got := IdentityHash("a@example.com", "Kosher"); got != want {
		t.Errorf("got %s", got)
	}
}
