package api_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/api/v1"
	"ordermill/projections"
)

func (m *fakeModel) Repair(context.Context) (projections.Repaired, error) {
	return m.repaired, m.mendErr
}

func (m *fakeModel) VerifyIfDue(context.Context, time.Duration) (time.Duration, error) {
	return time.Hour, nil
}

func (m *fakeModel) Mend(_ context.Context, key string) (projections.Mended, error) {
	if key != m.mended.Key && m.mendErr == nil {
		return projections.Mended{}, fmt.Errorf("%q: %w", key, projections.ErrNotFound)
	}
	return m.mended, m.mendErr
}

func TestRebuild_isAskedForWithConditions(t *testing.T) {
	for query, want := range map[string]projections.Asked{
		"":                             {MaxChanges: projections.AnyNumber},
		"?dry_run=true":                {DryRun: true, MaxChanges: projections.AnyNumber},
		"?max_changes=0":               {MaxChanges: 0},
		"?dry_run=false&max_changes=7": {MaxChanges: 7},
	} {
		s := newShop(t)
		s.do("POST", "/v1/projections/orders/rebuild"+query, "").ok(202, &v1.Rebuild{})
		require.Equal(t, want, s.models[0].asked, query)
	}
	s := newShop(t)
	for _, query := range []string{"?max_changes=-1", "?max_changes=x", "?max_changes=01", "?max_changes=9999999999999999999", "?dry_run=2", "?dryrun=true"} {
		s.do("POST", "/v1/projections/orders/rebuild"+query, "").problem(v1.InvalidParameter)
	}
	require.False(t, s.models[0].running)
}

func TestRebuild_tellsHowItCompared(t *testing.T) {
	s := newShop(t)
	seven := int64(7)
	s.models[0].progress = &projections.Progress{Projection: "orders", Generation: 2, Status: projections.Done, DryRun: true, MaxChanges: &seven,
		Report: &projections.Report{Generation: 1, Position: 9, Rows: 2, Count: 1, Differences: []projections.Difference{{Key: "1", Column: "shown", Live: "1", Folded: "0"}}}}
	var r v1.Rebuild
	s.get("/v1/projections/orders/rebuild").ok(200, &r)
	require.Equal(t, v1.Rebuild{Name: "orders", Generation: 2, Status: "done", DryRun: true, MaxChanges: &seven, Comparison: &v1.Verification{Name: "orders",
		Generation: 1, Position: 9, Rows: 2, Count: 1, Differences: []v1.Difference{{Key: "1", Column: "shown", Live: "1", Folded: "0"}}}}, r)
}

func TestRow_isRebuiltByItself(t *testing.T) {
	s := newShop(t)
	s.models[0].mended = projections.Mended{Key: "1", Was: projections.Written, Report: projections.Report{Generation: 1, Position: 9, Count: 1,
		Differences: []projections.Difference{{Key: "1", Live: "", Folded: "{}"}}}}
	var r v1.RebuiltRow
	s.do("POST", "/v1/projections/orders/rows/1/rebuild", "").ok(200, &r)
	require.Equal(t, v1.RebuiltRow{Name: "orders", Key: "1", Outcome: "written", Generation: 1, Position: 9, Count: 1,
		Differences: []v1.Difference{{Key: "1", Folded: "{}"}}}, r)
	s.do("POST", "/v1/projections/orders/rows/2/rebuild", "").problem(v1.NotFound)
	s.do("POST", "/v1/projections/other/rows/1/rebuild", "").problem(v1.NotFound)
	s.models[0].mendErr = projections.ErrNoStreams
	require.Equal(t, 409, s.do("POST", "/v1/projections/orders/rows/1/rebuild", "").StatusCode)
	s.do("POST", "/v1/projections/orders/rows/1/rebuild", "").problem(v1.RowNotMendable)
	s.models[0].mendErr = projections.ErrParked
	s.do("POST", "/v1/projections/orders/rows/1/rebuild", "").problem(v1.ProjectionParked)
}

func TestVerify_repairsIfAsked_andTellsWhatIsLeft(t *testing.T) {
	s := newShop(t)
	s.models[0].repaired = projections.Repaired{Report: projections.Report{Generation: 1, Position: 9, Rows: 2, Count: 3}, Mended: 1, LeftCount: 1,
		Left: []projections.Left{{Key: "2", Why: "parked"}}}
	var v v1.Verification
	s.do("POST", "/v1/projections/orders/verify?repair=true", "").ok(200, &v)
	require.Equal(t, v1.Verification{Name: "orders", Generation: 1, Position: 9, Rows: 2, Count: 3, Differences: []v1.Difference{},
		Repair: &v1.Repair{Mended: 1, LeftCount: 1, Left: []v1.LeftRow{{Key: "2", Why: "parked"}}}}, v)
	var plain v1.Verification
	s.do("POST", "/v1/projections/orders/verify", "").ok(200, &plain)
	require.Nil(t, plain.Repair)
}

func TestProjections_tellWhenTheyWereVerified(t *testing.T) {
	s := newShop(t)
	s.models[0].verified = projections.Verified{At: recorded, Generation: 1, Position: 9, Differences: 3, Mended: 2}
	var page v1.List[v1.Projection]
	s.get("/v1/projections").ok(200, &page)
	require.Equal(t, &v1.Verified{At: recorded, Generation: 1, Position: 9, Differences: 3, Mended: 2}, page.Items[0].Verified)
	require.Nil(t, page.Items[1].Verified, "it never was")
}
