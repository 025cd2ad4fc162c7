package main

import (
	"net/http"
	"strings"
)

// problem is what operations answer with one HTTP status. A test holds the reasons against those of the server.
type problem struct {
	status      int
	name        string // of the component
	description string
	reasons     []string // the first one is in the example
	title       string   // of the first reason
	detail      string
	retryAfter  bool
	fits        func(*call) bool
}

func always(*call) bool { return true }

// problems are all that operations answer, by status.
var problems = []problem{
	{
		status: http.StatusBadRequest, name: "BadRequest", fits: always,
		description: "The request is not valid; `violations` names every field that is not right.",
		reasons:     []string{"INVALID_REQUEST", "MALFORMED_BODY", "PAGE_TOKEN_INVALID"},
		title:       "The request is not valid", detail: "One field is not right.",
	},
	{
		status: http.StatusUnauthorized, name: "Unauthenticated", fits: always,
		description: "There are no credentials, or they are not valid.",
		reasons:     []string{"UNAUTHENTICATED"},
		title:       "Who calls is not known", detail: "The credentials are not valid.",
	},
	{
		status: http.StatusForbidden, name: "PermissionDenied",
		fits:        func(c *call) bool { return c.access.permission != "" },
		description: "The caller may not do this.",
		reasons:     []string{"PERMISSION_DENIED", "SIGN_IN_CODE_WRONG"},
		title:       "The caller may not do this", detail: "The caller lacks the permission.",
	},
	{
		status: http.StatusNotFound, name: "NotFound", fits: (*call).mayMiss,
		description: "There is no such resource, or none that the caller may see.",
		reasons:     []string{"NOT_FOUND", "ROUTE_NOT_FOUND"},
		title:       "There is no such resource", detail: "There is no such resource, or you may not see it.",
	},
	{
		status: http.StatusNotAcceptable, name: "NotAcceptable", fits: (*call).streams,
		description: "The answer is not given in any of the media types of `Accept`.",
		reasons:     []string{"NOT_ACCEPTABLE"},
		title:       "None of the media types asked for is offered", detail: "This is given as application/x-ndjson or text/csv.",
	},
	{
		status: http.StatusConflict, name: "Conflict", fits: func(c *call) bool { return c.verb != "get" || strings.Contains(c.rule.GetGet(), "}:") },
		description: "The state of things does not allow it.",
		reasons: []string{
			"ALREADY_EXISTS", "STATE_CONFLICT", "REFERENCE_NOT_FOUND", "CONTENTION", "SECRET_ALREADY_SHOWN", "KEY_LIMIT",
			"ROLE_NOT_HELD", "SEAT_UNAVAILABLE", "REGISTRATION_CLOSED", "ALREADY_REGISTERED", "SCHEDULE_CONFLICT", "ALREADY_RECORDED",
			"SUBMISSION_INCOMPLETE", "OWN_WORK", "REQUIREMENTS_UNMET", "CREDENTIAL_HELD", "AGREEMENT_ABSENT", "CREDIT_POSTED",
			"HOLDER_UNPROVEN", "ROSTER_STALE",
		},
		title: "There is one already", detail: "There is one of that name.",
	},
	{
		status: http.StatusGone, name: "Gone",
		fits:        func(c *call) bool { return findField(c.method.Input, "cursor") != nil },
		description: "The cursor leads to what is kept no more: start again from a full reading.",
		reasons:     []string{"CURSOR_EXPIRED"},
		title:       "The cursor is too old or of another epoch", detail: "Start again from a full reading.",
	},
	{
		status: http.StatusPreconditionFailed, name: "PreconditionFailed", fits: (*call).guarded,
		description: "The resource has another etag now: read it again.",
		reasons:     []string{"ETAG_MISMATCH"},
		title:       "Somebody else changed it first", detail: "The etag is another one now: read it again and decide anew.",
	},
	{
		status: http.StatusRequestEntityTooLarge, name: "ContentTooLarge",
		fits:        func(c *call) bool { return c.rule.GetBody() != "" },
		description: "The body is larger than 4 MiB.",
		reasons:     []string{"BODY_TOO_LARGE"},
		title:       "The body is too large", detail: "A body has at most 4 MiB.",
	},
	{
		status: http.StatusUnprocessableEntity, name: "IdempotencyKeyReused", fits: (*call).writes,
		description: "The idempotency key came with another request before: take a new key for a new request.",
		reasons:     []string{"IDEMPOTENCY_KEY_REUSED"},
		title:       "The idempotency key was used with another request", detail: "Take a new key for a new request.",
	},
	{
		status: http.StatusTooManyRequests, name: "TooManyRequests", fits: always, retryAfter: true,
		description: "The caller asks too often.",
		reasons:     []string{"RATE_LIMITED", "STREAM_LIMIT", "SIGN_IN_ATTEMPTS_SPENT"},
		title:       "Too many requests", detail: "Try again later.",
	},
	{
		status: http.StatusInternalServerError, name: "Internal", fits: always,
		description: "The server is at fault. `requestId` finds the case in its log.",
		reasons:     []string{"INTERNAL"},
		title:       "Something went wrong here", detail: "The case is in the server's log.",
	},
	{
		status: http.StatusServiceUnavailable, name: "Unavailable", fits: always, retryAfter: true,
		description: "The server cannot answer now. Try again.",
		reasons:     []string{"UNAVAILABLE"},
		title:       "Not available now: try again", detail: "The database is away.",
	},
	{
		status: http.StatusGatewayTimeout, name: "DeadlineExceeded", fits: always,
		description: "The answer took longer than the deadline.",
		reasons:     []string{"DEADLINE_EXCEEDED"},
		title:       "It took too long", detail: "The deadline has passed.",
	},
	{
		status: http.StatusHTTPVersionNotSupported, name: "HTTPVersionNotSupported", fits: (*call).streams,
		description: "HTTP/1.0 cannot tell a stream that broke off from one that has come to its end.",
		reasons:     []string{"HTTP_VERSION_TOO_OLD"},
		title:       "Streams are for HTTP/1.1 and later", detail: "Ask by HTTP/1.1 or later; a proxy on the way may speak HTTP/1.0.",
	},
}

// problemResponses are the components for the problems, and for 304.
func problemResponses() object[*response] {
	var all object[*response]
	notModified := &response{Description: "The resource still has the etag of `If-None-Match`."}
	notModified.Headers.set("ETag", headerRef("ETag"))
	all.set("NotModified", notModified)
	for _, p := range problems {
		description := p.description + " Reasons: `" + strings.Join(p.reasons, "`, `") + "`."
		r := &response{Description: description, Content: content("application/problem+json", componentRef("Problem"), p.example())}
		if p.retryAfter {
			r.Headers.set("Retry-After", headerRef("RetryAfter"))
		}
		if p.status == http.StatusTooManyRequests {
			addRateLimit(&r.Headers)
		}
		all.set(p.name, r)
	}
	return all
}

func (p problem) example() any {
	out := members(
		"type", "about:blank",
		"title", p.title,
		"status", p.status,
		"detail", p.detail,
		"instance", "/v1/districts",
		"reason", p.reasons[0],
		"requestId", exampleID,
	)
	if p.status == http.StatusBadRequest {
		out.set("violations", []any{members("field", "district.displayName", "description", "must have at least 1 character")})
	}
	return out
}

// problemSchema is the body of every problem, after RFC 9457.
var problemSchema = &schema{
	Type:        "object",
	Description: "What went wrong (RFC 9457).",
	Required:    []string{"type", "title", "status"},
	Properties: properties(
		member{"type", &schema{Type: "string", Format: "uri-reference", Description: "The kind of problem, as a URI."}},
		member{"title", &schema{Type: "string", Description: "The kind of problem, for people."}},
		member{"status", &schema{Type: "integer", Format: "int32", Description: "The HTTP status.", Minimum: number(400), Maximum: number(599)}},
		member{"detail", &schema{Type: "string", Description: "This case, for people."}},
		member{"instance", &schema{Type: "string", Format: "uri-reference", Description: "What was asked for."}},
		member{"reason", &schema{Type: "string", Description: "The kind of problem, for programs. It does not change.", Pattern: "^[A-Z][A-Z0-9_]*$"}},
		member{"metadata", &schema{Type: "object", Description: "Facts about this case, by name.", AdditionalProperties: &schema{Type: "string"}}},
		member{"violations", &schema{Type: "array", Description: "Every field that is not right, or every requirement that is not met.", Items: componentRef("Violation")}},
		member{"requestId", &schema{Type: "string", Description: "The id of the request, as in the server's log."}},
	),
}

// violationSchema is one bad field.
var violationSchema = &schema{
	Type:        "object",
	Description: "A field that is not right, or a requirement that is not met.",
	Required:    []string{"field", "description"},
	Properties: properties(
		member{"field", &schema{Type: "string", Description: "The path of the field, such as `district.displayName`; or the id of a requirement."}},
		member{"description", &schema{Type: "string", Description: "What is wrong with it, for people."}},
		member{"reason", &schema{Type: "string", Description: "What is wrong with it, for programs."}},
	),
}
