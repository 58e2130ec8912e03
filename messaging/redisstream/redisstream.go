package redisstream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"ordermill/eventstore/subscription"
	"ordermill/messaging"
)

// Name of the transport.
const Name = "redis"

// dialTimeout bounds one attempt to connect.
const dialTimeout = 5 * time.Second

// Options of a transport; the zero value is good where no inbox is run.
type Options struct {
	Prefix string           // of the streams; default ordermill
	MaxLen int64            // entries kept of the records, roughly; default 20000. Who is far behind reads all at once
	Cursor messaging.Cursor // of the inbox; needed to run it
	Log    *slog.Logger     // default slog.Default()
}

// Transport carries records out to Redis and letters in.
type Transport struct {
	redis     *redis.Options
	client    *redis.Client // for all but Watermill's subscribers, which close theirs
	events    string
	inbox     string
	cursor    messaging.Cursor
	log       *slog.Logger
	publisher *publisher
	feed      *messaging.Feed
	once      sync.Once
}

var _ messaging.Transport = (*Transport)(nil)

var errURL = errors.New("the Redis URL is not like redis://user:password@host:6379/0 (special characters in user and password as %XX)")

// New makes a transport over the Redis at url (redis:// or rediss://). It fails only if url makes no sense: connections
// are made when they are needed.
func New(url string, o Options) (*Transport, error) {
	options, err := redis.ParseURL(url)
	if err != nil {
		return nil, errURL // not err, which shows the password
	}
	options.ContextTimeoutEnabled = true
	options.DialTimeout = dialTimeout
	// Announcements of maintenance are known to managed Redis only; asking costs a command on every connection.
	options.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	if o.Prefix == "" {
		o.Prefix = messaging.DefaultPrefix
	}
	if o.MaxLen == 0 {
		o.MaxLen = 20_000
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	client := redis.NewClient(options)
	t := &Transport{
		redis: options, client: client, cursor: o.Cursor, log: o.Log,
		events:    o.Prefix + ":" + messaging.TopicEvents,
		inbox:     o.Prefix + ":" + messaging.TopicInbox,
		publisher: &publisher{client: client, prefix: o.Prefix, maxLen: o.MaxLen, log: o.Log},
	}
	t.feed = messaging.NewFeed(Name, t.events, o.Log, t.open)
	return t, nil
}

// Name is redis.
func (t *Transport) Name() string { return Name }

// Publisher publishes with explicit ids; see publisher.
func (t *Transport) Publisher() message.Publisher { return t.publisher }

// Feed wakes our own consumers.
func (t *Transport) Feed() subscription.Feed { return t.feed }

// SharedInbox is false: two readers would decide the same letters, and their cursors would fight.
func (t *Transport) SharedInbox() bool { return false }

// Close ends the connections.
func (t *Transport) Close() (err error) {
	t.once.Do(func() { err = t.client.Close() })
	return err
}

// field returns what an entry holds under a name, and whether it holds it.
func field(values map[string]any, name string) (string, bool) {
	text, ok := values[name].(string)
	return text, ok
}

// top is the highest id a stream ever gave out, "0-0" if there is no stream.
func top(ctx context.Context, client *redis.Client, stream string) (string, error) {
	info, err := client.XInfoStream(ctx, stream).Result()
	if err != nil && err.Error() == "ERR no such key" {
		return "0-0", nil
	}
	if err != nil {
		return "", fmt.Errorf("look at stream %s: %w", stream, err)
	}
	return info.LastGeneratedID, nil
}
