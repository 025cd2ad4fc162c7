package main

func parameterRef(name string) *parameter {
	return &parameter{Ref: "#/components/parameters/" + name}
}

func headerRef(name string) *header { return &header{Ref: "#/components/headers/" + name} }

// headerParameters are the request headers that operations share.
func headerParameters() object[*parameter] {
	var all object[*parameter]
	all.set("IdempotencyKey", &parameter{
		Name: "Idempotency-Key", In: "header",
		Description: "A key chosen by the caller that makes a retry safe: the same key and body within 24 hours get the first answer back. It says the same as `requestId`: send one of them, not two that differ.",
		Schema:      &schema{Type: "string", MaxLength: length(128)},
		Example:     "7f6c1c0e-9a44-4a3c-8a0e-6a2a8d6a3b11",
	})
	all.set("IfMatch", &parameter{
		Name: "If-Match", In: "header",
		Description: "The etag last seen. If the resource has another one now, nothing is changed and the answer is 412.",
		Schema:      &schema{Type: "string"},
		Example:     `"` + exampleETag + `"`,
	})
	all.set("IfNoneMatch", &parameter{
		Name: "If-None-Match", In: "header",
		Description: "The etag last seen. If the resource still has it, the answer is 304 without a body.",
		Schema:      &schema{Type: "string"},
		Example:     `"` + exampleETag + `"`,
	})
	return all
}

// responseHeaders are the headers that answers share.
func responseHeaders() object[*header] {
	var all object[*header]
	all.set("ETag", &header{
		Description: "Changes whenever the resource does.",
		Schema:      &schema{Type: "string"}, Example: `"` + exampleETag + `"`,
	})
	all.set("BtlcCursor", &header{
		Description: "Where the change feed stood when the export was read: apply the changes after it.",
		Schema:      &schema{Type: "string"}, Example: "eyJ2IjoxLCJlIjoiMWQxNGE4ZTciLCJzIjoiZGlzdHJpY3RzL2JwcyIsIm4iOjQyfQ",
	})
	all.set("IdempotencyReplayed", &header{
		Description: "`true` when this is the answer to an earlier request with the same idempotency key.",
		Schema:      &schema{Type: "string", Enum: []string{"true"}}, Example: "true",
	})
	all.set("RateLimitLimit", &header{
		Description: "How many requests the caller may make in a window of time.",
		Schema:      &schema{Type: "integer"}, Example: 600,
	})
	all.set("RateLimitRemaining", &header{
		Description: "How many of them are left.",
		Schema:      &schema{Type: "integer"}, Example: 599,
	})
	all.set("RateLimitReset", &header{
		Description: "In how many seconds they are all there again.",
		Schema:      &schema{Type: "integer"}, Example: 60,
	})
	all.set("RetryAfter", &header{
		Description: "In how many seconds to try again.",
		Schema:      &schema{Type: "integer"}, Example: 1,
	})
	return all
}

func addRateLimit(headers *object[*header]) {
	headers.set("RateLimit-Limit", headerRef("RateLimitLimit"))
	headers.set("RateLimit-Remaining", headerRef("RateLimitRemaining"))
	headers.set("RateLimit-Reset", headerRef("RateLimitReset"))
}

func length(n uint64) *uint64 { return &n }

// securitySchemes are the two ways to say who calls.
func securitySchemes() object[securityScheme] {
	var all object[securityScheme]
	all.set("apiKey", securityScheme{Type: "http", Scheme: "bearer",
		Description: "For machines: the secret of an API key."})
	all.set("oidc", securityScheme{Type: "http", Scheme: "bearer", BearerFormat: "JWT",
		Description: "For people: a token of an OpenID provider that the server trusts."})
	return all
}

// security says which credentials an operation takes: none when it is public.
func security(a access) []securityCondition {
	if a.public {
		return []securityCondition{}
	}
	return []securityCondition{{"apiKey": {}}, {"oidc": {}}}
}
