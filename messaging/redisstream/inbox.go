package redisstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"ordermill/eventstore/subscription"
	"ordermill/messaging"
)

const (
	lettersPerRead = 64
	trimEvery      = 1000 // letters
)

// Inbox hands letters to receive, in order, until ctx ends, from the cursor on. The cursor moves after each letter
// whose outcome is committed; a crash in between brings that letter again. Only one copy may run it.
func (t *Transport) Inbox(ctx context.Context, receive messaging.Receive) error {
	if t.cursor == nil {
		return errors.New("the Redis inbox needs a cursor: set Options.Cursor")
	}
	var pause subscription.Backoff
	for {
		err := t.readInbox(ctx, receive, pause.Reset)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		t.log.WarnContext(ctx, "inbox interrupted, reading again from the cursor", "transport", Name, "error", err)
		if err := pause.Wait(ctx); err != nil {
			return err
		}
	}
}

func (t *Transport) readInbox(ctx context.Context, receive messaging.Receive, working func()) error {
	cursor, err := t.cursor.Load(ctx)
	if err != nil {
		return fmt.Errorf("load the inbox cursor: %w", err)
	}
	if cursor == "" {
		cursor = "0-0"
	}
	for untrimmed := 0; ; {
		highest, err := top(ctx, t.client, t.inbox)
		if err != nil {
			return err
		}
		if before(highest, cursor) { // the stream was lost and has begun anew: what is in it now we have not seen
			t.log.WarnContext(ctx, "inbox stream has begun anew, reading it from its start", "stream", t.inbox, "cursor", cursor)
			cursor = "0-0"
		}
		letters, err := t.read(ctx, cursor)
		if err != nil {
			return err
		}
		working()
		for _, letter := range letters {
			if err := t.decide(ctx, receive, letter); err != nil {
				return err
			}
			cursor = letter.ID
		}
		if untrimmed += len(letters); untrimmed >= trimEvery || untrimmed > 0 && len(letters) == 0 {
			if err := t.client.XTrimMinID(ctx, t.inbox, cursor).Err(); err != nil {
				return fmt.Errorf("trim the inbox: %w", err)
			}
			untrimmed = 0
		}
	}
}

// read waits a moment for letters after the cursor.
func (t *Transport) read(ctx context.Context, cursor string) ([]redis.XMessage, error) {
	streams, err := t.client.XRead(ctx, &redis.XReadArgs{
		Streams: []string{t.inbox, cursor}, Count: lettersPerRead, Block: blockTime,
	}).Result()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the inbox: %w", err)
	}
	return streams[0].Messages, nil
}

// decide has one letter's outcome committed, and then the cursor behind it saved. The second must not be lost to a
// shutdown between the two, or the letter comes again.
func (t *Transport) decide(ctx context.Context, receive messaging.Receive, letter redis.XMessage) error {
	commit := func(ctx context.Context, in messaging.Inbound) error {
		if err := receive(ctx, in); err != nil {
			return err
		}
		return t.cursor.Save(ctx, letter.ID)
	}
	return messaging.Commit(ctx, t.log, commit, inbound(letter))
}

// inbound takes the letter's JSON out of its entry. An entry without that field is no letter; all its fields are handed on
// instead, so that it is kept as failed and can be looked at.
func inbound(letter redis.XMessage) messaging.Inbound {
	in := messaging.Inbound{Source: Name, Ref: letter.ID}
	if payload, ok := field(letter.Values, fieldPayload); ok {
		in.Body = []byte(payload)
		return in
	}
	in.Amiss = "the entry's field " + fieldPayload + " is missing: a letter is that field, as JSON text"
	fields, err := json.Marshal(letter.Values)
	if err != nil {
		panic(fmt.Sprintf("a map of strings cannot fail: %v", err))
	}
	in.Body = fields
	return in
}
