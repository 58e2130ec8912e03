package e2e_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/api/client"
	"ordermill/api/v1"
)

// woken is how soon, at the median, an order is settled and shown when each part of the work is in another process. Without
// wake-ups from process to process it would be seconds: everybody asks the log once a second anyway.
const woken = 500 * time.Millisecond

func TestRolesSplitOverProcesses_twoLettersSettleAnOrder(t *testing.T) {
	shared := newCluster(t)
	front := shared.copy("api")
	require.ErrorContains(t, front.Ready(t.Context()), "no copy works on it (is there one with the role projector?)")
	relay, back := shared.copy("relay"), shared.copy("projector", "worker")
	front.ready()
	relay.ready()
	back.ready()

	var problem *v1.Problem
	_, err := back.Order(t.Context(), "1")
	require.ErrorAs(t, err, &problem)
	require.Equal(t, v1.NotServedHere, problem.Code)

	last := front.letter(orderLetter("over-http"))
	front.letter(paymentLetter("over-http"))
	amqpSender(t, shared.amqp)(orderLetter("over-brokers"), "")
	redisSender(t, shared.redis)(paymentLetter("over-brokers"), "")
	front.confirmed("over-http", "over-brokers")
	front.tracked(last.MessageID, []string{"amqp", "redis"})

	front.stocked("TOY", 1000)
	var settling, reading []time.Duration
	for i := range 21 {
		id, begun := fmt.Sprintf("timed-%d", i), time.Now()
		_, err := front.PlaceOrder(t.Context(), v1.PlaceOrder{OrderID: id, Items: []v1.PlaceItem{{SKU: "TOY", Quantity: 1}}}, client.Wait(10))
		require.NoError(t, err)
		require.NoError(t, front.status(id, "awaiting_payment", "requested"), "what Prefer: wait has waited for is shown")
		settling, begun = append(settling, time.Since(begun)), time.Now()

		paid, err := front.RecordPayment(t.Context(), id, v1.RecordPayment{PaymentID: id, AmountMinor: 1000})
		require.NoError(t, err)
		_, err = front.OrderAt(t.Context(), id, paid.Position)
		require.NoError(t, err)
		reading = append(reading, time.Since(begun))
	}
	t.Logf("median until an order is settled and shown %v, until a payment is shown %v", median(settling), median(reading))
	require.Less(t, median(settling), woken)
	require.Less(t, median(reading), woken)

	for _, name := range []string{"orders", "inventory"} {
		front.rebuilt(name) // begun here, done by the copy that projects
	}
	front.verified() // here: it needs nobody
	balance(t, front.Client)

	back.kill()
	front.letter(orderLetter("late"))
	_, err = front.OrderAt(t.Context(), "late", 1<<40) // nobody follows: the answer says so in time
	require.ErrorAs(t, err, &problem)
	require.Equal(t, v1.ProjectionBehind, problem.Code)
	shared.copy("projector")
	shared.copy("worker")
	within(t, patience, func() error { return front.status("late", "awaiting_payment", "requested") })
}

func median(all []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}
