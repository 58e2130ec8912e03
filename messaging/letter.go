package messaging

import (
	"context"
	"log/slog"
	"time"

	"ordermill/eventstore/subscription"
)

// grace is how long a letter under way may go on after the inbox was told to end, so that it ends once and not twice.
const grace = 5 * time.Second

// Commit calls receive until the letter's outcome is committed. It gives up only when ctx ends, with ctx's error: then
// the letter must not be acknowledged. The try under way at that moment gets a few seconds to finish.
func Commit(ctx context.Context, log *slog.Logger, receive Receive, letter Inbound) error {
	work, cancel := subscription.Outlive(ctx, grace)
	defer cancel()
	var pause subscription.Backoff
	for {
		err := receive(work, letter)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		log.WarnContext(ctx, "letter not committed, trying again", "source", letter.Source,
			"message_id", letter.MessageID, "ref", letter.Ref, "error", err)
		if err := pause.Wait(ctx); err != nil {
			return err
		}
	}
}
