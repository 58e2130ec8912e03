package e2e_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/internal/program"
	"ordermill/internal/services"
)

func TestBrokersAway_atTheStart_theShopOpens(t *testing.T) {
	t.Parallel()
	s := open(t, program.Config{Store: services.Postgres(t), Demo: true,
		AMQP: "amqp://guest:guest@127.0.0.1:1/", Redis: "redis://127.0.0.1:1/0"})
	s.letter(orderLetter("1"))
	s.letter(paymentLetter("1"))
	s.confirmed("1")
}

func TestRedisFlushed_theStreamBeginsAnew_nothingIsLost(t *testing.T) {
	t.Parallel()
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
