// Package api holds the habits that every RPC shares: errors, names, pages, filters, masks, etags, idempotency and
// validation. It knows no context.
package api

import (
	"fmt"
	"maps"
	"net/http"
	"slices"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
)

// Domain is the domain of every ErrorInfo.
const Domain = "btlc"

// Reason tells kinds of errors apart for programs: it never changes its meaning.
type Reason string

// The reasons, in one place. reasons says what each is on gRPC and on REST.
const (
	InvalidRequest       Reason = "INVALID_REQUEST"
	MalformedBody        Reason = "MALFORMED_BODY"
	PageTokenInvalid     Reason = "PAGE_TOKEN_INVALID"
	BodyTooLarge         Reason = "BODY_TOO_LARGE"
	Unauthenticated      Reason = "UNAUTHENTICATED"
	PermissionDenied     Reason = "PERMISSION_DENIED"
	NotFound             Reason = "NOT_FOUND"
	RouteNotFound        Reason = "ROUTE_NOT_FOUND"
	MethodNotAllowed     Reason = "METHOD_NOT_ALLOWED"
	NotAcceptable        Reason = "NOT_ACCEPTABLE"
	HTTPVersionTooOld    Reason = "HTTP_VERSION_TOO_OLD"
	AlreadyExists        Reason = "ALREADY_EXISTS"
	EtagMismatch         Reason = "ETAG_MISMATCH"
	IdempotencyKeyReused Reason = "IDEMPOTENCY_KEY_REUSED"
	SecretAlreadyShown   Reason = "SECRET_ALREADY_SHOWN"
	StateConflict        Reason = "STATE_CONFLICT"
	ReferenceNotFound    Reason = "REFERENCE_NOT_FOUND"
	RoleNotHeld          Reason = "ROLE_NOT_HELD"
	SeatUnavailable      Reason = "SEAT_UNAVAILABLE"
	RegistrationClosed   Reason = "REGISTRATION_CLOSED"
	AlreadyRegistered    Reason = "ALREADY_REGISTERED"
	ScheduleConflict     Reason = "SCHEDULE_CONFLICT"
	AlreadyRecorded      Reason = "ALREADY_RECORDED"
	SignInCodeWrong      Reason = "SIGN_IN_CODE_WRONG"
	SignInAttemptsSpent  Reason = "SIGN_IN_ATTEMPTS_SPENT"
	SubmissionIncomplete Reason = "SUBMISSION_INCOMPLETE"
	OwnWork              Reason = "OWN_WORK"
	RequirementsUnmet    Reason = "REQUIREMENTS_UNMET"
	CredentialHeld       Reason = "CREDENTIAL_HELD"
	CreditPosted         Reason = "CREDIT_POSTED"
	HolderUnproven       Reason = "HOLDER_UNPROVEN"
	AgreementAbsent      Reason = "AGREEMENT_ABSENT"
	KeyLimit             Reason = "KEY_LIMIT"
	RosterStale          Reason = "ROSTER_STALE"
	CursorExpired        Reason = "CURSOR_EXPIRED"
	Contention           Reason = "CONTENTION"
	RateLimited          Reason = "RATE_LIMITED"
	StreamLimit          Reason = "STREAM_LIMIT"
	Cancelled            Reason = "CANCELLED"
	DeadlineExceeded     Reason = "DEADLINE_EXCEEDED"
	Unavailable          Reason = "UNAVAILABLE"
	Internal             Reason = "INTERNAL"
)

type kind struct {
	code  codes.Code
	http  int
	title string
}

var reasons = map[Reason]kind{
	InvalidRequest:       {codes.InvalidArgument, http.StatusBadRequest, "The request is not valid"},
	MalformedBody:        {codes.InvalidArgument, http.StatusBadRequest, "The body cannot be read"},
	PageTokenInvalid:     {codes.InvalidArgument, http.StatusBadRequest, "The page token does not belong to this list"},
	BodyTooLarge:         {codes.ResourceExhausted, http.StatusRequestEntityTooLarge, "The body is too large"},
	Unauthenticated:      {codes.Unauthenticated, http.StatusUnauthorized, "Who calls is not known"},
	PermissionDenied:     {codes.PermissionDenied, http.StatusForbidden, "The caller may not do this"},
	NotFound:             {codes.NotFound, http.StatusNotFound, "There is no such resource"},
	RouteNotFound:        {codes.Unimplemented, http.StatusNotFound, "There is no such address"},
	MethodNotAllowed:     {codes.Unimplemented, http.StatusMethodNotAllowed, "The address does not take this method"},
	NotAcceptable:        {codes.InvalidArgument, http.StatusNotAcceptable, "None of the media types asked for is offered"},
	HTTPVersionTooOld:    {codes.InvalidArgument, http.StatusHTTPVersionNotSupported, "Streams are for HTTP/1.1 and later"},
	AlreadyExists:        {codes.AlreadyExists, http.StatusConflict, "There is one already"},
	EtagMismatch:         {codes.Aborted, http.StatusPreconditionFailed, "Somebody else changed it first"},
	IdempotencyKeyReused: {codes.InvalidArgument, http.StatusUnprocessableEntity, "The idempotency key was used with another request"},
	SecretAlreadyShown:   {codes.FailedPrecondition, http.StatusConflict, "The secret was shown before and is not kept"},
	StateConflict:        {codes.FailedPrecondition, http.StatusConflict, "Its state does not allow this"},
	ReferenceNotFound:    {codes.FailedPrecondition, http.StatusConflict, "It refers to something that is not there"},
	RoleNotHeld:          {codes.FailedPrecondition, http.StatusConflict, "No confirmed leadership role on the date"},
	SeatUnavailable:      {codes.FailedPrecondition, http.StatusConflict, "No seat is left"},
	RegistrationClosed:   {codes.FailedPrecondition, http.StatusConflict, "The section takes no registrations now"},
	AlreadyRegistered:    {codes.AlreadyExists, http.StatusConflict, "The person is registered already"},
	ScheduleConflict:     {codes.FailedPrecondition, http.StatusConflict, "Somebody or a room is taken at that time"},
	AlreadyRecorded:      {codes.AlreadyExists, http.StatusConflict, "It is recorded already: correct the entry instead"},
	SignInCodeWrong:      {codes.PermissionDenied, http.StatusForbidden, "The code is not the one that is shown"},
	SignInAttemptsSpent:  {codes.ResourceExhausted, http.StatusTooManyRequests, "Too many wrong codes"},
	SubmissionIncomplete: {codes.FailedPrecondition, http.StatusConflict, "Evidence is missing"},
	OwnWork:              {codes.FailedPrecondition, http.StatusConflict, "Nobody decides about their own work"},
	RequirementsUnmet:    {codes.FailedPrecondition, http.StatusConflict, "Not all requirements are met"},
	CredentialHeld:       {codes.AlreadyExists, http.StatusConflict, "The person holds this credential"},
	AgreementAbsent:      {codes.FailedPrecondition, http.StatusConflict, "No agreement with the institution is in force"},
	CreditPosted:         {codes.AlreadyExists, http.StatusConflict, "The credit of this registration is posted already"},
	HolderUnproven:       {codes.FailedPrecondition, http.StatusConflict, "The proof does not show that the DID is the caller's"},
	KeyLimit:             {codes.FailedPrecondition, http.StatusConflict, "Two keys live at once at most"},
	RosterStale:          {codes.FailedPrecondition, http.StatusConflict, "What is on record has changed since the roster was planned"},
	CursorExpired:        {codes.OutOfRange, http.StatusGone, "The cursor is too old or of another epoch"},
	Contention:           {codes.Aborted, http.StatusConflict, "Too many changes at once: try again"},
	RateLimited:          {codes.ResourceExhausted, http.StatusTooManyRequests, "Too many requests"},
	StreamLimit:          {codes.ResourceExhausted, http.StatusTooManyRequests, "Too many open streams"},
	Cancelled:            {codes.Canceled, 499, "The caller went away"},
	DeadlineExceeded:     {codes.DeadlineExceeded, http.StatusGatewayTimeout, "It took too long"},
	Unavailable:          {codes.Unavailable, http.StatusServiceUnavailable, "Not available now: try again"},
	Internal:             {codes.Internal, http.StatusInternalServerError, "Something went wrong here"},
}

// Reasons lists every reason, sorted.
func Reasons() []Reason { return slices.Sorted(maps.Keys(reasons)) }

// Title is what the reason means, for people.
func (r Reason) Title() string { return reasons[r].title }

// HTTPStatus is the status of the reason on REST.
func (r Reason) HTTPStatus() int { return reasons[r].http }

// Code is the code of the reason on gRPC.
func (r Reason) Code() codes.Code { return reasons[r].code }

// Violation is one thing that is wrong with a request, or one requirement that is not met.
type Violation struct {
	// Field is the path of the field in the request, in lowerCamelCase; or the id of the requirement.
	Field string
	// Description says what is wrong and what would be right.
	Description string
}

// Error is an error that callers see.
type Error struct {
	Reason     Reason
	Detail     string
	Metadata   map[string]string
	Violations []Violation
}

// Error is for logs.
func (e *Error) Error() string { return fmt.Sprintf("%s: %s", e.Reason, e.Detail) }

// Errorf makes an error that callers see.
func Errorf(reason Reason, format string, args ...any) *Error {
	return &Error{Reason: reason, Detail: fmt.Sprintf(format, args...)}
}

// With adds a fact that programs can read.
func (e *Error) With(key, value string) *Error {
	if e.Metadata == nil {
		e.Metadata = map[string]string{}
	}
	e.Metadata[key] = value
	return e
}

// Invalid is a request with something wrong in it; all that is wrong, at once.
func Invalid(violations ...Violation) *Error {
	detail := "One field is not right."
	if len(violations) != 1 {
		detail = fmt.Sprintf("%d fields are not right.", len(violations))
	}
	return &Error{Reason: InvalidRequest, Detail: detail, Violations: violations}
}

// InvalidField is a request with one field that is not right.
func InvalidField(field, format string, args ...any) *Error {
	return Invalid(Violation{Field: field, Description: fmt.Sprintf(format, args...)})
}

// Missing says that there is no such resource. It is the same whether it does not exist or the caller may not see it.
func Missing(name string) *Error {
	return Errorf(NotFound, "There is no %q, or you may not see it.", name).With("resource", name)
}

// GRPCStatus makes the error a gRPC status with details.
func (e *Error) GRPCStatus() *status.Status {
	st := status.New(e.Reason.Code(), e.Detail)
	details := []protoadapt.MessageV1{&errdetails.ErrorInfo{Reason: string(e.Reason), Domain: Domain, Metadata: e.Metadata}}
	if len(e.Violations) > 0 {
		if e.Reason.Code() == codes.InvalidArgument {
			bad := &errdetails.BadRequest{}
			for _, v := range e.Violations {
				bad.FieldViolations = append(bad.FieldViolations, &errdetails.BadRequest_FieldViolation{Field: v.Field, Description: v.Description})
			}
			details = append(details, bad)
		} else {
			failed := &errdetails.PreconditionFailure{}
			for _, v := range e.Violations {
				failed.Violations = append(failed.Violations, &errdetails.PreconditionFailure_Violation{Type: string(e.Reason), Subject: v.Field, Description: v.Description})
			}
			details = append(details, failed)
		}
	}
	if e.Reason == NotFound && e.Metadata["resource"] != "" {
		details = append(details, &errdetails.ResourceInfo{ResourceName: e.Metadata["resource"], Description: e.Detail})
	}
	with, err := st.WithDetails(details...)
	if err != nil {
		return st // only a message that cannot be marshalled gets here: the bare status says enough
	}
	return with
}

// FromStatus reads the error back from a status, ours or gRPC's own.
func FromStatus(st *status.Status) *Error {
	e := &Error{Detail: st.Message()}
	for _, detail := range st.Details() {
		switch d := detail.(type) {
		case *errdetails.ErrorInfo:
			e.Reason, e.Metadata = Reason(d.Reason), d.Metadata
		case *errdetails.BadRequest:
			for _, v := range d.FieldViolations {
				e.Violations = append(e.Violations, Violation{Field: v.Field, Description: v.Description})
			}
		case *errdetails.PreconditionFailure:
			for _, v := range d.Violations {
				e.Violations = append(e.Violations, Violation{Field: v.Subject, Description: v.Description})
			}
		}
	}
	if _, known := reasons[e.Reason]; !known {
		e.Reason = reasonOf(st.Code())
	}
	return e
}

func reasonOf(code codes.Code) Reason {
	switch code {
	case codes.InvalidArgument:
		return InvalidRequest
	case codes.Unauthenticated:
		return Unauthenticated
	case codes.PermissionDenied:
		return PermissionDenied
	case codes.NotFound:
		return NotFound
	case codes.Unimplemented:
		return RouteNotFound
	case codes.Canceled:
		return Cancelled
	case codes.DeadlineExceeded:
		return DeadlineExceeded
	case codes.Unavailable:
		return Unavailable
	case codes.ResourceExhausted:
		return BodyTooLarge
	default:
		return Internal
	}
}
