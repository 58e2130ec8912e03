package redisstream

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	wredis "github.com/ThreeDotsLabs/watermill-redisstream/pkg/redisstream"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/redis/go-redis/v9"

	"ordermill/eventstore"
	"ordermill/messaging"
)

const (
	// blockTime is how long one read waits for entries; also the longest that closing may take.
	blockTime = 500 * time.Millisecond
	// watchEvery is how often a subscriber looks whether its stream has begun anew.
	watchEvery = time.Second
)

// open makes a subscriber that reads from the checkpoint on, with a client of its own.
func (t *Transport) open(_ context.Context, _ string, from eventstore.Checkpoint) (message.Subscriber, error) {
	s := &subscriber{transport: t}
	client := redis.NewClient(t.redis)
	client.AddHook(stampIDs{})
	inner, err := wredis.NewSubscriber(wredis.SubscriberConfig{
		Client:                        client,
		Unmarshaller:                  s,
		FanOutOldestId:                entryID(strconv.FormatInt(from.Position, 10)),
		BlockTime:                     blockTime,
		DisableIndefiniteInitialBlock: true, // its goroutine would outlive it
		ShouldStopOnReadErrors:        func(error) bool { return s.ended.Load() },
	}, messaging.Logger(t.log))
	if err != nil {
		return nil, errors.Join(err, client.Close())
	}
	s.Subscriber = inner
	return s, nil
}

// subscriber is Watermill's, and a watch. It only ever asks for ids above the last one it read, so it would wait for ever
// when the stream begins anew below that: flushed, or freed of foreign entries, whose ids are far above ours. Then the
// subscription ends, and the feed starts again from its checkpoint.
type subscriber struct {
	message.Subscriber
	transport *Transport
	watch     sync.WaitGroup
	cancel    context.CancelFunc
	ended     atomic.Bool

	mu   sync.Mutex
	read string // id of the last entry, "" before the first: the checkpoint may be ahead of the stream
}

// Subscribe is called once.
func (s *subscriber) Subscribe(ctx context.Context, topic string) (<-chan *message.Message, error) {
	ctx, cancel := context.WithCancel(ctx)
	s.cancel = func() {
		s.ended.Store(true)
		cancel()
	}
	s.watch.Go(func() {
		ticker := time.NewTicker(watchEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			read := s.lastRead() // before the top, which may grow meanwhile
			highest, err := top(ctx, s.transport.client, topic)
			if err == nil && before(highest, read) && highest != "0-0" {
				s.cancel()
				return
			}
		}
	})
	return s.Subscriber.Subscribe(ctx, topic)
}

// Close ends the watch and the subscription.
func (s *subscriber) Close() error {
	if s.cancel != nil {
		s.cancel()
	}
	s.watch.Wait()
	return s.Subscriber.Close()
}

func (s *subscriber) lastRead() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.read
}

// Unmarshal takes any entry. Watermill's own unmarshaller refuses a foreign one, which closes the subscription for good.
func (s *subscriber) Unmarshal(values map[string]any) (*message.Message, error) {
	id, _ := field(values, stampedID)
	s.mu.Lock()
	s.read = id
	s.mu.Unlock()
	eventID, _ := field(values, fieldEventID)
	payload, _ := field(values, fieldPayload)
	return message.NewMessage(eventID, []byte(payload)), nil
}

// stampedID is the field under which stampIDs puts an entry's id.
const stampedID = "\x00id"

// stampIDs puts the id of every entry read among its fields, where an unmarshaller can see it.
type stampIDs struct{}

func (stampIDs) DialHook(next redis.DialHook) redis.DialHook { return next }

func (stampIDs) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (stampIDs) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, command redis.Cmder) error {
		err := next(ctx, command)
		if read, ok := command.(*redis.XStreamSliceCmd); ok {
			for _, stream := range read.Val() {
				for _, entry := range stream.Messages {
					entry.Values[stampedID] = entry.ID
				}
			}
		}
		return err
	}
}
