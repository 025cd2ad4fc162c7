package credential

import (
	"context"
	"strings"

	"github.com/google/uuid"
)

// Published is what is published of a credential. What is no id of ours is looked for like any other, so that it takes
// as long.
func (s *Service) Published(ctx context.Context, id string) (published Published, found bool, err error) {
	parsed, err := uuid.Parse(id)
	if err != nil || parsed.String() != strings.ToLower(id) {
		parsed = uuid.Nil // nobody's; of the ways to write an id, addresses have one
	}
	return s.store.published(ctx, parsed)
}
