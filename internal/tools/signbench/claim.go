package main

import (
	"fmt"
	"time"

	"github.com/btlc/btlc/internal/openbadge"
)

var issued = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

const base, title = "https://credentials.example.org", "Using Data Course Certificate"

// certificate is what the claims of a course certificate have in common; its size is the usual one: four competencies shown.
func certificate() openbadge.Claim {
	c := openbadge.Claim{
		Metadata: openbadge.Metadata{
			Name: title, ValidFrom: issued,
			Issuer: openbadge.Profile{ID: "did:web:credentials.example.org", Name: "Teacher Leadership Certificate Program", URL: base},
		},
		Achievement: openbadge.Achievement{
			ID: base + "/v1/credentialTypes/using-data-certificate", Name: title, Description: "Leading the use of data by teams of teachers.",
			CriteriaNarrative: "By completing the performance assessments that form the core of the course, the participant demonstrated competency.", AchievementType: "Certificate",
		},
	}
	for i := range 4 {
		name := fmt.Sprintf("Competency %d: supports colleagues in the use of evidence of student learning", i+1)
		item := openbadge.Alignment{TargetName: name, TargetURL: fmt.Sprintf("%s/v1/frameworks/1#%d", base, i), TargetFramework: "Core skills", TargetCode: fmt.Sprint(i), TargetType: "ceasn:Competency"}
		result := fmt.Sprintf("%s#%d", c.Achievement.ID, i)
		c.Achievement.Alignments = append(c.Achievement.Alignments, item)
		c.Achievement.ResultDescriptions = append(c.Achievement.ResultDescriptions, openbadge.ResultDescription{ID: result, Name: name, ResultType: "Status", Alignments: []openbadge.Alignment{item}})
		c.Results = append(c.Results, openbadge.Result{ResultDescription: result, Status: "Completed"})
	}
	return c
}

// claim is one person's of a certificate, with the evidence of four assessments.
func claim(c openbadge.Claim, n int) openbadge.Claim {
	c.ID = fmt.Sprintf("%s/credentials/%08d", base, n)
	c.Status = []openbadge.Status{{List: base + "/status-lists/1/revocation", Purpose: "revocation", Index: n}}
	c.Subject = openbadge.Subject{Hash: openbadge.IdentityHash(fmt.Sprintf("teacher.%d@example.org", n), "salt"), Salt: "salt"}
	c.Evidence = make([]openbadge.Evidence, 4)
	for i := range c.Evidence {
		c.Evidence[i] = openbadge.Evidence{SHA256: fmt.Sprintf("%064x", n+i), Name: "Plan", Genre: "DOCUMENT"}
	}
	return c
}
