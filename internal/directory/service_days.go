package directory

import (
	"context"
	"errors"
)

// TellDays tells the streams of all districts whose calendars have gone on to another day who works there from that day on, and
// who no more: nobody writes when an employment begins or ends by its date. It may run on many servers at once.
func (s *Service) TellDays(ctx context.Context) error {
	districts, err := s.store.behind(ctx)
	for _, district := range districts {
		err = errors.Join(err, s.store.tellDay(ctx, district)) // what ails one does not keep it from the others
	}
	return err
}
