// Package notice tells a person by e-mail what became of a registration, asks a principal to confirm a role, and tells the contact of
// a webhook subscription that it fails: it words a message as plain text and as HTML, and hands it to an SMTP server. Who is to be told, and whether they want to be, its callers know.
package notice

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Kind is what a notice is about.
type Kind string

// The kinds of notices. All but RoleToConfirm and those of webhooks are for the educator, in the second person.
const (
	// Registered: has a seat.
	Registered Kind = "REGISTERED"
	// Waitlisted: the section is full, and the educator waits for a seat.
	Waitlisted Kind = "WAITLISTED"
	// Offered: a seat is kept until Data.Deadline.
	Offered Kind = "OFFERED"
	// OfferExpired: the deadline passed without an answer.
	OfferExpired Kind = "OFFER_EXPIRED"
	// RoleAwaited: the principal has to confirm the leadership role first.
	RoleAwaited Kind = "ROLE_AWAITED"
	// Withdrawn: the seat, or the place on the waitlist, was given back.
	Withdrawn Kind = "WITHDRAWN"
	// MeetingMoved: meetings changed their times or places, as Data.Moves says.
	MeetingMoved Kind = "MEETING_MOVED"
	// SectionCancelled: the section does not take place.
	SectionCancelled Kind = "SECTION_CANCELLED"
	// Completed: took part to the end.
	Completed Kind = "COMPLETED"
	// RoleToConfirm asks the principal of a school, until Data.Deadline, whether Data.Person holds Data.Role.
	RoleToConfirm Kind = "ROLE_TO_CONFIRM"
	// WebhookFailing warns the contact of Data.Webhook that it will be given up about Data.Deadline.
	WebhookFailing Kind = "WEBHOOK_FAILING"
	// WebhookFailed tells the contact of Data.Webhook that it is given up.
	WebhookFailed Kind = "WEBHOOK_FAILED"
)

var kinds = []Kind{
	Registered, Waitlisted, Offered, OfferExpired, RoleAwaited, Withdrawn, MeetingMoved, SectionCancelled, Completed, RoleToConfirm,
	WebhookFailing, WebhookFailed,
}

// ofWebhook says whether a notice is about a webhook subscription, and not about a registration.
func (k Kind) ofWebhook() bool { return k == WebhookFailing || k == WebhookFailed }

// Meeting is when and where a section meets. With a zero Start there is none to tell of.
type Meeting struct {
	// Number is its place in the order of meetings, from 1; 0 when it is not to be told.
	Number int
	// Start and End are instants; a zero End is not told.
	Start, End time.Time
	// Place is where; empty when it is not known.
	Place string
}

// Move is a meeting before and after it moved.
type Move struct{ Before, After Meeting }

// Webhook is a subscription whose changes are not taken.
type Webhook struct {
	// Name is its resource name, and Stream whose changes it gets.
	Name, Stream string
	// Description is what it is for; optional.
	Description string
	// Host is where it posts; the rest of its URL may be secret.
	Host string
	// Since is when it began to fail, and Failure why, as sentences.
	Since   time.Time
	Failure string
	// Delivered is the number of the change that was delivered last; 0 for none.
	Delivered int64
}

// Data is what a notice tells. Texts may hold anything: what is no text of one line is made one.
type Data struct {
	// GivenName is how the person is greeted; empty for a greeting without a name.
	GivenName string
	// Program is who writes: the name of the program. Required.
	Program string
	// Course is the course's title, Section the section's name. Required but for those of webhooks.
	Course, Section string
	// Site is where the section meets; optional.
	Site string
	// Zone is the section's time zone, or the program's, in which times are told. Required.
	Zone *time.Location
	// First is the section's first meeting; optional.
	First Meeting
	// Moves are the meetings that moved, at least one. Required for MeetingMoved, and for no other.
	Moves []Move
	// Deadline is until when an offer stands or, for RoleToConfirm, registration is open or, for WebhookFailing, the changes
	// are tried, where it is required, or until when a role can be confirmed, where it is optional.
	Deadline time.Time
	// Role is the leadership role that is to be confirmed; optional but for RoleToConfirm.
	Role string
	// Person is who says that they hold the role, and Reported since when they do. Required for RoleToConfirm, and for no other.
	Person   string
	Reported time.Time
	// Reason is why a seat was given back or a section cancelled; optional.
	Reason string
	// Webhook is required for those of webhooks, and for no other.
	Webhook Webhook
	// URL is where the person signs in to the program, or where the webhook subscription is, with http or https. Required.
	URL string
	// Unsubscribe says how the person turns notices off; a sentence that holds everywhere when empty.
	Unsubscribe string
	// UnsubscribeURL is where mail programs lead who wants no more notices (RFC 2369); optional.
	UnsubscribeURL string
}

// Message is a notice in words.
type Message struct {
	// Subject is one line without control characters.
	Subject string
	// Text is plain text in lines of 78 characters at most, except those of an address that is longer.
	Text string
	// HTML is a whole document that refers to nothing elsewhere but the program's address.
	HTML string
	// UnsubscribeURL becomes the header List-Unsubscribe, unless it is empty.
	UnsubscribeURL string
}

var (
	// ErrKind is for what is no kind of notice.
	ErrKind = errors.New("notice: no such kind")
	// ErrData is for a notice that lacks what its kind has to tell, or has an address that is none.
	ErrData = errors.New("notice: incomplete")
)

// Render words a notice. Errors: ErrKind, ErrData.
func Render(kind Kind, data Data) (Message, error) {
	wording, ok := wordings[kind]
	if !ok {
		return Message{}, fmt.Errorf("%w: %.40q", ErrKind, string(kind))
	}
	data = data.clean()
	if lack := data.lacks(kind); lack != "" {
		return Message{}, fmt.Errorf("%w: %s without %s", ErrData, kind, lack)
	}
	return wording.render(data)
}

// clean is the data with every text as one line.
func (d Data) clean() Data {
	for _, text := range []*string{
		&d.GivenName, &d.Program, &d.Course, &d.Section, &d.Site, &d.First.Place, &d.Role, &d.Person, &d.Reason,
		&d.Webhook.Name, &d.Webhook.Stream, &d.Webhook.Description, &d.Webhook.Host, &d.Webhook.Failure, &d.URL, &d.Unsubscribe, &d.UnsubscribeURL,
	} {
		*text = line(*text)
	}
	d.Moves = slices.Clone(d.Moves)
	for i := range d.Moves {
		m := &d.Moves[i]
		m.Before.Place, m.After.Place = line(m.Before.Place), line(m.After.Place)
	}
	return d
}

// lacks names what is missing, or empty.
func (d Data) lacks(kind Kind) string {
	switch {
	case d.Program == "":
		return "a program"
	case !kind.ofWebhook() && d.Course == "":
		return "a course"
	case !kind.ofWebhook() && d.Section == "":
		return "a section"
	case d.Zone == nil:
		return "a time zone"
	case !isWeb(d.URL):
		return "the program's address"
	case d.UnsubscribeURL != "" && !isWeb(d.UnsubscribeURL):
		return "an address to unsubscribe at"
	case (kind == Offered || kind == RoleToConfirm || kind == WebhookFailing) && d.Deadline.IsZero():
		return "a deadline"
	case kind == MeetingMoved && (len(d.Moves) == 0 || slices.ContainsFunc(d.Moves, Move.isUntimed)):
		return "the times of a meeting"
	case kind == RoleToConfirm && (d.Person == "" || d.Role == "" || d.Reported.IsZero()):
		return "who reported which role, and when"
	case kind.ofWebhook() && (d.Webhook.Name == "" || d.Webhook.Stream == "" || d.Webhook.Host == "" || d.Webhook.Failure == "" || d.Webhook.Since.IsZero()):
		return "which endpoint takes no changes of what, since when, and why"
	}
	return ""
}

func (m Move) isUntimed() bool { return m.Before.Start.IsZero() || m.After.Start.IsZero() }

func isWeb(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && !strings.ContainsAny(address, " <>\"")
}
