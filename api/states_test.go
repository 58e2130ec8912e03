package api_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/api/v1"
)

func TestStreamState_atAnyVersion(t *testing.T) {
	s := withPast(t)
	var state v1.StreamState
	answer := s.get("/v1/streams/inventory-A/state?version=2")
	answer.ok(200, &state)
	fits(t, s.description().Paths.Find("/v1/streams/{stream}/state").Get.Responses.Value("200").Value.Content["application/json"], answer)
	require.Contains(t, string(state.State), `"on_hand":5`)
	require.Equal(t, [2]int64{2, 2}, [2]int64{state.Version, state.Position})
	s.get("/v1/streams/inventory-A/state").ok(200, &state)
	require.Equal(t, [2]int64{3, 4}, [2]int64{state.Version, state.Position})
	require.Contains(t, string(state.State), `"reserved":2`)
	require.EqualValues(t, 3, s.get("/v1/streams/inventory-A/state?version=4").problem(v1.NotReached).Extra["latest"])
	s.get("/v1/streams/inventory-B/state").problem(v1.NotFound)
	s.get("/v1/streams/inventory-A/state?version=0").problem(v1.InvalidParameter)
}

func TestStreamDiff_fieldByField(t *testing.T) {
	s := withPast(t)
	var diff v1.StreamDiff
	answer := s.get("/v1/streams/inventory-A/diff?from=1&to=2")
	answer.ok(200, &diff)
	fits(t, s.description().Paths.Find("/v1/streams/{stream}/diff").Get.Responses.Value("200").Value.Content["application/json"], answer)
	require.Equal(t, [2]int64{1, 2}, [2]int64{diff.From, diff.To})
	require.Contains(t, changed(v1.RowChange{Changes: diff.Changes}), "/on_hand 0 5")
	s.get("/v1/streams/inventory-A/diff").ok(200, &diff)
	require.Equal(t, [2]int64{0, 3}, [2]int64{diff.From, diff.To})
	require.Equal(t, "", diff.Changes[0].Pointer)
	s.get("/v1/streams/inventory-A/diff?from=3").ok(200, &diff)
	require.Empty(t, diff.Changes)
	require.NotNil(t, diff.Changes)
	require.Equal(t, "from", s.get("/v1/streams/inventory-A/diff?from=3&to=2").problem(v1.InvalidParameter).Errors[0].Parameter)
	s.get("/v1/streams/inventory-A/diff?from=4").problem(v1.NotReached)
}

func TestStreamState_whatThisProgramCannotFold_saysSo(t *testing.T) {
	s := withPast(t)
	s.log.append(record(10, "weather-1", 1, "weather.rained", `{}`), record(11, "inventory-A", 4, "inventory.stolen", `{}`),
		record(12, "payment-9", 2, "payment.captured", `{"capture_id":7}`))
	s.get("/v1/streams/weather-1/state").problem(v1.UnknownCategory)
	s.get("/v1/streams/inventory-A/state").problem(v1.UnreadableEvent)
	s.get("/v1/streams/payment-9/diff?from=1&to=2").problem(v1.UnreadableEvent)
	require.Equal(t, 200, s.get("/v1/streams/payment-9/state?version=1").StatusCode)
}
