package e2e_test

import (
	"math/rand/v2"

	amqp091 "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"
)

// roughlyDelivered has somebody between the relays and our consumers. Of what passes RabbitMQ, a tenth comes again at once, and
// a tenth again later, shuffled. What waits in the consumers' queues is dropped thrice, and a tenth of the Redis stream.
func (o *ordeal) roughlyDelivered() {
	const enough = 300 // records that have passed
	o.with(func(channel *amqp091.Channel) {
		queue, err := channel.QueueDeclare("", false, true, true, false, nil)
		require.NoError(o.t, err)
		require.NoError(o.t, channel.QueueBind(queue.Name, "#", "ordermill.events", false, nil))
		passing, err := channel.Consume(queue.Name, "", true, true, false, false, nil)
		require.NoError(o.t, err)
		again := func(d amqp091.Delivery) {
			require.NoError(o.t, channel.PublishWithContext(o.t.Context(), "ordermill.events", d.RoutingKey, false, false,
				amqp091.Publishing{MessageId: d.MessageId, AppId: meddler, Body: d.Body}))
		}
		var later []amqp091.Delivery
		for passed := 0; passed < enough; {
			d := <-passing
			if d.AppId == meddler {
				continue
			}
			passed++
			switch rand.IntN(10) {
			case 0:
				again(d)
			case 1:
				later = append(later, d)
			}
			if passed%100 == 0 {
				rand.Shuffle(len(later), func(i, j int) { later[i], later[j] = later[j], later[i] })
				for _, d := range later {
					again(d)
				}
				later = nil
				require.Positive(o.t, o.rabbit.DeleteQueues("ordermill.consumer."))
				o.dropFromStream()
			}
		}
	})
}

// meddler is the sender of what comes again.
const meddler = "meddler"

// dropFromStream deletes a tenth of the records that the stream holds.
func (o *ordeal) dropFromStream() {
	stream := redisClient(o.t, o.redis.URL)
	entries, err := stream.XRevRangeN(o.t.Context(), "ordermill:events", "+", "-", 1000).Result()
	require.NoError(o.t, err)
	var gone []string
	for _, entry := range entries {
		if rand.IntN(10) == 0 {
			gone = append(gone, entry.ID)
		}
	}
	if len(gone) > 0 {
		require.NoError(o.t, stream.XDel(o.t.Context(), "ordermill:events", gone...).Err())
	}
}
