package e2e_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/internal/program"
	"ordermill/internal/services"
)

// follows is how soon read models show what is new while no broker wakes anybody: the checkout polls every second, and so do
// the projectors after it; and a little for a busy machine.
const follows = 4 * time.Second

// settles is how long RabbitMQ 3.10 takes at most to have a new quorum queue on its disk for good. One that is younger when
// the broker is killed is never to be had again, until somebody deletes it.
const settles = 2 * time.Second

func TestBrokersKilled_readModelsFollow_relaysCatchUp(t *testing.T) {
	if testing.Short() {
		t.Skip("short tests run under the race detector, which finds a known race of watermill-amqp when it connects again")
	}
	store, rabbit, redis := services.Postgres(t), services.StartRabbitMQ(t), services.StartRedis(t)
	s := open(t, program.Config{Store: store, AMQP: rabbit.URL, Redis: redis.URL, Demo: true})
	amqpSender(t, rabbit.URL)(orderLetter("before"), "")
	redisSender(t, redis.URL)(paymentLetter("before"), "")
	s.confirmed("before")
	for begun, i := time.Now(), 0; time.Since(begun) < settles; i++ {
		id := fmt.Sprintf("busy-%d", i%20) // no more than there is stock for
		s.letter(orderLetter(id))
		s.letter(paymentLetter(id))
		s.confirmed(id)
	}

	rabbit.Kill()
	redis.Kill()
	for i := range 3 {
		id := fmt.Sprintf("during-%d", i)
		s.letter(orderLetter(id))
		within(t, follows, func() error { return s.status(id, "awaiting_payment", "requested") })
		s.letter(paymentLetter(id))
		within(t, follows, func() error { return s.status(id, "confirmed", "paid") })
	}
	last := s.letter(orderLetter("last"))
	m, err := s.Message(t.Context(), last.MessageID)
	require.NoError(t, err)
	require.Equal(t, map[string]bool{"amqp": false, "redis": false}, m.Events[0].Published)

	rabbit.Restart()
	redis.Restart()
	s.tracked(last.MessageID, []string{"amqp", "redis"})
	s.letter(paymentLetter("last"))
	s.confirmed("last")
	amqpSender(t, rabbit.URL)(orderLetter("after"), "")
	redisSender(t, redis.URL)(paymentLetter("after"), "")
	s.confirmed("after")
	s.verified()
	balance(t, s.Client)
}

func TestBrokersAway_atTheStart_theShopOpens(t *testing.T) {
	s := open(t, program.Config{Store: services.Postgres(t), Demo: true,
		AMQP: "amqp://guest:guest@127.0.0.1:1/", Redis: "redis://127.0.0.1:1/0"})
	s.letter(orderLetter("1"))
	s.letter(paymentLetter("1"))
	s.confirmed("1")
}

func TestRedisFlushed_theStreamBeginsAnew_nothingIsLost(t *testing.T) {
	config := program.Config{Store: services.Postgres(t), Redis: services.Redis(t), Demo: true}
	s := open(t, config)
	s.letter(orderLetter("1"))
	eventually(t, func() error { return s.status("1", "awaiting_payment", "requested") })
	require.NoError(t, redisClient(t, config.Redis).FlushDB(t.Context()).Err())
	s.letter(paymentLetter("1"))
	s.confirmed("1")
	redisSender(t, config.Redis)(orderLetter("2"), "")
	s.tracked(s.letter(orderLetter("3")).MessageID, []string{"redis"})
	eventually(t, func() error { return s.status("2", "awaiting_payment", "requested") })
}
