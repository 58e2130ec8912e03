package projectiontest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ordermill/eventstore/subscription"
	"ordermill/projections"
)

func isNotFound(err error) bool { return errors.Is(err, projections.ErrNotFound) }

func verifyFinds(t *testing.T, f Fixture, s Subject) {
	newShop(t, f.Store, 6).orders(10)
	m := s.open(f, "a", projections.WithPageSize(9))
	run(t, m)
	reach(t, f, m)
	report, err := m.Verify(t.Context())
	require.NoError(t, err)
	require.Zero(t, report.Count, "%v", report.Differences)
	rows := stored(t, f, m)
	require.Equal(t, int64(len(rows)), report.Rows)

	var keys []string
	for key := range rows {
		keys = append(keys, key)
	}
	require.GreaterOrEqual(t, len(keys), 3)
	table := liveTable(t, m)
	corrupt := strings.Replace(rows[keys[0]], `"position":`, `"position":7`, 1)
	change(t, f, `UPDATE `+table+` SET body = $1 WHERE key = $2`, corrupt, keys[0])
	change(t, f, `DELETE FROM `+table+` WHERE key = $1`, keys[1])
	change(t, f, `UPDATE `+table+` SET key = 'zzz' WHERE key = $1`, keys[2])

	report, err = m.Verify(t.Context())
	require.NoError(t, err)
	found := map[string]string{}
	for _, d := range report.Differences {
		found[d.Key] = d.Column
	}
	require.Equal(t, map[string]string{keys[0]: "body.position", keys[1]: "", keys[2]: "", "zzz": ""}, found)
	require.Equal(t, int64(4), report.Count)
	require.Equal(t, []int64{1}, generations(t, f, s), "a comparison leaves nothing behind")

	require.NoError(t, m.Rebuild(t.Context()))
	until(t, func() bool { generation, _, err := m.live(t.Context()); return err == nil && generation == 2 })
	mustAgree(t, f, s, m)
}

func change(t *testing.T, f Fixture, statement string, args ...any) {
	_, err := f.DB.Write.ExecContext(t.Context(), statement, args...)
	require.NoError(t, err)
}

// until asks again and again what has no signal to wait for: another goroutine's commit.
func until(t *testing.T, true func() bool) {
	t.Helper()
	require.Eventually(t, true, patience, 5*time.Millisecond)
}

// poisonedAcrossPages: what a key was before the bad event is in the table.
func poisonedAcrossPages(t *testing.T, f Fixture, s Subject) {
	poisonedKey(t, f, s, projections.WithPageSize(2))
}

// poisonedInPage: what a key was before the bad event is in memory, and spoilt.
func poisonedInPage(t *testing.T, f Fixture, s Subject) { poisonedKey(t, f, s) }

func poisonedKey(t *testing.T, f Fixture, s Subject, options ...projections.Option) {
	shop := newShop(t, f.Store, 7)
	shop.orders(3)
	option, ended := ends()
	m := s.open(f, "a", append(options, option)...)
	run(t, m)
	require.Equal(t, projections.Done, wait(t, ended).Status)
	key, before := shop.poison(s.Name)
	shop.orders(3)
	reach(t, f, m)

	parked := func() {
		t.Helper()
		_, _, err := m.get(t.Context(), key)
		require.ErrorIs(t, err, projections.ErrParked)
		old, err := m.old(t.Context())
		require.NoError(t, err)
		require.Equal(t, shown(t, f, m, key), old, "a list shows the row there is, and says that it may be old")
		status, err := m.Status(t.Context())
		require.NoError(t, err)
		require.Equal(t, int64(1), status.Parked)
		report, err := m.Verify(t.Context())
		require.NoError(t, err)
		require.Zero(t, report.Count, "%v", report.Differences)
		require.Equal(t, int64(1), report.Parked)
	}
	parked()
	live := stored(t, f, m)

	require.NoError(t, m.Rebuild(t.Context()))
	require.Equal(t, projections.Done, wait(t, ended).Status)
	parked()
	rebuilt := stored(t, f, m)
	require.Equal(t, s.fold(t, everything(t, f.Store)[:before])[key], rebuilt[key], "its row is as it was before")
	delete(live, key)
	delete(rebuilt, key)
	require.Equal(t, live, rebuilt)
	require.NotEmpty(t, live)
}

// shown is the key, if its row is one that lists show. A key whose first events came in one batch with the bad one has no row.
func shown(t *testing.T, f Fixture, m model, key string) (keys []string) {
	var rows int
	require.NoError(t, f.DB.Read.QueryRowContext(t.Context(), `SELECT count(*) FROM `+liveTable(t, m)+` WHERE key = $1 AND shown`, key).Scan(&rows))
	if rows > 0 {
		keys = append(keys, key)
	}
	return keys
}

func unknownEvent(t *testing.T, f Fixture, s Subject) {
	shop := newShop(t, f.Store, 8)
	shop.orders(2)
	option, ended := ends()
	m := s.open(f, "a", option)
	run(t, m)
	wait(t, ended)
	reach(t, f, m)
	before := stored(t, f, m)
	shop.unknown(s.Name)
	until(t, func() bool {
		status, err := m.Status(t.Context())
		return err == nil && status.Status == projections.Stopped
	})

	require.NoError(t, m.Rebuild(t.Context()))
	progress := wait(t, ended)
	require.Equal(t, projections.Failed, progress.Status)
	require.Contains(t, progress.Error, subscription.ErrStop.Error())
	require.NotZero(t, progress.FinishedAt)
	require.Equal(t, before, stored(t, f, m), "queries go on with what there is")
	status, err := m.Status(t.Context())
	require.NoError(t, err)
	require.Equal(t, int64(1), status.Generation)
	require.Zero(t, status.Parked)
}

func listPages(t *testing.T, f Fixture, s Subject) {
	shop := newShop(t, f.Store, 9)
	shop.orders(15)
	shop.hidden()
	m := s.open(f, "a")
	run(t, m)
	reach(t, f, m)

	var want []string
	for _, row := range shownRows(t, f, s, m, projections.Key) {
		want = append(want, row.body)
	}
	require.Greater(t, len(want), 4)
	for _, limit := range []int{1, 2, len(want) - 1, len(want), projections.MaxLimit} {
		var got []string
		for cursor, pages := "", 0; pages == 0 || cursor != ""; pages++ {
			bodies, next, err := m.list(t.Context(), projections.Query{Limit: limit, Cursor: cursor})
			require.NoError(t, err)
			require.NotEmpty(t, bodies)
			got, cursor = append(got, bodies...), next
			require.LessOrEqual(t, len(got), len(want))
		}
		require.Equal(t, want, got, "limit %d", limit)
	}
}

func foreignCursor(t *testing.T, f Fixture, s Subject) {
	newShop(t, f.Store, 10).orders(40)
	m := s.open(f, "a")
	run(t, m)
	reach(t, f, m)
	_, cursor, err := m.list(t.Context(), projections.Query{Limit: 1})
	require.NoError(t, err)
	require.NotEmpty(t, cursor)
	for _, bad := range []string{"x", "e30", cursor + "A", cursor[:len(cursor)-2], "bnVsbA", "\x00", strings.ToUpper(cursor)} {
		_, _, err := m.list(t.Context(), projections.Query{Limit: 1, Cursor: bad})
		require.ErrorIs(t, err, projections.ErrBadCursor, "%q", bad)
	}
	for _, limit := range []int{0, -1, projections.MaxLimit + 1} {
		_, _, err := m.list(t.Context(), projections.Query{Limit: limit})
		require.Error(t, err)
	}
	_, _, err = m.get(context.Background(), "no\x00such")
	require.ErrorIs(t, err, projections.ErrNotFound)
}
