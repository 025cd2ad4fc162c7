package api

import (
	"context"
	"sync"

	"github.com/google/uuid"
)

// Call is what is known of the call that is being answered.
type Call struct {
	// Method is the full name of the RPC: `/btlc.directory.v1.DirectoryService/GetSchool`.
	Method string
	// Principal is the caller: `apiClients/…`, `people/…`, or `anonymous`.
	Principal string
	// RequestID is in every answer and on the audit record.
	RequestID string
	// IdempotencyKey and IfMatch are the headers of these names, as they came.
	IdempotencyKey, IfMatch string

	mu    sync.Mutex
	seen  []uuid.UUID
	wrote bool
}

type callKey struct{}

// WithCall puts the call into the context.
func WithCall(ctx context.Context, call *Call) context.Context {
	return context.WithValue(ctx, callKey{}, call)
}

// CallOf is the call of the context; an empty one outside of any.
func CallOf(ctx context.Context) *Call {
	if call, ok := ctx.Value(callKey{}).(*Call); ok {
		return call
	}
	return &Call{Principal: "anonymous"}
}

// Saw notes whose personal data the answer holds, where the answer does not name them itself.
func Saw(ctx context.Context, educators ...uuid.UUID) {
	call := CallOf(ctx)
	call.mu.Lock()
	defer call.mu.Unlock()
	call.seen = append(call.seen, educators...)
}

// Seen is whom Saw noted.
func (c *Call) Seen() []uuid.UUID {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen
}

// TakeSeen is whom Saw noted since the last time: of a stream, for the message that is about to leave.
func (c *Call) TakeSeen() []uuid.UUID {
	c.mu.Lock()
	defer c.mu.Unlock()
	seen := c.seen
	c.seen = nil
	return seen
}

// Wrote says whether the call went through Write, which audits by itself.
func (c *Call) Wrote() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wrote
}

func (c *Call) markWrote() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wrote = true
}
