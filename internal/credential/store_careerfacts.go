package credential

import (
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent/credentialtype"
	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/record"
)

// courseRecords are the courses that an educator has attended, or has credit for.
func (s store) courseRecords(ctx context.Context, educator uuid.UUID) ([]courseRecord, error) {
	attended, err := record.RecordsOf(s.db.Ent(), []uuid.UUID{educator}, s.db.Now()).Attended(ctx, educator)
	if err != nil {
		return nil, err
	}
	posted, err := record.Postings(ctx, s.db.Ent(), educator)
	return byCourse(attended, posted), err
}

// certificates are, of some credentials, those that certify a course and that count, by the course's id.
func (s store) certificates(ctx context.Context, statuses []*pb.CredentialStatusRecord) (map[string]string, error) {
	counting := map[string]string{} // by the type's id
	for _, status := range statuses {
		if status.Status == pb.CredentialStatus_CREDENTIAL_STATUS_ACTIVE {
			counting[api.LastWord(status.CredentialType)] = status.Credential
		}
	}
	types, err := s.db.Ent().CredentialType.Query().Where(credentialtype.CourseIDNotNil()).Select(credentialtype.FieldID, credentialtype.FieldCourseID).All(ctx)
	if err != nil {
		return nil, err
	}
	certificates := map[string]string{}
	for _, kind := range types {
		if name, ok := counting[kind.ID]; ok {
			certificates[kind.CourseID] = name
		}
	}
	return certificates, nil
}

// courseRecord is what is on record of somebody's work in a course: of attendance, of credit, or of both.
type courseRecord struct {
	record.CourseAttendance
	posted []record.Posting
}

// byCourse puts attendance and postings of one person together, one for each course, in the order of the courses. The
// postings of each stay in the order given.
func byCourse(attended []record.CourseAttendance, posted []record.Posting) []courseRecord {
	courses := map[string]courseRecord{}
	for _, a := range attended {
		courses[a.Course] = courseRecord{CourseAttendance: a}
	}
	for _, p := range posted {
		c := courses[p.Course]
		c.Course, c.posted = p.Course, append(c.posted, p)
		courses[p.Course] = c
	}
	records := make([]courseRecord, 0, len(courses))
	for _, course := range slices.Sorted(maps.Keys(courses)) {
		records = append(records, courses[course])
	}
	return records
}
