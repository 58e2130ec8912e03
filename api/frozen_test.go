package api_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/api/v1"
	"ordermill/projections"
	"ordermill/projections/orders"
)

func (m *fakeModel) Freeze(ctx context.Context, position int64) (projections.Frozen, error) {
	if err := m.frozen.wait(ctx); err != nil {
		return projections.Frozen{}, err
	}
	switch {
	case m.past == nil:
		m.past = &projections.Frozen{Projection: m.name, Generation: 4, Position: position, Status: projections.Running, EventsDone: 1, StartedAt: recorded}
	case m.past.Position != position:
		return projections.Frozen{}, fmt.Errorf("freeze: %w", projections.ErrFreezeRunning)
	}
	return *m.past, nil
}

func (m *fakeModel) Frozen(ctx context.Context, generation int64) (projections.Frozen, error) {
	if err := m.frozen.wait(ctx); err != nil {
		return projections.Frozen{}, err
	}
	if m.past == nil || m.past.Generation != generation {
		return projections.Frozen{}, projections.ErrNotFound
	}
	return *m.past, nil
}

func TestListAsOf_isFrozen_andReadThere(t *testing.T) {
	s := withPast(t)
	s.orders["7"] = orders.Row{OrderID: "7", Order: awaited}
	s.orders["8"] = orders.Row{OrderID: "8", Order: awaited}
	var frozen v1.Frozen
	answer := s.get("/v1/orders?as_of=" + secondsLater(2) + "&status=placed&limit=3")
	answer.ok(202, &frozen)
	fits(t, s.description().Paths.Find("/v1/orders").Get.Responses.Value("202").Value.Content["application/json"], answer)
	require.Equal(t, "/v1/projections/orders/frozen/4", answer.Header.Get("Location"))
	require.Equal(t, "6", answer.Header.Get("X-Projection-Position"))
	require.Equal(t, v1.Frozen{Name: "orders", Frozen: 4, Position: 6, Status: "running", EventsDone: 1, StartedAt: when(), Rows: "/v1/orders?frozen=4&limit=3&status=placed"}, frozen, "what narrowed the list goes along")
	again := s.get("/v1/orders?as_of=6")
	require.Equal(t, []any{202, answer.Header.Get("Location")}, []any{again.StatusCode, again.Header.Get("Location")})
	require.True(t, s.get("/v1/orders?as_of=5").problem(v1.FreezeRunning).Retryable)

	s.models[0].past.Status, s.models[0].past.ExpiresAt = projections.Done, recorded.Add(time.Hour)
	answer = s.get("/v1/projections/orders/frozen/4")
	answer.ok(200, &frozen)
	fits(t, s.description().Paths.Find("/v1/projections/{name}/frozen/{frozen}").Get.Responses.Value("200").Value.Content["application/json"], answer)
	require.Equal(t, recorded.Add(time.Hour), *frozen.ExpiresAt)
	require.Equal(t, "/v1/orders?frozen=4", frozen.Rows)

	var page v1.List[v1.Order]
	answer = s.get(frozen.Rows + "&limit=1&status=awaiting_payment")
	answer.ok(200, &page)
	fits(t, s.description().Paths.Find("/v1/orders").Get.Responses.Value("200").Value.Content["application/json"], answer)
	require.Len(t, page.Items, 1)
	require.Equal(t, `</v1/orders?cursor=next&frozen=4&limit=1&status=awaiting_payment>; rel="next"`, answer.Header.Get("Link"))
	require.EqualValues(t, 4, asked.Load().(projections.Query).Frozen)
	require.Len(t, asked.Load().(projections.Query).Where, 1)
}

func TestListAsOf_whatCannotBe(t *testing.T) {
	s := withPast(t)
	s.get("/v1/orders?as_of=10").problem(v1.NotReached)
	s.get("/v1/orders?as_of=" + secondsLater(-1)).problem(v1.NotFound)
	s.get("/v1/orders?as_of=never").problem(v1.InvalidParameter)
	for query, parameter := range map[string]string{"as_of=3&min_position=3": "min_position", "as_of=3&frozen=3": "frozen", "as_of=3&cursor=next": "cursor",
		"frozen=3&min_position=3": "min_position", "frozen=0": "frozen"} {
		require.Equal(t, parameter, s.get("/v1/payments?" + query).problem(v1.InvalidParameter).Errors[0].Parameter)
	}
	require.Contains(t, s.get("/v1/projections/orders/frozen/4").problem(v1.NotFound).Detail, "hour is over")
	s.get("/v1/projections/nobody/frozen/4").problem(v1.NotFound)
	require.Nil(t, s.models[0].past)
}
