package placement

import (
	"fmt"
	"time"
)

// Code says what a Reason is about, and which of its other fields are set.
type Code int

// What speaks for a section, and against it.
const (
	// Unknown party or section: of an edited assignment only.
	Unknown Code = iota + 1
	// OtherCourse than the party registered for: Course.
	OtherCourse
	// OverCapacity: Seats more are needed.
	OverCapacity
	// WeekdayImpossible: the section's evenings, Weekday, are not among those given as possible.
	WeekdayImpossible
	// Facilitates: Person facilitates the section.
	Facilitates
	// BusyThen: Person has something else at its meetings.
	BusyThen
	// Clash: Person is placed in Section, of another course, on the same Weekday.
	Clash
	// Pinned: the party is fixed in Section.
	Pinned
	// Seated: the party has a seat. Points.
	Seated
	// RoleAlike: Count members are of Family, which the cohort is for. Points.
	RoleAlike
	// OtherFamily: Count members are not of Family, which the cohort is for (empty: for none).
	OtherFamily
	// SitePreferred: Site is the choice of Rank, 1 is the first (0: any site was welcome). Points.
	SitePreferred
	// SiteNotPreferred: Site is not among those preferred, or too late among them to count.
	SiteNotPreferred
	// NoSection of the course is offered.
	NoSection
	// NonePossible: each section of the course has an obstacle other than its seats.
	NonePossible
	// AllFull: those that are possible have too few seats left for the whole party, of Seats people.
	AllFull
	// LeftOut although there is room: of an edited assignment only, or where a seat is worth nothing.
	LeftOut
)

// Reason is a fact for or against a section, for one party.
type Reason struct {
	Code    Code
	Points  int64
	Seats   int
	Count   int
	Rank    int
	Weekday time.Weekday
	Family  string
	Site    string
	Person  string
	Section string
	Course  string
}

// Text says the reason in English, as a part of a sentence about the section or the party, with ids as they are.
func (r Reason) Text() string {
	switch r.Code {
	case Unknown:
		return "the party or the section is not one of this term"
	case OtherCourse:
		return fmt.Sprintf("it is of another course, %s", r.Course)
	case OverCapacity:
		return fmt.Sprintf("full: %s more", counted(r.Seats, "seat"))
	case WeekdayImpossible:
		return fmt.Sprintf("its evenings are %ss, which were not given as possible", r.Weekday)
	case Facilitates:
		return fmt.Sprintf("%s facilitates it", r.Person)
	case BusyThen:
		return fmt.Sprintf("%s has something else at its meetings", r.Person)
	case Clash:
		return fmt.Sprintf("%s is in %s on %ss too", r.Person, r.Section, r.Weekday)
	case Pinned:
		return fmt.Sprintf("pinned to %s", r.Section)
	case Seated:
		return "everyone of the party has a seat"
	case RoleAlike:
		return fmt.Sprintf("its cohort is for family %s, as %s of the party", r.Family, counted(r.Count, "member"))
	case OtherFamily:
		if r.Family == "" {
			return "its cohort is for no family"
		}
		return fmt.Sprintf("its cohort is for family %s, other than %s of the party", r.Family, counted(r.Count, "member"))
	case SitePreferred:
		if r.Rank == 0 {
			return "any site was welcome"
		}
		return fmt.Sprintf("%s is choice %d of sites", r.Site, r.Rank)
	case SiteNotPreferred:
		return fmt.Sprintf("%s is not among the preferred sites that count", r.Site)
	case NoSection:
		return "no section of the course is offered"
	case NonePossible:
		return "no section of the course is possible for the whole party"
	case AllFull:
		return fmt.Sprintf("no possible section has %s left", counted(r.Seats, "seat"))
	case LeftOut:
		return "there is room, but the party was left out"
	}
	return fmt.Sprintf("reason %d", int(r.Code))
}

func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
