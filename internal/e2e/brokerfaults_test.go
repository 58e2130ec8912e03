package e2e_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"ordermill/api/client"
	"ordermill/api/v1"
	"ordermill/internal/program"
	"ordermill/internal/services"
)

// shown is how soon a read model shows what was answered, while no broker wakes anybody: its poll, and the same again.
const shown = 2 * time.Second

// follows is how soon read models show what is new while no broker wakes anybody: the checkout polls every second, and so do
// the projectors after it; and a little for a busy machine.
const follows = 4 * time.Second

// settles is how long RabbitMQ 3.10 takes at most to have a new quorum queue on its disk for good. One that is younger when
// the broker is killed is never to be had again, until somebody deletes it.
const settles = 2 * time.Second

// ordeal is a shop on both brokers, whose clients buy without a pause while something is done to the brokers.
type ordeal struct {
	*shop
	config  program.Config
	rabbit  *services.RabbitMQ
	redis   *services.Server
	buying  *shopping
	errands []*errand // of clients that have stopped
	others  []string  // further orders that must end confirmed
}

// TestBrokers_anythingHappensToThem_underLoad_thingsAreLateAndNothingElse does what may happen to a broker, over and over. After
// each: every acknowledged command is in the log once, positions are dense, every read model is a fold of the log, the books
// balance, both relays have published all, and letters come in again.
func TestBrokers_anythingHappensToThem_underLoad_thingsAreLateAndNothingElse(t *testing.T) {
	t.Parallel()
	ordeals(t, map[string]func(*ordeal){
		"Redis flushed":             (*ordeal).redisFlushed,
		"streams deleted":           (*ordeal).streamsDeleted,
		"queues deleted":            (*ordeal).queuesDeleted,
		"doubled, shuffled, losing": (*ordeal).roughlyDelivered,
		"junk everywhere":           (*ordeal).junkEverywhere,
	})
}

// TestBrokers_RabbitMQKilled_underLoad_thingsAreLateAndNothingElse: the same, on a broker that others do not need meanwhile.
func TestBrokers_RabbitMQKilled_underLoad_thingsAreLateAndNothingElse(t *testing.T) {
	t.Parallel()
	ordeals(t, map[string]func(*ordeal){"RabbitMQ killed": (*ordeal).rabbitKilled})
}

// TestBrokers_awayOrFull_commandsDoNotWait: the same, and what need not be late is not.
func TestBrokers_awayOrFull_commandsDoNotWait(t *testing.T) {
	ordeals(t, map[string]func(*ordeal){
		"RabbitMQ's memory full": (*ordeal).rabbitFull,
		"both away":              (*ordeal).bothAway,
	})
}

// ordeals runs these one after the other, on one broker of each kind.
func ordeals(t *testing.T, all map[string]func(*ordeal)) {
	if testing.Short() {
		t.Skip("short tests run under the race detector, which finds a known race of watermill-amqp when it connects again")
	}
	rabbit, redisServer := services.StartRabbitMQ(t), services.StartRedis(t)
	for name, happens := range all {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, redisClient(t, redisServer.URL).FlushAll(t.Context()).Err(), "another log's stream")
			config := program.Config{Store: services.Postgres(t), AMQP: rabbit.URL, Redis: redisServer.URL, Demo: true}
			o := &ordeal{shop: open(t, config), config: config, rabbit: rabbit, redis: redisServer}
			o.lettersComeIn("before")
			o.stocked("TOY", 1_000_000)
			o.buying = o.steadyBuyers(8)
			o.busyFor(settles)
			for range torture(1, 3) {
				happens(o)
				o.buying.acknowledged(20)
				o.rest()
				o.published()
				o.buying = o.steadyBuyers(8)
			}
			o.rest()
			o.lettersComeIn("after")
			o.published()
			settled(t, o.shop, o.errands, o.others...)
		})
	}
}

// lettersComeIn sends an order over RabbitMQ and its money over Redis until they are there: what is sent while a queue or a
// stream is not there is its sender's to send again.
func (o *ordeal) lettersComeIn(id string) {
	o.t.Helper()
	order, money := amqpSender(o.t, o.rabbit.URL), redisSender(o.t, o.redis.URL)
	eventually(o.t, func() error {
		order(orderLetter(id), "")
		if _, err := o.Order(o.t.Context(), id); err != nil {
			return err
		}
		return nil
	})
	eventually(o.t, func() error {
		money(paymentLetter(id), "")
		return o.status(id, "confirmed", "paid")
	})
	o.others = append(o.others, id)
}

// busyFor waits while the clients buy.
func (o *ordeal) busyFor(d time.Duration) {
	o.t.Helper()
	for begun := time.Now(); time.Since(begun) < d; {
		o.buying.acknowledged(1)
	}
}

// rest lets the clients stop.
func (o *ordeal) rest() { o.errands = append(o.errands, o.buying.stop()...) }

// published waits until both relays have published and confirmed all there is, for as long as they get on.
func (o *ordeal) published() {
	o.t.Helper()
	for all, soFar := false, int64(-1); !all; {
		eventually(o.t, func() error {
			relays, err := o.Relays(o.t.Context())
			if err != nil {
				return err
			}
			require.Len(o.t, relays, 2)
			all = relays[0].Lag+relays[1].Lag == 0
			checkpoints := relays[0].Checkpoint + relays[1].Checkpoint
			if !all && checkpoints == soFar {
				return fmt.Errorf("a relay does not get on: %+v", relays)
			}
			soFar = checkpoints
			return nil
		})
	}
}

func (o *ordeal) rabbitKilled() {
	o.rabbit.Kill()
	o.buying.acknowledged(20)
	o.rabbit.Restart()
}

// rabbitFull: commands do not wait for the broker, which would be seconds; a copy whose relay hangs in the broker can be stopped,
// and another starts.
func (o *ordeal) rabbitFull() {
	other := open(o.t, o.config)
	before := o.latency()
	o.rabbit.Alarm()
	defer o.rabbit.EndAlarm()
	o.busyFor(time.Duration(torture(3, 15)) * time.Second)
	during := o.latency()
	require.Less(o.t, during, before+time.Second, "commands wait for the broker")
	eventually(o.t, func() error { // else nothing was full
		relays, err := o.Relays(o.t.Context())
		if err == nil && !slices.ContainsFunc(relays, func(r v1.Relay) bool { return r.Transport == "amqp" && r.Lag > 0 }) {
			err = fmt.Errorf("RabbitMQ takes what it is sent: %+v", relays)
		}
		return err
	})

	o.rest()
	stopping := time.Now()
	o.stop()
	require.Less(o.t, time.Since(stopping), takeover, "a full broker keeps a copy from ending")
	o.shop = other
	o.buying = o.steadyBuyers(8)
}

// latency is the median of how long a command takes.
func (o *ordeal) latency() time.Duration {
	o.t.Helper()
	var took []time.Duration
	for range 21 {
		begun := time.Now()
		_, err := o.ReceiveStock(o.t.Context(), "TOY", v1.ReceiveStock{Quantity: 1}, client.Key(fmt.Sprint("latency-", begun.UnixNano())))
		require.NoError(o.t, err)
		took = append(took, time.Since(begun))
	}
	slices.Sort(took)
	return took[len(took)/2]
}

// bothAway: read models follow by polling, and what was written meanwhile is published afterwards.
func (o *ordeal) bothAway() {
	o.rabbit.Kill()
	o.redis.Kill()
	for begun := time.Now(); time.Since(begun) < time.Duration(torture(3, 30))*time.Second; {
		e := &errand{id: fmt.Sprintf("away-%d", time.Now().UnixNano())}
		require.NoError(o.t, e.run(o.t.Context(), o.Client))
		o.errands = append(o.errands, e)
		within(o.t, shown, func() error { _, err := o.Order(o.t.Context(), e.id); return err })
	}
	o.rest()
	last := fmt.Sprintf("last-%d", time.Now().UnixNano())
	sent := o.letter(orderLetter(last))
	within(o.t, follows, func() error { return o.status(last, "awaiting_payment", "requested") })
	m, err := o.Message(o.t.Context(), sent.MessageID)
	require.NoError(o.t, err)
	require.Equal(o.t, map[string]bool{"amqp": false, "redis": false}, m.Events[0].Published)
	o.letter(paymentLetter(last))
	within(o.t, follows, func() error { return o.status(last, "confirmed", "paid") })
	o.others = append(o.others, last)

	o.redis.Restart()
	o.rabbit.Restart()
	o.published()
	o.tracked(sent.MessageID, []string{"amqp", "redis"})
	o.buying = o.steadyBuyers(8)
}

func (o *ordeal) redisFlushed() {
	require.NoError(o.t, redisClient(o.t, o.redis.URL).FlushAll(o.t.Context()).Err())
}

func (o *ordeal) streamsDeleted() {
	require.NoError(o.t, redisClient(o.t, o.redis.URL).Del(o.t.Context(), "ordermill:events", "ordermill:inbox").Err())
}

// queuesDeleted deletes all queues, then the exchange too.
func (o *ordeal) queuesDeleted() {
	require.Positive(o.t, o.rabbit.DeleteQueues("ordermill."))
	o.buying.acknowledged(20)
	o.with(func(channel *amqp091.Channel) {
		require.NoError(o.t, channel.ExchangeDelete("ordermill.events", false, false))
	})
}

// with does something with a client of RabbitMQ's.
func (o *ordeal) with(do func(*amqp091.Channel)) {
	o.t.Helper()
	conn, err := amqp091.Dial(o.rabbit.URL)
	require.NoError(o.t, err)
	defer conn.Close()
	channel, err := conn.Channel()
	require.NoError(o.t, err)
	do(channel)
}

func (o *ordeal) junkEverywhere() {
	stream := redisClient(o.t, o.redis.URL)
	add := func(name string, values ...any) {
		require.NoError(o.t, stream.XAdd(o.t.Context(), &redis.XAddArgs{Stream: name, Values: values}).Err())
	}
	failed := o.failed()
	o.with(func(channel *amqp091.Channel) {
		for _, body := range junk {
			for exchange, key := range map[string]string{"ordermill.events": "order.placed", "": "ordermill.inbox"} {
				require.NoError(o.t, channel.PublishWithContext(context.Background(), exchange, key, true, false, amqp091.Publishing{
					Body: []byte(body), Headers: amqp091.Table{"list": []any{int32(1), nil}},
				}))
			}
			add("ordermill:events", "payload", body)
			add("ordermill:inbox", "payload", body)
		}
		add("ordermill:events", "no", "payload")
		add("ordermill:inbox", "no", "payload")
	})
	eventually(o.t, func() error {
		if n := o.failed() - failed; n != 2*len(junk)+1 {
			return fmt.Errorf("%d letters failed", n)
		}
		return nil
	})
}

// failed counts the letters that were refused.
func (o *ordeal) failed() (n int) {
	for _, m := range all(o.t, o.Messages) {
		if m.Status == "failed" {
			n++
		}
	}
	return n
}
