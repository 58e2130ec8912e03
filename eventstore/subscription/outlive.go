package subscription

import (
	"context"
	"errors"
	"time"
)

// grace is how long the batch in hand may go on after its consumer was told to stop, so that it is done once and not twice: what
// was half published, or half sent, is not begun again by the next owner. It is less than what is left of a lease between two
// renewals, so nobody else begins meanwhile.
const grace = 2 * time.Second

// Outlive returns a context that ends some time after ctx does, or at once if ctx ends because a lease was lost.
func Outlive(ctx context.Context, by time.Duration) (context.Context, context.CancelFunc) {
	work, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		cause := context.Cause(ctx)
		if !errors.Is(cause, ErrLeaseLost) && idle(work, by) != nil {
			return
		}
		cancel(cause)
	})
	return work, func() { stop(); cancel(nil) }
}
