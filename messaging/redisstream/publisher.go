package redisstream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/redis/go-redis/v9"

	"ordermill/messaging"
)

// Fields of an entry.
const (
	fieldEventID = "event_id"
	fieldType    = "type"
	fieldPayload = "payload"
)

// publisher is a Watermill publisher for records. A batch is one MULTI, so Redis takes all of it or nothing of it and
// no hole can arise that later ids would seal.
//
// Redis refuses an id that is not above the stream's top. That is how a batch sent again is recognized: a refused record
// counts as sent if, and only if, the entry at its id has its event_id. A refusal for another reason is an error, except
// where foreign entries stand at the top; those are removed and the batch is sent again.
type publisher struct {
	client *redis.Client
	prefix string
	maxLen int64
	log    *slog.Logger
}

// Publish returns once Redis has taken every message, or had it already. It obeys the first message's context and its
// own deadline.
func (p *publisher) Publish(topic string, messages ...*message.Message) error {
	if len(messages) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(messages[0].Context(), messaging.ConfirmTimeout)
	defer cancel()
	stream := p.prefix + ":" + topic
	refused, err := p.add(ctx, stream, messages)
	if err != nil || len(refused) == 0 {
		return err
	}
	missing, err := p.missing(ctx, stream, refused)
	if err != nil || missing == "" {
		return err
	}
	removed, err := p.removeForeignTop(ctx, stream)
	if err != nil {
		return err
	}
	if removed == 0 {
		return fmt.Errorf("stream %s is past %s but does not hold its record: another log writes to it, or this relay's "+
			"checkpoint is older than the stream; delete the stream or use another prefix", stream, missing)
	}
	p.log.WarnContext(ctx, "removed foreign entries that blocked a stream", "stream", stream, "entries", removed)
	return errors.New("the stream was blocked by foreign entries, which are removed now; send again")
}

// Close does nothing: the connection is the transport's.
func (p *publisher) Close() error { return nil }

// add sends the batch and returns the messages that were refused for their ids.
func (p *publisher) add(ctx context.Context, stream string, messages []*message.Message) (refused []*message.Message, err error) {
	results, err := p.client.TxPipelined(ctx, func(tx redis.Pipeliner) error {
		for _, m := range messages {
			tx.XAdd(ctx, &redis.XAddArgs{
				Stream: stream, MaxLen: p.maxLen, Approx: true, ID: entryID(m.Metadata.Get(messaging.MetadataPosition)),
				Values: []any{
					fieldEventID, m.UUID,
					fieldType, m.Metadata.Get(messaging.MetadataType),
					fieldPayload, []byte(m.Payload),
				},
			})
		}
		return nil
	})
	if err == nil {
		return nil, nil
	}
	for i, result := range results {
		if i >= len(messages) || result.Err() == nil {
			continue
		}
		if !isRefusedID(result.Err()) {
			return nil, fmt.Errorf("add to stream %s: %w", stream, result.Err())
		}
		refused = append(refused, messages[i])
	}
	if len(refused) == 0 {
		return nil, fmt.Errorf("add to stream %s: %w", stream, err)
	}
	return refused, nil
}

// isRefusedID recognizes the refusal of an id that is not above the stream's top; Redis gives it no code of its own.
func isRefusedID(err error) bool {
	return strings.Contains(err.Error(), "equal or smaller than the target stream top item")
}

// missing returns the id of the first refused message that the stream does not hold, or "".
func (p *publisher) missing(ctx context.Context, stream string, refused []*message.Message) (string, error) {
	found := make([]*redis.XMessageSliceCmd, len(refused))
	_, err := p.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, m := range refused {
			id := entryID(m.Metadata.Get(messaging.MetadataPosition))
			found[i] = pipe.XRange(ctx, stream, id, id)
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("look for refused records in stream %s: %w", stream, err)
	}
	for i, m := range refused {
		entries := found[i].Val()
		if len(entries) == 0 {
			return entryID(m.Metadata.Get(messaging.MetadataPosition)), nil
		}
		if id, _ := field(entries[0].Values, fieldEventID); id != m.UUID {
			return entries[0].ID, nil
		}
	}
	return "", nil
}

// removeForeignTop deletes what is not a record from the upper end of the stream and sets its top back to the last
// record, so that the next position fits again. One XADD with the id * from outside is enough to need this: its id is a
// time in milliseconds, above every position. Records, ours or another log's, are never touched.
func (p *publisher) removeForeignTop(ctx context.Context, stream string) (removed int, err error) {
	for {
		entries, err := p.client.XRevRangeN(ctx, stream, "+", "-", 100).Result()
		if err != nil {
			return removed, fmt.Errorf("look at the top of stream %s: %w", stream, err)
		}
		var foreign []string
		last := "0-0"
		for _, entry := range entries {
			if isRecord(entry) {
				last = entry.ID
				break
			}
			foreign = append(foreign, entry.ID)
		}
		if len(foreign) > 0 {
			if err := p.client.XDel(ctx, stream, foreign...).Err(); err != nil {
				return removed, fmt.Errorf("remove foreign entries from stream %s: %w", stream, err)
			}
			removed += len(foreign)
			if last == "0-0" {
				continue // there may be more below
			}
		}
		if removed > 0 {
			if err := p.client.Do(ctx, "XSETID", stream, last).Err(); err != nil {
				return removed, fmt.Errorf("set the top of stream %s back to %s: %w", stream, last, err)
			}
		}
		return removed, nil
	}
}

// isRecord reports whether an entry is a record at the id of its position. A copy of one that somebody added under another id
// is as foreign as any junk.
func isRecord(entry redis.XMessage) bool {
	payload, _ := field(entry.Values, fieldPayload)
	d, err := messaging.Decode([]byte(payload))
	return err == nil && entry.ID == entryID(strconv.FormatInt(d.Position, 10))
}
