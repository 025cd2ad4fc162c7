package directory

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/protobuf/reflect/protoreflect"

	pb "github.com/btlc/btlc/gen/go/btlc/directory/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/record"
)

// educatorNews is a change of a person, to be put on the feeds of those whom it concerns. It carries no names.
type educatorNews struct {
	educator uuid.UUID
	version  int32
	kind     string
	// changed are the fields that have changed.
	changed []string
	// before are the natural keys that each stream knew the person by, when they may have changed.
	before map[string]map[string]string
	// also is a stream that is told too, and keys those that it knows the person by.
	also string
	keys map[string]string
	// nobodyElse is true when besides the program only that stream can know the person: who is new there, or is no more.
	nobodyElse bool
}

// announceEducator tells of a person as they are now.
func announceEducator(ctx context.Context, tx *database.Tx, p *person, kind string) error {
	return announceEducators(ctx, tx, []educatorNews{{educator: p.row.ID, version: p.row.Version, kind: kind}})
}

// announceEducators puts changes of persons on the feeds, and the persons on the audit record.
func announceEducators(ctx context.Context, tx *database.Tx, all []educatorNews) error {
	for chunk := range slices.Chunk(all, bulk) {
		var others []uuid.UUID
		for _, n := range chunk {
			tx.Concerns(n.educator)
			if !n.nobodyElse {
				others = append(others, n.educator)
			}
		}
		var audiences map[uuid.UUID]record.Listeners
		if len(others) > 0 {
			var err error
			if audiences, err = record.Audiences(ctx, tx.Client, others, tx.Now); err != nil {
				return err
			}
		}
		for _, n := range chunk {
			to, name := audiences[n.educator], api.Name("btlc/Educator", n.educator)
			if n.nobodyElse {
				to = record.Listeners{Streams: []string{"program"}, Keys: map[string]map[string]string{"program": {"educator": name}}}
			}
			if n.also != "" {
				to.Streams, to.Keys[n.also] = append(to.Streams, n.also), n.keys
			}
			change := database.Change{
				Streams: to.Streams, Resource: name, Type: "btlc/Educator", Version: n.version, Kind: n.kind, NaturalKeys: to.Keys, PreviousNaturalKeys: map[string]map[string]string{},
			}
			for stream, keys := range n.before {
				if !maps.Equal(keys, to.Keys[stream]) {
					change.PreviousNaturalKeys[stream] = keys
				}
			}
			if n.changed != nil {
				change.State = map[string]any{"changed": n.changed}
			}
			tx.Wrote(name)
			tx.Emit(change)
		}
	}
	return nil
}

// differingFields names the fields of an educator that an update changes.
func differingFields(before, after *pb.Educator) []string {
	fields := []string{}
	b, a := before.ProtoReflect(), after.ProtoReflect()
	for _, name := range []protoreflect.Name{"given_name", "family_name", "emails", "external_ids"} {
		if fd := b.Descriptor().Fields().ByName(name); !b.Get(fd).Equal(a.Get(fd)) {
			fields = append(fields, fd.JSONName())
		}
	}
	return fields
}

// employmentNews is a change of an employment, to be put on the feeds of the program and the district, which may be one that
// the person has left.
type employmentNews struct {
	id, educator     uuid.UUID
	district, school string
	// start and end are days; the end is empty while it goes on.
	start, end string
	version    int32
	kind       string
	// keys are those by which the district knows the person.
	keys map[string]string
	// known is true when the district was told of it before.
	known bool
}

// announce tells of it; today is the district's day. Whom a district will employ is not its own yet: it is told when the day
// comes.
func (n employmentNews) announce(tx *database.Tx, today string) {
	tx.Concerns(n.educator)
	name, educator := api.Name("btlc/Employment", n.educator, n.id), api.Name("btlc/Educator", n.educator)
	tx.Wrote(name)
	state := map[string]any{
		"educator": educator, "school": n.school, "startDate": n.start, "endDate": n.end,
		"current": n.kind != "DELETED" && n.start <= today && (n.end == "" || n.end >= today),
	}
	change := database.Change{
		Streams: []string{"program"}, Resource: name, Type: "btlc/Employment", Version: n.version, Kind: n.kind,
		NaturalKeys: map[string]map[string]string{"program": {"educator": educator}}, State: state,
	}
	if n.known || n.start <= today {
		change.Streams, change.NaturalKeys[n.district] = append(change.Streams, n.district), n.keys
	}
	tx.Emit(change)
}

// announceEmployment tells of an employment that was made, when before is nil, or changed.
func (s store) announceEmployment(ctx context.Context, tx *database.Tx, educator uuid.UUID, before, e *pb.Employment) error {
	zone, err := zoneOf(ctx, tx, api.LastWord(e.District))
	if err != nil {
		return err
	}
	number, err := s.employeeID(ctx, tx, educator, api.LastWord(e.District))
	if err != nil {
		return err
	}
	today, kind := api.LocalDay(tx.Now, zone).Format(time.DateOnly), "UPDATED"
	if before == nil {
		kind = "CREATED"
	}
	employmentNews{
		api.LastUUID(e.Name), educator, e.District, e.School, dayText(e.StartDate), dayText(e.EndDate), api.VersionOf(e.Etag), kind, employeeKeys(number),
		before != nil && dayText(before.StartDate) <= today,
	}.announce(tx, today)
	return nil
}

func dayText(d *date.Date) string {
	if d == nil {
		return ""
	}
	return time.Date(int(d.Year), time.Month(d.Month), int(d.Day), 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
}

// employeeKeys are the natural keys of a person for the district that gave the number; none without one.
func employeeKeys(number string) map[string]string {
	if number == "" {
		return map[string]string{}
	}
	return map[string]string{"employeeId": number}
}
