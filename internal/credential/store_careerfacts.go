package credential

import (
	"context"

	"github.com/google/uuid"

	"github.com/btlc/btlc/ent/credentialtype"
	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/record"
)

// attended are the courses that an educator has attended.
func (s store) attended(ctx context.Context, educator uuid.UUID) ([]record.CourseAttendance, error) {
	return record.RecordsOf(s.db.Ent(), []uuid.UUID{educator}, s.db.Now()).Attended(ctx, educator)
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
