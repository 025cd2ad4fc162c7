package credential

import (
	"context"
	"fmt"
	"iter"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/timestamppb"

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
	if req.GetFromEducator() != "" && req.GetCursor() == "" {
		return api.InvalidField("cursor", "is required with fromEducator: the one that the export began with")
	}
	return s.store.snapshotOf(ctx, s.store.exports, req.GetParent(), func(of *snapshot) error {
		cursor, err := s.store.beginAt(ctx, of, req)
		if err != nil {
			return err
		}
		if err := stream.SetHeader(metadata.Pairs(cursorHeader, cursor)); err != nil {
			return err
		}
		if err := stream.Send(&pb.ExportCredentialStatusesResponse{Cursor: cursor}); err != nil {
			return err
		}
		count, err := parts(ctx, of.from(ctx, api.LastUUID(req.GetFromEducator())), statusProtos, func(part []*pb.ExportedCredentialStatus) error {
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
func (s store) beginAt(ctx context.Context, of *snapshot, req *pb.ExportCredentialStatusesRequest) (string, error) {
	if req.GetCursor() == "" {
		return of.bounds.End(req.GetParent()).String(), nil
	}
	cursor, err := database.ReadCursor(req.GetCursor(), req.GetParent())
	if err != nil {
		return "", api.InvalidField("cursor", "%s", err.Error())
	}
	bounds, err := s.db.ReadFeedBounds(ctx, of.tx, req.GetParent(), cursor)
	if err != nil {
		return "", err
	}
	if !bounds.Reaches(cursor) {
		return "", api.Errorf(api.CursorExpired, "The changes since the export began are kept no more, or the feed began anew. Begin the export anew, without a cursor.").
			With("startAgain", "Call without fromEducator and cursor.").
			With("oldestSequence", strconv.FormatInt(bounds.Oldest, 10)).With("newestSequence", strconv.FormatInt(bounds.Newest, 10))
	}
	return req.GetCursor(), nil
}

// parts sends rows, which come person by person, in parts, each a slice of its own, and says how many rows there were. Whom a
// part is about is on record before it leaves. While one part leaves, the next is read.
func parts[P any](ctx context.Context, rows iter.Seq2[holding, error], convert func([]holding) []P, send func([]P) error) (int32, error) {
	ahead, stop := make(chan readPart[P], 1), make(chan struct{})
	go readParts(rows, convert, ahead, stop)
	defer func() {
		close(stop)
		for range ahead { // the rows are of the caller's transaction: they are left before it ends
		}
	}()
	count := int32(0)
	for part := range ahead {
		if part.err != nil {
			return count, part.err
		}
		api.Saw(ctx, part.educators...)
		if err := send(part.messages); err != nil {
			return count, err
		}
		count += int32(len(part.messages)) // #nosec G115 -- at most partSize
	}
	return count, nil
}

// readPart is a part as it was read and whom it is about, or why it was not.
type readPart[P any] struct {
	messages  []P
	educators []uuid.UUID
	err       error
}

// readParts reads rows into parts until there are no more, or nobody wants more; then it closes the channel.
func readParts[P any](rows iter.Seq2[holding, error], convert func([]holding) []P, to chan<- readPart[P], stop <-chan struct{}) {
	defer close(to)
	hand := func(part readPart[P]) bool {
		select {
		case to <- part:
			return true
		case <-stop:
			return false
		}
	}
	defer func() { // the chain recovers what happens on its own goroutine alone
		if fault := recover(); fault != nil {
			hand(readPart[P]{err: fmt.Errorf("panic while rows are read: %v\n%s", fault, debug.Stack())})
		}
	}()
	part := make([]holding, 0, partSize)
	for row, err := range rows {
		if err != nil {
			hand(readPart[P]{err: err})
			return
		}
		if part = append(part, row); len(part) == partSize {
			if !hand(readPart[P]{messages: convert(part), educators: educatorsOf(part)}) {
				return
			}
			part = part[:0]
		}
	}
	if len(part) > 0 {
		hand(readPart[P]{messages: convert(part), educators: educatorsOf(part)})
	}
}

// educatorsOf is whom rows are about that come person by person.
func educatorsOf(rows []holding) []uuid.UUID {
	educators := make([]uuid.UUID, 0, len(rows))
	for i := range rows {
		if i == 0 || rows[i].educator != rows[i-1].educator {
			educators = append(educators, rows[i].educator)
		}
	}
	return educators
}

// statusProtos makes the messages of a part together: one by one they would cost as much as reading the rows.
func statusProtos(rows []holding) []*pb.ExportedCredentialStatus {
	messages, part := make([]pb.ExportedCredentialStatus, len(rows)), make([]*pb.ExportedCredentialStatus, len(rows))
	times, names, types := make([]timestamppb.Timestamp, 2*len(rows)), roomFor(2*len(rows)), map[string]string{}
	at := func(n int, t time.Time) *timestamppb.Timestamp {
		times[n].Seconds, times[n].Nanos = t.Unix(), int32(t.Nanosecond()) // #nosec G115 -- below a billion
		return &times[n]
	}
	for i := range rows {
		h, m := &rows[i], &messages[i]
		if i == 0 || h.educator != rows[i-1].educator {
			m.Educator = names.of(educatorNames, h.educator)
		} else {
			m.Educator = messages[i-1].Educator
		}
		credentialType, ok := types[h.credentialType]
		if !ok {
			credentialType = "credentialTypes/" + h.credentialType
			types[h.credentialType] = credentialType
		}
		m.Credential, m.CredentialType, m.EmployeeId, m.StateEducatorId = names.of(credentialNames, h.credential), credentialType, h.employeeID, h.stateID
		m.Status, m.Version, m.IssueTime, m.StatusTime = statusOf[h.status], h.version, at(2*i, h.issued), at(2*i+1, h.since)
		part[i] = m
	}
	return part
}

// ExportEdFiCredentials streams the same as resources of Ed-Fi.
func (s *Service) ExportEdFiCredentials(req *pb.ExportEdFiCredentialsRequest, stream grpc.ServerStreamingServer[pb.ExportEdFiCredentialsResponse]) error {
	ctx := stream.Context()
	namespace, err := edFiNamespace(s.store.issuer.BaseURL)
	if err != nil {
		return err
	}
	return s.store.snapshotOf(ctx, s.store.exports, req.GetParent(), func(of *snapshot) error {
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
		_, err = parts(ctx, of.from(ctx, uuid.Nil), func(rows []holding) []*pb.EdFiCredential {
			part := make([]*pb.EdFiCredential, len(rows))
			for i, h := range rows {
				dates := edFiDatesOf(h.issued, h.since, h.expires, of.zone)
				part[i] = &pb.EdFiCredential{
					CredentialIdentifier: h.credential.String(), StateOfIssueStateAbbreviationDescriptor: edFiState, CredentialTypeDescriptor: edFiCredentialType,
					Namespace: namespace, IssuanceDate: dates.issuance, EffectiveDate: dates.issuance, ExpirationDate: set(dates.expiration),
					CertificationTitle: titles[h.credentialType], CredentialStatusDescriptor: edFiStatus[h.status], CredentialStatusDate: dates.status,
					StaffUniqueId: set(h.employeeID),
				}
			}
			return part
		}, func(part []*pb.EdFiCredential) error {
			return stream.Send(&pb.ExportEdFiCredentialsResponse{Credentials: part})
		})
		return err
	})
}

// set is a text of a field that is left away when there is nothing to say, since nothing is no date and no number.
func set(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
