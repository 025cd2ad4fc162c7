package credential

import (
	"context"
	"iter"
	"strconv"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	pb "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
)

// partSize is how many rows a part of an export has: some tens of kilobytes.
const partSize = 500

// cursorHeader tells the cursor of an export before its first part; on REST it is `Btlc-Cursor`.
const cursorHeader = "btlc-cursor"

// ExportCredentialStatuses streams the statuses of all whom a district employs today, as they stood at one moment.
func (s *Service) ExportCredentialStatuses(req *pb.ExportCredentialStatusesRequest, stream grpc.ServerStreamingServer[pb.ExportCredentialStatusesResponse]) error {
	ctx := stream.Context()
	if req.GetAfterCredential() != "" && req.GetCursor() == "" {
		return api.InvalidField("cursor", "is required with afterCredential: the one that the export began with")
	}
	return s.store.snapshotOf(ctx, req.GetParent(), func(of *snapshot) error {
		cursor, err := beginAt(of.bounds, req)
		if err != nil {
			return err
		}
		if err := stream.SetHeader(metadata.Pairs(cursorHeader, cursor)); err != nil {
			return err
		}
		if err := stream.Send(&pb.ExportCredentialStatusesResponse{Cursor: cursor}); err != nil {
			return err
		}
		count, err := parts(ctx, of.after(ctx, api.LastUUID(req.GetAfterCredential())), statusProto, func(part []*pb.ExportedCredentialStatus) error {
			return stream.Send(&pb.ExportCredentialStatusesResponse{Statuses: part})
		})
		if err != nil {
			return err
		}
		return stream.Send(&pb.ExportCredentialStatusesResponse{TotalCount: &count})
	})
}

// beginAt is the cursor that belongs to an export: that of its snapshot, or, for one that goes on, the one that it began
// with, after which all changes must still be there.
func beginAt(bounds database.FeedBounds, req *pb.ExportCredentialStatusesRequest) (string, error) {
	if req.GetCursor() == "" {
		return bounds.End(req.GetParent()).String(), nil
	}
	cursor, err := database.ReadCursor(req.GetCursor(), req.GetParent())
	if err != nil {
		return "", api.InvalidField("cursor", "%s", err.Error())
	}
	if !bounds.Reaches(cursor) {
		return "", api.Errorf(api.CursorExpired, "The changes since the export began are kept no more, or the feed began anew. Begin the export anew, without a cursor.").
			With("startAgain", "Call without afterCredential and cursor.").
			With("oldestSequence", strconv.FormatInt(bounds.Oldest, 10)).With("newestSequence", strconv.FormatInt(bounds.Newest, 10))
	}
	return req.GetCursor(), nil
}

// parts sends rows in parts, each a slice of its own, and says how many rows there were. Whom a part is about is on
// record before it leaves.
func parts[P any](ctx context.Context, rows iter.Seq2[holding, error], convert func(holding) P, send func([]P) error) (int32, error) {
	var part []P
	var educators []uuid.UUID
	count := int32(0)
	flush := func() error {
		if len(part) == 0 {
			return nil
		}
		api.Saw(ctx, educators...)
		err := send(part)
		part, educators = nil, educators[:0]
		return err
	}
	for row, err := range rows {
		if err != nil {
			return count, err
		}
		if part == nil {
			part = make([]P, 0, partSize)
		}
		part, educators = append(part, convert(row)), append(educators, row.educator)
		count++
		if len(part) == partSize {
			if err := flush(); err != nil {
				return count, err
			}
		}
	}
	return count, flush()
}

func statusProto(h holding) *pb.ExportedCredentialStatus {
	return &pb.ExportedCredentialStatus{
		Credential: "credentials/" + h.credential.String(), Educator: "educators/" + h.educator.String(), EmployeeId: h.employeeID, StateEducatorId: h.stateID,
		CredentialType: "credentialTypes/" + h.credentialType, Status: statusOf[h.status], IssueTime: api.Timestamp(h.issued), StatusTime: api.Timestamp(h.since), Version: h.version,
	}
}

// ExportEdFiCredentials streams the same as resources of Ed-Fi.
func (s *Service) ExportEdFiCredentials(req *pb.ExportEdFiCredentialsRequest, stream grpc.ServerStreamingServer[pb.ExportEdFiCredentialsResponse]) error {
	ctx := stream.Context()
	namespace, err := edFiNamespace(s.store.issuer.BaseURL)
	if err != nil {
		return err
	}
	return s.store.snapshotOf(ctx, req.GetParent(), func(of *snapshot) error {
		titles, err := of.titles(ctx)
		if err != nil {
			return err
		}
		if err := stream.SetHeader(metadata.Pairs(cursorHeader, of.bounds.End(req.GetParent()).String())); err != nil {
			return err
		}
		if err := stream.Send(&pb.ExportEdFiCredentialsResponse{}); err != nil { // so that an export of nobody begins, too
			return err
		}
		_, err = parts(ctx, of.after(ctx, uuid.Nil), func(h holding) *pb.EdFiCredential {
			dates := edFiDatesOf(h.issued, h.since, h.expires.Time, of.zone)
			return &pb.EdFiCredential{
				CredentialIdentifier: h.credential.String(), StateOfIssueStateAbbreviationDescriptor: edFiState, CredentialTypeDescriptor: edFiCredentialType,
				Namespace: namespace, IssuanceDate: dates.issuance, EffectiveDate: dates.issuance, ExpirationDate: dates.expiration,
				CertificationTitle: titles[h.credentialType], CredentialStatusDescriptor: edFiStatus[h.status], CredentialStatusDate: dates.status,
				StaffUniqueId: h.employeeID,
			}
		}, func(part []*pb.EdFiCredential) error {
			return stream.Send(&pb.ExportEdFiCredentialsResponse{Credentials: part})
		})
		return err
	})
}
