package credential

// posting is graduate credit that an institution has put on a transcript.
type posting struct {
	institution, course string
	credits             int32
}

// earned are the graduate credits for a course, as a document says them: what the institution that posted most of them has
// posted, and never more than the course offers. Institutions credit one and the same work, each for degrees of its own, so
// that their credits do not add up; and work of two registrations, which somebody has whose two records were merged, is
// credited for one course all the same. Career facts tell every posting.
func earned(posted []posting, course string, offered int32) (most int32) {
	by := map[string]int32{}
	for _, p := range posted {
		if p.course == course {
			by[p.institution] += p.credits
			most = max(most, by[p.institution])
		}
	}
	return min(most, offered)
}
