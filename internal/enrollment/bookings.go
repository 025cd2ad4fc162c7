package enrollment

import "github.com/btlc/btlc/internal/api"

// taken are the constraints by which nobody, and no room, is at two meetings at once. What they say names nobody: whoever
// reads it may not be allowed to know what else a person does.
type taken struct{ personField, person, roomField, room string }

func (t taken) conflicts() api.Conflicts {
	refuse := func(field, text string) func() *api.Error {
		return func() *api.Error {
			e := api.Errorf(api.ScheduleConflict, "%s", text)
			e.Violations = []api.Violation{{Field: field, Description: "is free at the times of the meetings"}}
			return e
		}
	}
	c := api.Conflicts{"nobody_is_booked_twice": refuse(t.personField, t.person)}
	if t.room != "" {
		c["no_room_is_booked_twice"] = refuse(t.roomField, t.room)
	}
	return c
}

// elsewhere is said of a person who cannot be at a section's meetings.
const elsewhere = "The person takes or leads another meeting at the time of one of the section's."

var (
	// bookingConflicts are for a person who takes a section, and seatConflicts for one who was to have a seat in it anyway.
	bookingConflicts = taken{personField: asking, person: elsewhere}.conflicts()
	seatConflicts    = taken{personField: "name", person: elsewhere}.conflicts()

	openingConflicts = taken{
		personField: "facilitators", person: "A facilitator of the section leads or takes another meeting at the time of one of the section's, or two of its meetings are at once.",
		roomField: "meetings.room", room: "A room of the section's meetings holds another meeting at that time.",
	}.conflicts()

	leadingConflicts = taken{personField: "section.facilitators", person: "A facilitator leads or takes another meeting at the time of one of the section's."}.conflicts()

	movingConflicts = taken{
		personField: "meeting.startTime", person: "Somebody who leads or takes the section is at another meeting at that time.",
		roomField: "meeting.room", room: "The room holds another meeting at that time.",
	}.conflicts()
)
