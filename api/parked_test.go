package api_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/api/v1"
	"ordermill/eventstore/subscription"
)

// withParked is a shop in which a reactor, the live generation of a read model, and one that nobody reads have parked keys.
func withParked(t *testing.T) *shop {
	s := newShop(t)
	s.consumers.statuses = []subscription.Status{{Name: "checkout", Kind: "reactor"}, {Name: "orders.1", Kind: "projector"}, {Name: "orders.0", Kind: "projector"}}
	s.consumers.parked = []subscription.ParkedKey{
		{Consumer: "orders.1", Key: "7", Error: "cannot fold", Attempts: 2, ParkedAt: recorded, Skipped: 2, Asked: "retry"},
		{Consumer: "orders.0", Key: "7"}, {Consumer: "checkout", Key: "8", Attempts: 1, ParkedAt: recorded, Skipped: 1},
	}
	return s
}

func TestParked_list_namesReadModelsByTheirOwnName(t *testing.T) {
	s := withParked(t)
	var page v1.List[v1.ParkedKey]
	s.get("/v1/parked").ok(200, &page)
	require.Equal(t, []v1.ParkedKey{
		{Consumer: "checkout", Key: "8", Attempts: 1, ParkedAt: when(), Skipped: 1, Positions: []int64{4, 6}},
		{Consumer: "orders", Key: "7", Error: "cannot fold", Attempts: 2, ParkedAt: when(), Skipped: 2, Positions: []int64{4, 6}, Asked: "retry"},
	}, page.Items)
	s.get("/v1/parked?limit=1").ok(200, &page)
	s.get("/v1/parked?limit=1&cursor="+*page.NextCursor).ok(200, &page)
	require.Equal(t, "orders", page.Items[0].Consumer)
	require.Nil(t, page.NextCursor)
}

func TestParked_retryAndDiscard_reachTheOwner(t *testing.T) {
	s := withParked(t)
	var asked v1.ParkedAsked
	s.do("POST", "/v1/parked/orders/7/retry", "").ok(202, &asked)
	require.Equal(t, v1.ParkedAsked{Consumer: "orders", Key: "7", Asked: "retry"}, asked)
	require.Equal(t, []string{"orders.1", "7", "retry", ""}, s.consumers.asked)
	s.post("/v1/parked/checkout/8/discard", `{"reason":"sent twice"}`).ok(202, &asked)
	require.Equal(t, []string{"checkout", "8", "discard", "sent twice"}, s.consumers.asked)
	for _, path := range []string{"orders/9", "nobody/7", "orders.1/7"} {
		s.do("POST", "/v1/parked/"+path+"/retry", "").problem(v1.NotFound)
	}
	s.post("/v1/parked/orders/7/retry", `{"a":1}`).problem(v1.InvalidJSON)
	s.post("/v1/parked/orders/7/discard", `{}`).problem(v1.ValidationFailed)
	s.post("/v1/parked/orders/7/discard", `{"reason":""}`).problem(v1.ValidationFailed)
	s.post("/v1/parked/orders/7/discard", ``).problem(v1.InvalidJSON)
	s.do("POST", "/v1/parked/orders/a%20b/retry", "").problem(v1.InvalidParameter)
}
