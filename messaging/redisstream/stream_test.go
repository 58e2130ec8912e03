package redisstream_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"ordermill/eventstore/subscription"
	"ordermill/internal/services"
	"ordermill/messaging"
	"ordermill/messaging/messagingtest"
	"ordermill/messaging/redisstream"
)

func publish(t testing.TB, transport messaging.Transport, records []subscription.Delivery) error {
	t.Helper()
	return messaging.NewRelay(transport).React(t.Context(), subscription.Work{Key: "log", Deliveries: records})
}

func opened(t testing.TB) (place, messaging.Transport) {
	p := newPlace(t, services.Redis(t))
	transport := p.Open(t)
	t.Cleanup(func() { transport.Close() })
	return p, transport
}

func TestPublish_refusedID_sentOnlyIfTheEntryIsOurs(t *testing.T) {
	p, transport := opened(t)
	ours, others := messagingtest.NewLog().Append(5), messagingtest.NewLog().Append(5)
	require.NoError(t, publish(t, transport, ours))
	require.NoError(t, publish(t, transport, ours), "sent already")
	require.Error(t, publish(t, transport, others), "another log's records stand there")
	require.Equal(t, []int64{1, 2, 3, 4, 5}, p.Keep(t)(), "and are left alone")
}

func TestKeeper_tellsWhatTheStreamHoldsThatTheLogHasNot(t *testing.T) {
	p, transport := opened(t)
	keeper := transport.(messaging.Keeper)
	last, err := keeper.Last(t.Context())
	require.NoError(t, err)
	require.Zero(t, last, "no stream yet")
	records := messagingtest.NewLog().Append(5)
	require.NoError(t, publish(t, transport, records))
	require.NoError(t, p.add(t, "events", "junk", "on top"))
	last, err = keeper.Last(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 5, last)
	for _, record := range records {
		id, err := keeper.EventAt(t.Context(), record.Position)
		require.NoError(t, err)
		require.Equal(t, record.EventID, id)
	}
	id, err := keeper.EventAt(t.Context(), 6)
	require.NoError(t, err)
	require.Zero(t, id)
}

func TestPublish_refusedID_notThere_isAnError(t *testing.T) {
	_, transport := opened(t)
	records := messagingtest.NewLog().Append(5)
	require.NoError(t, publish(t, transport, records[3:]))
	require.ErrorContains(t, publish(t, transport, records), "1-0", "a hole must not count as sent")
}

func TestPublish_foreignEntryOnTop_removedAndNothingElse(t *testing.T) {
	p, transport := opened(t)
	records := messagingtest.NewLog().Append(5)
	require.NoError(t, publish(t, transport, records[:3]))
	for i := range 250 {
		require.NoError(t, p.add(t, "events", "junk", fmt.Sprint(i)))
	}
	require.Error(t, publish(t, transport, records[3:]), "said aloud, once")
	require.NoError(t, publish(t, transport, records[3:]))
	require.Equal(t, []int64{1, 2, 3, 4, 5}, p.Keep(t)())
}

func TestPublish_copyOfOurRecordOnTop_removed(t *testing.T) {
	p, transport := opened(t)
	records := messagingtest.NewLog().Append(5)
	require.NoError(t, publish(t, transport, records[:3]))
	require.NoError(t, p.add(t, "events", "payload", []byte(messaging.Encode(records[1]).Payload)), "somebody replays an event")
	require.Error(t, publish(t, transport, records[3:]), "said aloud, once")
	require.NoError(t, publish(t, transport, records[3:]))
	require.Equal(t, []int64{1, 2, 3, 4, 5}, p.Keep(t)())
}

func TestPublish_onlyForeignEntries_startsFromNothing(t *testing.T) {
	p, transport := opened(t)
	require.NoError(t, p.add(t, "events", "junk", "1"))
	records := messagingtest.NewLog().Append(2)
	require.Error(t, publish(t, transport, records))
	require.NoError(t, publish(t, transport, records))
	require.Equal(t, []int64{1, 2}, p.Keep(t)())
}

func TestPublish_streamIsBounded(t *testing.T) {
	p := newPlace(t, services.Redis(t))
	transport, err := redisstream.New(p.url, redisstream.Options{Prefix: p.prefix, MaxLen: 100})
	require.NoError(t, err)
	defer transport.Close()
	log := messagingtest.NewLog()
	for range 4 {
		require.NoError(t, publish(t, transport, log.Append(500)))
	}
	kept := p.Keep(t)()
	require.Less(t, len(kept), 400)
	require.EqualValues(t, 2000, kept[len(kept)-1])
}

func TestEntry_fieldsForOutsiders(t *testing.T) {
	p, transport := opened(t)
	record := messagingtest.NewLog().Append(1)[0]
	require.NoError(t, publish(t, transport, []subscription.Delivery{record}))
	entries, err := p.client.XRange(t.Context(), p.prefix+":events", "-", "+").Result()
	require.NoError(t, err)
	require.Equal(t, "1-0", entries[0].ID)
	require.Equal(t, record.EventID.String(), entries[0].Values["event_id"])
	require.Equal(t, "order.placed", entries[0].Values["type"])
	require.Equal(t, string(messaging.Encode(record).Payload), entries[0].Values["payload"])
}

// reading runs an inbox that accepts everything; end ends it.
func reading(t testing.TB, transport messaging.Transport) (letters <-chan messaging.Inbound, end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	in, done := make(chan messaging.Inbound, 10_000), make(chan struct{})
	go func() {
		defer close(done)
		_ = transport.Inbox(ctx, func(_ context.Context, letter messaging.Inbound) error {
			in <- letter
			return nil
		})
	}()
	end = func() { cancel(); <-done }
	t.Cleanup(end)
	return in, end
}

func TestInbox_foreignEntry_handedOnAsItsFields(t *testing.T) {
	p, transport := opened(t)
	id, err := p.client.XAdd(t.Context(), &redis.XAddArgs{Stream: p.prefix + ":inbox", Values: []any{"a", "1", "b", "<x>"}}).Result()
	require.NoError(t, err)
	letters, _ := reading(t, transport)
	letter := <-letters
	require.Equal(t, "redis", letter.Source)
	require.Equal(t, id, letter.Ref)
	require.JSONEq(t, `{"a":"1","b":"<x>"}`, string(letter.Body))
	require.Contains(t, letter.Amiss, "field payload is missing")
}

func TestInbox_trimmed_neverPastTheCursor(t *testing.T) {
	p, transport := opened(t)
	for i := range 1500 {
		p.Send(t, []byte(fmt.Sprint(i)))
	}
	letters, end := reading(t, transport)
	for i := range 1100 {
		require.Equal(t, fmt.Sprint(i), string((<-letters).Body))
	}
	end()
	entries, err := p.client.XRange(t.Context(), p.prefix+":inbox", "-", "+").Result()
	require.NoError(t, err)
	require.Less(t, len(entries), 1500, "memory is bounded")
	require.False(t, len(entries) > 0 && entries[0].ID > p.cursor.id, "a letter that is not decided was trimmed")
}

func TestInbox_streamLost_newLettersAreRead(t *testing.T) {
	p, transport := opened(t)
	p.cursor.id = "9999999999999-0" // of a Redis whose clock was ahead, and whose data is gone
	p.Send(t, []byte("1"))
	letters, _ := reading(t, transport)
	require.Equal(t, "1", string((<-letters).Body))
}

func TestInbox_withoutCursor_saysSo(t *testing.T) {
	p := newPlace(t, services.Redis(t))
	transport, err := redisstream.New(p.url, redisstream.Options{Prefix: p.prefix})
	require.NoError(t, err)
	defer transport.Close()
	require.ErrorContains(t, transport.Inbox(t.Context(), nil), "Options.Cursor")
}

func TestNew_badURL_saysWhatIsRight(t *testing.T) {
	_, err := redisstream.New("localhost", redisstream.Options{})
	require.ErrorContains(t, err, "redis://user:password@host")
}
