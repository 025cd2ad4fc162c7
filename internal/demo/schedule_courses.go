package demo

import (
	"context"
	"fmt"
	"slices"
	"time"

	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/protobuf/types/known/timestamppb"

	enrollmentpb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	gradcreditpb "github.com/btlc/btlc/gen/go/btlc/gradcredit/v1"
)

func (l *loader) scheduleCourses(ctx context.Context, t *timeline, w *world) error {
	c, err := l.readCatalog(ctx)
	if err != nil {
		return err
	}
	consented, certified := map[*person]bool{}, map[*person][]time.Time{}
	for i, s := range w.sections {
		l.scheduleSection(t, c, s, time.Duration(i)*time.Minute)
		for n, seat := range s.seats {
			seat.number = n
			first := seat.consent && seat.credit && !consented[seat.person]
			consented[seat.person] = consented[seat.person] || first
			l.scheduleSeat(t, c, s, seat, first)
			l.schedulePayment(t, c, s, seat, n)
			if issued, earned := l.scheduleWork(t, c, s, seat, w.now); earned {
				certified[seat.person] = append(certified[seat.person], issued)
			}
		}
		l.scheduleMeetings(t, s)
		l.scheduleFeedback(t, s)
	}
	l.scheduleEarly(t, c, w)
	for i, p := range w.leaders {
		if issued := certified[p]; len(issued) == len(courses) {
			l.scheduleFullCredential(t, c, p, w.over, slices.MaxFunc(issued, time.Time.Compare), i%3 == 0)
		}
	}
	return nil
}

// scheduleSection lets a section live; slot keeps the sections apart by minutes.
func (l *loader) scheduleSection(t *timeline, c *catalog, s *section, slot time.Duration) {
	opens := s.term.opens()
	t.at(opens.AddDate(0, 0, -14).Add(slot), func(ctx context.Context) error { return l.createSection(ctx, c, s, nil) })
	t.at(opens.AddDate(0, 0, -7).Add(slot), func(ctx context.Context) error {
		_, err := l.enrollment.OpenSection(l.staff.as(ctx), &enrollmentpb.OpenSectionRequest{Name: s.name})
		return err
	})
	if !s.cancelled.IsZero() {
		t.at(s.cancelled.Add(slot), func(ctx context.Context) error {
			_, err := l.enrollment.CancelSection(l.staff.as(ctx), &enrollmentpb.CancelSectionRequest{Name: s.name, Reason: "The building is closed for repairs."})
			return err
		})
		return
	}
	t.at(s.term.closes().Add(slot), func(ctx context.Context) error {
		_, err := l.enrollment.CloseSection(l.staff.as(ctx), &enrollmentpb.CloseSectionRequest{Name: s.name})
		return err
	})
	t.at(s.starts().AddDate(0, 0, -3).Add(slot), func(ctx context.Context) error { return l.addResources(ctx, s) })
	t.at(s.starts().Add(slot-time.Hour), func(ctx context.Context) error {
		_, err := l.enrollment.StartSection(l.staff.as(ctx), &enrollmentpb.StartSectionRequest{Name: s.name})
		return err
	})
	t.at(s.ends().AddDate(0, 0, 3).Add(slot), func(ctx context.Context) error {
		_, err := l.enrollment.CompleteSection(l.staff.as(ctx), &enrollmentpb.CompleteSectionRequest{Name: s.name})
		return err
	})
}

// createSection makes a section, after a change that it has against the others of its term, if any.
func (l *loader) createSection(ctx context.Context, c *catalog, s *section, adjust func(*enrollmentpb.Section)) error {
	offered := c.courses[s.course]
	in := &enrollmentpb.Section{
		CourseVersion: offered.version, Term: "terms/" + s.term.id, DisplayName: fmt.Sprintf("%s, %ss", offered.title, s.evenings), Capacity: seatsInSection, Site: s.site,
		RegistrationOpenTime: timestamppb.New(s.term.opens()), RegistrationCloseTime: timestamppb.New(s.term.closes()),
	}
	for _, p := range s.facilitators {
		in.Facilitators = append(in.Facilitators, p.name)
	}
	for i, m := range s.meetings {
		in.Meetings = append(in.Meetings, &enrollmentpb.Meeting{MeetingNumber: int32(i + 1), StartTime: timestamppb.New(m.start), EndTime: timestamppb.New(m.end)})
	}
	if adjust != nil {
		adjust(in)
	}
	made, err := l.enrollment.CreateSection(l.staff.as(ctx), &enrollmentpb.CreateSectionRequest{Section: in})
	if err != nil {
		return err
	}
	s.name = made.Section.Name
	meetings, err := l.enrollment.ListMeetings(l.staff.as(ctx), &enrollmentpb.ListMeetingsRequest{Parent: s.name})
	for _, m := range meetings.GetMeetings() {
		s.meetingNames = append(s.meetingNames, m.Name)
	}
	return err
}

// addResources has the facilitators say what is read for the first meetings.
func (l *loader) addResources(ctx context.Context, s *section) error {
	for i, title := range []string{"Norms for working together", "A protocol for looking at student work"} {
		_, err := l.enrollment.SetMeetingResources(l.portal.as(ctx), &enrollmentpb.SetMeetingResourcesRequest{Name: s.meetingNames[i], Resources: []*enrollmentpb.CourseResource{
			{Title: title, Url: fmt.Sprintf("https://files.example.org/%s/%d", s.course, i+1)},
		}})
		if err != nil {
			return err
		}
	}
	return nil
}

// scheduleSeat registers somebody, lets them ask for credit and perhaps withdraw, and says in the end whether they took
// part. consents says whether they let the institution see the facts now; who has done so before need not again.
func (l *loader) scheduleSeat(t *timeline, c *catalog, s *section, seat *seat, consents bool) {
	t.at(seat.registers, func(ctx context.Context) error {
		made, err := l.enrollment.CreateRegistration(l.portal.as(ctx), &enrollmentpb.CreateRegistrationRequest{Parent: s.name, Registration: c.registration(seat)})
		seat.name = made.GetRegistration().GetName()
		return err
	})
	if seat.credit {
		t.at(seat.registers.Add(time.Hour), func(ctx context.Context) error { return l.askForCredit(ctx, c, seat, consents) })
	}
	if !s.cancelled.IsZero() {
		return
	}
	if !seat.withdraws.IsZero() {
		t.at(seat.withdraws, func(ctx context.Context) error {
			_, err := l.enrollment.WithdrawRegistration(l.portal.as(ctx), &enrollmentpb.WithdrawRegistrationRequest{Name: seat.name, Reason: "The evenings turned out not to fit."})
			return err
		})
	}
	if seat.credit && (seat.takesBack || !seat.withdraws.IsZero()) {
		when := seat.withdraws
		if when.IsZero() {
			when = seat.registers.AddDate(0, 0, 20)
		}
		t.at(when.Add(time.Hour), func(ctx context.Context) error { return l.takeBack(ctx, seat) })
	}
	if seat.credit && consents && seat.completes && !seat.takesBack && seat.withdraws.IsZero() {
		posted := s.ends().AddDate(0, 0, 5)
		t.at(posted, func(ctx context.Context) error { return l.postCredit(ctx, c, seat, posted) })
	}
	if seat.withdraws.IsZero() {
		t.at(s.ends().AddDate(0, 0, 2), func(ctx context.Context) error {
			done := &enrollmentpb.CompleteRegistrationRequest{Name: seat.name, Completed: seat.completes}
			if !seat.completes {
				done.Reason = "Missed several meetings."
			}
			_, err := l.enrollment.CompleteRegistration(l.staff.as(ctx), done)
			return err
		})
	}
}

func (l *loader) askForCredit(ctx context.Context, c *catalog, seat *seat, consents bool) error {
	made, err := l.gradcredit.CreateCreditRequest(l.portal.as(ctx), &gradcreditpb.CreateCreditRequestRequest{CreditRequest: &gradcreditpb.CreditRequest{Registration: seat.name, Institution: c.institution}})
	if err != nil {
		return err
	}
	seat.creditRequest = made.CreditRequest.Name
	if !consents {
		return nil
	}
	given, err := l.gradcredit.CreateConsent(l.portal.as(ctx), &gradcreditpb.CreateConsentRequest{Parent: seat.person.name, Consent: &gradcreditpb.Consent{Institution: c.institution}})
	seat.consentName = given.GetConsent().GetName()
	return err
}

// takeBack withdraws the request for credit; who does so while staying in the course takes the consent back too.
func (l *loader) takeBack(ctx context.Context, seat *seat) error {
	if _, err := l.gradcredit.WithdrawCreditRequest(l.portal.as(ctx), &gradcreditpb.WithdrawCreditRequestRequest{Name: seat.creditRequest}); err != nil {
		return err
	}
	if !seat.takesBack || seat.consentName == "" {
		return nil
	}
	_, err := l.gradcredit.RevokeConsent(l.portal.as(ctx), &gradcreditpb.RevokeConsentRequest{Name: seat.consentName})
	return err
}

// postCredit puts the agreement's credits on record the day after they came on the transcript.
func (l *loader) postCredit(ctx context.Context, c *catalog, seat *seat, now time.Time) error {
	year, month, day := now.AddDate(0, 0, -1).Date()
	_, err := l.gradcredit.CreateCreditPosting(l.registrar.as(ctx), &gradcreditpb.CreateCreditPostingRequest{Parent: c.institution, CreditPosting: &gradcreditpb.CreditPosting{
		CreditRequest: seat.creditRequest, PostDate: &date.Date{Year: int32(year), Month: int32(month), Day: int32(day)}, // #nosec G115 -- a date
	}})
	return err
}

// scheduleMeetings enters the attendance of each meeting after it: half an hour, or days for one of them.
func (l *loader) scheduleMeetings(t *timeline, s *section) {
	if !s.cancelled.IsZero() || len(s.seats) == 0 {
		return
	}
	for i, m := range s.meetings {
		entered := m.end.Add(30 * time.Minute)
		if i == s.late {
			entered = entered.AddDate(0, 0, 4)
		}
		t.at(entered, func(ctx context.Context) error { return l.enterAttendance(ctx, s, i, entered) })
	}
}

func (l *loader) enterAttendance(ctx context.Context, s *section, meeting int, now time.Time) error {
	const present = enrollmentpb.AttendanceKind_ATTENDANCE_KIND_PRESENT
	length := s.meetings[meeting].minutes()
	in := &enrollmentpb.RecordAttendanceRequest{Parent: s.meetingNames[meeting]}
	var wrong []int // marks that turn out to be wrong
	for _, seat := range s.seats {
		if !seat.withdraws.IsZero() && !seat.withdraws.After(now) {
			continue
		}
		a := seat.attendance[meeting]
		mark := &enrollmentpb.AttendanceMark{Registration: seat.name, Kind: present, Minutes: length - a.missing}
		switch {
		case a.absent:
			mark.Kind, mark.Minutes = enrollmentpb.AttendanceKind_ATTENDANCE_KIND_ABSENT, 0
		case a.excused:
			mark.Kind, mark.Minutes = enrollmentpb.AttendanceKind_ATTENDANCE_KIND_EXCUSED, 0
		case a.corrected:
			wrong = append(wrong, len(in.Marks))
		}
		in.Marks = append(in.Marks, mark)
	}
	if len(in.Marks) == 0 {
		return nil
	}
	entered, err := l.enrollment.RecordAttendance(l.portal.as(ctx), in)
	if err != nil || len(wrong) == 0 {
		return err
	}
	right := &enrollmentpb.RecordAttendanceRequest{Parent: in.Parent}
	for _, i := range wrong {
		right.Marks = append(right.Marks, &enrollmentpb.AttendanceMark{Registration: in.Marks[i].Registration, Kind: present, Minutes: length, Corrects: entered.Entries[i].Name, Note: "Was there all the time."})
	}
	_, err = l.enrollment.RecordAttendance(l.portal.as(ctx), right)
	return err
}
