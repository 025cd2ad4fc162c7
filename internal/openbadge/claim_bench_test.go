package openbadge

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
)

// usualClaim is a certificate of the usual size: four competencies with a result each, and the evidence of four assessments.
// Those of different numbers have the same achievement.
func usualClaim(n int) Claim {
	const base = "https://credentials.example.org"
	claim := sampleClaim()
	claim.ID = fmt.Sprintf("%s/credentials/%08d", base, n)
	claim.Status = []Status{{List: base + "/status-lists/1/revocation", Purpose: "revocation", Index: n}}
	claim.Achievement.Alignments = nil
	for i := range 4 {
		name := fmt.Sprintf("Competency %d: supports colleagues in the use of evidence of student learning", i+1)
		item := Alignment{TargetName: name, TargetURL: fmt.Sprintf("%s/v1/frameworks/1#%d", base, i), TargetFramework: "Core skills", TargetCode: fmt.Sprint(i), TargetType: "ceasn:Competency"}
		result := fmt.Sprintf("%s#%d", claim.Achievement.ID, i)
		claim.Achievement.Alignments = append(claim.Achievement.Alignments, item)
		claim.Achievement.ResultDescriptions = append(claim.Achievement.ResultDescriptions, ResultDescription{ID: result, Name: name, ResultType: "Status", Alignments: []Alignment{item}})
		claim.Results = append(claim.Results, Result{ResultDescription: result, Status: "Completed"})
		claim.Evidence = append(claim.Evidence, Evidence{SHA256: strings.Repeat(fmt.Sprintf("%02x", n+i&0xff), 32), Name: "Plan", Genre: "DOCUMENT"})
	}
	return claim
}

// spent is the CPU time of this process in nanoseconds: other work on the machine does less to it than to the clock.
func spent(b *testing.B) int64 {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

func BenchmarkIssue(b *testing.B) {
	key := claimKey(b)
	for name, suites := range map[string][]Cryptosuite{"jcs": {EdDSAJCS}, "rdfc": {EdDSARDFC}, "both": nil} {
		b.Run(name, func(b *testing.B) {
			claims := make([]Claim, 64)
			for n := range claims {
				claims[n] = usualClaim(n)
			}
			b.ReportAllocs()
			before := spent(b)
			for n := 0; b.Loop(); n++ {
				if _, err := Issue(b.Context(), claims[n%len(claims)], key, created, suites...); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(spent(b)-before)/float64(b.N), "cpu-ns/op")
		})
	}
}
