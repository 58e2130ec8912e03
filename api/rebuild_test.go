package api_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/api/v1"
	"ordermill/projections"
)

func TestRebuild_tellsSpeedAndWhatIsLeft(t *testing.T) {
	s := newShop(t)
	s.models[0].progress = &projections.Progress{Projection: "orders", Generation: 2, Status: projections.Running, EventsDone: 10, EventsTotal: 100,
		PerSecond: 45, ETA: 2 * time.Second, Error: "the disk is slow"}
	var r v1.Rebuild
	s.get("/v1/projections/orders/rebuild").ok(200, &r)
	two := int64(2)
	require.Equal(t, v1.Rebuild{Name: "orders", Generation: 2, Status: "running", EventsDone: 10, EventsTotal: 100, EventsPerSecond: 45,
		ETASeconds: &two, Error: "the disk is slow"}, r)
}

func TestCancelRebuild_endsTheOneThatRuns(t *testing.T) {
	s := newShop(t)
	require.Equal(t, 409, s.do("POST", "/v1/projections/orders/rebuild/cancel", "").StatusCode)
	s.do("POST", "/v1/projections/orders/rebuild/cancel", "").problem(v1.RebuildNotRunning)
	s.do("POST", "/v1/projections/other/rebuild/cancel", "").problem(v1.NotFound)
	s.do("POST", "/v1/projections/orders/rebuild", "").ok(202, &v1.Rebuild{})
	var r v1.Rebuild
	s.do("POST", "/v1/projections/orders/rebuild/cancel", "").ok(200, &r)
	require.Equal(t, "cancelled", r.Status)
	s.get("/v1/projections/orders/rebuild").ok(200, &r)
	require.Equal(t, "cancelled", r.Status)
}

func TestRollback_needsSomethingKept(t *testing.T) {
	s := newShop(t)
	require.Equal(t, 409, s.do("POST", "/v1/projections/orders/rollback", "").StatusCode)
	s.do("POST", "/v1/projections/orders/rollback", "").problem(v1.NothingKept)
	s.do("POST", "/v1/projections/other/rollback", "").problem(v1.NotFound)
	s.models[0].kept = 3
	var page v1.List[v1.Projection]
	s.get("/v1/projections").ok(200, &page)
	require.EqualValues(t, 3, page.Items[0].KeptGeneration)
	var r v1.Rebuild
	answer := s.do("POST", "/v1/projections/orders/rollback", "")
	answer.ok(202, &r)
	require.Equal(t, "/v1/projections/orders/rebuild", answer.Header.Get("Location"))
	require.Equal(t, v1.Rebuild{Name: "orders", Generation: 3, Status: "running", EventsTotal: 9}, r)
}

func TestStoreFrozen_cancelAndRollbackAreNotWaitedForEither(t *testing.T) {
	for _, path := range []string{"/v1/projections/orders/rebuild/cancel", "/v1/projections/orders/rollback"} {
		s := newShop(t)
		s.frozen = true
		synctest.Test(t, func(t *testing.T) { s.isAway(t, s.direct("POST", path, "")) })
	}
}
