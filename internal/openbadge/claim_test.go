package openbadge

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

const did = "did:web:btlc.example"

func sampleProfile() Profile {
	return Profile{ID: did, Name: "Boston Teacher Leadership Certificate", URL: "https://btlc.example"}
}

// sampleClaim has what a claim must have, and little else.
func sampleClaim() Claim {
	const salt = "5f2c9d"
	return Claim{
		Metadata: Metadata{
			ID:        "https://btlc.example/credentials/0198",
			Name:      "Using Data",
			Issuer:    sampleProfile(),
			ValidFrom: time.Date(2026, 3, 1, 12, 0, 0, 0, time.FixedZone("EST", -5*3600)),
		},
		Subject: Subject{Hash: IdentityHash("teacher@example.org", salt), Salt: salt},
		Achievement: Achievement{
			ID:                "https://btlc.example/achievements/using-data",
			Name:              "Using Data <certificate> & “more”",
			Description:       "The course certificate of Using Data.",
			CriteriaNarrative: "Demonstrated all four performance assessments.",
			AchievementType:   "Certificate",
			Alignments:        []Alignment{{TargetName: "A standard", TargetURL: "https://standards.example/1", TargetCode: "1"}},
		},
	}
}

// wholeClaim has everything that a claim can have.
func wholeClaim() Claim {
	claim := sampleClaim()
	claim.Description = "Awarded for leading with data."
	claim.Issuer.Email = "office@btlc.example"
	claim.Issuer.Description = "Develops teacher leaders."
	claim.Issuer.Image = Image{ID: "https://btlc.example/logo.png", Caption: "The logo"}
	claim.ValidUntil = claim.ValidFrom.AddDate(5, 0, 0)
	claim.Status = []Status{{List: "https://btlc.example/status/1", Purpose: "revocation", Index: 4711}}
	claim.Schemas = []SchemaURL{SchemaOpenBadge}
	claim.Subject.ID = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
	claim.Subject.IdentityType = "identifier"

	a := &claim.Achievement
	a.CriteriaURL = "https://btlc.example/criteria/using-data"
	a.Creator = &Profile{ID: "https://board.example", Name: "Governing Board of Teachers", URL: "https://board.example"}
	a.Image = Image{ID: "data:image/png;base64,iVBORw0KGgo="}
	a.Tags = []string{"data", "leadership"}
	a.FieldOfStudy, a.Specialization = "Teacher leadership", "Using data"
	a.CreditsAvailable = 3
	a.Alignments = []Alignment{{
		TargetName: "Communicating with data", TargetURL: "https://btlc.example/v1/frameworks/btlc-1#using-data-3", TargetDescription: "A competency.",
		TargetFramework: "The framework", TargetCode: "using-data-3", TargetType: "ceasn:Competency",
	}}
	a.ResultDescriptions = []ResultDescription{
		{ID: a.ID + "#using-data-1", Name: "Understanding and analyzing data", ResultType: "Status", Alignments: a.Alignments},
		{ID: a.ID + "#grade", Name: "Grade", ResultType: "LetterGrade", AllowedValues: []string{"C", "B", "A"}, RequiredValue: "B"},
		{
			ID: a.ID + "#rubric", Name: "Rubric", ResultType: "RubricCriterionLevel", RequiredLevel: a.ID + "#proficient",
			Levels: []RubricCriterionLevel{
				{ID: a.ID + "#novice", Name: "Novice"},
				{ID: a.ID + "#proficient", Name: "Proficient", Description: "Without help.", Level: "2", Points: "2", Alignments: a.Alignments},
			},
		},
	}
	claim.Results = []Result{
		{ResultDescription: a.ID + "#using-data-1", Status: "Completed", Alignments: a.Alignments},
		{ResultDescription: a.ID + "#grade", Value: "A"},
		{ResultDescription: a.ID + "#rubric", AchievedLevel: a.ID + "#proficient"},
	}
	claim.CreditsEarned = 1.5
	claim.ActivityStart, claim.ActivityEnd = claim.ValidFrom.AddDate(0, -3, 0), claim.ValidFrom
	claim.Evidence = []Evidence{{SHA256: strings.Repeat("ab", 32), Name: "The priority problem", Genre: "analysis"}}
	return claim
}

func built(t testing.TB) []byte { return buildClaim(t, sampleClaim()) }

func buildClaim(t testing.TB, claim Claim) []byte {
	t.Helper()
	document, err := Build(claim)
	if err != nil {
		t.Fatal(err)
	}
	return document
}

// sameJSON compares a document with what was expected, whatever the spaces and the order of keys.
func sameJSON(t *testing.T, got []byte, want string) {
	t.Helper()
	var object any
	if err := json.Unmarshal([]byte(want), &object); err != nil {
		t.Fatal(err)
	}
	expected, err := canonical(object)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(expected) {
		t.Errorf("got\n%s\nwant\n%s", got, expected)
	}
}

func TestBuild(t *testing.T) {
	sameJSON(t, built(t), `{
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
	}`)
}

func TestBuildWithEverything(t *testing.T) {
	const alignment = `[{"type": ["Alignment"], "targetName": "Communicating with data",
		"targetUrl": "https://btlc.example/v1/frameworks/btlc-1#using-data-3", "targetDescription": "A competency.",
		"targetFramework": "The framework", "targetCode": "using-data-3", "targetType": "ceasn:Competency"}]`
	const achievement = "https://btlc.example/achievements/using-data"
	sameJSON(t, buildClaim(t, wholeClaim()), `{
		"@context": ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
			"https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"],
		"id": "https://btlc.example/credentials/0198",
		"type": ["VerifiableCredential", "OpenBadgeCredential"],
		"name": "Using Data",
		"description": "Awarded for leading with data.",
		"validFrom": "2026-03-01T17:00:00Z",
		"validUntil": "2031-03-01T17:00:00Z",
		"issuer": {"id": "did:web:btlc.example", "type": ["Profile"], "name": "Boston Teacher Leadership Certificate",
			"url": "https://btlc.example", "email": "office@btlc.example", "description": "Develops teacher leaders.",
			"image": {"id": "https://btlc.example/logo.png", "type": "Image", "caption": "The logo"}},
		"credentialStatus": {"id": "https://btlc.example/status/1#4711", "type": "BitstringStatusListEntry",
			"statusPurpose": "revocation", "statusListIndex": "4711", "statusListCredential": "https://btlc.example/status/1"},
		"credentialSchema": [{"type": "1EdTechJsonSchemaValidator2019",
			"id": "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json"}],
		"evidence": [{"type": ["Evidence"], "name": "The priority problem", "genre": "analysis",
			"digestMultibase": "uEiCrq6urq6urq6urq6urq6urq6urq6urq6urq6urq6urqw"}],
		"credentialSubject": {
			"id": "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
			"type": ["AchievementSubject"],
			"identifier": [{"type": "IdentityObject", "hashed": true, "identityType": "identifier", "salt": "5f2c9d",
				"identityHash": "sha256$0df4c0d6a6e1247065588422c077a91b65f1a1a673e9a0a642972e3823120e05"}],
			"activityStartDate": "2025-12-01T17:00:00Z",
			"activityEndDate": "2026-03-01T17:00:00Z",
			"creditsEarned": 1.5,
			"result": [
				{"type": ["Result"], "resultDescription": "`+achievement+`#using-data-1", "status": "Completed", "alignment": `+alignment+`},
				{"type": ["Result"], "resultDescription": "`+achievement+`#grade", "value": "A"},
				{"type": ["Result"], "resultDescription": "`+achievement+`#rubric", "achievedLevel": "`+achievement+`#proficient"}],
			"achievement": {
				"id": "`+achievement+`",
				"type": ["Achievement"],
				"name": "Using Data <certificate> & “more”",
				"description": "The course certificate of Using Data.",
				"achievementType": "Certificate",
				"creator": {"id": "https://board.example", "type": ["Profile"], "name": "Governing Board of Teachers", "url": "https://board.example"},
				"image": {"id": "data:image/png;base64,iVBORw0KGgo=", "type": "Image"},
				"tag": ["data", "leadership"],
				"fieldOfStudy": "Teacher leadership",
				"specialization": "Using data",
				"creditsAvailable": 3,
				"criteria": {"id": "https://btlc.example/criteria/using-data", "narrative": "Demonstrated all four performance assessments."},
				"alignment": `+alignment+`,
				"resultDescription": [
					{"id": "`+achievement+`#using-data-1", "type": ["ResultDescription"], "name": "Understanding and analyzing data",
						"resultType": "Status", "alignment": `+alignment+`},
					{"id": "`+achievement+`#grade", "type": ["ResultDescription"], "name": "Grade", "resultType": "LetterGrade",
						"allowedValue": ["C", "B", "A"], "requiredValue": "B"},
					{"id": "`+achievement+`#rubric", "type": ["ResultDescription"], "name": "Rubric", "resultType": "RubricCriterionLevel",
						"requiredLevel": "`+achievement+`#proficient", "rubricCriterionLevel": [
							{"id": "`+achievement+`#novice", "type": ["RubricCriterionLevel"], "name": "Novice"},
							{"id": "`+achievement+`#proficient", "type": ["RubricCriterionLevel"], "name": "Proficient",
								"description": "Without help.", "level": "2", "points": "2", "alignment": `+alignment+`}]}]
			}
		}
	}`)
}

func TestStatusEntries(t *testing.T) {
	const bit = `{"id": "https://btlc.example/status/1#7", "type": "BitstringStatusListEntry", "statusPurpose": "suspension",
		"statusListIndex": "7", "statusListCredential": "https://btlc.example/status/1"}`
	const list = `{"id": "https://btlc.example/revoked", "type": "1EdTechRevocationList"}`
	suspension, revoked := Status{List: "https://btlc.example/status/1", Purpose: "suspension", Index: 7}, Status{List: "https://btlc.example/revoked"}
	tests := []struct {
		name       string
		status     []Status
		want       string
		extensions bool
	}{
		{"one bit", []Status{suspension}, bit, false},
		{"one list", []Status{revoked}, list, true},
		{"both", []Status{suspension, revoked}, "[" + bit + "," + list + "]", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			claim := sampleClaim()
			claim.Status = test.status
			document, err := parse(buildClaim(t, claim))
			if err != nil {
				t.Fatal(err)
			}
			got, err := canonical(document["credentialStatus"])
			if err != nil {
				t.Fatal(err)
			}
			sameJSON(t, got, test.want)
			if slices.Contains(document["@context"].([]any), any(contextExtensions)) != test.extensions {
				t.Errorf("contexts %v", document["@context"])
			}
		})
	}
}

// refusedFields are the fields that a claim was refused for, in order.
func refusedFields(t *testing.T, err error) []string {
	t.Helper()
	refused, ok := errors.AsType[*ClaimError](err)
	if !ok {
		t.Fatalf("got %v, want a *ClaimError", err)
	}
	fields := make([]string, len(refused.Faults))
	for i, fault := range refused.Faults {
		fields[i], _, _ = strings.Cut(fault, ": ")
	}
	return fields
}

func TestBuildReportsEveryFault(t *testing.T) {
	_, err := Build(Claim{Achievement: Achievement{Alignments: []Alignment{{}}, ResultDescriptions: []ResultDescription{{}}}, Results: []Result{{}}, Evidence: []Evidence{{}}})
	const achievement = "credentialSubject.achievement"
	want := []string{
		"id", "name", "issuer.id", "issuer.name", "issuer.url", "validFrom", "credentialSubject",
		achievement + ".id", achievement + ".name", achievement + ".description", achievement + ".criteria.narrative",
		achievement + ".alignment[0].targetName", achievement + ".alignment[0].targetUrl",
		achievement + ".resultDescription[0].id", achievement + ".resultDescription[0].name", achievement + ".resultDescription[0].resultType",
		"credentialSubject.result[0]", "evidence[0].digestMultibase",
	}
	if got := refusedFields(t, err); !slices.Equal(got, want) {
		t.Errorf("refused for\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestBuildRefuses(t *testing.T) {
	const subject, identifier, achievement = "credentialSubject", "credentialSubject.identifier[0]", "credentialSubject.achievement"
	revocation := Status{List: "https://btlc.example/status/1", Purpose: "revocation"}
	suspension := Status{List: "https://btlc.example/status/2", Purpose: "suspension"}
	tests := []struct {
		name   string
		change func(*Claim)
		field  string
	}{
		{"relative id", func(c *Claim) { c.ID = "/credentials/1" }, "id"},
		{"id with a space", func(c *Claim) { c.ID = "https://btlc.example/a b" }, "id"},
		{"id with a bracket", func(c *Claim) { c.ID = "https://btlc.example/<a>" }, "id"},
		{"id beyond ASCII", func(c *Claim) { c.ID = "https://btlc.example/é" }, "id"},
		{"scheme alone", func(c *Claim) { c.Issuer.ID = "did:" }, "issuer.id"},
		{"issuer is a key", func(c *Claim) { c.Issuer.ID = did + "#key" }, "issuer.id"},
		{"page is no web page", func(c *Claim) { c.Issuer.URL = "ftp://btlc.example" }, "issuer.url"},
		{"e-mail with a name", func(c *Claim) { c.Issuer.Email = "Office <office@btlc.example>" }, "issuer.email"},
		{"caption without picture", func(c *Claim) { c.Issuer.Image = Image{Caption: "x"} }, "issuer.image.id"},
		{"picture that is text", func(c *Claim) { c.Achievement.Image.ID = "data:text/html,x" }, achievement + ".image.id"},
		{"control character", func(c *Claim) { c.Name = "Using\x00Data" }, "name"},
		{"escape character", func(c *Claim) { c.Achievement.Tags = []string{"a", "\x1b[31m"} }, achievement + ".tag[1]"},
		{"broken Unicode", func(c *Claim) { c.Achievement.CriteriaNarrative = "a\xff" }, achievement + ".criteria.narrative"},
		{"ends before it begins", func(c *Claim) { c.ValidUntil = c.ValidFrom }, "validUntil"},
		{"beyond RFC 3339", func(c *Claim) { c.ValidUntil = c.ValidFrom.AddDate(8000, 0, 0) }, "validUntil"},
		{"status of another kind", func(c *Claim) { c.Status[0].Purpose = "message" }, "credentialStatus.statusPurpose"},
		{"bit before the first", func(c *Claim) { c.Status[0].Index = -1 }, "credentialStatus.statusListIndex"},
		{"list is a fragment", func(c *Claim) { c.Status[0].List += "#1" }, "credentialStatus.statusListCredential"},
		{"purpose twice", func(c *Claim) { c.Schemas, c.Status = nil, []Status{revocation, revocation} }, "credentialStatus[1].statusPurpose"},
		{"more than its schema allows", func(c *Claim) { c.Status = []Status{revocation, suspension} }, "credentialStatus"},
		{"schema is no URL", func(c *Claim) { c.Schemas = []SchemaURL{"schema"} }, "credentialSchema[0].id"},
		{"subject is no DID", func(c *Claim) { c.Subject.ID = "mailto:teacher@example.org" }, subject + ".id"},
		{"subject is half a DID", func(c *Claim) { c.Subject.ID = "did:web:" }, subject + ".id"},
		{"identity in the clear", func(c *Claim) { c.Subject.Hash = "teacher@example.org" }, identifier + ".identityHash"},
		{"no salt", func(c *Claim) { c.Subject.Salt = "" }, identifier + ".salt"},
		{"unknown identity", func(c *Claim) { c.Subject.IdentityType = "shoeSize" }, identifier + ".identityType"},
		{"unknown type", func(c *Claim) { c.Achievement.AchievementType = "Trophy" }, achievement + ".achievementType"},
		{"extension that the schema refuses", func(c *Claim) { c.Achievement.AchievementType = "ext:-x" }, achievement + ".achievementType"},
		{"criteria without page", func(c *Claim) { c.Achievement.CriteriaURL = "urn:x:y" }, achievement + ".criteria.id"},
		{"creator without name", func(c *Claim) { c.Achievement.Creator.Name = "" }, achievement + ".creator.name"},
		{"empty tag", func(c *Claim) { c.Achievement.Tags = []string{""} }, achievement + ".tag[0]"},
		{"no number of credits", func(c *Claim) { c.Achievement.CreditsAvailable = math.NaN() }, achievement + ".creditsAvailable"},
		{"endless credits", func(c *Claim) { c.CreditsEarned = math.Inf(1) }, subject + ".creditsEarned"},
		{"credits taken away", func(c *Claim) { c.CreditsEarned = -3 }, subject + ".creditsEarned"},
		{"ended before it began", func(c *Claim) { c.ActivityEnd = c.ActivityStart.AddDate(0, 0, -1) }, subject + ".activityEndDate"},
		{"unknown target", func(c *Claim) { c.Achievement.Alignments[0].TargetType = "Star" }, achievement + ".alignment[0].targetType"},
		{"digest cut off", func(c *Claim) { c.Evidence[0].SHA256 = "abcd" }, "evidence[0].digestMultibase"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			claim := wholeClaim()
			claim.Achievement.Alignments = slices.Clone(claim.Achievement.Alignments)
			test.change(&claim)
			_, err := Build(claim)
			if got := refusedFields(t, err); !slices.Equal(got, []string{test.field}) {
				t.Errorf("refused for %v, want %s", got, test.field)
			}
		})
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

func TestSubjectByDIDAlone(t *testing.T) {
	claim := sampleClaim()
	claim.Subject = Subject{ID: "did:web:holder.example%3A8443:teachers:7"}
	document, err := parse(buildClaim(t, claim))
	if err != nil {
		t.Fatal(err)
	}
	subject := document["credentialSubject"].(map[string]any)
	if _, identified := subject["identifier"]; identified || subject["id"] != claim.Subject.ID {
		t.Errorf("subject %v", subject)
	}
}

// The example of Open Badges 3.0, IdentityHash.
func TestIdentityHash(t *testing.T) {
	const want = "sha256$b5809d8a92f8858436d7e6b87c12ebc0ae1eac4baecc2c0b913aee2c922ef399"
	if got := IdentityHash("a@example.com", "Kosher"); got != want {
		t.Errorf("got %s", got)
	}
}
